/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of a DMA pool are taken. Knows nothing of memory or devices; the unit tests link it
 * in user space.
 */
#ifndef PCIEM_POOL_ALLOC_H
#define PCIEM_POOL_ALLOC_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct pciem_pool_alloc {
	spinlock_t lock;	/* everything below */
	unsigned long *used;	/* bit a page */
	unsigned long pages, next;	/* next: where the search goes on */
	unsigned long taken;
};

/* -ENOMEM. Sleeps. */
int pciem_pool_alloc_init(struct pciem_pool_alloc *alloc, unsigned long pages);
void pciem_pool_alloc_destroy(struct pciem_pool_alloc *alloc);
/*
 * `count` successive pages below page `limit`, the first a multiple of `align` (a power of two).
 * The index of the first, or -ENOMEM. Any context but NMI.
 */
long pciem_pool_alloc_take(struct pciem_pool_alloc *alloc, unsigned long count,
			   unsigned long align, unsigned long limit);
/* False, and nothing done: not all of these pages were taken. Any context but NMI. */
bool pciem_pool_alloc_give(struct pciem_pool_alloc *alloc, unsigned long first,
			   unsigned long count);

#endif
