/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RESCUE_H
#define PCIEM_RESCUE_H

#include "bridge.h"

/*
 * Around the polling of an issuer that cannot sleep. Any context but NMI.
 *
 * A server that sleeps where interrupts are now off is made to look around, and so becomes
 * runnable: someone else's wake-up would come to this CPU as an interrupt and wait until the
 * polling ends. And nobody else shall have to wait for this CPU's TLB meanwhile, for what can be
 * helped.
 */
void pciem_rescue_begin(struct pciem_bridge *bridge);
void pciem_rescue_end(void);

/* Of one wait; all 0 at first. In ns of waiting. */
struct pciem_rescue {
	u64 looked;	/* at the last look; */
	u64 lost;	/* since when nobody can help; 0: somebody can */
	bool deaf;	/* nobody comes, rather than that there is nobody */
	unsigned int rank;	/* among those who wait in vain with us: who gives up first */
};

/*
 * Between the two (or, by one that lets others run, at any time), once in a while: `waited` ns have
 * passed. When the server has to wait for a CPU,
 * or for a thread of the process that waits for this very one, have it moved to another CPU. False:
 * that cannot be had, because every CPU is in such a loop, and this is the one to give up: at once
 * where the server waits for this CPU, else when the other one has not done so for a while. Or
 * because no CPU that was called has come for a longer while; of several readers the one on the
 * first CPU then gives up first.
 */
bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited, struct pciem_rescue *rescue);
/*
 * Between the two, once in a while, with interrupts off: nobody shall wait for this CPU who
 * occupies the one that the server needs.
 */
void pciem_rescue_take_calls(void);
/* Does such a call run now on this CPU? It lies over code that interrupts must not lie over. */
bool pciem_rescue_taking_calls(void);
/* -ENOMEM. Sleeps. */
int pciem_rescue_init(struct pciem_bridge *bridge);
void pciem_rescue_destroy(struct pciem_bridge *bridge);
/* Before there is any bridge (-ENOMEM); when there is none any more. Sleep. */
int pciem_rescue_load(void);
void pciem_rescue_unload(void);

#endif
