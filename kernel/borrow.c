// SPDX-License-Identifier: GPL-2.0-only
#include "borrow.h"

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "arch.h"
#include "compat/contig.h"
#include "ram.h"
#include "window.h"

/* Ranges tried, of those that are RAM; and all that are looked at. */
#define TRIES		64
#define LOOKS		4096

/*
 * STRICT_DEVMEM: when the kernel takes the memory back it revokes mappings of resourceN that a
 * program still has; nobody else does.
 */
#if IS_ENABLED(CONFIG_MEMORY_HOTREMOVE) && IS_ENABLED(CONFIG_CONTIG_ALLOC) && \
	IS_ENABLED(CONFIG_IO_STRICT_DEVMEM)

/* Notes the first of those that are walked. */
static int note_resource(struct resource *ram, void *found)
{
	*(struct resource *)found = *ram;
	return 1;
}

/*
 * Is it inside one entry of iomem_resource? Across two (what was added later is one of its own)
 * Linux takes the memory away and leaves the entries, and then cannot take the memory back. So it
 * does where the rest of an entry behind the memory has entries in it: the kernel's own image, or
 * memory for another kernel.
 */
static bool is_one_resource(u64 base, u64 size)
{
	u64 kernel = __pa_symbol(&loops_per_jiffy);
	struct resource ram, crash;

	if (walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, base,
				U64_MAX, &ram, note_resource) != 1 ||
	    ram.start != base || ram.end - base < size - 1)
		return false;
	return (kernel < base || kernel > ram.end) &&
	       walk_iomem_res_desc(IORES_DESC_CRASH_KERNEL, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				   base, ram.end, &crash, note_resource) != 1;
}

/*
 * Plain RAM, all of it: what a driver has added (virtio-mem, CXL) is that driver's. (Nobody keeps
 * an administrator from removing it in this moment: no lock of memory hotplug is exported.)
 */
static bool is_ram(u64 base, u64 size)
{
	u64 block = memory_block_size_bytes(), at;
	struct page *first = pfn_to_online_page(PFN_DOWN(base));
	struct page *last = pfn_to_online_page(PFN_DOWN(base + size - 1));

	if (!first || !last || page_zone(first) != page_zone(last))
		return false;
	for (at = base; at < base + size; at += block) {
		if (!pfn_to_online_page(PFN_DOWN(at)))
			return false;
	}
	return is_one_resource(base, size) &&
	       region_intersects(base, size,
				 IORESOURCE_SYSTEM_RAM | IORESOURCE_SYSRAM_DRIVER_MANAGED,
				 IORES_DESC_NONE) == REGION_DISJOINT;
}

/*
 * Can all that is there be moved elsewhere? Taking a block offline would find out as well, but says
 * so in the kernel log when it cannot, and tries until a signal comes when it nearly can.
 */
static bool vacate(u64 base, u64 size)
{
	unsigned long first = PFN_DOWN(base), frames = PFN_DOWN(size);
	bool removable;

	if (pciem_alloc_contig_range(first, first + frames, GFP_KERNEL | __GFP_NOWARN))
		return false;
	removable = pciem_arch_split_direct_map(base, size);
	free_contig_range(first, frames);
	return removable;
}

/*
 * Under pciem_window_claims. Borrowed memory that has not come back online (0: none): it would be
 * the same with the next.
 */
static u64 lost;

static void give_back(struct pciem_borrowed *borrowed)
{
	/* One entry with what came back before beside it: it can be lent as one again. */
	int err = add_memory(borrowed->node, borrowed->base, borrowed->size, MHP_MERGE_RESOURCE);
	/* Modules are not told beforehand whether memory that is added goes online by itself. */
	bool online = pfn_to_online_page(PFN_DOWN(borrowed->base));

	if (err)
		pr_warn("pciem: %llu MiB of memory at 0x%llx are lost until the next boot, and no more is borrowed: the kernel does not take them back (%d)\n",
			borrowed->size >> 20, borrowed->base, err);
	else if (!online)
		pr_warn("pciem: %llu MiB of memory at 0x%llx are back, but not online, and no more is borrowed until they are: see auto_online_blocks in /sys/devices/system/memory\n",
			borrowed->size >> 20, borrowed->base);
	if (!online)
		lost = borrowed->base;
	borrowed->size = 0;
}

static int take(struct pciem_borrowed *borrowed, struct resource *res, u64 base, u64 size)
{
	int node = page_to_nid(pfn_to_page(PFN_DOWN(base))), err;

	if (!vacate(base, size))
		return -ENOMEM;
	err = offline_and_remove_memory(base, size);
	if (err)
		return signal_pending(current) ? -EINTR : -ENOMEM;
	*borrowed = (struct pciem_borrowed) { .base = base, .size = size, .node = node };
	res->start = base;
	res->end = base + size - 1;
	err = request_resource(&iomem_resource, res);
	if (err)
		give_back(borrowed);
	return err ? -ENOMEM : 0;
}

static int search(struct pciem_borrowed *borrowed, struct resource *res, u64 size, u64 first,
		  u64 last)
{
	u64 base = ALIGN_DOWN(min(last + 1, PFN_PHYS((u64)pciem_ram_end())), size);
	unsigned int tries = TRIES, looks = LOOKS;
	int err;

	while (base >= first + size && tries && looks--) {
		base -= size;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!is_ram(base, size))
			continue;
		err = take(borrowed, res, base, size);
		if (err != -ENOMEM || lost)
			return err;
		tries--;
	}
	return -ENOMEM;
}

int pciem_borrow(struct pciem_borrowed *borrowed, struct resource *res, u64 size, u64 first,
		 u64 last)
{
	int err;

	size = max_t(u64, size, roundup_pow_of_two(memory_block_size_bytes()));
	if (!pciem_memory_is_plenty(size))
		return -ENOMEM;
	if (mutex_lock_killable(&pciem_window_claims))
		return -EINTR;
	if (lost && pfn_to_online_page(PFN_DOWN(lost)))
		lost = 0;
	err = lost ? -ENOMEM : search(borrowed, res, size, first, last);
	mutex_unlock(&pciem_window_claims);
	return err;
}

void pciem_borrow_return(struct pciem_borrowed *borrowed, struct resource *res)
{
	if (!borrowed->size)
		return;
	mutex_lock(&pciem_window_claims);
	release_resource(res);
	give_back(borrowed);
	mutex_unlock(&pciem_window_claims);
}

#else

int pciem_borrow(struct pciem_borrowed *borrowed, struct resource *res, u64 size, u64 first,
		 u64 last)
{
	return -EOPNOTSUPP;
}

void pciem_borrow_return(struct pciem_borrowed *borrowed, struct resource *res)
{
}

#endif
