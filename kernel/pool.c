// SPDX-License-Identifier: GPL-2.0-only
#include "pool.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mapping.h"

/* Charged to the process; gives up rather than let the OOM killer run. */
#define POOL_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

static void free_pages_of(struct pciem_pool *pool)
{
	unsigned long i;

	for (i = 0; i < pool->count && pool->pages[i]; i++)
		put_page(pool->pages[i]);
	if (pool->substitute)
		put_page(pool->substitute);
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
	init_rwsem(&pool->fault_lock);
	if (pciem_pool_alloc_init(&pool->alloc, pool->count))
		goto free_pool;
	pool->pages = kvcalloc(pool->count, sizeof(*pool->pages), GFP_KERNEL_ACCOUNT);
	if (!pool->pages)
		goto destroy_alloc;
	pool->mappings = kvcalloc(pool->count, sizeof(*pool->mappings), GFP_KERNEL_ACCOUNT);
	if (!pool->mappings)
		goto free_array;
	pool->substitute = alloc_page(POOL_GFP);
	if (!pool->substitute || !alloc_pages_of(pool))
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

/* Of the page at `address`, and if it can be of its neighbours. */
static int map_around(struct pciem_pool *pool, struct vm_area_struct *vma, unsigned long address,
		      unsigned long first)
{
	unsigned long from = max(vma->vm_start, ALIGN_DOWN(address, PMD_SIZE)), at;
	unsigned long to = min(vma->vm_end, ALIGN_DOWN(address, PMD_SIZE) + PMD_SIZE);
	struct page **pages = pool->pages + first;
	int err;

	err = vm_insert_page(vma, address, pages[(address - vma->vm_start) >> PAGE_SHIFT]);
	for (at = from; !err && at < to; at += PAGE_SIZE) {
		if (at != address)
			vm_insert_page(vma, at, pages[(at - vma->vm_start) >> PAGE_SHIFT]);
	}
	return err;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct pciem_pool *pool = vma->vm_private_data;
	int err;

	down_read(&pool->fault_lock);
	if (pool->revoked)
		err = vm_insert_page(vma, vmf->address, pool->substitute);
	else
		err = map_around(pool, vma, vmf->address,
				 vma->vm_pgoff & ((PCIEM_POOL_MAX >> PAGE_SHIFT) - 1));
	up_read(&pool->fault_lock);
	/* Busy: another thread was faster. */
	if (!err || err == -EBUSY)
		return VM_FAULT_NOPAGE;
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct operations = { .fault = fault };

void pciem_pool_mmap(struct pciem_pool *pool, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_private_data = pool;
	vma->vm_ops = &operations;
}

void pciem_pool_revoke(struct pciem_pool *pool)
{
	down_write(&pool->fault_lock);
	pool->revoked = true;
	up_write(&pool->fault_lock);
}
