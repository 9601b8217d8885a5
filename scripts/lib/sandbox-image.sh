# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the sandbox boots: the kernel, unpacked, and an initramfs with busybox and the modules with which the kernel reaches
# this machine's files over 9p.
#
# image_setup needs KERNEL_VERSION and KERNEL_DIR; it sets SANDBOX_KERNEL and SANDBOX_INITRAMFS.

image_modules=(virtio_pci 9pnet_virtio 9p overlay virtio_console)

image_setup()
{
	SANDBOX_INITRAMFS=$PCIEM_BUILD/sandbox/initramfs-$KERNEL_VERSION.cpio
	SANDBOX_KERNEL=$PCIEM_BUILD/sandbox/vmlinux-$KERNEL_VERSION
	local init=$PCIEM_ROOT/scripts/guest/initramfs-init
	if [[ $SANDBOX_INITRAMFS -nt $init && $SANDBOX_INITRAMFS -nt $KERNEL_DIR/complete &&
		$SANDBOX_INITRAMFS -nt ${BASH_SOURCE[0]} ]]; then
		return 0
	fi
	with_lock "$PCIEM_BUILD/sandbox.lock" image_make "$init"
}

image_make()
{
	local init=$1 work verb module name number=10
	step_begin "sandbox: what Linux $KERNEL_VERSION boots from"
	mkdir -p "$PCIEM_BUILD/sandbox"
	run_logged gcc -O2 -Wall -o "$PCIEM_BUILD/sandbox/tsc-khz" "$PCIEM_ROOT/scripts/lib/tsc-khz.c" ||
		die "the compiler does not work"
	# Not worth a failure: QEMU takes the packed one as well.
	if ! run_logged "$PCIEM_ROOT/scripts/lib/unpack-kernel" "$KERNEL_DIR/vmlinuz" "$SANDBOX_KERNEL"; then
		cp "$KERNEL_DIR/vmlinuz" "$SANDBOX_KERNEL"
	fi
	work=$(mktemp -d "$PCIEM_BUILD/sandbox/initramfs.XXXXXX")
	mkdir -p "$work"/root/{bin,modules,proc,sys,dev,lower,rw,new}
	cp "$(command -v busybox)" "$work/root/bin/busybox"
	cp "$init" "$work/root/init"
	chmod 755 "$work/root/init"

	# In the order in which they must be loaded; what is built in is not listed.
	while read -r verb module _; do
		[[ $verb == insmod ]] || continue
		name=${module##*/}
		[[ ! $(find "$work/root/modules" -name "*-${name%%.*}.ko") ]] || continue
		case $name in
		*.xz) xz -dc "$module" ;;
		*.zst) zstd -qdc "$module" ;;
		*) cat "$module" ;;
		esac >"$work/root/modules/$number-${name%%.*}.ko"
		number=$((number + 1))
	done < <(for name in "${image_modules[@]}"; do
		modprobe -d "$KERNEL_DIR" -S "$KERNEL_VERSION" --show-depends "$name" || echo "missing $name"
	done 2>>"$PCIEM_SETUP_LOG")
	compgen -G "$work/root/modules/*-9p.ko" >/dev/null || die "no 9p module found in $KERNEL_DIR"

	(cd "$work/root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >"$work/image"
	mv "$work/image" "$SANDBOX_INITRAMFS"
	rm -rf "$work"
	step_end
}
