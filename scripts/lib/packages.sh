# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian packages that the set-up needs, in one place.

packages=(
	# building the module, the library, the tests
	gcc make libc6-dev pkg-config meson ninja-build ccache libelf-dev liburing-dev libcmocka-dev
	# building QEMU's objects
	python3 python3-venv libglib2.0-dev libpixman-1-dev libslirp-dev libfdt-dev libaio-dev libasound2-dev zlib1g-dev
	# fetching and unpacking
	dpkg-dev xz-utils zstd patch debian-archive-keyring
	# the sandbox
	qemu-system-x86 qemu-utils busybox-static kmod udev cpio util-linux iproute2 procps
	# what the README's commands and the tests run inside
	pciutils nvme-cli fio iperf3 ethtool e2fsprogs alsa-utils libdrm-tests weston
)

# packages_missing NAME...
packages_missing()
{
	local -A have=()
	local name status
	while read -r name status; do
		[[ $status != installed ]] || have[${name%%:*}]=1
	done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null)
	for name; do
		[[ ${have[$name]:-} ]] || printf '%s\n' "$name"
	done
}

# packages_setup [NAME...]: those named rather than those that every set-up needs
packages_setup()
{
	local missing
	(($#)) || set -- "${packages[@]}"
	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]})) || return 0

	step_begin "packages: installing ${#missing[@]} that are missing"
	local -a get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
	run_logged as_root "${get[@]}" update || die "apt-get update failed"
	run_apt as_root "${get[@]}" install --no-install-recommends "${missing[@]}" ||
		die "could not install: ${missing[*]}"
	step_end
}
