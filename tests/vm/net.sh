# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only
# For inside() of tests with network cards. A card is put into a network namespace of its own: what goes between two of these, or
# between one and the machine, goes through the card.

net_dir=$(mktemp -d /tmp/net.XXXXXX)
programs=$here/programs

# net_driver ADDRESS: the driver of the function, or of the virtio device behind it
net_driver()
{
	local path=/sys/bus/pci/devices/$1
	basename "$(readlink "$(compgen -G "$path/virtio*/driver" || echo "$path/driver")")"
}

# net_interface ADDRESS: the name of the interface that the driver of this function has made
net_interface()
{
	local path=/sys/bus/pci/devices/$1
	wait_for 60 "no network interface of $1" eval "compgen -G '$path/net/*' || compgen -G '$path/virtio*/net/*'" >/dev/null
	# udev gives it another name.
	udev_ask settle --timeout=20
	ls "$path/net" 2>/dev/null || ls "$path"/virtio*/net
}

# net_take NAMESPACE INTERFACE: put it into a new one, as "card", up, with a carrier
net_take()
{
	check "a namespace" ip netns add "$1"
	net_join "$1" "$2"
}

# net_join NAMESPACE INTERFACE: the same into one that is there
net_join()
{
	check "the card moves" ip link set "$2" netns "$1" name card
	check "loopback" ip -n "$1" link set lo up
	check "the card is switched on" ip -n "$1" link set card up
	wait_for 20 "no carrier" net_has_carrier "$1"
}

net_has_carrier()
{
	[[ $(net_in "$1" cat /sys/class/net/card/carrier) == 1 ]]
}

net_in()
{
	ip netns exec "$@"
}

# net_dhcp NAMESPACE: ask for an address and use it; prints it
net_dhcp()
{
	cat >"$net_dir/lease" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr add "$ip/${mask:-24}" dev "$interface" && ip route add default via "$router" && echo "$ip"
	END
	chmod +x "$net_dir/lease"
	net_in "$1" busybox udhcpc -q -n -t 10 -i card -s "$net_dir/lease"
}

net_data()
{
	[[ -e $net_dir/data ]] || head -c "$1" /dev/urandom >"$net_dir/data"
	printf '%s\n' "$net_dir/data"
}

# net_transfer TEXT FROM TO HOST PORT BYTES [LISTEN]: through TCP from one namespace to another ("" is the machine's own), with a
# checksum. Listens on PORT, or on LISTEN where that is something else on the way.
net_transfer()
{
	local text=$1 from=${2:+ip netns exec $2} to=${3:+ip netns exec $3} host=$4 port=$5 data start end server
	local program=$programs/transfer.py
	data=$(net_data "$6")
	rm -f "$net_dir/got"
	$to /usr/bin/python3 "$program" receive "${7:-$port}" </dev/null >"$net_dir/got" &
	server=$!
	wait_for 20 "$text: no listener" grep -qs listening "$net_dir/got"
	start=${EPOCHREALTIME/./}
	$from timeout 300 /usr/bin/python3 "$program" send "$host" "$port" <"$data" || fail "$text: the sender failed"
	wait "$server" || fail "$text: the receiver failed"
	end=${EPOCHREALTIME/./}
	same "$text" "$(tail -n 1 "$net_dir/got")" "$(sha256sum <"$data" | cut -d ' ' -f 1)"
	printf '%s: %s KB/s\n' "$text" "$(($6 * 1000 / (end - start)))"
}

# net_counters NAMESPACE NAME...: their sum
net_counters()
{
	local namespace=$1
	shift
	net_in "$namespace" cat "${@/#//sys/class/net/card/statistics/}" | awk '{ sum += $1 } END { print sum }'
}

# net_went_through NAMESPACE BYTES: at least so many each way, and without an error
net_went_through()
{
	(($(net_counters "$1" tx_bytes) > $2 && $(net_counters "$1" rx_bytes) > $2)) || fail "it went another way"
	same "errors" "$(net_counters "$1" tx_errors rx_errors rx_crc_errors)" 0
}

net_nothing_late()
{
	local counter refused
	for counter in starved read_timeouts atomic_timeouts; do
		same "$counter" "$(net_worst "$counter")" 0
	done
	# A softirq that comes on top of the thread that serves cannot be answered (docs/architecture.md, "Life of an
	# interrupt"): seldom, and what the driver reads there only pushes its writes.
	refused=$(net_worst refused)
	((refused <= 3)) || fail "refused: $refused"
}

# net_worst COUNTER: of all bridges
net_worst()
{
	cat /sys/devices/platform/pciem.*/"$1" | sort -n | tail -n 1
}

net_no_reset()
{
	! dmesg | grep -E 'NETDEV WATCHDOG|Tx Unit Hang|Reset adapter' || fail "the driver has reset its card"
}
