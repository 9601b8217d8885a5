/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prefetchable windows: memory of this machine stands behind their addresses, so that a BAR which
 * is memory (a frame buffer) is reached by drivers, by user mappings and by the process alike,
 * without a trap. The process says which parts of a window are such BARs; the others trap.
 *
 * Where the memory comes from, the first that can be had:
 *   borrowed   memory blocks taken out of the running system (borrow.h)
 *   reserved   a range given by the module parameter ram=SIZE@ADDRESS, which the kernel was told
 *              at boot not to use (memmap=SIZE$ADDRESS)
 *   pages      ordinary pages behind a hole (pages.h): for drivers only, programs trap
 * Without any there is no such window, and its BARs are placed in the others and trap.
 */
#ifndef PCIEM_PREFETCH_H
#define PCIEM_PREFETCH_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "borrow.h"
#include "window.h"

struct pciem_bridge;
struct pciem_ram;
struct vm_area_struct;

struct pciem_prefetch {
	struct pciem_window window;	/* res.flags 0: absent */
	u32 source;			/* PCIEM_RAM_* of the interface */
	struct pciem_borrowed borrowed;
	bool ready;			/* acquire: all of it is set, and stays */
};

struct pciem_prefetches {
	struct mutex lock;		/* the windows' coming into being; sealed */
	bool sealed;			/* the bus was scanned: too late for others */
	struct pciem_prefetch below, above;	/* 4 GiB */
};

void pciem_prefetch_init(struct pciem_bridge *bridge);
/* No window comes into being any more. Not under locks of the PCI core. Sleeps. */
void pciem_prefetch_seal(struct pciem_bridge *bridge);
/* Nobody maps them any more. Sleeps. */
void pciem_prefetch_release(struct pciem_bridge *bridge);
/*
 * PCIEM_RAM, with checked flags. -EBUSY: there is one, or the bus was scanned. -EINVAL: size.
 * -ENOMEM, -EOPNOTSUPP: nothing can be had. -EINTR. Sleeps. To be concluded when its caller knows
 * of it, or cannot be told; there is nothing to be seen of it before.
 */
int pciem_prefetch_claim(struct pciem_bridge *bridge, struct pciem_ram *args);
/* -EBUSY: the bus has been scanned in between, and there is none. Sleeps. */
int pciem_prefetch_conclude(struct pciem_bridge *bridge, const struct pciem_ram *args, bool told);
/* PCIEM_RAM_PART. Sleeps. -EINVAL: not inside one window, or not whole pages. */
int pciem_prefetch_part(struct pciem_bridge *bridge, u64 base, u64 size, bool ram);
/* Map a part into the process. -EINVAL: not inside a window. */
int pciem_prefetch_mmap(struct pciem_bridge *bridge, struct vm_area_struct *vma, u64 base);
/* Where the memory of a window that is ready comes from, as in sysfs. */
const char *pciem_prefetch_source(const struct pciem_prefetch *prefetch);

#endif
