/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ordinary pages of the running system, behind a window whose addresses are a hole: drivers'
 * mappings of the hole are made to lead to them, one large page or one page at a time, when they
 * are first touched (the fault hook of trap.c).
 */
#ifndef PCIEM_PAGES_H
#define PCIEM_PAGES_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

/* What is contiguous: a large page. */
#define PCIEM_PAGES_CHUNK	PMD_SIZE

struct pciem_pages {
	unsigned long count;	/* of chunks */
	struct page *chunks[] __counted_by(count);
};

/*
 * `size` bytes, cleared, charged to the caller; a multiple of PCIEM_PAGES_CHUNK. -ENOMEM, -EINTR.
 * Sleeps.
 */
struct pciem_pages *pciem_pages_alloc(u64 size);
/* Nobody maps them any more. Accepts NULL. Sleeps. */
void pciem_pages_free(struct pciem_pages *pages);
/* The frame of the page of that number. Any context. */
unsigned long pciem_pages_frame(const struct pciem_pages *pages, unsigned long page);
/* Does the frame belong to any such pages? Any context. */
bool pciem_pages_have(unsigned long frame);

#endif
