# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# Kernels of other Debian releases than this machine's: --kernel sid, forky, trixie, trixie-backports. Their headers belong to their own
# compiler and C library, so modules are built inside a tree of that release, made once with debootstrap below $PCIEM_CACHE/suite.
# Read after kernel.sh; what is set and where it lies is as there, and KERNEL_DIR/chroot leads to the tree.

suite_kernel_packages=(debootstrap)

suite_kernel_known()
{
	case $1 in
	trixie | trixie-backports | forky | sid) return 0 ;;
	*) return 1 ;;
	esac
}

# The version that was taken when it was first asked for; it stays until the cache is deleted.
suite_kernel_find()
{
	local note=$kernel_dir/suite-$1
	[[ -e $note ]] || return
	KERNEL_VERSION=$(<"$note")
	KERNEL_DIR=$kernel_dir/$KERNEL_VERSION
	[[ -e $KERNEL_DIR/complete ]]
}

suite_kernel_setup()
{
	suite_kernel_find "$1" || with_lock "$PCIEM_CACHE/kernel.lock" suite_kernel_fetch "$1"
}

# suite_kernel_in TREE COMMAND...: COMMAND inside the tree, which sees our folders under their own names
suite_kernel_in()
{
	local tree=$1
	shift
	as_root mkdir -p "$tree$PCIEM_ROOT" "$tree$PCIEM_BUILD"
	# shellcheck disable=SC2016
	as_root unshare -m bash -ec '
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mount --rbind "$2" "$1$2"
		mount --rbind "$3" "$1$3"
		exec chroot "$1" "${@:4}"' bash "$tree" "$PCIEM_ROOT" "$PCIEM_BUILD" "$@"
}

# Makes the tree; sets TREE.
suite_kernel_tree()
{
	local suite=$1 base=${1%-backports} mirror
	TREE=$PCIEM_CACHE/suite/$suite
	[[ ! -e $TREE/complete ]] || return 0
	mirror=$(apt_mirror) || die "found no Debian mirror in this machine's apt configuration"
	step_begin "kernel: a tree of Debian $suite"
	as_root rm -rf "$TREE"
	mkdir -p "${TREE%/*}"
	run_logged as_root debootstrap --variant=minbase --include=make,gcc,libc6-dev,kmod "$base" "$TREE" "$mirror" ||
		die "debootstrap of $base failed"
	# A mirror can be one that stands still.
	as_root tee "$TREE/etc/apt/apt.conf.d/pciem" <<<'Acquire::Check-Valid-Until "false";' >/dev/null
	if [[ $suite != "$base" ]]; then
		as_root tee "$TREE/etc/apt/sources.list.d/backports.list" <<<"deb $mirror $suite main" >/dev/null
	fi
	as_root touch "$TREE/complete"
	step_end
}

suite_kernel_fetch()
{
	local suite=$1 TREE version work package
	local -a from=() names=()
	! suite_kernel_find "$suite" || return 0
	packages_setup "${suite_kernel_packages[@]}"
	suite_kernel_tree "$suite"
	[[ $suite != *-backports ]] || from=(-t "$suite")
	step_begin "kernel: looking for Linux of Debian $suite"
	run_logged suite_kernel_in "$TREE" apt-get -q update || die "could not fetch the package lists of $suite"
	version=$(suite_kernel_in "$TREE" apt-cache "${from[@]}" depends linux-image-amd64 |
		sed -nE 's/^ *Depends: linux-image-(.*-amd64)$/\1/p' | head -n 1)
	[[ $version ]] || die "Debian $suite has no linux-image-amd64"
	step_end "$version"
	step_begin "kernel $version: image and headers"
	run_logged suite_kernel_in "$TREE" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "${from[@]}" install \
		--no-install-recommends "linux-headers-$version" || die "could not install the headers of $version"
	work=$kernel_dir/.new-$version
	rm -rf "$work" "${kernel_dir:?}/$version"
	mkdir -p "$work"
	# One package, or three of newer releases. Only unpacked: to install it would make an initramfs.
	mapfile -t names < <(suite_kernel_in "$TREE" apt-cache pkgnames linux- | grep -xE "linux-(image|binary|modules)-${version//+/\\+}")
	# shellcheck disable=SC2016
	run_logged suite_kernel_in "$TREE" bash -ec 'mkdir -p "$1" && cd "$1" && rm -f *.deb && shift && apt-get -q download "$@"' bash \
		/var/tmp/image "${from[@]}" "${names[@]}" || die "could not download ${names[*]}"
	for package in "$TREE"/var/tmp/image/*.deb; do
		run_logged dpkg-deb -x "$package" "$work" || die "could not unpack ${package##*/}"
	done
	as_root rm -rf "$TREE/var/tmp/image"
	[[ -d $work/lib/modules ]] || ln -s usr/lib "$work/lib"
	ln -sfn "$TREE/usr/src/linux-headers-$version" "$work/lib/modules/$version/build"
	if [[ -e $work/boot/vmlinuz-$version ]]; then
		ln -s "boot/vmlinuz-$version" "$work/vmlinuz"
	else
		ln -s "lib/modules/$version/vmlinuz" "$work/vmlinuz"
	fi
	ln -s "$TREE" "$work/chroot"
	run_logged depmod -b "$work" "$version" || die "depmod failed"
	: >"$work/complete"
	mv "$work" "$kernel_dir/$version"
	printf '%s\n' "$version" >"$kernel_dir/suite-$suite"
	KERNEL_VERSION=$version
	KERNEL_DIR=$kernel_dir/$version
	step_end
}
