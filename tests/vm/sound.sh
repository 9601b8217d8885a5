# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For tests with sound cards: cards, playing and recording, at what speed, and what became of a tone. A test reads it at
# its top, for before() and after() make tones and measure them; inside() reads drive.sh and then calls sound_begin.
#
# CARD[ADDRESS] is the number of a card of ALSA. Programs that play or record are known by a name of the test's choice:
# PLAYER[NAME] is the process, and what it said is in $drive_dir/NAME.said.

declare -A CARD=() PLAYER=()
tone=$here/programs/tone.py
rate=48000
# Where all is slow two CPUs are too few: one reads under the driver's lock, the other waits for it with interrupts off
# (docs/architecture.md), for longer than the process takes its turn.
((slowness == 1)) || options=(--cpus 4)

sound_begin()
{
	trap sound_cleanup EXIT
}

sound_cleanup()
{
	local status=$? pid
	set +e
	for pid in "${PLAYER[@]}"; do
		ended "$pid" || kill -KILL "$pid"
	done
	if ((status != 0 && status != 77)); then
		tail -n 20 "$drive_dir"/*.{said,err} 2>/dev/null >&2
	fi
	(exit "$status")
	drive_cleanup
}

# --- cards --------------------------------------------------------------------------------------------------------------

sound_control()
{
	local path
	path=$(compgen -G "/sys/bus/pci/devices/$1/sound/card*/controlC*") && [[ -c /dev/snd/${path##*/} ]]
}

