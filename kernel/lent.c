// SPDX-License-Identifier: GPL-2.0-only
#include "lent.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/page_ref.h>
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
		return VM_FAULT_NOPAGE;
	case -EBUSY:
		/* Another thread was faster; or there is what is no page (userfaultfd). */
		if (vmf->flags & FAULT_FLAG_ORIG_PTE_VALID && !pte_none(vmf->orig_pte))
			return VM_FAULT_SIGBUS;
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

vm_fault_t pciem_lent_fault(struct pciem_lent *lent, struct vm_fault *vmf,
			    vm_fault_t (*map)(struct vm_fault *vmf))
{
	/* Who revokes must not wait for memory that can be had only from our own devices. */
	unsigned int noio = memalloc_noio_save();
	vm_fault_t ret;

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

void pciem_lent_wait(struct pciem_lent *lent)
{
	wait_for_completion_timeout(&lent->gone, HZ);
}
