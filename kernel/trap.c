// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO to a window traps, without memory behind it and without touching any driver:
 *
 *   map    every ioremap() enters one function to write page-table entries. For an address in a
 *          window its protection is changed so that the entries are non-present for the MMU but
 *          keep the frame number and still count as present for the kernel, which therefore unmaps
 *          them as usual.
 *   fault  an access faults, and the kernel's fault handling ends in a function that would report
 *          a bad kernel access. For an address that such an entry maps we run instead, as ordinary
 *          code in the faulting context. Where ordinary pages stand behind the address, the entry
 *          is changed to lead there, and the access is tried again.
 *
 * Both hooks are ftrace callbacks; all others of their kind (a user's segmentation fault, say)
 * pass with a compare or two.
 *
 * No call to the replaced function is ever made: whether the access can be emulated is decided in
 * the callback.
 *
 * Unloading: a running emulation holds its bridge and so the module; outside that span our code
 * runs with interrupts off or in a callback, for which unregistering waits. So a grace period after
 * the hooks are gone ends it.
 */
#include "trap.h"

#include <linux/rcupdate.h>

#include "arch.h"
#include "bridge.h"
#include "hook.h"
#include "request.h"

static struct ftrace_ops map_ops = {
	.func = pciem_arch_on_map,
	.flags = PCIEM_HOOK_FLAGS,
};

static struct ftrace_ops fault_ops = {
	.func = pciem_arch_on_fault,
	.flags = PCIEM_HOOK_FLAGS | FTRACE_OPS_FL_IPMODIFY,
};

int pciem_trap_init(void)
{
	int err;

	err = pciem_hook(&fault_ops, PCIEM_ARCH_FAULT_FUNCTION);
	if (err)
		return err;
	err = pciem_hook(&map_ops, PCIEM_ARCH_MAP_FUNCTION);
	if (err)
		pciem_unhook(&fault_ops);
	return err;
}

void pciem_trap_exit(void)
{
	pciem_unhook(&map_ops);
	pciem_unhook(&fault_ops);
	synchronize_rcu();
}

struct pciem_bridge *pciem_trap_bridge(phys_addr_t addr, u64 size)
{
	struct pciem_bridge *bridge = NULL;
	struct pciem_window *window;

	rcu_read_lock();
	window = pciem_window_find(addr);
	if (window && size - 1 <= window->res.end - addr && pciem_bridge_tryget(window->bridge))
		bridge = window->bridge;
	rcu_read_unlock();
	return bridge;
}

u64 pciem_trap_read(struct pciem_bridge *bridge, phys_addr_t addr, unsigned int width)
{
	if (!bridge)
		return ~0ULL;
	return pciem_request(bridge, PCIEM_OP_MEM_READ, addr, width, 0);
}

void pciem_trap_write(struct pciem_bridge *bridge, phys_addr_t addr, unsigned int width, u64 value)
{
	if (bridge)
		pciem_post(bridge, addr, width, value);
}
