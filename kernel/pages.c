// SPDX-License-Identifier: GPL-2.0-only
#include "pages.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "ram.h"

#define ORDER		(PMD_SHIFT - PAGE_SHIFT)
#define CHUNK_PAGES	(1UL << ORDER)

/* Of each page, so that its frame number tells whose it is. */
#define MARK		((unsigned long)&pciem_pages_have)

static void mark(struct page *chunk, unsigned long value)
{
	unsigned long i;

	for (i = 0; i < CHUNK_PAGES; i++)
		set_page_private(chunk + i, value);
}

static int fill(struct pciem_pages *pages, unsigned long count)
{
	while (pages->count < count) {
		struct page *chunk;

		if (signal_pending(current))
			return -EINTR;
		/* Others can be at it too. */
		if (!pciem_memory_is_plenty((u64)(count - pages->count) << PMD_SHIFT))
			return -ENOMEM;
		chunk = alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
				    __GFP_RETRY_MAYFAIL, ORDER);
		if (!chunk)
			return -ENOMEM;
		mark(chunk, MARK);
		pages->count++;
		pages->chunks[pages->count - 1] = chunk;
		cond_resched();
	}
	return 0;
}

struct pciem_pages *pciem_pages_alloc(u64 size)
{
	unsigned long count = size >> PMD_SHIFT;
	struct pciem_pages *pages;
	int err;

	pages = kvzalloc(struct_size(pages, chunks, count), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return ERR_PTR(-ENOMEM);
	err = fill(pages, count);
	if (err) {
		pciem_pages_free(pages);
		return ERR_PTR(err);
	}
	return pages;
}

void pciem_pages_free(struct pciem_pages *pages)
{
	unsigned long i;

	if (!pages)
		return;
	for (i = 0; i < pages->count; i++) {
		mark(pages->chunks[i], 0);
		__free_pages(pages->chunks[i], ORDER);
		cond_resched();
	}
	kvfree(pages);
}

unsigned long pciem_pages_frame(const struct pciem_pages *pages, unsigned long page)
{
	return page_to_pfn(pages->chunks[page >> ORDER]) + (page & (CHUNK_PAGES - 1));
}

bool pciem_pages_have(unsigned long frame)
{
	return pfn_valid(frame) && page_private(pfn_to_page(frame)) == MARK;
}
