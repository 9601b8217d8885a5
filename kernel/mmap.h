/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_MMAP_H
#define PCIEM_MMAP_H

#include <linux/bits.h>
#include <linux/types.h>

/* Offsets on the file; far apart, so that no mapping can reach from one into the next. */
#define PCIEM_MMAP_QUEUE	0ULL
#define PCIEM_MMAP_POOL		BIT_ULL(40)
#define PCIEM_MMAP_RAM		BIT_ULL(51)	/* plus the physical address */
#define PCIEM_MMAP_DIRECT	BIT_ULL(52)

struct pciem_bridge;
struct vm_area_struct;

/* -EINVAL: not an object, or larger than it. */
int pciem_mmap(struct pciem_bridge *bridge, struct vm_area_struct *vma);
/* The link is down: no process reaches the memory of devices when this returns (lent.h). Sleeps. */
void pciem_mmap_revoke(struct pciem_bridge *bridge);

#endif
