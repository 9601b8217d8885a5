/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma_map_ops takes physical addresses in newer kernels (about 6.19), pages in older ones; Kbuild
 * looks which. The module has only the newer form; these two macros, used at file scope and inside
 * the initializer, make the other of it.
 */
#ifndef PCIEM_COMPAT_DMA_OPS_H
#define PCIEM_COMPAT_DMA_OPS_H

#include <linux/dma-map-ops.h>

/* Can a device have DMA operations of its own? The option was renamed in Linux 6.12. */
#define PCIEM_HAVE_DMA_OPS	(IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS) || IS_ENABLED(CONFIG_DMA_OPS))

/* Of what is no memory, or must be no copy, where the same operation is asked for those. */
#ifdef DMA_ATTR_MMIO
#define PCIEM_DMA_ATTR_MMIO	DMA_ATTR_MMIO
#else
#define PCIEM_DMA_ATTR_MMIO	0ul
#endif
#ifdef DMA_ATTR_REQUIRE_COHERENT
#define PCIEM_DMA_ATTR_NOT_BOUNCED	(PCIEM_DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT)
#else
#define PCIEM_DMA_ATTR_NOT_BOUNCED	PCIEM_DMA_ATTR_MMIO
#endif

#ifdef PCIEM_DMA_MAP_PHYS

#define PCIEM_DMA_MAP_PAGE_ADAPTERS(map, unmap)
#define PCIEM_DMA_MAP_PAGE_OPS(map, unmap)	.map_phys = map, .unmap_phys = unmap,

#else

#define PCIEM_DMA_MAP_PAGE_ADAPTERS(map, unmap)						\
static dma_addr_t map ## _page(struct device *dev, struct page *page,				\
			       unsigned long offset, size_t size,				\
			       enum dma_data_direction dir, unsigned long attrs)		\
{												\
	return map(dev, page_to_phys(page) + offset, size, dir, attrs);			\
}
#define PCIEM_DMA_MAP_PAGE_OPS(map, unmap)	.map_page = map ## _page, .unmap_page = unmap,

#endif
#endif
