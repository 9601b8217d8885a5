# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# Kernels that watch themselves, built for the sandbox from Debian's kernel source package, once for each version and
# configuration: scripts/kernels/sandbox.config and one of those beside it, by whose name --kernel knows the result ("debug").
# What stands there after "#make " is given to make.
# Read after kernel.sh; what is set and where it lies is as there. VERSION ends in -pciem-NAME.

own_kernel_packages=(bc bison flex)
# Files that the compiler makes, about: the progress is told by it.
own_kernel_objects=2000

own_kernel_known()
{
	[[ $1 != sandbox && -e $PCIEM_ROOT/scripts/kernels/$1.config ]]
}

own_kernel_config()
{
	cat "$PCIEM_ROOT/scripts/kernels/"{sandbox,"$1"}.config
}

# own_kernel_find NAME: one that is here already, and of this configuration
own_kernel_find()
{
	local stamp
	for stamp in "$kernel_dir"/*"-pciem-$1/complete"; do
		if [[ -e $stamp ]] && own_kernel_config "$1" | cmp -s - "${stamp%/complete}/config"; then
			KERNEL_DIR=${stamp%/complete}
			KERNEL_VERSION=${KERNEL_DIR##*/}
			return
		fi
	done
	return 1
}

own_kernel_setup()
{
	own_kernel_find "$1" || with_lock "$PCIEM_CACHE/kernel.lock" own_kernel_make "$1"
}

# The source of the newest kernel that the suite has; sets SOURCE
own_kernel_source()
{
	local package work
	apt_update
	package=$(apt_private apt-cache pkgnames linux-source- | grep -xE 'linux-source-[0-9.]+' | sort -V | tail -n 1)
	[[ $package ]] || die "$(debian_kernel_suite) of this mirror has no source of a kernel"
	SOURCE=$kernel_dir/source/${package#linux-source-}
	[[ ! -e $SOURCE/Makefile ]] || return 0
	step_begin "kernel: source of Linux ${package#linux-source-}"
	work=$kernel_dir/source/.new
	rm -rf "$work"
	mkdir -p "$work"
	step_note "downloading"
	apt_fetch "$work" "$package" || die "could not download $package"
	step_note "unpacking"
	run_logged dpkg-deb -x "$work/$package"_*.deb "$work" || die "could not unpack $package"
	run_logged tar -C "$work" -xf "$work/usr/src/$package.tar.xz" || die "could not unpack $package"
	mv "$work/$package" "$SOURCE"
	rm -rf "$work"
	step_end
}

own_kernel_make()
{
	local name=$1 SOURCE build version stage compiler=gcc
	! own_kernel_find "$name" || return 0
	packages_setup "${own_kernel_packages[@]}"
	own_kernel_source
	build=$kernel_dir/source/${SOURCE##*/}-$name
	stage=$kernel_dir/source/.stage
	rm -rf "$stage"
	mkdir -p "$build" "$stage"
	# (depend mode: what kbuild has the compiler tell of headers spares the cache a preprocessor run of its own.)
	! command -v ccache >/dev/null || { compiler="ccache gcc"; export CCACHE_DEPEND=1; }
	own_kernel_config "$name" >"$stage/config"
	local -a make=(make -C "$SOURCE" O="$build" CC="$compiler" HOSTCC="$compiler" LOCALVERSION=) more
	mapfile -t more < <(sed -n 's/^#make //p' "$stage/config")
	make+=("${more[@]}")

	step_begin "kernel $name: configuring"
	run_logged "${make[@]}" x86_64_defconfig || die "the kernel could not be configured"
	run_logged env -C "$SOURCE" ARCH=x86 scripts/kconfig/merge_config.sh -m -O "$build" "$build/.config" "$stage/config" ||
		die "the kernel could not be configured"
	run_logged "${make[@]}" olddefconfig || die "the kernel could not be configured"
	step_end

	step_begin "kernel $name: building, for half an hour"
	own_kernel_compile "${make[@]}" || die "the kernel could not be built"
	version=$(<"$build/include/config/kernel.release")
	run_logged "${make[@]}" modules_install INSTALL_MOD_PATH="$stage" || die "the kernel's modules could not be installed"
	cp "$build/arch/x86/boot/bzImage" "$stage/vmlinuz"
	ln -sfn "$build" "$stage/lib/modules/$version/build"
	: >"$stage/complete"
	KERNEL_VERSION=$version
	KERNEL_DIR=$kernel_dir/$version
	rm -rf "$KERNEL_DIR"
	mv "$stage" "$KERNEL_DIR"
	step_end "$version"
}

own_kernel_compile()
{
	# shellcheck disable=SC2016
	run_progress '^percent ([0-9]+)$' bash -o pipefail -c '
		"${@:2}" -j"$(nproc)" bzImage modules 2>&1 | awk -v all="$1" "
			/^  (CC|AS) / {
				percent = int(100 * ++done / all)
				if (percent <= 99 && percent != last) {
					print \"percent \" percent
					fflush()
				}
				last = percent
			}
			{ print }"' bash "$own_kernel_objects" "$@"
}
