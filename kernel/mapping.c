// SPDX-License-Identifier: GPL-2.0-only
#include "mapping.h"

#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "pool.h"

/*
 * In `users`. The others count CPUs that look at the mapping or copy a page of it, with interrupts
 * off: so who waits for them never stands on top of one.
 */
#define MAPPED		(1 << 30)

/* Offset into the pool of the first byte. */
static size_t start_of(const struct pciem_mapping *mapping)
{
	return ((size_t)mapping->first << PAGE_SHIFT) + offset_in_page(mapping->origin);
}

u64 pciem_mapping_begin(struct pciem_pool *pool, const struct device *dev, unsigned long first,
			phys_addr_t origin, size_t size, enum dma_data_direction direction)
{
	struct pciem_mapping *mapping = &pool->mappings[first];
	unsigned long i, count = pciem_mapping_span(origin, size);

	mapping->dev = dev;
	mapping->origin = origin;
	mapping->size = size;
	mapping->direction = direction;
	for (i = 0; i < count; i++)
		WRITE_ONCE(mapping[i].first, first);
	atomic_set_release(&mapping->users, MAPPED);
	return PCIEM_POOL_BASE + start_of(mapping);
}

static bool use(struct pciem_mapping *mapping)
{
	int users = atomic_read(&mapping->users);

	do {
		if (!(users & MAPPED))
			return false;
	} while (!atomic_try_cmpxchg_acquire(&mapping->users, &users, users + 1));
	return true;
}

static void put(struct pciem_mapping *mapping)
{
	atomic_dec_return_release(&mapping->users);
}

/* With interrupts off until put(). NULL: nothing of the device's is at that offset of the pool. */
static struct pciem_mapping *get(struct pciem_pool *pool, const struct device *dev, size_t offset)
{
	struct pciem_mapping *mapping;
	size_t start;
	u32 first;

	/* It can be left from an earlier mapping, and is then outside of what begins there now. */
	first = READ_ONCE(pool->mappings[offset >> PAGE_SHIFT].first);
	mapping = &pool->mappings[first];
	if (!use(mapping))
		return NULL;
	start = start_of(mapping);
	if (mapping->dev == dev && offset >= start && offset - start < mapping->size)
		return mapping;
	put(mapping);
	return NULL;
}

/* False: outside of the pool. */
static bool offset_of(const struct pciem_pool *pool, u64 address, size_t *offset)
{
	if (address < PCIEM_POOL_BASE || (address - PCIEM_POOL_BASE) >> PAGE_SHIFT >= pool->count)
		return false;
	*offset = address - PCIEM_POOL_BASE;
	return true;
}

/* At most a page. `part`: not 0, inside the mapping and inside a page. */
static void copy(const struct pciem_pool *pool, const struct pciem_mapping *mapping, size_t offset,
		 size_t part, bool to_pool)
{
	phys_addr_t phys = mapping->origin + (offset - start_of(mapping));
	struct page *page = pfn_to_page(phys >> PAGE_SHIFT);
	void *memory = pool->memory + offset;

	/*
	 * Knowing it to be a page at most, gcc would copy with a string instruction, even on CPUs
	 * where memcpy() knows better.
	 */
	OPTIMIZER_HIDE_VAR(part);
	if (to_pool)
		memcpy_from_page(memory, page, offset_in_page(phys), part);
	else
		memcpy_to_page(page, offset_in_page(phys), memory, part);
}

static bool is_bounced(const struct pciem_mapping *mapping, bool to_pool)
{
	return mapping->direction != DMA_NONE && (to_pool || mapping->direction != DMA_TO_DEVICE);
}

/* What is copied of `size` bytes in one go; 0: nothing, and no more. */
static size_t sync_part(struct pciem_pool *pool, const struct device *dev, size_t offset,
			size_t size, bool to_pool, const struct pciem_mapping **same)
{
	struct pciem_mapping *mapping = get(pool, dev, offset);
	size_t part = 0;

	if (!mapping)
		return 0;
	if (is_bounced(mapping, to_pool) && (!*same || *same == mapping)) {
		part = min(size, PAGE_SIZE - offset_in_page(offset));
		part = min(part, mapping->size - (offset - start_of(mapping)));
		copy(pool, mapping, offset, part, to_pool);
	}
	*same = mapping;
	put(mapping);
	return part;
}

void pciem_mapping_sync(struct pciem_pool *pool, const struct device *dev, u64 address, size_t size,
			bool to_pool)
{
	const struct pciem_mapping *mapping = NULL;
	size_t offset, part;
	unsigned long flags;

	/* One that is ended meanwhile is not copied any further. */
	for (; size && offset_of(pool, address, &offset); address += part, size -= part) {
		local_irq_save(flags);
		part = sync_part(pool, dev, offset, size, to_pool, &mapping);
		local_irq_restore(flags);
		if (!part)
			return;
	}
}

bool pciem_mapping_is_coherent(struct pciem_pool *pool, const struct device *dev, u64 address,
			       size_t size, size_t *offset)
{
	struct pciem_mapping *mapping;
	unsigned long flags;
	bool is = false;

	if (!offset_of(pool, address, offset))
		return false;
	local_irq_save(flags);
	mapping = get(pool, dev, *offset);
	if (mapping) {
		is = mapping->direction == DMA_NONE &&
		     size <= mapping->size - (*offset - start_of(mapping));
		put(mapping);
	}
	local_irq_restore(flags);
	return is;
}

bool pciem_mapping_claim(struct pciem_pool *pool, const struct device *dev, u64 address,
			 bool coherent, struct pciem_mapped *mapped)
{
	struct pciem_mapping *mapping;
	unsigned long flags;
	bool claimed = false;
	size_t offset;

	if (!offset_of(pool, address, &offset))
		return false;
	local_irq_save(flags);
	mapping = get(pool, dev, offset);
	if (mapping) {
		claimed = offset == start_of(mapping) &&
			  coherent == (mapping->direction == DMA_NONE) &&
			  atomic_fetch_andnot(MAPPED, &mapping->users) & MAPPED;
		put(mapping);
	}
	local_irq_restore(flags);
	if (!claimed)
		return false;
	while (atomic_read_acquire(&mapping->users))
		cpu_relax();
	*mapped = (struct pciem_mapped) { mapping, offset, mapping->size };
	return true;
}

void pciem_mapping_copy_back(const struct pciem_pool *pool, const struct pciem_mapped *mapped)
{
	size_t offset = mapped->offset, size = mapped->size, part;

	if (!is_bounced(mapped->mapping, false))
		return;
	for (; size; offset += part, size -= part) {
		part = min(size, PAGE_SIZE - offset_in_page(offset));
		copy(pool, mapped->mapping, offset, part, false);
	}
}
