# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
# What is ours: pciem.ko for the chosen kernel, libpciem, pciem-qemu and the tests, all through meson.

PCIEM_QEMU_PATH=$PCIEM_BUILD/qemu-adapter/pciem-qemu

# build_setup: needs KERNEL_VERSION; QEMU must be built, for pciem-qemu is linked from it
build_setup()
{
	with_lock "$PCIEM_BUILD/build.lock" build_all
}

build_all()
{
	if [[ ! -e $PCIEM_BUILD/build.ninja ]]; then
		step_begin "pciem: configuring"
		run_logged /usr/bin/meson setup ${PCIEM_COVERAGE:+-Db_coverage=true -Dc_args=-fprofile-update=atomic} "$PCIEM_BUILD" "$PCIEM_ROOT" || die "meson failed"
		step_end
	elif ! build_knows qemu-adapter/pciem-qemu || ! build_knows kernel/module.built; then
		# Configured at a time when QEMU or the kernel's headers were not there yet.
		step_begin "pciem: configuring"
		run_logged /usr/bin/meson setup --reconfigure "$PCIEM_BUILD" "$PCIEM_ROOT" || die "meson failed"
		step_end
	fi
	if ! build_is_done; then
		step_begin "pciem: building"
		run_ninja "$PCIEM_BUILD" || die "pciem could not be built"
		step_end
	fi
	# The default kernel's module is one of meson's targets; another kernel's is not.
	"$PCIEM_ROOT/scripts/lib/build-module" "$KERNEL_VERSION" || exit 1
}

build_knows()
{
	grep -q "^build $1[ :]" "$PCIEM_BUILD/build.ninja"
}

build_is_done()
{
	[[ $(ninja -C "$PCIEM_BUILD" -n 2>/dev/null | tail -n 1) == 'ninja: no work to do.' ]]
}

build_module_path()
{
	printf '%s/kernel-%s/pciem.ko\n' "$PCIEM_BUILD" "$KERNEL_VERSION"
}
