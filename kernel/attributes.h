/* SPDX-License-Identifier: GPL-2.0-only */
/* What a bridge shows in sysfs: the counters, below its platform device. */
#ifndef PCIEM_ATTRIBUTES_H
#define PCIEM_ATTRIBUTES_H

struct pciem_bridge;

/* Gone with the platform device. */
int pciem_attributes_add(struct pciem_bridge *bridge);

#endif
