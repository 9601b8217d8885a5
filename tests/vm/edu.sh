# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For the tests with QEMU's edu device and our driver for it (modules/edu).

# On the machine itself.
edu_build()
{
	EDU_MODULE=$("$here/modules/build" edu "${PCIEM_TEST_KERNEL:-}") || fail "the test module was not built"
	printf '%s\n' "$EDU_MODULE" >edu-module
}

# Inside: load the driver; the device must be there.
edu_load()
{
	check "the driver loads" insmod "$(<edu-module)"
	edu_dir=$(compgen -G '/sys/kernel/debug/pciem_edu_test/*:*') || fail "the driver has found no device"
	edu_bridge=$(realpath -e "/sys/bus/pci/devices/${edu_dir##*/}/../..") || fail "there is no bridge in sysfs"
}

edu_unload()
{
	check "the driver unloads" rmmod pciem_edu_test
}

edu_counter()
{
	cat "$edu_bridge/$1"
}

# edu_group NAME MINIMUM: every check of the group passes, and there are not fewer than MINIMUM.
edu_group()
{
	local name=$1 minimum=$2 result count
	local start=$SECONDS refused
	refused=$(edu_counter refused)
	step "$name"
	result=$(cat "$edu_dir/$name") || fail "$name could not be run"
	printf '%s\n' "$result"
	grep -H . "$edu_bridge"/{starved,refused,rescues,deferred_irqs,read_timeouts,atomic_timeouts} | sed "s,$edu_bridge/,," | tr '\n' ' '
	[[ ${result##*$'\n'} == end ]] || fail "$name did not come to its end"
	! grep -q '^not ok' <<<"$result" || fail "$name: $(grep -m 1 '^not ok' <<<"$result")"
	count=$(grep -c '^ok' <<<"$result")
	# Interrupts keep off the process; only the timers of the group "context" cannot. And in an NMI reads are to be refused.
	[[ $name == context || $name == nmi || $(edu_counter refused) == "$refused" ]] || fail "$name: a read on top of the process"
	((count >= minimum)) || fail "$name made $count checks, not $minimum"
	step "$name took $((SECONDS - start)) s"
}

# edu_misuses_dma COMMAND...: a kernel that checks how drivers use the DMA API (it would stop ours) looks at those of nobody meanwhile.
edu_misuses_dma()
{
	local filter=/sys/kernel/debug/dma-api/driver_filter
	[[ ! -e $filter ]] || echo nobody >$filter
	"$@"
	[[ ! -e $filter ]] || echo / >$filter
}
