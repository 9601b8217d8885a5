/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma_map_ops takes physical addresses since Linux 6.18, pages before. The module has only the
 * newer form; these two macros, used at file scope and inside the initializer, make the other of
 * it.
 */
#ifndef PCIEM_COMPAT_DMA_OPS_H
#define PCIEM_COMPAT_DMA_OPS_H

#include <linux/dma-map-ops.h>
#include <linux/version.h>

/* Can a device have DMA operations of its own? The option was renamed in Linux 6.12. */
#define PCIEM_HAVE_DMA_OPS	(IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS) || IS_ENABLED(CONFIG_DMA_OPS))

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)

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
