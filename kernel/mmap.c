// SPDX-License-Identifier: GPL-2.0-only
#include "mmap.h"

#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bridge.h"
#include "pool.h"
#include "ram.h"
#include "views.h"

/*
 * Direct mode: the whole of physical RAM, by frame number and without references, like /dev/mem.
 * Frames that are not RAM give SIGBUS.
 */
static vm_fault_t map_frame(struct vm_fault *vmf)
{
	unsigned long pfn = vmf->pgoff - (PCIEM_MMAP_DIRECT >> PAGE_SHIFT);

	if (!pfn_valid(pfn) || region_intersects(PFN_PHYS(pfn), PAGE_SIZE, IORESOURCE_SYSTEM_RAM,
						 IORES_DESC_NONE) != REGION_INTERSECTS)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
}

static vm_fault_t map_pool_page(struct vm_fault *vmf)
{
	struct pciem_bridge *bridge = vmf->vma->vm_private_data;

	return pciem_pool_fault(bridge->pool, vmf);
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct pciem_bridge *bridge = vmf->vma->vm_private_data;

	return pciem_lent_fault(&bridge->lent, vmf, bridge->pool ? map_pool_page : map_frame);
}

/* The mapping holds the file, and so the bridge. */
static const struct vm_operations_struct operations = { .fault = fault };

static int map_lent(struct pciem_bridge *bridge, struct vm_area_struct *vma)
{
	vma->vm_private_data = bridge;
	vma->vm_ops = &operations;
	return 0;
}

static int map_direct(struct pciem_bridge *bridge, struct vm_area_struct *vma, unsigned long first)
{
	if (first >= pciem_ram_end() || vma_pages(vma) > pciem_ram_end() - first)
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_clear(vma, VM_MAYEXEC);
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	return map_lent(bridge, vma);
}

int pciem_mmap(struct pciem_bridge *bridge, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 bytes = vma->vm_end - vma->vm_start;

	if (vma->vm_flags & VM_EXEC || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (bridge->direct && offset >= PCIEM_MMAP_DIRECT)
		return map_direct(bridge, vma, (offset - PCIEM_MMAP_DIRECT) >> PAGE_SHIFT);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYEXEC);
	if (offset == PCIEM_MMAP_QUEUE && bytes <= bridge->queue.bytes)
		return remap_vmalloc_range(vma, bridge->queue.area, 0);
	if (bridge->pool && offset == PCIEM_MMAP_POOL &&
	    bytes <= (u64)bridge->pool->count << PAGE_SHIFT) {
		vm_flags_set(vma, VM_MIXEDMAP);
		return map_lent(bridge, vma);
	}
	if (offset >= PCIEM_MMAP_RAM)
		return pciem_prefetch_mmap(bridge, vma, offset - PCIEM_MMAP_RAM);
	return -EINVAL;
}

void pciem_mmap_revoke(struct pciem_bridge *bridge)
{
	pciem_lent_revoke(&bridge->lent);
	if (bridge->pool)
		pciem_views_zap(bridge->views, PCIEM_MMAP_POOL,
				(u64)bridge->pool->count << PAGE_SHIFT);
	else
		pciem_views_zap(bridge->views, PCIEM_MMAP_DIRECT, 0);
	pciem_lent_gone(&bridge->lent);
}
