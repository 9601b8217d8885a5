# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The sandbox's kernel: Debian's image and headers, unpacked below $PCIEM_CACHE/kernel/VERSION. Nothing is installed.
#
# kernel_setup [VERSION] sets KERNEL_VERSION and KERNEL_DIR, which then has
#   vmlinuz                     the image
#   lib/modules/VERSION/        its modules, with build -> headers as usual
# VERSION may be the beginning of one (6.12); without it the newest of the suite that was found first is taken. "rt", or a
# beginning with "-rt" after it, is one with PREEMPT_RT. Or it is the name of a kernel that is built here (own-kernel.sh), or of
# another Debian release (suite-kernel.sh).

# shellcheck source=scripts/lib/own-kernel.sh
. "$PCIEM_ROOT/scripts/lib/own-kernel.sh"
# shellcheck source=scripts/lib/suite-kernel.sh
. "$PCIEM_ROOT/scripts/lib/suite-kernel.sh"

kernel_dir=$PCIEM_CACHE/kernel

# kernel_choose SPEC: of the versions on standard input the newest that it stands for
kernel_choose()
{
	local beginning=$1 flavour='^[^-]*-amd64$'
	case $1 in
	rt | *-rt) beginning=${1%rt} beginning=${beginning%-} flavour='^[^-]*-rt-amd64$' ;;
	*-amd64) flavour= ;;
	esac
	awk -v beginning="$beginning" 'index($0, beginning) == 1' | { grep -E -- "$flavour" || true; } | sort -Vu | tail -n 1
}

# kernel_cached SPEC: one of Debian's that is here already, and complete
kernel_cached()
{
	local stamp
	for stamp in "$kernel_dir"/*/complete; do
		[[ ! -e $stamp ]] || basename "${stamp%/complete}"
	done | kernel_choose "$1"
}

# kernel_available SPEC: one that the suite has
kernel_available()
{
	apt_private apt-cache pkgnames linux-image- |
		sed -nE 's/^linux-image-([0-9][^ ]*\+deb[0-9]+[^ ]*-amd64)(-unsigned)?$/\1/p' | kernel_choose "$1"
}

# kernel_find [VERSION]: one that is here already
kernel_find()
{
	local spec=${1:-} default
	default=$kernel_dir/default-$(debian_codename)
	KERNEL_VERSION=
	if own_kernel_known "${spec##*-pciem-}"; then
		own_kernel_find "${spec##*-pciem-}"
		return
	elif suite_kernel_known "$spec"; then
		suite_kernel_find "$spec"
		return
	elif [[ $spec ]]; then
		KERNEL_VERSION=$(kernel_cached "$spec")
	elif [[ -e $default ]]; then
		KERNEL_VERSION=$(<"$default")
	fi
	KERNEL_DIR=$kernel_dir/$KERNEL_VERSION
	[[ $KERNEL_VERSION && -e $KERNEL_DIR/complete ]]
}

kernel_setup()
{
	if own_kernel_known "${1:-}"; then
		own_kernel_setup "$1"
	elif suite_kernel_known "${1:-}"; then
		suite_kernel_setup "$1"
	else
		kernel_find "${1:-}" || with_lock "$PCIEM_CACHE/kernel.lock" kernel_fetch "${1:-}"
	fi
}

kernel_fetch()
{
	local spec=$1 work image package
	step_begin "kernel: looking for Linux ${spec:-of this release}"
	apt_update
	KERNEL_VERSION=$(kernel_available "$spec")
	[[ $KERNEL_VERSION ]] || die "$(debian_kernel_suite) of this mirror has no Linux $spec"
	step_end "$KERNEL_VERSION"
	# Another set-up may have made it while this one waited.
	KERNEL_DIR=$kernel_dir/$KERNEL_VERSION
	if [[ -e $KERNEL_DIR/complete ]]; then
		kernel_remember "$spec"
		return
	fi

	step_begin "kernel $KERNEL_VERSION: image and headers"
	work=$kernel_dir/.new-$KERNEL_VERSION
	rm -rf "$work" "${kernel_dir:?}/$KERNEL_VERSION"
	mkdir -p "$work/debs"
	image=linux-image-$KERNEL_VERSION
	[[ ! $(apt_private apt-cache pkgnames "$image-unsigned") ]] || image+=-unsigned
	local -a wanted=("$image" "linux-headers-$KERNEL_VERSION")
	while read -r package; do
		wanted+=("$package")
	done < <(apt_private apt-cache depends "linux-headers-$KERNEL_VERSION" |
		sed -nE 's/^ *Depends: (linux-(headers|kbuild)-.*)$/\1/p')
	step_note "downloading"
	apt_fetch "$work/debs" "${wanted[@]}" || die "could not download ${wanted[*]}"
	step_note "unpacking"
	for package in "$work"/debs/*.deb; do
		run_logged dpkg-deb -x "$package" "$work" || die "could not unpack ${package##*/}"
	done
	rm -rf "$work/debs"
	kernel_relocate "$work"
	run_logged depmod -b "$work" "$KERNEL_VERSION" || die "depmod failed"
	: >"$work/complete"
	mv "$work" "$KERNEL_DIR"
	kernel_remember "$spec"
	step_end
}

# What is found without a VERSION stays the default until the cache is deleted.
kernel_remember()
{
	[[ $1 ]] || printf '%s\n' "$KERNEL_VERSION" >"$kernel_dir/default-$(debian_codename)"
}

# The packages expect to lie at /: point what they say to where they are.
kernel_relocate()
{
	local work=$1 final=$kernel_dir/$KERNEL_VERSION modules common
	[[ -d $work/lib/modules ]] || ln -s usr/lib "$work/lib"
	modules=$work/lib/modules/$KERNEL_VERSION
	ln -sfn "$final/usr/src/linux-headers-$KERNEL_VERSION" "$modules/build"
	common=$(compgen -G "$work/usr/src/linux-headers-*-common*")
	ln -sfn "$final/usr/src/${common##*/}" "$modules/source"
	sed -i "s|/usr/src/|$final/usr/src/|" "$work/usr/src/linux-headers-$KERNEL_VERSION/Makefile"
	ln -s "boot/vmlinuz-$KERNEL_VERSION" "$work/vmlinuz"
}

# kernel_make FOLDER ARGUMENT...: make, for a module in FOLDER. The folder must lie below $PCIEM_ROOT or $PCIEM_BUILD, and what it has
# links to as well. After kernel_find or kernel_setup.
kernel_make()
{
	local folder=$1
	shift
	if [[ -e $KERNEL_DIR/chroot ]]; then
		suite_kernel_in "$(readlink "$KERNEL_DIR/chroot")" make -C "/usr/src/linux-headers-$KERNEL_VERSION" M="$folder" "$@"
	else
		make -C "$KERNEL_DIR/lib/modules/$KERNEL_VERSION/build" M="$folder" "$@"
	fi
}
