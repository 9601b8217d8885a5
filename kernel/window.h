/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory windows. Most are holes in the physical address space: no cycle ever reaches them, because
 * every mapping that ioremap() makes of them is non-present (trap.c); the addresses only have to be
 * unused by everybody else. Those into user space are user_map.h's. Mappings made otherwise
 * (memremap_pages(), say) are not trapped: they read what the hardware gives for an address that
 * nothing decodes. Prefetchable windows (prefetch.h) have memory behind them, part of which is not
 * trapped: either their addresses are that memory's, or they are a hole too and mappings are led to
 * it at the first fault (pages.h).
 */
#ifndef PCIEM_WINDOW_H
#define PCIEM_WINDOW_H

#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mutex.h>

struct pciem_bridge;
struct pciem_pages;

struct pciem_window {
	struct resource res;		/* flags 0: absent */
	struct pciem_bridge *bridge;
	struct list_head list;		/* RCU */
	unsigned long *ram;		/* bit a page: memory, not trapped; NULL: there is none */
	struct pciem_pages *pages;	/* the memory, if it is not at the addresses themselves */
};

/* Address space is being claimed, or is on its way from or to the system's memory. */
extern struct mutex pciem_window_claims;

/*
 * Take `size` bytes (a power of two) below or above 4 GiB, or the largest power of two below it
 * that can be had, down to 1 MiB. -ENOSPC, -EINTR. Sleeps.
 */
int pciem_window_claim(struct pciem_window *window, struct pciem_bridge *bridge, u64 size,
		       bool above_4g);
/* The same for an owner who keeps the resource himself: all of `size` or an error. Sleeps. */
int pciem_window_claim_hole(struct resource *res, u64 size, bool above_4g);
/* Traps find it from now on, until it is released. */
void pciem_window_publish(struct pciem_window *window);
/* Traps do not find it any more. Sleeps for a grace period. */
void pciem_window_hide(struct pciem_window *window);
/* The same, and the addresses are free again. Accepts an absent one. */
void pciem_window_release(struct pciem_window *window);
/* Which window is the address in? Under rcu_read_lock; any context. */
struct pciem_window *pciem_window_find(phys_addr_t addr);
/* Is all of these bytes, the first of which is in the window, memory? Under rcu_read_lock. */
bool pciem_window_is_ram(const struct pciem_window *window, phys_addr_t addr, u64 size);
/* Do mappings of them trap, at least at first: not all of it is memory at these very addresses? */
bool pciem_window_traps(const struct pciem_window *window, phys_addr_t addr, u64 size);

#endif