# sound_ready NAME ADDRESS...: until each of them has a card. The driver asks the codecs after it has bound.
sound_ready()
{
	local name=$1 address path
	shift
	for address in "$@"; do
		within 20000 sound_control "$address" || drive_fail "$name" "no card at $address after 20 s"
		path=$(compgen -G "/sys/bus/pci/devices/$address/sound/card*")
		CARD[$address]=${path##*/card}
	done
	# udev has alsactl set the volumes.
	udev_ask settle --timeout=20
}

# sound_loud CARD...: as loud as it can be, on both ways
sound_loud()
{
	local card control value
	for card in "$@"; do
		while read -r control; do
			value=100%
			[[ $control != *"Switch'"* ]] || value=on
			check "$control" amixer -q -c "$card" cset "$control" "$value"
		done < <(amixer -c "$card" controls | grep -E "(Volume|Switch)'")
	done
}

# sound_start NAME COUNT OPTIONS...: as many cards, from slot 0 on
sound_start()
{
	local name=$1 count=$2 slot card nodes
	local -a addresses=()
	shift 2
	for ((slot = 0; slot < count; slot++)); do
		addresses+=("10000:00:$(printf '%02x' "$slot").0")
	done
	drive_spawn "$name" "$@"
	sound_ready "$name" "${addresses[@]}"
	within 10000 drive_told "$name" "$count" || drive_fail "$name" "it does not tell its cards"
	for slot in "${addresses[@]}"; do
		card=${CARD[$slot]}
		nodes=" card$card \\(/dev/snd/controlC$card\\)"
		# (Four codecs can take longer than pciem-qemu waits for nodes.)
		((slowness == 1)) || nodes="($nodes)?"
		grep -qE "^$slot +intel-hda.* -> snd_hda_intel$nodes$" "${OUT[$name]}.out" ||
			drive_fail "$name" "it does not name the card at $slot"
	done
}

no_cards()
{
	[[ ! $(compgen -G '/sys/class/sound/*[cC][0-9]*') ]]
}

# check_no_sound: no card, no process, nothing of the bridge; and the driver can be unloaded
check_no_sound()
{
	check_nothing_left
	no_cards || fail "left behind: $(echo /sys/class/sound/*)"
	same "users of the driver" "$(awk '$1 == "snd_hda_intel" { print $3 }' /proc/modules)" 0
}

# What the driver says when it and the card do not understand each other.
sound_log_clean()
{
	local complaints='timeout|polling mode|single_cmd|spurious|no codec|error|reset|invalid'
	! dmesg | grep -E "snd_hda_(intel|codec).*($complaints)" || fail "the driver complains"
}

# --- playing and recording ----------------------------------------------------------------------------------------------

# player_spawn NAME COMMAND...
player_spawn()
{
	local name=$1
	shift
	(
		cd "$drive_dir" || exit
		exec "$@"
	) </dev/null >"$drive_dir/$name.said" 2>&1 &
	PLAYER[$name]=$!
}

player_fail()
{
	cat "$drive_dir/$1.said" >&2
	grep . /proc/asound/card*/pcm*/sub0/status >&2 || true
	fail "$1: $2"
}

# player_ends NAME MS: by itself, with status 0
player_ends()
{
	local status=0
	within "$2" ended "${PLAYER[$1]}" || player_fail "$1" "still there after $WAITED ms"
	wait "${PLAYER[$1]}" 2>/dev/null || status=$?
	((status == 0)) || player_fail "$1" "exit status $status"
}

# player_breaks NAME MS: by itself, because of an error of which it tells. Sets WAITED.
player_breaks()
{
	local name=$1 status=0
	within "$2" ended "${PLAYER[$name]}" ||
		player_fail "$name" "still there after $WAITED ms: $(cat "/proc/${PLAYER[$name]}/stack")"
	wait "${PLAYER[$name]}" 2>/dev/null || status=$?
	((status != 0 && status < 128)) || player_fail "$name" "exit status $status"
	grep -q error "$drive_dir/$name.said" || player_fail "$name" "it has not told of an error"
}

# How often it ran out of data, or out of space.
player_xruns()
{
	grep -cE 'underrun|overrun' "$drive_dir/$1.said" || true
}

# Options of aplay and arecord for PERIOD microseconds, and four of them.
with_period()
{
	printf -- '--period-time=%s --buffer-time=%s' "$1" $((4 * $1))
}

# sound_position CARD STREAM (0p: device 0, playing): sets POSITION, in frames, and when that was (POSITION_US). No program is
# started: how long that takes would be part of the result.
sound_position()
{
	local before=${EPOCHREALTIME/./} line
	local -a lines=()
	POSITION=
	mapfile -t lines <"/proc/asound/card$1/pcm$2/sub0/status"
	POSITION_US=$(((before + ${EPOCHREALTIME/./}) / 2))
	for line in "${lines[@]}"; do
		[[ $line != hw_ptr* ]] || POSITION=${line##* }
	done
}

sound_moves()
{
	sound_position "$@"
	((${POSITION:-0} > rate / 5))
}

# sound_flows NAME CARD STREAM: until it really plays or records
sound_flows()
{
	within 20000 sound_moves "$2" "$3" || player_fail "$1" "it does not begin"
}

# sound_speed CARD STREAM SECONDS: sets SPEED, millionths of what it should be
sound_speed()
{
	local position us
	sound_position "$1" "$2"
	position=$POSITION us=$POSITION_US
	nap "$3"
	sound_position "$1" "$2"
	[[ $position && $POSITION ]] || fail "it has stopped"
	SPEED=$(((POSITION - position) * 1000000 * 1000000 / rate / (POSITION_US - us)))
}

# --- measuring, outside too ---------------------------------------------------------------------------------------------

# tone_of FILE CHANNEL [FROM [TO]]: sets START, LENGTH (s), HZ, DB, CLICKS and PURITY of the first sound in it, or in that
# part of it
tone_of()
{
	local file=$1 channel=$2
	shift 2
	read -r START LENGTH HZ DB CLICKS PURITY < <(python3 "$tone" measure "$file" "$@" | sed -n "s/^sound $channel //p") ||
		fail "channel $channel of $file is silent"
	printf '%s, channel %s: %s s from %s on, %s Hz, %s dB, %s clicks, else %s dB below\n' "$file" "$channel" "$LENGTH" \
		"$START" "$HZ" "$DB" "$CLICKS" "$PURITY"
}

# between TEXT LOW VALUE HIGH: numbers, with or without fractions
between()
{
	awk -v low="$2" -v value="$3" -v high="$4" 'BEGIN { exit !(low <= value && value <= high) }' ||
		fail "$1: $3 is not between $2 and $4"
}

# about TEXT VALUE WANTED TOLERANCE
about()
{
	awk -v value="$2" -v wanted="$3" -v tolerance="$4" 'BEGIN {
		exit !(wanted - tolerance <= value && value <= wanted + tolerance)
	}' || fail "$1: $2 is not $3"
}

# check_tone FILE CHANNEL HZ DB SECONDS PURITY [FROM [TO]]: of what was played for so long. A stop loses what is in QEMU's
# codec, 42 ms at most. So does an emulated machine that stands still for more than 20 ms, each time, and that is a click.
check_tone()
{
	tone_of "$1" "$2" "${@:7}"
	about "frequency" "$HZ" "$3" 0.2
	about "level" "$DB" "$4" 0.2
	between "clicks" 0 "$CLICKS" $((2 + $5 / 2))
	between "length" "$(awk -v s="$5" -v n="$CLICKS" 'BEGIN { print s - 0.043 * (1 + n) }')" "$LENGTH" "$5"
	between "purity" "$6" "$PURITY" 200
}
