# shellcheck shell=bash disable=SC2119,SC2120
# SPDX-License-Identifier: GPL-2.0-only
# For inside() of tests: emulated drives that come and go, and what the machine shows of them.
#
# A pciem-qemu is known by a short name of the test's choice: after drive_start main -device ... there are PID[main],
# ADDRESS[main] and NODE[main] (of its first drive), and what it said is in OUT[main].out and OUT[main].err.

declare -A PID=() ADDRESS=() NODE=() OUT=() FIO=()
# In memory: images here are fast, and do not outlive the sandbox.
drive_dir=$(mktemp -d /tmp/drive.XXXXXX)
parameters=/sys/module/pciem/parameters

# The deadline of the module, and what programs need beside it to end on an emulated, busy machine. It is far below the 30 s
# after which the nvme driver would give up by itself.
deadline_ms()
{
	printf '%s\n' "$(($(<"$parameters/read_timeout_ms") + 5000))"
}

# A driver that waits for an answer to a command while it probes cannot be interrupted: nvme gives up by itself, by default
# after 60 s, and reading the partition table after 30 s. drive_patience SECONDS: make that shorter, and have probe_ms tell when
# a device that died then must be gone. Not where it could end what the link's end has to end.
drive_patience()
{
	echo "$1" >/sys/module/nvme_core/parameters/admin_timeout
	echo "$1" >/sys/module/nvme_core/parameters/io_timeout
}

probe_ms()
{
	printf '%s\n' "$(($(deadline_ms) + 1000 * $(</sys/module/nvme_core/parameters/admin_timeout)))"
}

# proc_value FILE FIELD: of a file with lines such as "MemTotal:  2012345 kB"
proc_value()
{
	awk -v "field=$2:" '$1 == field { print $2 }' "$1"
}

# These ask again and again while the machine works, and start no programs: starting one takes long in an emulated machine.
now_ms()
{
	printf -v "$1" '%s' "$((${EPOCHREALTIME/./} / 1000))"
}

exec {drive_never}<> <(:)
nap()
{
	read -r -t "$1" -u "$drive_never" || true
}

# within MS COMMAND...: asks COMMAND until it succeeds; fails when that takes longer. Sets WAITED (ms).
within()
{
	local limit=$(($1 * slowness)) start now
	shift
	now_ms start
	until "$@"; do
		now_ms now
		WAITED=$((now - start))
		((WAITED < limit)) || return 1
		nap 0.02
	done
	now_ms now
	WAITED=$((now - start))
}

