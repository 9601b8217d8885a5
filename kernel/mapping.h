/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the taken pages of a pool are mapped for. Addresses and lengths that drivers give are not
 * trusted: many read them from descriptors, to which the process can write. So the length and the
 * direction of a mapping are those with which it was made, it is there for the device for which it
 * was made only, and one that is being used by one CPU does not end on another one.
 */
#ifndef PCIEM_MAPPING_H
#define PCIEM_MAPPING_H

#include <linux/atomic.h>
#include <linux/dma-direction.h>
#include <linux/mm.h>
#include <linux/types.h>

struct device;
struct pciem_pool;

/* One for each page of the pool. Of all but the first page of a mapping only `first` is used. */
struct pciem_mapping {
	const struct device *dev;	/* whose it is; only compared */
	phys_addr_t origin;	/* of the first byte of what is bounced; coherent memory: 0 */
	u32 size;		/* bytes */
	u32 first;		/* the page with which the mapping of this page began */
	atomic_t users;		/* and MAPPED while there is one */
	u8 direction;		/* enum dma_data_direction; DMA_NONE: coherent memory */
};

/* A mapping that has ended; the pages are the caller's. */
struct pciem_mapped {
	const struct pciem_mapping *mapping;
	size_t offset;		/* into the pool, of the first byte */
	size_t size;		/* bytes */
};

/*
 * The bus address of a new mapping of `size` bytes, not 0, in as many pages as that takes, of which
 * `first` is the first; the caller has taken them. Any context but NMI, as for all of these.
 */
u64 pciem_mapping_begin(struct pciem_pool *pool, const struct device *dev, unsigned long first,
			phys_addr_t origin, size_t size, enum dma_data_direction direction);
/*
 * Copies the part of [address, address + size) that is inside the mapping of its first byte, into
 * the pool or out of it. Does nothing where nothing, or coherent memory, is mapped; what the device
 * was to read only is not copied out.
 */
void pciem_mapping_sync(struct pciem_pool *pool, const struct device *dev, u64 address, size_t size,
			bool to_pool);
/* Is all of that inside one mapping of coherent memory? `offset`: of its first byte, in the pool. */
bool pciem_mapping_is_coherent(struct pciem_pool *pool, const struct device *dev, u64 address,
			       size_t size, size_t *offset);
/*
 * Ends the mapping, of coherent memory or of other, that begins at `address`: whoever is copying a
 * page of it has done so then. False: there is no such mapping.
 */
bool pciem_mapping_claim(struct pciem_pool *pool, const struct device *dev, u64 address,
			 bool coherent, struct pciem_mapped *mapped);
/* Pages of the pool for `size` bytes at that offset within a page. */
static inline unsigned long pciem_mapping_span(u64 address, size_t size)
{
	return PAGE_ALIGN(offset_in_page(address) + size) >> PAGE_SHIFT;
}

/* Copies what was claimed out of the pool, unless the device was to read it only. */
void pciem_mapping_copy_back(const struct pciem_pool *pool, const struct pciem_mapped *mapped);

#endif
