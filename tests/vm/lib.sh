# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How a vm test is written
# ------------------------
# A test is one file, tests/vm/NAME.test, named in tests/vm/meson.build. It is shell text (bash, "set -euo pipefail") that is
# read twice: on the machine itself, and inside the sandbox. It may define
#
#   options=(...)   options of scripts/sandbox: --cpus 4, --append ..., and pciem-qemu's (-device nvme,drive=disk.img).
#                   Without any of pciem-qemu's the module is loaded and nothing is started; --no-device loads nothing.
#   limit=300       seconds from the boot to the end of inside(); then the test fails. Be generous: machines are slow or busy
#   leaks=1         kmemleak is asked at the end, on a kernel that has it. That takes two minutes: for tests that end things
#   before()        on the machine, before the boot: make images and the like
#   inside()        in the sandbox, as root: the test itself
#   after()         on the machine, after the sandbox has ended in order: look at the images
#
# All three run in the test's own empty directory (build/tests/vm/NAME), which is the same one inside and outside. The test
# passes when each function returns 0 and the kernel log has nothing against it. One boot costs some ten seconds: put steps
# that can share a boot into one test, each announced by step.
#
# The kernel log of the run (kernel.log, console.log in the test's directory under log/) is judged afterwards: WARNING, BUG,
# Oops, a hung task, a lockup, a stall, a report of lockdep, KASAN or the like, and any line of ours ("pciem...") at error
# level or worse make the test fail, unless the test announced it with expect_log. A line that was expected and
# did not come fails the test as well.
#
# On a kernel that watches itself (scripts/lib/own-kernel.sh) everything takes longer: all limits are multiplied by $slowness, and
# tests that move much data, or do the same many times, divide by it.
#
# For all three functions:
#   step TEXT              say what comes now
#   fail TEXT              end the test as failed
#   skip TEXT              end the test as skipped
#   check TEXT COMMAND...  COMMAND must succeed
#   refuse TEXT COMMAND... COMMAND must fail
#   same TEXT A B          the strings must be equal
#   wait_for SECONDS TEXT COMMAND...   until COMMAND succeeds
#   expect_log REGEX       this line (grep -E) is wanted in the kernel log
#   allow_log REGEX        this line may come or not
# Inside only:
#   device_start, device_stop, device_list   see scripts/guest/device.sh, for tests that start pciem-qemu themselves
#   $PCIEM_MODULE, $PCIEM_QEMU               what was built
#   built NAME             path of a program that tests/vm/meson.build made

# Set by run: 1, or more for a kernel that watches itself.
slowness=1

step()
{
	printf -- '--- %3d s: %s\n' "$SECONDS" "$*"
}

fail()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

skip()
{
	printf 'SKIPPED: %s\n' "$*" >&2
	exit 77
}

check()
{
	local text=$1 status=0
	shift
	"$@" || status=$?
	((status == 0)) || fail "$text (status $status of: $*)"
}

refuse()
{
	local text=$1
	shift
	! "$@" || fail "$text (this succeeded: $*)"
}

same()
{
	[[ $2 == "$3" ]] || fail "$1: '$2' is not '$3'"
}

wait_for()
{
	local seconds=$1 text=$2 end
	shift 2
	end=$((SECONDS + seconds * slowness))
	until "$@"; do
		((SECONDS < end)) || fail "$text: not within $seconds s"
		sleep 0.05
	done
}

expect_log()
{
	printf '%s\n' "$1" >>"$TEST_DIR/log/expected"
}

allow_log()
{
	printf '%s\n' "$1" >>"$TEST_DIR/log/allowed"
}

built()
{
	printf '%s/tests/vm/%s\n' "$PCIEM_BUILD" "$1"
}

# --- the verdict on a kernel log ----------------------------------------------------------------------------------------

_bad_lines='WARNING:|BUG:|BUG |Oops|general protection fault|blocked for more than|hung_task|hung task|soft lockup|hard LOCKUP'
_bad_lines+='|possible (recursive locking|circular locking|irq lock inversion|deadlock)|inconsistent lock state'
_bad_lines+='|suspicious RCU usage|rcu: .*(stall|starved)|KASAN:|KCSAN:|UBSAN:|KFENCE:|Kernel panic|refcount_t:|list_(add|del) corruption'
_bad_lines+='|sleeping function called|scheduling while atomic|Unexpected trap|which is not mapped|trap invalid opcode|kmemleak: .*pciem'
# What dmesg -x prints before the time stamp.
_our_errors='^kern +:(err|crit|alert|emerg) *: \[[^]]*\] (platform )?pciem'

# log_complaints DIR: prints the lines that speak against the run
log_complaints()
{
	local dir=$1
	{
		grep -aE "$_bad_lines|$_our_errors" "$dir/kernel.log" || true
		# What a kernel said that could not tell it to the log file any more.
		[[ -e $dir/status ]] || grep -aE "$_bad_lines" "$dir/console.log" || true
	} 2>/dev/null | if [[ -s $dir/tolerated ]]; then grep -avE -f "$dir/tolerated" || true; else cat; fi
}

# log_missing DIR: prints the expected lines that did not come
log_missing()
{
	local dir=$1 regex
	[[ -e $dir/expected ]] || return 0
	while IFS= read -r regex; do
		grep -aqE -- "$regex" "$dir/kernel.log" || printf '%s\n' "$regex"
	done <"$dir/expected"
}