# A process that is gone, or a zombie that only waits for its parent's wait.
ended()
{
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	stat=${stat##*) }
	[[ $stat == [ZX]* ]]
}

# A test that has failed tells how things stand, and leaves nothing running that would keep the module from being unloaded.
drive_cleanup()
{
	local status=$? pid path
	set +e
	if ((status != 0 && status != 77)); then
		for path in /sys/devices/platform/pciem.*; do
			[[ ! -e $path ]] || (cd "$path" && grep -H . link pool_used [a-z]*_timeouts refused rescues starved deferred_irqs undecoded 2>/dev/null)
		done
		grep -e CPU -e PCIem /proc/interrupts
		grep -H . /sys/class/block/nvme*/stat /sys/class/block/nvme*/inflight
		ps -L -eo pid,tid,cls,rtprio,psr,stat,wchan:24,time,comm --sort=-time | head -n 25
	fi >&2
	for pid in "${FIO[@]}" "${PID[@]}"; do
		ended "$pid" || kill -KILL "$pid" || true
	done
}
trap drive_cleanup EXIT

# --- pciem-qemu ---------------------------------------------------------------------------------------------------------

# drive_spawn NAME OPTIONS...: only start it.
drive_spawn()
{
	local name=$1
	shift
	OUT[$name]=$drive_dir/$name
	# Not left to the child: what an earlier one of that name said must not be read.
	: >"${OUT[$name]}.out"
	: >"${OUT[$name]}.err"
	"$PCIEM_QEMU" "$@" </dev/null >>"${OUT[$name]}.out" 2>>"${OUT[$name]}.err" &
	PID[$name]=$!
}

# monitor_begin NAME: sets MONITOR, options of a pciem-qemu that is to obey monitor_tell. What it says to that is not read.
monitor_begin()
{
	rm -f "$drive_dir/$1".monitor.{in,out}
	mkfifo "$drive_dir/$1".monitor.{in,out}
	# shellcheck disable=SC2034
	MONITOR=(-chardev "pipe,id=monitor,path=$drive_dir/$1.monitor" -monitor chardev:monitor)
}

# monitor_tell NAME COMMAND: no program is started.
monitor_tell()
{
	# Not only for writing: that would wait for ever where nobody reads.
	printf '%s\n' "${*:2}" 1<>"$drive_dir/$1.monitor.in"
}

# Prints "address node" for each drive that the process has told of.
drive_list()
{
	sed -n 's|^\(\S*\) .*(\(/dev/[^)]*\))$|\1 \2|p' "${OUT[$1]}.out"
}

drive_told()
{
	local lines
	mapfile -t lines <"${OUT[$1]}.out"
	((${#lines[@]} >= $2)) || ended "${PID[$1]}"
}

# drive_ready NAME [COUNT]: until the process has told the nodes of COUNT drives.
drive_ready()
{
	local name=$1 count=${2:-1}
	within 20000 drive_told "$name" "$count" || drive_fail "$name" "no drive after 20 s"
	! ended "${PID[$name]}" || drive_fail "$name" "pciem-qemu has ended"
	read -r ADDRESS["$name"] NODE["$name"] < <(drive_list "$name") || drive_fail "$name" "pciem-qemu names no node"
	[[ -b ${NODE[$name]} ]] || drive_fail "$name" "${NODE[$name]} is no block device"
}

drive_fail()
{
	cat "${OUT[$1]}.out" "${OUT[$1]}.err" >&2
	fail "$1: $2"
}

drive_start()
{
	drive_spawn "$@"
	drive_ready "$1"
}

# drive_image NAME SIZE: prints the name of a new, empty image
drive_image()
{
	truncate -s "$2" "$drive_dir/$1.img"
	printf '%s\n' "$drive_dir/$1.img"
}

# drive_adopt NAME: the pciem-qemu that scripts/sandbox itself has started.
drive_adopt()
{
	local name=$1
	PID[$name]=$(pgrep -o -f "^$PCIEM_QEMU ") || fail "the sandbox has started no pciem-qemu"
	ADDRESS[$name]=$(devices | head -n 1)
	NODE[$name]=/dev/$(cd "/sys/bus/pci/devices/${ADDRESS[$name]}/" && compgen -G 'nvme/nvme*/nvme*n1' | sed 's|.*/||')
	[[ -b ${NODE[$name]} ]] || fail "the sandbox has brought no drive"
}

# drive_ended NAME STATUS [MS]: must end with that exit status. Sets WAITED.
drive_ended()
{
	local name=$1 wanted=$2 limit=${3:-12000} status=0
	within "$limit" ended "${PID[$name]}" || drive_fail "$name" "pciem-qemu is still there after $WAITED ms"
	wait "${PID[$name]}" 2>/dev/null || status=$?
	((status == wanted)) || drive_fail "$name" "exit status $status, not $wanted"
}

drive_stop()
{
	kill -TERM "${PID[$1]}"
	drive_ended "$1" 0
}

# --- the machine --------------------------------------------------------------------------------------------------------

# Devices of ours: their domains are above those that firmware can give.
devices()
{
	local path
	for path in /sys/bus/pci/devices/1????:*; do
		[[ ! -e $path ]] || printf '%s\n' "${path##*/}"
	done
}

# Gone from the bus's directory, and gone for lspci.
device_gone()
{
	[[ ! -e /sys/bus/pci/devices/$1 && ! $(lspci -D -s "$1" 2>/dev/null) ]]
}

node_gone()
{
	[[ ! -e $1 ]]
}

bridge_of()
{
	printf '/sys/devices/platform/pciem.%d\n' "$((16#${1%%:*}))"
}

# Prints what is left of bridges anywhere.
leftovers()
{
	devices
	grep -h PCIem /proc/iomem /proc/interrupts || true
	compgen -G '/sys/devices/platform/pciem.*' || true
	compgen -G '/dev/nvme[0-9]*' || true
	grep -h '\[pciem\]' /proc/vmallocinfo || true
	awk '$1 == "pciem" && $3 != 0 { print "module in use: " $3 }' /proc/modules
}

nothing_left()
{
	[[ ! $(leftovers) ]]
}

# check_nothing_left [MS]: a device and its bridge are freed a moment after their last user has gone.
check_nothing_left()
{
	within "${1:-5000}" nothing_left || fail "left behind: $(leftovers)"
}

check_unload()
{
	check_nothing_left
	check "rmmod" rmmod pciem
	[[ ! -e /sys/module/pciem && ! -e /dev/pciem ]] || fail "the module is unloaded, and not all of it is gone"
}

# A task that sleeps deeply for longer than any deadline of ours puts "blocked for more than" into the kernel log.
watch_for_hung_tasks()
{
	echo $((12 * slowness)) >/proc/sys/kernel/hung_task_timeout_secs
	echo 6 >/proc/sys/kernel/hung_task_check_interval_secs
	echo -1 >/proc/sys/kernel/hung_task_warnings
}

# --- data ---------------------------------------------------------------------------------------------------------------

# data_put NODE MIB: random bytes from offset 0 on; prints their checksum.
data_put()
{
	head -c "$(($2 << 20))" /dev/urandom >"$drive_dir/data"
	dd if="$drive_dir/data" of="$1" bs=1M oflag=direct conv=fsync status=none
	sha256sum <"$drive_dir/data"
	rm "$drive_dir/data"
}

# data_sum NODE MIB: what the device holds, not what the page cache does.
data_sum()
{
	dd if="$1" bs=1M count="$2" iflag=direct status=none | sha256sum
}

# fio_spawn NAME NODE OPTIONS...: random reads and writes until somebody ends them; FIO[NAME] is the process.
fio_spawn()
{
	local name=$1 node=$2
	shift 2
	# Not in a directory of the other side, whose slowness is not of interest here.
	(
		cd "$drive_dir" || exit
		exec fio --name="$name" --filename="$node" --ioengine=libaio --direct=1 --rw=randrw --bs=4k --iodepth=32 \
			--time_based --runtime=120 --eta=never --output="$drive_dir/$name.fio" "$@"
	) </dev/null >"$drive_dir/$name.fio.err" 2>&1 &
	FIO[$name]=$!
}

# Sets REQUESTS to how many the block device has had.
block_requests()
{
	local stat
	REQUESTS=0
	read -ra stat 2>/dev/null <"/sys/class/block/${1##*/}/stat" || return 0
	REQUESTS=$((stat[0] + stat[4]))
}

block_requests_above()
{
	block_requests "$1"
	((REQUESTS > $2)) || ended "$3"
}

# fio_flows NAME NODE: until it really does I/O.
fio_flows()
{
	block_requests "$2"
	within 20000 block_requests_above "$2" $((REQUESTS + 100)) "${FIO[$1]}" || fail "fio $1 does no I/O"
	! ended "${FIO[$1]}" || fio_fail "$1" "fio has ended by itself"
}

fio_fail()
{
	cat "$drive_dir/$1.fio" "$drive_dir/$1.fio.err" >&2
	fail "$2"
}

# fio_broken NAME MS: it must end by itself, because of I/O errors. Sets WAITED.
fio_broken()
{
	local name=$1 status=0
	within "$2" ended "${FIO[$name]}" || fail "fio is still there after $WAITED ms: $(cat "/proc/${FIO[$name]}/stack")"
	wait "${FIO[$name]}" 2>/dev/null || status=$?
	((status != 0)) || fio_fail "$name" "fio has ended without an error"
	# EIO; once the disk is dead ENODEV, ENXIO, or ENOSPC of a write to a disk whose size is now 0 (a read meets its end).
	grep -hqE 'error=(Input/output error|No such device|No space left on device)|short (read|write)' \
		"$drive_dir/$name.fio" "$drive_dir/$name.fio.err" ||
		fio_fail "$name" "fio has ended, but not because of an I/O error"
}

# fio_ends NAME: told to end, it must do so without having seen an error.
fio_ends()
{
	local name=$1 status=0
	kill -INT "${FIO[$name]}"
	within 10000 ended "${FIO[$name]}" || fail "fio is still there after $WAITED ms"
	wait "${FIO[$name]}" 2>/dev/null || status=$?
	# 128: told to end.
	((status == 0 || status == 128)) || fio_fail "$name" "fio has failed with status $status"
	grep -q 'err= 0' "$drive_dir/$name.fio" || fio_fail "$name" "fio has met an error"
}
