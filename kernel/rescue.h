/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RESCUE_H
#define PCIEM_RESCUE_H

#include "bridge.h"

/* Around the polling of an issuer that cannot sleep. Any context but NMI. */
void pciem_rescue_begin(void);
void pciem_rescue_end(void);
/*
 * Between the two, once in a while: `waited` ns have passed. When the server stands in the run
 * queue of this very CPU, have it moved to another one. False: there is none to move it to, because
 * every CPU is in such a loop; give up.
 */
bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited);
/* -ENOMEM. Sleeps. */
int pciem_rescue_init(struct pciem_bridge *bridge);
void pciem_rescue_destroy(struct pciem_bridge *bridge);

#endif
