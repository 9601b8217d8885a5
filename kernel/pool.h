/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA pool of a bridge: ordinary pages, contiguous for devices and for the kernel, mapped
 * whole into the process. All that a device can reach. Bus address = PCIEM_POOL_BASE + offset.
 *
 * When the link is down devices reach memory no more: in place of the pool the process then has one
 * page of its own everywhere. Drivers take it for granted that a device that is gone completes
 * nothing any more.
 */
#ifndef PCIEM_POOL_H
#define PCIEM_POOL_H

#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "pool_alloc.h"

#define PCIEM_POOL_BASE		((u64)SZ_16M)
#define PCIEM_POOL_MIN		((u64)SZ_1M)
#define PCIEM_POOL_DEFAULT	((u64)SZ_64M)
#define PCIEM_POOL_MAX		((u64)SZ_1G)

struct page;
struct pciem_mapping;
struct vm_area_struct;

struct pciem_pool {
	struct pciem_pool_alloc alloc;
	unsigned long count;		/* pages */
	struct page **pages;
	void *memory;			/* all of them, vmap()ed */
	struct pciem_mapping *mappings;	/* one for each page */
	struct rw_semaphore fault_lock;	/* a page is mapped for the process; inside its mmap lock */
	struct page *substitute;
	bool revoked;			/* the process gets the substitute */
};

/* `size`: a power of two between the limits. NULL: no memory. Sleeps. */
struct pciem_pool *pciem_pool_create(u64 size);
void pciem_pool_destroy(struct pciem_pool *pool);
/* Pages come when they are touched, or with MAP_POPULATE. `vma` is not longer than the pool. */
void pciem_pool_mmap(struct pciem_pool *pool, struct vm_area_struct *vma);
/* From now on there is the substitute at each fault. Sleeps. */
void pciem_pool_revoke(struct pciem_pool *pool);

#endif
