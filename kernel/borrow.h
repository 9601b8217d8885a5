/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory borrowed from the running system: whole memory blocks (128 MiB on most machines) that the
 * kernel gives up and later gets back, as when a memory module is taken out and put in again.
 */
#ifndef PCIEM_BORROW_H
#define PCIEM_BORROW_H

#include <linux/types.h>

struct resource;

struct pciem_borrowed {
	u64 base, size;		/* physical; size 0: nothing */
	int node;
};

/*
 * At least `size` bytes (a power of two; rounded up to whole blocks), aligned to their size,
 * between `first` and `last`, from the top. They are no RAM to the kernel any more but `res`, in
 * iomem_resource, and have their old content. -ENOMEM: no block can be had. -EOPNOTSUPP: the kernel
 * cannot do it. -EINTR: a signal came. Takes pciem_window_claims. Sleeps; moves much memory around.
 */
int pciem_borrow(struct pciem_borrowed *borrowed, struct resource *res, u64 size, u64 first,
		 u64 last);
/*
 * Drivers do not map it any more; what programs have mapped is revoked. Takes pciem_window_claims.
 * Sleeps. Accepts nothing.
 */
void pciem_borrow_return(struct pciem_borrowed *borrowed, struct resource *res);

#endif
