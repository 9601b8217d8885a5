// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA through the pool. Coherent memory is pool memory. A streaming mapping takes whole pool
 * pages, at the same offset within the page as the buffer has, and the data is copied ("bounced")
 * when it changes hands:
 *
 *   map, sync_for_device    buffer -> pool, also when the device will only write: bytes that it
 *                           leaves alone must come back as they were
 *   unmap, sync_for_cpu     pool -> buffer, unless the device only read
 *
 * After an unmap the pages are overwritten (parameter `poison`) and reused late, so that a stale
 * access shows. The process reaches nothing but the pool: a bus address outside of it is an
 * address of nothing.
 */
#include "dma.h"

#include <linux/dma-map-ops.h>
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "bridge.h"
#include "compat/dma_ops.h"
#include "params.h"
#include "pool.h"
#include "trace.h"

#define POISON		0xdb
/* A single mapping may take this part of the pool. */
#define MAX_SHARE	16

static struct pciem_bridge *bridge_of(struct device *dev)
{
	return pciem_bridge_of_bus(to_pci_dev(dev)->bus);
}

static unsigned long span(u64 address, size_t size)
{
	return PAGE_ALIGN(offset_in_page(address) + size) >> PAGE_SHIFT;
}

/* Pages that the device can address. */
static unsigned long reach(struct device *dev, u64 mask)
{
	u64 last = min_not_zero(mask, dev->bus_dma_limit);

	if (last < PCIEM_POOL_BASE)
		return 0;
	return min_t(u64, (last - PCIEM_POOL_BASE + 1) >> PAGE_SHIFT, ULONG_MAX);
}

static void poison(struct pciem_pool *pool, unsigned long first, unsigned long count)
{
	if (READ_ONCE(pciem_poison))
		memset(pool->memory + (first << PAGE_SHIFT), POISON, count << PAGE_SHIFT);
}

/* [address, address + size) as an offset into the pool; false when it is not wholly inside. */
static bool offset_of(struct pciem_pool *pool, dma_addr_t address, size_t size, size_t *offset)
{
	u64 bytes = (u64)pool->count << PAGE_SHIFT;

	if (address < PCIEM_POOL_BASE || address - PCIEM_POOL_BASE > bytes ||
	    size > bytes - (address - PCIEM_POOL_BASE))
		return false;
	*offset = address - PCIEM_POOL_BASE;
	return true;
}

/* Between a pool range inside one mapping and the memory it bounces. */
static void bounce(struct pciem_pool *pool, size_t offset, size_t size, bool to_pool)
{
	while (size) {
		phys_addr_t origin = pool->origin[offset >> PAGE_SHIFT];
		size_t in_page = offset_in_page(offset);
		size_t part = min(size, PAGE_SIZE - in_page);
		void *memory = pool->memory + offset;
		struct page *page = pfn_to_page(origin >> PAGE_SHIFT);

		if (!origin)
			return;
		/*
		 * Knowing it to be a page at most, gcc would copy with a string instruction, even
		 * on CPUs where memcpy() knows better.
		 */
		OPTIMIZER_HIDE_VAR(part);
		if (to_pool)
			memcpy_from_page(memory, page, in_page, part);
		else
			memcpy_to_page(page, in_page, memory, part);
		offset += part;
		size -= part;
	}
}

static dma_addr_t map_phys(struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_pool *pool = bridge->pool;
	unsigned long count = span(phys, size), i;
	dma_addr_t address;
	long first;

	if (!pfn_valid(phys >> PAGE_SHIFT))
		return DMA_MAPPING_ERROR;
	first = pciem_pool_alloc_take(&pool->alloc, count, 1, reach(dev, dma_get_mask(dev)));
	if (first < 0)
		return DMA_MAPPING_ERROR;
	for (i = 0; i < count; i++)
		pool->origin[first + i] = (phys & PAGE_MASK) + (i << PAGE_SHIFT);
	address = PCIEM_POOL_BASE + ((u64)first << PAGE_SHIFT) + offset_in_page(phys);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		bounce(pool, address - PCIEM_POOL_BASE, size, true);
	trace_pciem_dma_map(bridge->root.domain, address, size, dir);
	return address;
}

static void unmap_phys(struct device *dev, dma_addr_t address, size_t size,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_pool *pool = bridge->pool;
	unsigned long first, count = span(address, size);
	size_t offset;

	/* Not even a look at it: by now it can be another's. */
	if (WARN_ONCE(!offset_of(pool, address, size, &offset) ||
		      !pciem_pool_alloc_has(&pool->alloc, offset >> PAGE_SHIFT, count),
		      "pciem: %s unmaps %pad, which is not mapped\n", dev_name(dev), &address))
		return;
	trace_pciem_dma_unmap(bridge->root.domain, address, size, dir);
	first = offset >> PAGE_SHIFT;
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC) && dir != DMA_TO_DEVICE)
		bounce(pool, offset, size, false);
	memset(pool->origin + first, 0, count * sizeof(*pool->origin));
	poison(pool, first, count);
	WARN_ONCE(!pciem_pool_alloc_give(&pool->alloc, first, count),
		  "pciem: %s unmaps %pad twice at once\n", dev_name(dev), &address);
}

static void sync(struct device *dev, dma_addr_t address, size_t size, bool to_pool)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	size_t offset;

	if (!offset_of(bridge->pool, address, size, &offset))
		return;
	trace_pciem_dma_sync(bridge->root.domain, address, size, to_pool);
	bounce(bridge->pool, offset, size, to_pool);
}

