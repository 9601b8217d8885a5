// SPDX-License-Identifier: GPL-2.0-only
#include "pool.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "lent.h"
#include "mapping.h"

/* Charged to the process; gives up rather than let the OOM killer run. */
#define POOL_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

static void free_pages_of(struct pciem_pool *pool)
{
	unsigned long i;

	for (i = 0; i < pool->count && pool->pages[i]; i++)
		put_page(pool->pages[i]);
}

static bool alloc_pages_of(struct pciem_pool *pool)
{
	unsigned long i;

	for (i = 0; i < pool->count; i++) {
		if (fatal_signal_pending(current))
			return false;
		pool->pages[i] = alloc_page(POOL_GFP);
		if (!pool->pages[i])
			return false;
		cond_resched();
	}
	return true;
}

struct pciem_pool *pciem_pool_create(u64 size)
{
	struct pciem_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);

	if (!pool)
		return NULL;
	pool->count = size >> PAGE_SHIFT;
	if (pciem_pool_alloc_init(&pool->alloc, pool->count))
		goto free_pool;
	pool->pages = kvcalloc(pool->count, sizeof(*pool->pages), GFP_KERNEL_ACCOUNT);
	if (!pool->pages)
		goto destroy_alloc;
	pool->mappings = kvcalloc(pool->count, sizeof(*pool->mappings), GFP_KERNEL_ACCOUNT);
	if (!pool->mappings)
		goto free_array;
	if (!alloc_pages_of(pool))
		goto free_pages;
	pool->memory = vmap(pool->pages, pool->count, VM_MAP, PAGE_KERNEL);
	if (!pool->memory)
		goto free_pages;
	return pool;

free_pages:
	free_pages_of(pool);
	kvfree(pool->mappings);
free_array:
	kvfree(pool->pages);
destroy_alloc:
	pciem_pool_alloc_destroy(&pool->alloc);
free_pool:
	kfree(pool);
	return NULL;
}

void pciem_pool_destroy(struct pciem_pool *pool)
{
	vunmap(pool->memory);
	free_pages_of(pool);
	kvfree(pool->mappings);
	kvfree(pool->pages);
	pciem_pool_alloc_destroy(&pool->alloc);
	kfree(pool);
}

vm_fault_t pciem_pool_fault(struct pciem_pool *pool, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long from = max(vma->vm_start, ALIGN_DOWN(vmf->address, PMD_SIZE)), at;
	unsigned long to = min(vma->vm_end, ALIGN_DOWN(vmf->address, PMD_SIZE) + PMD_SIZE);
	/* The mapping began at the pool's first page, and no mapping grows. */
	struct page **pages = pool->pages + (vma->vm_pgoff & ((PCIEM_POOL_MAX >> PAGE_SHIFT) - 1));
	vm_fault_t ret;

	ret = pciem_lent_insert(vmf, pages[(vmf->address - vma->vm_start) >> PAGE_SHIFT]);
	/* And the neighbours, if it can be. */
	for (at = from; ret == VM_FAULT_NOPAGE && at < to; at += PAGE_SIZE) {
		if (at != vmf->address)
			vm_insert_page(vma, at, pages[(at - vma->vm_start) >> PAGE_SHIFT]);
	}
	return ret;
}
