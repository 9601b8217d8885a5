/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory borrowed from the running system: whole memory blocks (128 MiB on most machines) that the
 * kernel gives up and later gets back, as when a memory module is taken out and put in again.
 */
#ifndef PCIEM_BORROW_H
#define PCIEM_BORROW_H

#include <linux/types.h>

struct pciem_borrowed {
	u64 base, size;		/* physical; size 0: nothing */
	int node;
};

/*
 * At least `size` bytes (a power of two; rounded up to whole blocks), aligned to their size,
 * between `first` and `last`, from the top. They are cleared, and no RAM to the kernel any more:
 * whoever has borrowed them claims the range in iomem_resource. -ENOMEM: no block can be had. -EOPNOTSUPP:
 * the kernel cannot do it. -EINTR: a signal came. Sleeps; moves much memory around.
 */
int pciem_borrow(struct pciem_borrowed *borrowed, u64 size, u64 first, u64 last);
/* Nobody maps it, and iomem_resource has nothing there. Sleeps. Accepts nothing. */
void pciem_borrow_return(struct pciem_borrowed *borrowed);

#endif