static void sync_single_for_cpu(struct device *dev, dma_addr_t address, size_t size,
				enum dma_data_direction dir)
{
	if (dir != DMA_TO_DEVICE)
		sync(dev, address, size, false);
}

static void sync_single_for_device(struct device *dev, dma_addr_t address, size_t size,
				   enum dma_data_direction dir)
{
	sync(dev, address, size, true);
}

static void unmap_sg(struct device *dev, struct scatterlist *list, int entries,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *entry;
	int i;

	for_each_sg(list, entry, entries, i)
		unmap_phys(dev, sg_dma_address(entry), sg_dma_len(entry), dir, attrs);
}

static int map_sg(struct device *dev, struct scatterlist *list, int entries,
		  enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *entry;
	int i;

	for_each_sg(list, entry, entries, i) {
		entry->dma_address = map_phys(dev, sg_phys(entry), entry->length, dir, attrs);
		if (entry->dma_address == DMA_MAPPING_ERROR) {
			unmap_sg(dev, list, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
			/* Says that another try, later, can succeed. */
			return -ENOMEM;
		}
		sg_dma_len(entry) = entry->length;
	}
	return entries;
}

static void sync_sg_for_cpu(struct device *dev, struct scatterlist *list, int entries,
			    enum dma_data_direction dir)
{
	struct scatterlist *entry;
	int i;

	for_each_sg(list, entry, entries, i)
		sync_single_for_cpu(dev, sg_dma_address(entry), sg_dma_len(entry), dir);
}

static void sync_sg_for_device(struct device *dev, struct scatterlist *list, int entries,
			       enum dma_data_direction dir)
{
	struct scatterlist *entry;
	int i;

	for_each_sg(list, entry, entries, i)
		sync_single_for_device(dev, sg_dma_address(entry), sg_dma_len(entry), dir);
}

/* Aligned to the next power of two of the size, as the DMA API promises. */
static void *alloc(struct device *dev, size_t size, dma_addr_t *address, gfp_t gfp,
		   unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_pool *pool = bridge->pool;
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	void *memory;
	long first;

	if (!count || count > pool->count)
		return NULL;
	first = pciem_pool_alloc_take(&pool->alloc, count, roundup_pow_of_two(count),
				      reach(dev, dev->coherent_dma_mask));
	if (first < 0)
		return NULL;
	memory = pool->memory + (first << PAGE_SHIFT);
	memset(memory, 0, count << PAGE_SHIFT);
	*address = PCIEM_POOL_BASE + ((u64)first << PAGE_SHIFT);
	trace_pciem_dma_map(bridge->root.domain, *address, size, DMA_BIDIRECTIONAL);
	return memory;
}

static void release(struct device *dev, size_t size, void *memory, dma_addr_t address,
		    unsigned long attrs)
{
	unmap_phys(dev, address, PAGE_ALIGN(size), DMA_NONE, DMA_ATTR_SKIP_CPU_SYNC);
}

static int map_to_user(struct device *dev, struct vm_area_struct *vma, void *memory,
		       dma_addr_t address, size_t size, unsigned long attrs)
{
	struct pciem_pool *pool = bridge_of(dev)->pool;
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	size_t offset;

	if (!offset_of(pool, address, count << PAGE_SHIFT, &offset))
		return -ENXIO;
	return vm_map_pages(vma, pool->pages + (offset >> PAGE_SHIFT), count);
}

static int get_sgtable(struct device *dev, struct sg_table *table, void *memory,
		       dma_addr_t address, size_t size, unsigned long attrs)
{
	struct pciem_pool *pool = bridge_of(dev)->pool;
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	size_t offset;

	if (!offset_of(pool, address, count << PAGE_SHIFT, &offset))
		return -ENXIO;
	return sg_alloc_table_from_pages(table, pool->pages + (offset >> PAGE_SHIFT), count, 0,
					 size, GFP_KERNEL);
}

static int supported(struct device *dev, u64 mask)
{
	return mask >= PCIEM_POOL_BASE + ((u64)bridge_of(dev)->pool->count << PAGE_SHIFT) - 1;
}

static u64 required_mask(struct device *dev)
{
	return DMA_BIT_MASK(32);
}

static size_t max_mapping_size(struct device *dev)
{
	return (bridge_of(dev)->pool->count / MAX_SHARE) << PAGE_SHIFT;
}

PCIEM_DMA_MAP_PAGE_ADAPTERS(map_phys, unmap_phys)

static const struct dma_map_ops pool_ops = {
	.alloc = alloc,
	.free = release,
	.mmap = map_to_user,
	.get_sgtable = get_sgtable,
	PCIEM_DMA_MAP_PAGE_OPS(map_phys, unmap_phys)
	.map_sg = map_sg,
	.unmap_sg = unmap_sg,
	.sync_single_for_cpu = sync_single_for_cpu,
	.sync_single_for_device = sync_single_for_device,
	.sync_sg_for_cpu = sync_sg_for_cpu,
	.sync_sg_for_device = sync_sg_for_device,
	.dma_supported = supported,
	.get_required_mask = required_mask,
	.max_mapping_size = max_mapping_size,
};

void pciem_dma_adopt(struct pciem_bridge *bridge, struct device *dev)
{
	if (bridge->pool)
		set_dma_ops(dev, &pool_ops);
}
