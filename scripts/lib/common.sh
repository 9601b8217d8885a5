# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
# What every script shares: where things are, how a step is told, how a failure is told.
#
#   PCIEM_CACHE   downloads that can be shared by several checkouts (default: $XDG_CACHE_HOME/pciem or ~/.cache/pciem)
#   PCIEM_BUILD   everything that is built (default: build/ in the repository)
#   PCIEM_COVERAGE   if not empty: count what is executed (scripts/coverage)
#   PCIEM_LEAKS      if not empty: at the end of a session kmemleak is asked, where the kernel has it

PCIEM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PCIEM_CACHE=${PCIEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pciem}
PCIEM_BUILD=${PCIEM_BUILD:-$PCIEM_ROOT/build}
PCIEM_SETUP_LOG=$PCIEM_BUILD/setup.log
export PCIEM_ROOT PCIEM_CACHE PCIEM_BUILD

# depmod, modprobe and the like, also for a user whose PATH has no sbin
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# A python or meson that a user has elsewhere on the PATH does not see Debian's modules.
PYTHON=/usr/bin/python3

die()
{
	step_abandon
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

warn()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# --- one line for each step: "kernel 6.12.95: unpacking ... done (12 s)" ------------------------------------------------
#
# A step that finds nothing to do never calls step_begin, so a repeated run is silent.

_step_text=
_step_width=0

step_begin()
{
	_step_text=$1
	_step_started=$SECONDS
	_step_last=
	_step_width=0
	printf '%s ...' "$_step_text" >&2
}

# step_note TEXT: on a terminal the note is replaced by the next one; in a log only whole tens of percent are kept.
step_note()
{
	[[ $1 != "$_step_last" ]] || return 0
	_step_last=$1
	if [[ -t 2 ]]; then
		printf '\r%s ... %-*s' "$_step_text" "$_step_width" "$1" >&2
		_step_width=${#1}
	elif [[ $1 == *0% ]]; then
		printf ' %s' "$1" >&2
	fi
}

step_end()
{
	if [[ -t 2 ]]; then
		printf '\r%s ... %-*s\n' "$_step_text" "$_step_width" "${1:-done} ($((SECONDS - _step_started)) s)" >&2
	else
		printf ' %s (%s s)\n' "${1:-done}" "$((SECONDS - _step_started))" >&2
	fi
	_step_text=
}

step_abandon()
{
	[[ -z $_step_text ]] || printf ' failed\n' >&2
	_step_text=
}

# run_logged COMMAND...: the output goes to the set-up log; when the command fails its end is shown.
run_logged()
{
	mkdir -p "$PCIEM_BUILD"
	local from=0
	[[ ! -e $PCIEM_SETUP_LOG ]] || from=$(stat -c %s "$PCIEM_SETUP_LOG")
	printf '\n$ %s\n' "$*" >>"$PCIEM_SETUP_LOG"
	"$@" >>"$PCIEM_SETUP_LOG" 2>&1 </dev/null && return 0
	local status=$?
	step_abandon
	tail -c +$((from + 1)) "$PCIEM_SETUP_LOG" | tail -n 25 >&2
	warn "the command '$1' failed with status $status; all of its output is in $PCIEM_SETUP_LOG"
	return "$status"
}

# run_progress REGEX COMMAND...: as run_logged; where a line of output matches, the first group of REGEX is the percentage.
run_progress()
{
	local regex=$1 line pid from status=0
	shift
	mkdir -p "$PCIEM_BUILD"
	printf '\n$ %s\n' "$*" >>"$PCIEM_SETUP_LOG"
	from=$(stat -c %s "$PCIEM_SETUP_LOG")
	while IFS= read -r line; do
		if [[ $line =~ $regex ]]; then
			step_note "${BASH_REMATCH[1]}%"
		else
			printf '%s\n' "$line" >>"$PCIEM_SETUP_LOG"
		fi
	done < <("$@" 2>&1 </dev/null)
	pid=$!
	wait "$pid" || status=$?
	((status != 0)) || return 0
	step_abandon
	tail -c +$((from + 1)) "$PCIEM_SETUP_LOG" | tail -n 40 >&2
	warn "the command '$1' failed with status $status; all of its output is in $PCIEM_SETUP_LOG"
	return "$status"
}

# run_ninja DIRECTORY [TARGET...]
run_ninja()
{
	local dir=$1
	shift
	NINJA_STATUS='[%p] ' run_progress '^\[ *([0-9]+)%\]' ninja -C "$dir" -d keeprsp "$@"
}

# run_apt COMMAND...: an apt-get, with sudo before it or not
run_apt()
{
	run_progress '^[dp][lm]status:[^:]*:([0-9]+)' "$@" -o APT::Status-Fd=1
}

# with_lock NAME COMMAND...: two set-ups at once would build into each other; the second one waits for the first.
with_lock()
{
	local lock=$1 fd
	shift
	mkdir -p "${lock%/*}"
	exec {fd}>"$lock"
	if ! flock -n "$fd"; then
		echo "waiting for another set-up that is under way" >&2
		flock "$fd"
	fi
	"$@"
	exec {fd}>&-
}

# as_root COMMAND...
as_root()
{
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: run it as root, or install sudo"
	fi
}
