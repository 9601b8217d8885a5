/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RESCUE_H
#define PCIEM_RESCUE_H

#include "bridge.h"

/*
 * Called by a spinning issuer that has waited for `waited` ns: when the server stands in the run
 * queue of this very CPU, have it moved to another one. Any context but NMI.
 */
void pciem_rescue_check(struct pciem_bridge *bridge, u64 waited);
void pciem_rescue_init(struct pciem_bridge *bridge);

#endif
