# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For the tests that look for deadlocks: a driver that reads in interrupt handlers, softirqs, timers, workers and threads on every CPU
# at once, while the process that answers is put where it is least able to. On top of edu.sh and drive.sh.

# The thread that consumes the queue is the first of the process.
server()
{
	printf '%s\n' "${PID[edu]}"
}

hunt_start()
{
	drive_start_edu
	edu_load
}

drive_start_edu()
{
	drive_spawn edu -device edu "$@"
	within 20000 drive_told edu 1 || drive_fail edu "no device"
}

# hunt TEXT [ONES]: the driver reads in every context for two seconds. Every read ends within its deadline; ONES percent may get all ones.
hunt()
{
	local text=$1 allowed=${2:-100} result answered ones longest status=0
	step "$text"
	result=$(timeout $((60 * slowness)) cat "$edu_dir/hunt" 2>/dev/null) || status=$?
	if ((status == 1 && allowed == 100)) && [[ $(edu_counter link 2>/dev/null) != up ]]; then
		echo "the link went down: too many reads in a row were in vain"
		return
	fi
	((status == 0)) || fail "$text: the driver does not come back"
	[[ $result == *$'\n'end && $result != *"not ok"* ]] || fail "$text: $result"
	read -r answered ones longest < <(sed -n 's/^# answered \(.*\) ones \(.*\) longest_ms \(.*\)/\1 \2 \3/p' <<<"$result")
	printf '%s answered, %s all ones, the longest took %s ms; %s\n' "$answered" "$ones" "$longest" \
		"$(edu_counter link): $(cd "$edu_bridge" && grep -H . starved refused rescues atomic_timeouts | tr '\n' ' ')"
	# A read can wait for its turn beside the deadline, on a machine that is slower than its clock.
	((longest < ($(<"$parameters/atomic_timeout_ms") + 2000) * slowness)) || fail "$text: a read took $longest ms"
	((answered + ones > 20)) || fail "$text: hardly anything was read"
	((ones * 100 <= (answered + ones) * allowed)) || fail "$text: $ones of $((answered + ones)) reads were not answered"
}

# Once more with a device that answers, if the last one is gone: its link goes down when too many reads in a row were in vain.
hunt_anew()
{
	[[ $(edu_counter link 2>/dev/null) != up ]] || return 0
	edu_unload
	within 12000 ended "${PID[edu]}" || kill -KILL "${PID[edu]}"
	within 12000 ended "${PID[edu]}" || fail "pciem-qemu is still there"
	wait "${PID[edu]}" 2>/dev/null || true
	check_nothing_left "$(deadline_ms)"
	hunt_start
}

hunt_end()
{
	edu_unload
	kill -TERM "${PID[edu]}" 2>/dev/null || true
	within 12000 ended "${PID[edu]}" || fail "pciem-qemu is still there"
	check_nothing_left "$(deadline_ms)"
}
