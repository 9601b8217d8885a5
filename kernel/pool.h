/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA pool of a bridge: ordinary pages, contiguous for devices and for the kernel, mapped
 * whole into the process. All that a device can reach. Bus address = PCIEM_POOL_BASE + offset.
 */
#ifndef PCIEM_POOL_H
#define PCIEM_POOL_H

#include <linux/mm_types.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "pool_alloc.h"

#define PCIEM_POOL_BASE		((u64)SZ_16M)
#define PCIEM_POOL_MIN		((u64)SZ_1M)
#define PCIEM_POOL_DEFAULT	((u64)SZ_64M)
#define PCIEM_POOL_MAX		((u64)SZ_1G)

struct page;
struct pciem_mapping;
struct vm_fault;

struct pciem_pool {
	struct pciem_pool_alloc alloc;
	unsigned long count;		/* pages */
	struct page **pages;
	void *memory;			/* all of them, vmap()ed */
	struct pciem_mapping *mappings;	/* one for each page */
};

/* `size`: a power of two between the limits. NULL: no memory. Sleeps. */
struct pciem_pool *pciem_pool_create(u64 size);
void pciem_pool_destroy(struct pciem_pool *pool);
/* Maps the page at which the fault is, and others around it. The mapping is of the pool only. */
vm_fault_t pciem_pool_fault(struct pciem_pool *pool, struct vm_fault *vmf);

#endif
