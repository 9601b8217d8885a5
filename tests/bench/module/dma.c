// SPDX-License-Identifier: GPL-2.0-only
/* What it costs to hand memory to the card and to take it back, and what the card's own copy costs. */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "bench.h"

/* The card's copy from (or to) the memory as it sees it. */
static u32 card_copy(struct bench *bench, dma_addr_t bus, u32 bytes, u32 flags)
{
	WRITE_ONCE(bench->shared->copied, 0);
	writeq(bus, bench->registers + BENCH_BUFFER);
	writel(bytes | flags, bench->registers + BENCH_COPY);
	readl(bench->registers + BENCH_IDENT);	/* pushes the write: the copy is through */
	return READ_ONCE(bench->shared->copied);
}

static int transfer(struct bench *bench, struct seq_file *out, void *memory, size_t bytes,
		    bool to_host, u32 *samples, unsigned int count)
{
	enum dma_data_direction direction = to_host ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	u32 *map = samples, *unmap = map + count, *copy = unmap + count;
	struct device *dev = &bench->pdev->dev;
	const char *name = to_host ? "from_device" : "to_device";
	char text[64];
	unsigned int i;
	dma_addr_t bus;
	u64 start;

	for (i = 0; i < count; i++) {
		start = ktime_get_ns();
		bus = dma_map_single(dev, memory, bytes, direction);
		map[i] = ktime_get_ns() - start;
		if (dma_mapping_error(dev, bus))
			return -ENOMEM;
		copy[i] = card_copy(bench, bus, bytes, to_host ? BENCH_COPY_TO_HOST : 0);
		start = ktime_get_ns();
		dma_unmap_single(dev, bus, bytes, direction);
		unmap[i] = ktime_get_ns() - start;
	}
	/* The whole way, in thirds. */
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "dma_%s_%zuk_%s", name, bytes >> 10,
			 i == 0 ? "map" : i == 1 ? "unmap" : "card");
		bench_print(out, text, samples + i * count, count);
	}
	return 0;
}

int bench_dma(struct bench *bench, struct seq_file *out)
{
	static const struct { size_t bytes; unsigned int count; } sizes[] = {
		{ 4 << 10, 500 }, { 1 << 20, 40 },
	};
	struct device *dev = &bench->pdev->dev;
	u32 *samples;
	void *memory;
	unsigned int i;
	int err = 0;

	memory = kmalloc(1 << 20, GFP_KERNEL);
	samples = kmalloc_array(3 * 500, sizeof(*samples), GFP_KERNEL);
	if (!memory || !samples) {
		err = -ENOMEM;
		goto free;
	}
	memset(memory, 0xa5, 1 << 20);
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
		if (sizes[i].bytes > dma_max_mapping_size(dev))
			continue;
		err = transfer(bench, out, memory, sizes[i].bytes, false, samples,
			       sizes[i].count);
		if (!err)
			err = transfer(bench, out, memory, sizes[i].bytes, true, samples,
				       sizes[i].count);
	}
free:
	kfree(samples);
	kfree(memory);
	return err;
}
