// SPDX-License-Identifier: GPL-2.0-only
#include "pool_alloc.h"

#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/slab.h>

int pciem_pool_alloc_init(struct pciem_pool_alloc *alloc, unsigned long pages)
{
	alloc->used = bitmap_zalloc(pages, GFP_KERNEL);
	if (!alloc->used)
		return -ENOMEM;
	spin_lock_init(&alloc->lock);
	alloc->pages = pages;
	alloc->next = 0;
	alloc->taken = 0;
	return 0;
}

void pciem_pool_alloc_destroy(struct pciem_pool_alloc *alloc)
{
	bitmap_free(alloc->used);
}

/* From the place of the last success: a page is reused late, so that a stale access to it shows. */
long pciem_pool_alloc_take(struct pciem_pool_alloc *alloc, unsigned long count,
			   unsigned long align, unsigned long limit)
{
	unsigned long first, flags;
	long found = -ENOMEM;

	if (limit > alloc->pages)
		limit = alloc->pages;
	if (!count || count > limit)
		return -ENOMEM;
	spin_lock_irqsave(&alloc->lock, flags);
	first = limit;
	if (alloc->next < limit)
		first = bitmap_find_next_zero_area(alloc->used, limit, alloc->next, count,
						   align - 1);
	if (first + count > limit)
		first = bitmap_find_next_zero_area(alloc->used, limit, 0, count, align - 1);
	if (first + count <= limit) {
		bitmap_set(alloc->used, first, count);
		alloc->taken += count;
		alloc->next = first + count;
		found = first;
	}
	spin_unlock_irqrestore(&alloc->lock, flags);
	return found;
}

/* With the lock held. */
static bool has(const struct pciem_pool_alloc *alloc, unsigned long first, unsigned long count)
{
	return count && first < alloc->pages && count <= alloc->pages - first &&
	       find_next_zero_bit(alloc->used, first + count, first) >= first + count;
}

bool pciem_pool_alloc_give(struct pciem_pool_alloc *alloc, unsigned long first,
			   unsigned long count)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&alloc->lock, flags);
	ok = has(alloc, first, count);
	if (ok) {
		bitmap_clear(alloc->used, first, count);
		alloc->taken -= count;
	}
	spin_unlock_irqrestore(&alloc->lock, flags);
	return ok;
}
