// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that uses the DMA API wrongly: what it does to itself is its own affair, but the memory of others and the pool stay whole. Of
 * those that end what is not mapped the kernel log tells.
 */
#include "edu.h"

#include <linux/dma-mapping.h>
#include <linux/slab.h>

#define COUNT	4096u

/* Memory that was mapped before and is mapped afterwards: is it as it was? */
struct witness {
	u8 *memory;
	dma_addr_t address;
};

static bool witness_begin(struct edu *edu, struct witness *witness)
{
	witness->memory = dma_alloc_coherent(&edu->pdev->dev, COUNT, &witness->address, GFP_KERNEL);
	if (witness->memory)
		memset(witness->memory, 0x77, COUNT);
	return witness->memory;
}

static bool witness_end(struct edu *edu, struct witness *witness)
{
	bool whole = !memchr_inv(witness->memory, 0x77, COUNT);

	dma_free_coherent(&edu->pdev->dev, COUNT, witness->memory, witness->address);
	return whole;
}

static void twice(struct edu *edu, struct seq_file *out, u8 *buffer)
{
	struct device *dev = &edu->pdev->dev;
	dma_addr_t first, second;

	memset(buffer, 0x33, COUNT);
	first = dma_map_single(dev, buffer, COUNT, DMA_BIDIRECTIONAL);
	edu_check(out, !dma_mapping_error(dev, first), "map");
	dma_unmap_single(dev, first, COUNT, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, first, COUNT, DMA_BIDIRECTIONAL);
	edu_check(out, !memchr_inv(buffer, 0x33, COUNT), "unmapped twice: the buffer is as it was");
	first = dma_map_single(dev, buffer, COUNT, DMA_BIDIRECTIONAL);
	second = dma_map_single(dev, buffer + COUNT, COUNT, DMA_BIDIRECTIONAL);
	edu_check(out, first != second, "and no address is given to two");
	dma_unmap_single(dev, first, COUNT, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, second, COUNT, DMA_BIDIRECTIONAL);
}

