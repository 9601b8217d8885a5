// SPDX-License-Identifier: GPL-2.0-only
#include "borrow.h"

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "compat/contig.h"
#include "ram.h"

/* Ranges tried, of those that are RAM; and all that are looked at. */
#define TRIES		64
#define LOOKS		4096
#define CLEAR_BYTES	SZ_4M

#if IS_ENABLED(CONFIG_MEMORY_HOTREMOVE) && IS_ENABLED(CONFIG_CONTIG_ALLOC)

static bool is_ram(u64 base, u64 size)
{
	u64 block = memory_block_size_bytes(), at;

	if (region_intersects(base, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_INTERSECTS)
		return false;
	for (at = base; at < base + size; at += block) {
		if (!pfn_to_online_page(PFN_DOWN(at)))
			return false;
	}
	return page_zone(pfn_to_page(PFN_DOWN(base))) ==
	       page_zone(pfn_to_page(PFN_DOWN(base + size - 1)));
}

/*
 * Can all that is there be moved elsewhere? Taking a block offline would find out as well, but says
 * so in the kernel log when it cannot, and tries for ever when it nearly can.
 */
static bool vacate(u64 base, u64 size)
{
	unsigned long first = PFN_DOWN(base), frames = PFN_DOWN(size);

	if (pciem_alloc_contig_range(first, first + frames, GFP_KERNEL | __GFP_NOWARN))
		return false;
	free_contig_range(first, frames);
	return true;
}

static int clear(u64 base, u64 size)
{
	u64 at;
	void *memory;

	for (at = base; at < base + size; at += CLEAR_BYTES) {
		memory = memremap(at, CLEAR_BYTES, MEMREMAP_WB);
		if (!memory)
			return -ENOMEM;
		memset(memory, 0, CLEAR_BYTES);
		memunmap(memory);
		cond_resched();
	}
	return 0;
}

static int take(struct pciem_borrowed *borrowed, u64 base, u64 size)
{
	int node = page_to_nid(pfn_to_page(PFN_DOWN(base))), err;

	if (!vacate(base, size))
		return -ENOMEM;
	err = offline_and_remove_memory(base, size);
	if (err)
		return signal_pending(current) ? -EINTR : -ENOMEM;
	*borrowed = (struct pciem_borrowed) { .base = base, .size = size, .node = node };
	err = clear(base, size);
	if (err)
		pciem_borrow_return(borrowed);
	return err;
}

int pciem_borrow(struct pciem_borrowed *borrowed, u64 size, u64 first, u64 last)
{
	u64 ram_end = PFN_PHYS((u64)pciem_ram_end()), base;
	unsigned int tries = TRIES, looks = LOOKS;
	int err = -ENOMEM;

	size = max_t(u64, size, roundup_pow_of_two(memory_block_size_bytes()));
	base = ALIGN_DOWN(min(last + 1, ram_end), size);
	while (base >= first + size && tries && looks--) {
		base -= size;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!is_ram(base, size))
			continue;
		err = take(borrowed, base, size);
		if (err != -ENOMEM)
			return err;
		tries--;
	}
	return -ENOMEM;
}

void pciem_borrow_return(struct pciem_borrowed *borrowed)
{
	int err;

	if (!borrowed->size)
		return;
	err = add_memory(borrowed->node, borrowed->base, borrowed->size, MHP_NONE);
	if (err)
		pr_warn("pciem: %llu MiB of memory at 0x%llx are lost until the next boot: the kernel does not take them back (%d)\n",
			borrowed->size >> 20, borrowed->base, err);
	borrowed->size = 0;
}

#else

int pciem_borrow(struct pciem_borrowed *borrowed, u64 size, u64 first, u64 last)
{
	return -EOPNOTSUPP;
}

void pciem_borrow_return(struct pciem_borrowed *borrowed)
{
}

#endif
