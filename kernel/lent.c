// SPDX-License-Identifier: GPL-2.0-only
#include "lent.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

int pciem_lent_init(struct pciem_lent *lent)
{
	lent->substitute = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!lent->substitute)
		return -ENOMEM;
	init_rwsem(&lent->lock);
	init_completion(&lent->gone);
	return 0;
}

void pciem_lent_destroy(struct pciem_lent *lent)
{
	put_page(lent->substitute);
}

vm_fault_t pciem_lent_insert(struct vm_fault *vmf, struct page *page)
{
	switch (vm_insert_page(vmf->vma, vmf->address, page)) {
	case 0:
	case -EBUSY:	/* another thread was faster */
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}

static vm_fault_t map_substitute(const struct pciem_lent *lent, struct vm_fault *vmf)
{
	if (vmf->vma->vm_flags & VM_PFNMAP)
		return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(lent->substitute));
	if (page_ref_count(lent->substitute) > INT_MAX / 2)
		return VM_FAULT_SIGBUS;
	return pciem_lent_insert(vmf, lent->substitute);
}

static int nothing(pte_t *pte, unsigned long address, void *data)
{
	return 0;
}

vm_fault_t pciem_lent_fault(struct pciem_lent *lent, struct vm_fault *vmf,
			    vm_fault_t (*map)(struct vm_fault *vmf))
{
	unsigned long page = vmf->address & PAGE_MASK;
	unsigned int noio;
	vm_fault_t ret;

	/* What is there and no page (userfaultfd) gives way to none. */
	if (vmf->flags & FAULT_FLAG_ORIG_PTE_VALID && !pte_none(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	/*
	 * Who revokes must not wait for memory, least of all for what can be had only from our own
	 * devices. So the page table is there before; should the kernel free it, empty, in between,
	 * at least without I/O.
	 */
	if (pmd_none(pmdp_get_lockless(vmf->pmd)) &&
	    apply_to_page_range(vmf->vma->vm_mm, page, PAGE_SIZE, nothing, NULL))
		return VM_FAULT_OOM;
	noio = memalloc_noio_save();
	down_read(&lent->lock);
	ret = lent->revoked ? map_substitute(lent, vmf) : map(vmf);
	up_read(&lent->lock);
	memalloc_noio_restore(noio);
	return ret;
}

void pciem_lent_revoke(struct pciem_lent *lent)
{
	down_write(&lent->lock);
	lent->revoked = true;
	up_write(&lent->lock);
}

void pciem_lent_gone(struct pciem_lent *lent)
{
	complete_all(&lent->gone);
}

void pciem_lent_wait(struct pciem_lent *lent, bool sleep)
{
	unsigned long end = jiffies + HZ;

	if (completion_done(&lent->gone) || READ_ONCE(lent->late))
		return;
	if (sleep)
		wait_for_completion_timeout(&lent->gone, HZ);
	while (!completion_done(&lent->gone)) {
		if (time_after_eq(jiffies, end)) {
			WRITE_ONCE(lent->late, true);
			return;
		}
		cond_resched();
		cpu_relax();
	}
}