static void of_others(struct edu *edu, struct seq_file *out, u8 *buffer)
{
	struct device *dev = &edu->pdev->dev;
	struct witness before, after;
	dma_addr_t address;

	if (!edu_check(out, witness_begin(edu, &before), "memory before"))
		return;
	address = dma_map_single(dev, buffer, COUNT, DMA_TO_DEVICE);
	edu_check(out, witness_begin(edu, &after), "memory after");
	/* Of more than was mapped, and the rest is nobody's; of what never was. */
	dma_unmap_single(dev, address, 64 << 20, DMA_FROM_DEVICE);
	dma_unmap_single(dev, 0x1000, COUNT, DMA_FROM_DEVICE);
	dma_unmap_single(dev, ~0ull - COUNT, 2 * COUNT, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(dev, 0x1000, COUNT, DMA_FROM_DEVICE);
	dma_sync_single_for_device(dev, ~0ull, SIZE_MAX, DMA_FROM_DEVICE);
	dma_unmap_single(dev, address, COUNT, DMA_TO_DEVICE);
	edu_check(out, witness_end(edu, &after) && witness_end(edu, &before), "the memory of others is as it was");
}

/* What the device writes to the pool pages of these reaches none of them. */
struct kept {
	u8 *page;
	dma_addr_t address;
};

#define PART	64u		/* of a page that a mapping can be */
#define KEPT	0x55

static bool is_kept(const struct kept *kept)
{
	return !memchr_inv(kept->page, KEPT, COUNT);
}

/*
 * Lengths and addresses that were read from what the device can write: a mapping ends where it did when it was made, has the direction
 * that it had, and does not end in its middle. Before and behind it on its page, and on the next page of the pool, is others' memory.
 */
static void beyond(struct edu *edu, struct seq_file *out)
{
	struct device *dev = &edu->pdev->dev;
	struct kept part = { .page = (u8 *)get_zeroed_page(GFP_KERNEL) }, next = { .page = (u8 *)get_zeroed_page(GFP_KERNEL) };
	const dma_addr_t page_mask = ~(dma_addr_t)(COUNT - 1);
	bool written;

	if (!edu_check(out, part.page && next.page, "memory"))
		goto free;
	memset(part.page, KEPT, COUNT);
	memset(next.page, KEPT, COUNT);
	part.address = dma_map_single(dev, part.page + PART, PART, DMA_FROM_DEVICE);
	next.address = dma_map_single(dev, next.page, COUNT, DMA_TO_DEVICE);
	edu_check(out, next.address == (part.address & page_mask) + COUNT, "one lies behind the other in the pool");
	written = edu_transfer(edu, part.address & page_mask, 0, COUNT, EDU_DMA_TO_MEMORY) &&
		  edu_transfer(edu, next.address, 0, COUNT, EDU_DMA_TO_MEMORY);
	edu_check(out, written, "the device writes to both pages");

	dma_sync_single_for_cpu(dev, part.address, 2 * COUNT, DMA_FROM_DEVICE);
	edu_check(out, memchr_inv(part.page + PART, KEPT, PART), "a sync brings what the device has written");
	edu_check(out, !memchr_inv(part.page, KEPT, PART) && !memchr_inv(part.page + 2 * PART, KEPT, COUNT - 2 * PART),
		  "and nothing beside the mapping");
	edu_check(out, is_kept(&next), "and nothing of the mapping behind it");
	dma_sync_single_for_cpu(dev, next.address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, is_kept(&next), "what the device may only read is not written by a sync");
	dma_sync_single_for_cpu(dev, part.address & page_mask, PART, DMA_FROM_DEVICE);
	edu_check(out, !memchr_inv(part.page, KEPT, PART), "nothing is mapped in front of it");

	memset(part.page, KEPT, COUNT);
	dma_unmap_single(dev, part.address + 1, PART, DMA_FROM_DEVICE);
	dma_unmap_single(dev, part.address & page_mask, COUNT, DMA_FROM_DEVICE);
	edu_check(out, is_kept(&part), "it does not end but where it begins");
	dma_unmap_single(dev, next.address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, is_kept(&next), "what the device may only read is not written by an unmap");
	dma_unmap_single(dev, part.address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, memchr_inv(part.page + PART, KEPT, PART) && !memchr_inv(part.page, KEPT, PART) &&
		  !memchr_inv(part.page + 2 * PART, KEPT, COUNT - 2 * PART), "an unmap of too much brings what was mapped");
free:
	free_page((unsigned long)part.page);
	free_page((unsigned long)next.page);
}

/* The device is at work on memory that its driver has given back. */
static void under_way(struct edu *edu, struct seq_file *out)
{
	struct device *dev = &edu->pdev->dev;
	dma_addr_t address;
	unsigned int i;
	void *memory;

	for (i = 0; i < 50; i++) {
		memory = dma_alloc_coherent(dev, COUNT, &address, GFP_KERNEL);
		if (!edu_check(out, memory, "memory"))
			return;
		writeq(EDU_BUFFER, edu->bar + EDU_DMA_SOURCE);
		writeq(address, edu->bar + EDU_DMA_TARGET);
		writeq(COUNT, edu->bar + EDU_DMA_COUNT);
		writeq(EDU_DMA_RUN | EDU_DMA_TO_MEMORY, edu->bar + EDU_DMA_COMMAND);
		dma_free_coherent(dev, COUNT, memory, address);
	}
	edu_check(out, edu_alive(edu, 7), "the device lives on");
}

void edu_abuse(struct edu *edu, struct seq_file *out)
{
	u8 *buffer = kmalloc(2 * COUNT, GFP_KERNEL);

	if (edu_check(out, buffer, "memory")) {
		twice(edu, out, buffer);
		of_others(edu, out, buffer);
		beyond(edu, out);
		under_way(edu, out);
	}
	kfree(buffer);
}
