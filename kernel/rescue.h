/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RESCUE_H
#define PCIEM_RESCUE_H

#include "bridge.h"

/* Around the polling of an issuer that cannot sleep. Any context but NMI. */
void pciem_rescue_begin(void);
void pciem_rescue_end(void);
/*
 * At the beginning of that. A server that sleeps where interrupts are now off is made to look
 * around, and so becomes runnable: someone else's wake-up would come to this CPU as an interrupt
 * and wait until the polling ends.
 */
void pciem_rescue_rouse(struct pciem_bridge *bridge);
/*
 * Between the two, once in a while: `waited` ns have passed. When a thread of the process stands in
 * the run queue of this very CPU and keeps the server from running, have it moved to another one.
 * False: that cannot be had, because every CPU is in such a loop; give up.
 */
bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited);
/* -ENOMEM. Sleeps. */
int pciem_rescue_init(struct pciem_bridge *bridge);
void pciem_rescue_destroy(struct pciem_bridge *bridge);

#endif
