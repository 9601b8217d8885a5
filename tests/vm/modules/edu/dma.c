// SPDX-License-Identifier: GPL-2.0-only
/* Data through the device's buffer and back, with every kind of mapping. */
#include "edu.h"

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define GUARD	0xee
#define OLD	0x0d

bool edu_transfer(struct edu *edu, dma_addr_t address, unsigned int offset, unsigned int count, u32 command)
{
	bool to_memory = command & EDU_DMA_TO_MEMORY;
	unsigned int polls;

	writeq(to_memory ? EDU_BUFFER + offset : address, edu->bar + EDU_DMA_SOURCE);
	writeq(to_memory ? address : EDU_BUFFER + offset, edu->bar + EDU_DMA_TARGET);
	writeq(count, edu->bar + EDU_DMA_COUNT);
	writeq(command | EDU_DMA_RUN, edu->bar + EDU_DMA_COMMAND);
	/* The device takes its time, 100 ms. */
	for (polls = 0; polls < 500; polls++) {
		if (!(readq(edu->bar + EDU_DMA_COMMAND) & EDU_DMA_RUN))
			return true;
		msleep(10);
	}
	return false;
}

static bool to_device(struct edu *edu, dma_addr_t address, unsigned int count)
{
	return edu_transfer(edu, address, 0, count, 0);
}

static bool to_memory(struct edu *edu, dma_addr_t address, unsigned int count)
{
	return edu_transfer(edu, address, 0, count, EDU_DMA_TO_MEMORY);
}

static void fill(u8 *memory, unsigned int count, u32 seed)
{
	while (count--) {
		seed = seed * 1664525 + 1013904223;
		*memory++ = seed >> 24;
	}
}

/* All of them that byte? */
static bool all(const u8 *memory, u8 byte, unsigned int count)
{
	return !memchr_inv(memory, byte, count);
}

static void coherent(struct edu *edu, struct seq_file *out)
{
	static const unsigned int counts[] = { 1, 100, 4095, 4096 };
	struct device *dev = &edu->pdev->dev;
	dma_addr_t address;
	unsigned int i, n;
	bool ended;
	u8 *memory = dma_alloc_coherent(dev, 16384, &address, GFP_KERNEL);

	if (!edu_check(out, memory, "coherent memory"))
		return;
	edu_check(out, all(memory, 0, 16384), "coherent memory is clear");
	edu_check(out, !(address & 16383) && address + 16383 <= DMA_BIT_MASK(EDU_DMA_BITS),
		  "coherent memory is aligned and in the device's reach: %pad", &address);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		n = counts[i];
		memset(memory, GUARD, 16384);
		fill(memory, n, i);
		/* Back to an odd place, across a page boundary. */
		ended = to_device(edu, address, n) && to_memory(edu, address + 8191, n);
		edu_check(out, ended && !memcmp(memory, memory + 8191, n), "coherent memory, %u bytes and back", n);
		edu_check(out, all(memory + n, GUARD, 8191 - n) && all(memory + 8191 + n, GUARD, 16384 - 8191 - n),
			  "coherent memory, nothing beside them");
	}
	dma_free_coherent(dev, 16384, memory, address);
}

/* Two pages; the buffer is 3000 bytes that begin odd and cross from one to the other. */
#define AREA	(2 * PAGE_SIZE)
#define BEGIN	2345u
#define COUNT	3000u

static void streaming(struct edu *edu, struct seq_file *out, u8 *area, u8 *copy)
{
	struct device *dev = &edu->pdev->dev;
	u8 *buffer = area + BEGIN;
	dma_addr_t address;
	bool ended;

	fill(copy, COUNT, 77);
	memset(area, GUARD, AREA);
	memcpy(buffer, copy, COUNT);
	address = dma_map_single(dev, buffer, COUNT, DMA_TO_DEVICE);
	if (!edu_check(out, !dma_mapping_error(dev, address), "map for the device"))
		return;
	edu_check(out, offset_in_page(address) == offset_in_page(buffer) &&
		       address + COUNT - 1 <= DMA_BIT_MASK(EDU_DMA_BITS),
		  "same offset in the page, in the device's reach: %pad", &address);
	ended = to_device(edu, address, COUNT);
	dma_unmap_single(dev, address, COUNT, DMA_TO_DEVICE);
	edu_check(out, ended && !memcmp(buffer, copy, COUNT), "streaming, to the device");

	memset(buffer, OLD, COUNT);
	address = dma_map_single(dev, buffer, COUNT, DMA_FROM_DEVICE);
	if (!edu_check(out, !dma_mapping_error(dev, address), "map from the device"))
		return;
	ended = to_memory(edu, address, COUNT);
	dma_unmap_single(dev, address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, ended && !memcmp(buffer, copy, COUNT), "streaming, from the device");
	edu_check(out, all(area, GUARD, BEGIN) && all(buffer + COUNT, GUARD, AREA - BEGIN - COUNT),
		  "streaming, nothing beside it");

	/* Bytes that the device leaves alone come back as they were. */
	memset(buffer, OLD, COUNT);
	address = dma_map_single(dev, buffer, COUNT, DMA_FROM_DEVICE);
	if (!edu_check(out, !dma_mapping_error(dev, address), "map from the device, partly written"))
		return;
	ended = to_memory(edu, address + 100, 50);
	dma_unmap_single(dev, address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, ended && all(buffer, OLD, 100) && !memcmp(buffer + 100, copy, 50) &&
		       all(buffer + 150, OLD, COUNT - 150), "streaming, partly written by the device");
}

