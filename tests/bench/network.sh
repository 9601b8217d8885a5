# shellcheck shell=bash disable=SC2154	# here and images are the caller's
# SPDX-License-Identifier: GPL-2.0-only
# For guest: two network interfaces joined by a wire, each in a namespace of its own, in each of the ways that there are.
# Gives network-RUN: lines "NAME MEGABITS-PER-SECOND MICROSECONDS-OF-A-PING".

# card_interfaces FIRST-DOMAIN LAST-DOMAIN: of e1000 cards in these PCI domains
card_interfaces()
{
	local path domain
	for path in /sys/bus/pci/drivers/e1000/*:*/net/*; do
		[[ -e $path ]] || continue
		domain=${path#/sys/bus/pci/drivers/e1000/}
		domain=$((16#${domain%%:*}))
		((domain < $1 || domain > $2)) || printf '%s\n' "${path##*/}"
	done
}

# join NAME INTERFACE INTERFACE: namespaces NAME.a and NAME.b
join()
{
	local name=$1 side number=1
	shift
	for side in a b; do
		ip netns add "$name.$side"
		ip link set "$1" netns "$name.$side" name card
		ip -n "$name.$side" link set lo up
		ip -n "$name.$side" address add "10.9.0.$number/24" dev card
		ip -n "$name.$side" link set card up
		number=$((number + 1))
		shift
	done
	ip netns exec "$name.b" iperf3 --server >/dev/null &
	await ip netns exec "$name.a" iperf3 --client 10.9.0.2 --bytes 1K --connect-timeout 1000 >/dev/null
}

two_cards()
{
	mapfile -t cards < <(card_interfaces 0x10000 0xffffff)
	((${#cards[@]} == 2))
}

start_networks()
{
	local -a cards
	"$build/qemu-adapter/pciem-qemu" -netdev hubport,id=a,hubid=0 -device e1000,netdev=a \
		-netdev hubport,id=b,hubid=0 -device e1000,netdev=b >"$images/cards" </dev/null &
	await two_cards
	# They get other names yet.
	udevadm settle --timeout=20 || udevadm settle --timeout=20
	two_cards
	join e1000 "${cards[@]}"
	mapfile -t cards < <(card_interfaces 0 0xffff)
	join e1000_sandbox "${cards[@]}"
	ip link add veth0 type veth peer name veth1
	join veth veth0 veth1
}

networks=(e1000 e1000_sandbox veth)

run_network()
{
	local run=$1 name rate ping
	for name in "${networks[@]}"; do
		rate=$(ip netns exec "$name.a" iperf3 --client 10.9.0.2 --time "$seconds" --json | python3 -c \
			'import json, sys; print(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e6)')
		ping=$(ip netns exec "$name.a" busybox ping -c 50 -i 0.01 -q 10.9.0.2 | awk -F '[/=]' '/round-trip/ { print $5 * 1000 }')
		printf '%s %s %s\n' "$name" "$rate" "$ping"
	done >"network-$run"
}
