// SPDX-License-Identifier: GPL-2.0-only
#include "window.h"

#include <linux/bitmap.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/rculist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "arch.h"
#include "root.h"

#define SMALLEST	SZ_1M
/* Places tried for a window above 4 GiB, downwards from the top. */
#define TRIES		256

static LIST_HEAD(windows);
static DEFINE_SPINLOCK(windows_lock);	/* writers of the list */
DEFINE_MUTEX(pciem_window_claims);

/* In a window below 4 GiB of the host bridge. */
static int claim_below(struct pci_bus *bus, struct resource *res, u64 size)
{
	u64 last = pciem_arch_low_limit() - 1;
	struct resource *parent;
	int i;

	pci_bus_for_each_resource(bus, parent, i) {
		if (!parent || resource_type(parent) != IORESOURCE_MEM || parent->end > U32_MAX ||
		    parent->flags & IORESOURCE_PREFETCH)
			continue;
		if (!allocate_resource(parent, res, size, parent->start, min(parent->end, last),
				       size, NULL, NULL))
			return 0;
	}
	return -ENOSPC;
}

static int claim_below_4g(struct resource *res, u64 size)
{
	int err = allocate_resource(&iomem_resource, res, size, SZ_1M, pciem_arch_low_limit() - 1,
				    size, NULL, NULL);
	struct pci_bus *bus = NULL;

	if (!err)
		return 0;
	/*
	 * Firmware often gives the whole hole to a host bridge: a free part of its window serves
	 * as well. Not one of ours, nor of another software bridge's (VMD): these go away. No bus
	 * comes or goes meanwhile.
	 */
	pci_lock_rescan_remove();
	while (err && (bus = pci_find_next_bus(bus))) {
		if (pci_domain_nr(bus) < PCIEM_DOMAIN_FIRST)
			err = claim_below(bus, res, size);
	}
	pci_unlock_rescan_remove();
	return err;
}

/* From the top: RAM that is hot-added later and firmware's own windows grow from below. */
static int claim_above_4g(struct resource *res, u64 size)
{
	u64 base = (pciem_arch_phys_limit() & ~(size - 1)) - size;
	u64 step = max_t(u64, size, SZ_1G);
	int i;

	for (i = 0; i < TRIES && base >= SZ_4G; i++, base -= step) {
		if (!allocate_resource(&iomem_resource, res, size, base, base + size - 1, size,
				       NULL, NULL))
			return 0;
	}
	return -ENOSPC;
}

int pciem_window_claim_hole(struct resource *res, u64 size, bool above_4g)
{
	int err;

	/* Another bridge may move memory around meanwhile. */
	if (mutex_lock_killable(&pciem_window_claims))
		return -EINTR;
	err = above_4g ? claim_above_4g(res, size) : claim_below_4g(res, size);
	mutex_unlock(&pciem_window_claims);
	return err;
}

int pciem_window_claim(struct pciem_window *window, struct pciem_bridge *bridge, u64 size,
		       bool above_4g)
{
	struct resource *res = &window->res;
	int err = -ENOSPC;

	for (; err && err != -EINTR && size >= SMALLEST; size >>= 1) {
		*res = (struct resource) {
			.name = above_4g ? "PCIem 64-bit window" : "PCIem 32-bit window",
			.flags = IORESOURCE_MEM,
		};
		err = pciem_window_claim_hole(res, size, above_4g);
	}
	if (err)
		res->flags = 0;
	window->bridge = bridge;
	return err;
}

void pciem_window_publish(struct pciem_window *window)
{
	if (!window->res.flags)
		return;
	spin_lock(&windows_lock);
	list_add_tail_rcu(&window->list, &windows);
	spin_unlock(&windows_lock);
}

void pciem_window_hide(struct pciem_window *window)
{
	spin_lock(&windows_lock);
	if (window->list.next)
		list_del_rcu(&window->list);
	spin_unlock(&windows_lock);
	synchronize_rcu();
}

void pciem_window_release(struct pciem_window *window)
{
	if (!window->res.flags)
		return;
	pciem_window_hide(window);
	release_resource(&window->res);
	window->res.flags = 0;
}

struct pciem_window *pciem_window_find(phys_addr_t addr)
{
	struct pciem_window *window;

	list_for_each_entry_rcu(window, &windows, list) {
		if (addr >= window->res.start && addr <= window->res.end)
			return window;
	}
	return NULL;
}

bool pciem_window_is_ram(const struct pciem_window *window, phys_addr_t addr, u64 size)
{
	unsigned long first, end;

	if (!window->ram || !size || size - 1 > window->res.end - addr)
		return false;
	first = PFN_DOWN(addr - window->res.start);
	end = PFN_UP(addr + size - window->res.start);
	return find_next_zero_bit(window->ram, end, first) >= end;
}

bool pciem_window_traps(const struct pciem_window *window, phys_addr_t addr, u64 size)
{
	return window->pages || !pciem_window_is_ram(window, addr, size);
}
