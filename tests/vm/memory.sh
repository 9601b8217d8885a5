# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For inside() of tests, after drive.sh: has the machine its memory back? memory_begin once all that stays has been used,
# memory_check when what came after it must be gone.

declare -A MEMORY=()

# memory FIELD: KiB, from /proc/meminfo
memory()
{
	proc_value /proc/meminfo "$1"
}

# Give back all that can be: idle helpers of udev, what the kernel remembers of files, slabs in which something is free. (Cached
# contents of files count as available; without them a pciem-qemu takes a minute to start now and then.)
memory_settle()
{
	local slab
	sync
	udev_ask settle --timeout=20
	udev_ask control --reload
	within 10000 memory_no_workers || fail "udev is still at work"
	for _ in 1 2 3; do
		echo 2 >/proc/sys/vm/drop_caches
		echo 1 >/proc/sys/vm/compact_memory
		for slab in /sys/kernel/slab/*/shrink; do
			echo 1 >"$slab"
		done
		nap 0.5
	done
}

memory_no_workers()
{
	! pgrep -f '^\(udev-worker\)' >/dev/null
}

memory_begin()
{
	local field
	# Pages on the CPUs' own lists count as neither free nor used, and there can be tens of MiB of them.
	echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction
	memory_settle
	for field in MemAvailable SUnreclaim Percpu; do
		MEMORY[$field]=$(memory "$field")
	done
}

memory_check()
{
	local field
	local -A grown=()
	memory_settle
	for field in MemAvailable SUnreclaim Percpu; do
		grown[$field]=$(($(memory "$field") - MEMORY[$field]))
	done
	printf 'MemAvailable %+d KiB, SUnreclaim %+d KiB, Percpu %+d KiB\n' "${grown[MemAvailable]}" "${grown[SUnreclaim]}" \
		"${grown[Percpu]}"
	# Measured noise is 1 MiB and 0.4 MiB; where checkers keep what was freed for a while, and notes on what was not, 8 MiB.
	((grown[MemAvailable] > -3072 * slowness)) || fail "$((-grown[MemAvailable])) KiB less are available"
	((grown[SUnreclaim] < 1024 * slowness)) || fail "slab has grown"
	((grown[Percpu] < 64)) || fail "per-CPU memory has grown"
}
