// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA through the pool. Coherent memory is pool memory. A streaming mapping takes whole pool
 * pages, at the same offset within the page as the buffer has, and the data is copied ("bounced")
 * when it changes hands:
 *
 *   map                 buffer -> pool, always: bytes that the device leaves alone must come back
 *                       as they were
 *   sync_for_device     buffer -> pool, unless the device is to write only: it may have begun
 *   unmap, sync_for_cpu pool -> buffer, unless the device is to read only
 *
 * After an unmap the pages are overwritten (parameter `poison`) and reused late, so that a stale
 * access shows. The process reaches nothing but the pool: a bus address outside of it is an
 * address of nothing.
 */
#include "dma.h"

#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "bridge.h"
#include "compat/dma_ops.h"
#include "mapping.h"
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

static dma_addr_t map_phys(struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_pool *pool = bridge->pool;
	unsigned long count;
	dma_addr_t address;
	long first;

	if (attrs & PCIEM_DMA_ATTR_NOT_BOUNCED || !pfn_valid(phys >> PAGE_SHIFT) || !size ||
	    size > pool->count << PAGE_SHIFT)
		return DMA_MAPPING_ERROR;
	count = pciem_mapping_span(phys, size);
	first = pciem_pool_alloc_take(&pool->alloc, count, 1, reach(dev, dma_get_mask(dev)));
	if (first < 0)
		return DMA_MAPPING_ERROR;
	address = pciem_mapping_begin(pool, dev, first, phys, size, dir);
	pciem_mapping_sync(pool, dev, address, size, true);
	trace_pciem_dma_map(bridge->root.domain, address, size, dir);
	return address;
}

/*
 * Ends the mapping, of coherent memory or of other, that begins there. False, and nothing is looked
 * at: there is none; by now it can be another's.
 */
static bool claim(struct device *dev, dma_addr_t address, bool coherent,
		  struct pciem_mapped *mapped)
{
	if (pciem_mapping_claim(bridge_of(dev)->pool, dev, address, coherent, mapped))
		return true;
	dev_err_ratelimited(dev, "pciem: its driver unmaps %pad, which is not mapped\n", &address);
	return false;
}

static void give(struct pciem_pool *pool, const struct pciem_mapped *mapped)
{
	unsigned long first = mapped->offset >> PAGE_SHIFT;
	unsigned long count = pciem_mapping_span(mapped->offset, mapped->size);

	poison(pool, first, count);
	pciem_pool_alloc_give(&pool->alloc, first, count);
}

static void unmap_phys(struct device *dev, dma_addr_t address, size_t size,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_mapped mapped;

	if (!claim(dev, address, false, &mapped))
		return;
	trace_pciem_dma_unmap(bridge->root.domain, address, size, dir);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		pciem_mapping_copy_back(bridge->pool, &mapped);
	give(bridge->pool, &mapped);
}

static void sync(struct device *dev, dma_addr_t address, size_t size, bool to_pool)
{
	struct pciem_bridge *bridge = bridge_of(dev);

	trace_pciem_dma_sync(bridge->root.domain, address, size, to_pool);
	pciem_mapping_sync(bridge->pool, dev, address, size, to_pool);
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
	if (dir != DMA_FROM_DEVICE)
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

/*
 * Aligned to the next power of two of the size, as the DMA API promises; what is larger than the
 * base of the pool (16 MiB), to that.
 */
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
	*address = pciem_mapping_begin(pool, dev, first, 0, count << PAGE_SHIFT, DMA_NONE);
	trace_pciem_dma_map(bridge->root.domain, *address, size, DMA_BIDIRECTIONAL);
	return memory;
}

static void release(struct device *dev, size_t size, void *memory, dma_addr_t address,
		    unsigned long attrs)
{
	struct pciem_bridge *bridge = bridge_of(dev);
	struct pciem_mapped mapped;

	if (!claim(dev, address, true, &mapped))
		return;
	trace_pciem_dma_unmap(bridge->root.domain, address, size, DMA_BIDIRECTIONAL);
	give(bridge->pool, &mapped);
}

/* The pages of coherent memory; NULL: there are not so many at this address. */
static struct page **pages_of(struct device *dev, dma_addr_t address, unsigned long count)
{
	struct pciem_pool *pool = bridge_of(dev)->pool;
	size_t offset;

	if (!pciem_mapping_is_coherent(pool, dev, address, (size_t)count << PAGE_SHIFT, &offset))
		return NULL;
	return pool->pages + (offset >> PAGE_SHIFT);
}

static int map_to_user(struct device *dev, struct vm_area_struct *vma, void *memory,
		       dma_addr_t address, size_t size, unsigned long attrs)
{
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page **pages = pages_of(dev, address, count);

	return pages ? vm_map_pages(vma, pages, count) : -ENXIO;
}

static int get_sgtable(struct device *dev, struct sg_table *table, void *memory,
		       dma_addr_t address, size_t size, unsigned long attrs)
{
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page **pages = pages_of(dev, address, count);

	return pages ? sg_alloc_table_from_pages(table, pages, count, 0, size, GFP_KERNEL) : -ENXIO;
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
