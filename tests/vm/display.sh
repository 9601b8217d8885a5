# shellcheck shell=bash disable=SC2034,SC2153,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For inside() of tests with display cards, on top of drive.sh: starting them, what they show, a program that draws.
#
# After display_start NAME there are PID[NAME] and OUT[NAME] as for drives, ADDRESS[NAME] and CARD[NAME] (the node).

# shellcheck source=tests/vm/drive.sh
. "$here/drive.sh"

declare -A CARD=() DUMB=() _dumb_in=() _dumb_out=()
programs=$here/programs

display_told()
{
	grep -qs '(/dev/dri/card[0-9]*)$' "${OUT[$1]}.out" || ended "${PID[$1]}"
}

# display_spawn NAME OPTIONS...: only start it; with a monitor.
display_spawn()
{
	local name=$1
	shift
	rm -f "$drive_dir/$name.qmp"
	drive_spawn "$name" -qmp "unix:$drive_dir/$name.qmp,server=on,wait=off" "$@"
}

display_ready()
{
	local name=$1
	within "${2:-20000}" display_told "$name" || drive_fail "$name" "no card after $WAITED ms"
	! ended "${PID[$name]}" || drive_fail "$name" "pciem-qemu has ended"
	read -r ADDRESS["$name"] CARD["$name"] < <(drive_list "$name")
	[[ -c ${CARD[$name]} ]] || drive_fail "$name" "${CARD[$name]} is no device node"
}

display_start()
{
	display_spawn "$@"
	display_ready "$1"
}

# display_qmp NAME COMMAND...: see programs/qmp.py
display_qmp()
{
	local name=$1
	shift
	timeout 60 python3 "$programs/qmp.py" "$drive_dir/$name.qmp" "$@"
}

# display_dump NAME [ARGUMENT...]: what it shows now, into $drive_dir/NAME.ppm
display_dump()
{
	local name=$1
	shift
	display_qmp "$name" screendump "filename=$drive_dir/$name.ppm" "$@" || drive_fail "$name" "no screendump"
}

# display_is NAME ACTION ARGUMENT...: the file that display_dump has made; see programs/picture.py
display_is()
{
	local name=$1 action=$2
	shift 2
	python3 "$programs/picture.py" "$action" "$drive_dir/$name.ppm" "$@" || {
		cp "$drive_dir/$name.ppm" "$TEST_DIR/log/"
		fail "$name does not show the right picture ($action $*): $TEST_DIR/log/$name.ppm"
	}
}

# display_shows NAME WIDTH HEIGHT SEED
display_shows()
{
	display_dump "$1"
	display_is "$1" same "${@:2}"
}

# --- programs/dumb.c ----------------------------------------------------------------------------------------------------

# dumb_start NAME CARD
dumb_start()
{
	local name=$1 pipes=$drive_dir/dumb.$1 in out
	rm -f "$pipes".{in,out}
	mkfifo "$pipes".{in,out}
	# For both, so that neither side waits for the other.
	exec {in}<>"$pipes.in" {out}<>"$pipes.out"
	"$(built dumb)" "$2" <"$pipes.in" >"$pipes.out" 2>"$pipes.err" {in}>&- {out}>&- &
	DUMB[$name]=$! _dumb_in[$name]=$in _dumb_out[$name]=$out
	FIO[dumb.$name]=$!	# for the end of a test that has failed
}

dumb_tell()
{
	printf '%s\n' "${*:2}" >&"${_dumb_in[$1]}"
}

# dumb_answer NAME [SECONDS]: sets ANSWER
dumb_answer()
{
	read -r -t "${2:-30}" -u "${_dumb_out[$1]}" ANSWER || fail "dumb $1 does not answer: $(<"$drive_dir/dumb.$1.err")"
}

# dumb_do NAME COMMAND...: must succeed
dumb_do()
{
	dumb_tell "$@"
	dumb_answer "$1"
	[[ $ANSWER == ok* ]] || fail "dumb ${*:2}: $ANSWER"
}

# dumb_refuses NAME REGEX COMMAND...: must end with such an errno
dumb_refuses()
{
	dumb_tell "$1" "${@:3}"
	dumb_answer "$1"
	[[ $ANSWER =~ ^($2)$ ]] || fail "dumb ${*:3}: $ANSWER, not $2"
}

# dumb_draws NAME COMMAND...: one that does not end by itself
dumb_draws()
{
	dumb_tell "$@"
	dumb_answer "$1"
	same "dumb ${*:2}" "$ANSWER" drawing
}

# dumb_stopped NAME REGEX [SECONDS]: that one must have ended, with such an errno, and the program must be alive
dumb_stopped()
{
	dumb_answer "$1" "${3:-30}"
	[[ $ANSWER =~ ^($2)$ ]] || fail "dumb has ended with $ANSWER, not $2"
	! ended "${DUMB[$1]}" || fail "dumb $1 has died"
}

dumb_stop()
{
	local name=$1 status=0 in=${_dumb_in[$1]} out=${_dumb_out[$1]}
	kill -TERM "${DUMB[$name]}"
	wait "${DUMB[$name]}" 2>/dev/null || status=$?
	same "end of dumb $name" "$status" 143
	exec {in}>&- {out}>&-
}

# --- memory -------------------------------------------------------------------------------------------------------------

memory_total()
{
	proc_value /proc/meminfo MemTotal
}

# What the kernel's own mapping reaches, in KiB.
mapped_total()
{
	awk '/^DirectMap/ { sum += $2 } END { print sum }' /proc/meminfo
}

# display_ram NAME: "SOURCE FIRST-LAST" of the memory below 4 GiB
display_ram()
{
	cat "$(bridge_of "${ADDRESS[$1]}")/ram32"
}

# What /proc/iomem calls the place of an address, innermost last.
iomem_at()
{
	python3 - "$1" <<-'END'
		import sys
		address = int(sys.argv[1], 0)
		for line in open("/proc/iomem"):
		    place, name = line.strip().split(" : ", 1)
		    first, last = (int(n, 16) for n in place.split("-"))
		    if first <= address <= last:
		        print(name)
	END
}

# The kernel's own notes about the pages of a block, 1/64 of it, lie in memory that it does not count, but once the block has
# been away, in memory that it counts.
memory_is_back()
{
	(($(memory_total) >= $1))
}

# check_memory_taken TOTAL MAPPED MIB: out of the system, and out of the kernel's own mapping. (What a driver maps, that mapping has not.)
check_memory_taken()
{
	local taken=$(($1 - $(memory_total)))
	((taken <= $3 << 10 && taken >= $3 * 60 << 4)) || fail "MemTotal is $taken KiB less, not $3 MiB"
	same "MiB that are not mapped any more" $((($2 - $(mapped_total)) >> 10)) "$3"
}

# check_memory_back TOTAL RAM: what display_ram has said while the bridge was there
check_memory_back()
{
	local range=${2#* }
	within 5000 memory_is_back "$1" || fail "MemTotal is $(memory_total) KiB, not $1 as before"
	same "what is at ${range%-*}" "$(iomem_at "${range%-*}")" "System RAM"
	same "what is at ${range#*-}" "$(iomem_at "${range#*-}")" "System RAM"
}
