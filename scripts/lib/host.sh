# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
# scripts/sandbox --host: the same session on the kernel that runs here.

host_run()
{
	local version status=0
	version=$(uname -r)
	[[ -e /proc/modules && $(cat /proc/sys/kernel/modules_disabled 2>/dev/null) == 0 ]] ||
		die "this kernel ($version) cannot load modules: leave --host out, and it works in a virtual machine"
	[[ -e /lib/modules/$version/build/Makefile ]] ||
		die "no kernel headers for $version are here: apt-get install linux-headers-$version"
	packages_setup
	if [[ $device ]]; then
		qemu_setup
		KERNEL_VERSION=host
		build_setup
		KERNEL_VERSION=$version
		MODULE=$(build_module_path)
		PCIEM_QEMU=$PCIEM_QEMU_PATH
	fi
	KERNEL_DIR=
	mkdir -p "$PCIEM_BUILD/sandbox"
	local settings
	settings=$(mktemp "$PCIEM_BUILD/sandbox/host.XXXXXX")
	declare -p MODULE PCIEM_QEMU DEVICE_ARGS COMMAND PCIEM_ROOT PCIEM_BUILD PCIEM_CACHE >"$settings"
	# An interrupt is COMMAND's; the session then takes everything down.
	trap : INT
	as_root ${VM_TIMEOUT:+timeout --foreground "$VM_TIMEOUT"} bash \
		"$PCIEM_ROOT/scripts/guest/session" "$settings" || status=$?
	trap - INT
	rm -f "$settings"
	return "$status"
}
