// SPDX-License-Identifier: GPL-2.0-only
/* The isolation and the limits of the DMA pool, from the driver's side. */
#include "edu.h"

#include <linux/dma-mapping.h>
#include <linux/slab.h>

#define COUNT	4096u
#define SECRET	0x5e
#define CHUNK	(1u << 20)
#define CHUNKS	1024u

static void masks(struct edu *edu, struct seq_file *out)
{
	struct device *dev = &edu->pdev->dev;

	edu_check(out, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24)), "a device that reaches nothing is refused");
	edu_check(out, !dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), "a device that reaches everything is not");
	edu_check(out, !dma_set_mask_and_coherent(dev, DMA_BIT_MASK(EDU_DMA_BITS)), "nor one of %u bits", EDU_DMA_BITS);
	edu_check(out, dma_max_mapping_size(dev) >= 256 * 1024 && dma_max_mapping_size(dev) < SIZE_MAX,
		  "largest mapping: %zu", dma_max_mapping_size(dev));
}

/* What a device that is used wrongly, or is wrong itself, can reach. The check byte of each page comes back by another way. */
static void isolation(struct edu *edu, struct seq_file *out)
{
	struct device *dev = &edu->pdev->dev;
	dma_addr_t window, address;
	u8 *page = (u8 *)__get_free_page(GFP_KERNEL | GFP_DMA);	/* below the pool's bus addresses */
	u8 *back = dma_alloc_coherent(dev, COUNT, &window, GFP_KERNEL);
	bool ended;

	if (!edu_check(out, page && back, "memory"))
		goto free;

	/* By its physical address: that is a bus address of nothing. */
	memset(page, SECRET, COUNT);
	memset(back, 0, COUNT);
	ended = edu_transfer(edu, window, 0, COUNT, 0) && edu_transfer(edu, virt_to_phys(page), 0, COUNT, 0) &&
		edu_transfer(edu, window, 0, COUNT, EDU_DMA_TO_MEMORY);
	edu_check(out, ended && !memchr(back, SECRET, COUNT), "memory that is not mapped cannot be read");
	memset(back, 0x11, COUNT);
	ended = edu_transfer(edu, window, 0, COUNT, 0) &&
		edu_transfer(edu, virt_to_phys(page), 0, COUNT, EDU_DMA_TO_MEMORY);
	edu_check(out, ended && !memchr_inv(page, SECRET, COUNT), "memory that is not mapped cannot be written");

	/* By an address that was valid once. */
	address = dma_map_single(dev, page, COUNT, DMA_TO_DEVICE);
	edu_check(out, !dma_mapping_error(dev, address), "map");
	dma_unmap_single(dev, address, COUNT, DMA_TO_DEVICE);
	memset(back, 0, COUNT);
	ended = edu_transfer(edu, address, 0, COUNT, 0) && edu_transfer(edu, window, 0, COUNT, EDU_DMA_TO_MEMORY);
	edu_check(out, ended && !memchr(back, SECRET, COUNT), "memory cannot be read after its unmapping");
	memset(back, 0x22, COUNT);
	ended = edu_transfer(edu, window, 0, COUNT, 0) && edu_transfer(edu, address, 0, COUNT, EDU_DMA_TO_MEMORY);
	edu_check(out, ended && !memchr_inv(page, SECRET, COUNT), "memory cannot be written after its unmapping");

	/* By a mapping that is only to be read. */
	address = dma_map_single(dev, page, COUNT, DMA_TO_DEVICE);
	edu_check(out, !dma_mapping_error(dev, address), "map to read");
	ended = edu_transfer(edu, address, 0, COUNT, EDU_DMA_TO_MEMORY);
	dma_unmap_single(dev, address, COUNT, DMA_TO_DEVICE);
	edu_check(out, ended && !memchr_inv(page, SECRET, COUNT), "memory cannot be written that is mapped to be read");
free:
	if (back)
		dma_free_coherent(dev, COUNT, back, window);
	free_page((unsigned long)page);
}

/* Coherent memory until there is no more. */
static unsigned int exhaust(struct device *dev, void **memory, dma_addr_t *address)
{
	unsigned int taken = 0;

	while (taken < CHUNKS) {
		memory[taken] = dma_alloc_coherent(dev, CHUNK, &address[taken], GFP_KERNEL | __GFP_NOWARN);
		if (!memory[taken])
			break;
		taken++;
	}
	return taken;
}

static void release(struct device *dev, void **memory, dma_addr_t *address, unsigned int taken)
{
	while (taken--)
		dma_free_coherent(dev, CHUNK, memory[taken], address[taken]);
}

static void limits(struct edu *edu, struct seq_file *out)
{
	struct device *dev = &edu->pdev->dev;
	void **memory = kcalloc(CHUNKS, sizeof(*memory), GFP_KERNEL);
	dma_addr_t *address = kcalloc(CHUNKS, sizeof(*address), GFP_KERNEL), more;
	unsigned int first, again, i, crossed = 0;
	u8 *buffer = kmalloc(COUNT, GFP_KERNEL);

	if (!edu_check(out, memory && address && buffer, "memory"))
		goto free;
	first = exhaust(dev, memory, address);
	edu_check(out, first && first < CHUNKS, "the pool has an end, after %u MiB", first);
	for (i = 1; i < first; i++)
		crossed += address[i] == address[i - 1];
	edu_check(out, !crossed, "no address twice: %u", crossed);
	/* What is left is less than a chunk: take it page by page as well. */
	for (i = 0; i < 2 * CHUNK / PAGE_SIZE; i++) {
		more = dma_map_single(dev, buffer, COUNT, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, more))
			break;
		dma_unmap_single(dev, more, COUNT, DMA_TO_DEVICE);
	}
	edu_check(out, edu_alive(edu, 3), "the device lives on");
	release(dev, memory, address, first);
	again = exhaust(dev, memory, address);
	edu_check(out, again == first, "all of it came back: %u MiB", again);
	release(dev, memory, address, again);
	edu_check(out, !dma_alloc_coherent(dev, 2ul << 30, &more, GFP_KERNEL | __GFP_NOWARN), "2 GiB are refused");
free:
	kfree(buffer);
	kfree(address);
	kfree(memory);
}

void edu_pool(struct edu *edu, struct seq_file *out)
{
	masks(edu, out);
	isolation(edu, out);
	limits(edu, out);
}
