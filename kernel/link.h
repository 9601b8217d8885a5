/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The link state of a bridge and the one way it goes down. All functions: any context.
 */
#ifndef PCIEM_LINK_H
#define PCIEM_LINK_H

#include "bridge.h"

static inline bool pciem_link_is_down(struct pciem_bridge *bridge)
{
	return test_bit(0, &bridge->down);
}

/*
 * Take the link down: every waiter is released with all ones, later accesses end at once, the
 * devices are removed by a work item. `why` is logged, or NULL when the process asked for it by
 * closing. Only the first call counts.
 */
void pciem_link_down(struct pciem_bridge *bridge, const char *why);
/*
 * Make sure that somebody looks whether the process goes on consuming; called after each entry is
 * queued.
 */
void pciem_link_watch(struct pciem_bridge *bridge);
/* With the link down: the watchdog's reference is gone when this returns. Sleeps. */
void pciem_link_unwatch(struct pciem_bridge *bridge);
void pciem_link_init(struct pciem_bridge *bridge);

#endif