static void synced(struct edu *edu, struct seq_file *out, u8 *area, u8 *copy)
{
	struct device *dev = &edu->pdev->dev;
	u8 *buffer = area + BEGIN;
	dma_addr_t address;
	bool ended;
	u32 round;

	memset(area, GUARD, AREA);
	address = dma_map_single(dev, buffer, COUNT, DMA_BIDIRECTIONAL);
	if (!edu_check(out, !dma_mapping_error(dev, address), "map for both"))
		return;
	for (round = 0; round < 3; round++) {
		fill(copy, COUNT, round);
		dma_sync_single_for_cpu(dev, address, COUNT, DMA_BIDIRECTIONAL);
		memcpy(buffer, copy, COUNT);
		dma_sync_single_for_device(dev, address, COUNT, DMA_BIDIRECTIONAL);
		ended = to_device(edu, address, COUNT);
		dma_sync_single_for_cpu(dev, address, COUNT, DMA_BIDIRECTIONAL);
		memset(buffer, OLD, COUNT);
		dma_sync_single_for_device(dev, address, COUNT, DMA_BIDIRECTIONAL);
		ended = ended && to_memory(edu, address, COUNT);
		dma_sync_single_for_cpu(dev, address, COUNT, DMA_BIDIRECTIONAL);
		edu_check(out, ended && !memcmp(buffer, copy, COUNT), "one mapping, used again with sync: round %u", round);
	}
	/* Looked at too early and given back: the device can have begun meanwhile. */
	memset(buffer, OLD, COUNT);
	dma_sync_single_for_device(dev, address, COUNT, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(dev, address, COUNT, DMA_FROM_DEVICE);
	ended = to_memory(edu, address, COUNT);
	dma_sync_single_for_device(dev, address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, ended && all(buffer, OLD, COUNT), "a sync for a device that only writes changes no memory");
	dma_sync_single_for_cpu(dev, address, COUNT, DMA_TO_DEVICE);
	edu_check(out, all(buffer, OLD, COUNT), "nor does one of what the device only reads");
	dma_sync_single_for_cpu(dev, address, COUNT, DMA_FROM_DEVICE);
	edu_check(out, !memcmp(buffer, copy, COUNT), "and what it has written meanwhile is not lost");
	/* A part. */
	memset(buffer, OLD, COUNT);
	dma_sync_single_for_device(dev, address, COUNT, DMA_BIDIRECTIONAL);
	ended = to_memory(edu, address, COUNT);
	dma_sync_single_range_for_cpu(dev, address, 1000, 1500, DMA_BIDIRECTIONAL);
	edu_check(out, ended && !memcmp(buffer + 1000, copy + 1000, 1500), "sync of a part gives that part");
	dma_unmap_single(dev, address, COUNT, DMA_BIDIRECTIONAL);
	edu_check(out, !memcmp(buffer, copy, COUNT), "and unmap the rest");
	edu_check(out, all(area, GUARD, BEGIN) && all(buffer + COUNT, GUARD, AREA - BEGIN - COUNT),
		  "sync, nothing beside it");
}

static void scattered(struct edu *edu, struct seq_file *out, u8 *area, u8 *copy)
{
	static const struct {
		unsigned int begin, count;
	} parts[] = { { 1, 999 }, { 2000, 2500 }, { 4600, 597 } };	/* together one device buffer */
	struct device *dev = &edu->pdev->dev;
	struct scatterlist list[3], *entry;
	unsigned int offset;
	int mapped, i;
	bool ended = true;

	sg_init_table(list, ARRAY_SIZE(list));
	for (i = 0; i < ARRAY_SIZE(list); i++)
		sg_set_buf(&list[i], area + parts[i].begin, parts[i].count);

	fill(area, AREA, 5);
	memcpy(copy, area, AREA);
	mapped = dma_map_sg(dev, list, 3, DMA_TO_DEVICE);
	if (!edu_check(out, mapped > 0, "scatter list of 3: %d", mapped))
		return;
	offset = 0;
	for_each_sg(list, entry, mapped, i) {
		ended = ended && edu_transfer(edu, sg_dma_address(entry), offset, sg_dma_len(entry), 0);
		offset += sg_dma_len(entry);
	}
	dma_unmap_sg(dev, list, 3, DMA_TO_DEVICE);
	edu_check(out, ended && offset == 4096, "scatter list, to the device: %u bytes", offset);

	for (i = 0; i < ARRAY_SIZE(list); i++)
		memset(area + parts[i].begin, OLD, parts[i].count);
	mapped = dma_map_sg(dev, list, 3, DMA_FROM_DEVICE);
	if (!edu_check(out, mapped > 0, "scatter list of 3, from the device: %d", mapped))
		return;
	offset = 0;
	for_each_sg(list, entry, mapped, i) {
		ended = ended && edu_transfer(edu, sg_dma_address(entry), offset, sg_dma_len(entry), EDU_DMA_TO_MEMORY);
		offset += sg_dma_len(entry);
	}
	dma_unmap_sg(dev, list, 3, DMA_FROM_DEVICE);
	edu_check(out, ended && !memcmp(area, copy, AREA), "scatter list, from the device, and nothing beside it");
}

void edu_dma(struct edu *edu, struct seq_file *out)
{
	u8 *area = (u8 *)__get_free_pages(GFP_KERNEL, 1), *copy = (u8 *)__get_free_pages(GFP_KERNEL, 1);

	if (edu_check(out, area && copy, "memory")) {
		coherent(edu, out);
		streaming(edu, out, area, copy);
		synced(edu, out, area, copy);
		scattered(edu, out, area, copy);
	}
	free_pages((unsigned long)area, 1);
	free_pages((unsigned long)copy, 1);
}
