# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Starting pciem-qemu, knowing when its devices can be used, ending it. Used by the session and by the tests.
#
#   device_start OPTION...   start $PCIEM_QEMU; returns when its devices are ready: DEVICE_PID is set. When it ended instead,
#                            DEVICE_PID is empty and the return value is its exit status (0 for -device help and the like).
#   device_stop PID          end it in order; status 1 if it had to be killed
#   udev_ask COMMAND...      udevadm, more than once if need be
#   device_list              the PCI devices that were not there when device_start was called last (paths in sysfs)

device_bind_limit=30
device_end_limit=20

DEVICE_PID=
declare -A _devices_before=() _device_module=()

device_say()
{
	printf 'sandbox: %s\n' "$*" >&2
}

# udev_ask COMMAND...: of udevadm. The daemon hangs up ("Broken pipe") on who sends between its accept() and its SO_PASSCRED,
# which four emulated CPUs on two make likely: then it is asked again.
udev_ask()
{
	local i
	for ((i = 0; i < 4; i++)); do
		! udevadm "$@" 2>/dev/null || return 0
	done
	udevadm "$@"
}

device_list()
{
	local path
	for path in /sys/bus/pci/devices/*; do
		[[ ! -e $path || ${_devices_before[$path]:-} ]] || printf '%s\n' "$path"
	done
}

# Is something still to come for this device? A driver that is about to bind, or a node that it is about to make.
device_is_pending()
{
	local path=$1 class modalias state
	{ read -r class <"$path/class" && read -r modalias <"$path/modalias"; } 2>/dev/null || return 0
	if [[ ! -e $path/driver ]]; then
		# When no module knows it there is nothing to wait for.
		if [[ ! ${_device_module[$modalias]:-} ]]; then
			_device_module[$modalias]=none
			! modprobe -R "$modalias" >/dev/null 2>&1 || _device_module[$modalias]=some
		fi
		[[ ${_device_module[$modalias]} == some ]]
		return
	fi
	case $class in
	0x0108*)
		# nvme finds its namespaces after it has bound; a controller may have none.
		! compgen -G "$path/nvme/nvme*/nvme*n*" >/dev/null || return 1
		for state in "$path"/nvme/nvme*/state; do
			{ read -r state <"$state"; } 2>/dev/null && [[ $state == live ]] || return 0
		done
		((SECONDS < _device_started + 5))
		return
		;;
	esac
	return 1
}

# Sets _device_pending to the first one that is not ready; fails while there is none at all.
_device_all_ready()
{
	local path seen=
	_device_pending=
	while IFS= read -r path; do
		seen=1
		if device_is_pending "$path"; then
			_device_pending=${path##*/}
			return 1
		fi
	done < <(device_list)
	[[ $seen ]]
}

device_start()
{
	local path status
	_devices_before=()
	for path in /sys/bus/pci/devices/*; do
		_devices_before[$path]=1
	done
	_device_started=$SECONDS
	# In a session of its own: a Ctrl-C is meant for COMMAND.
	setsid "$PCIEM_QEMU" "$@" </dev/null &
	DEVICE_PID=$!
	until _device_all_ready; do
		if ! kill -0 "$DEVICE_PID" 2>/dev/null; then
			status=0
			wait "$DEVICE_PID" || status=$?
			DEVICE_PID=
			return "$status"
		fi
		if ((SECONDS >= _device_started + device_bind_limit)); then
			if [[ $_device_pending ]]; then
				device_say "no driver was ready for $_device_pending within $device_bind_limit s; going on without"
			else
				device_say "no device appeared within $device_bind_limit s; going on without"
			fi
			break
		fi
		sleep 0.05
	done
	# udev may still be at the nodes and their links
	udev_ask settle --timeout=5 2>/dev/null || true
}

device_stop()
{
	local pid=$1 i status=0
	kill -TERM "$pid" 2>/dev/null || true
	for ((i = 0; i < device_end_limit * 20; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	if kill -0 "$pid" 2>/dev/null; then
		device_say "pciem-qemu did not end within $device_end_limit s and was killed; the image may be incomplete"
		kill -KILL "$pid" || true
		status=1
	fi
	wait "$pid" 2>/dev/null || true
	return "$status"
}
