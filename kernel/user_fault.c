// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "pciem: " fmt

#include "user_fault.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>

#include "arch.h"
#include "bridge.h"
#include "trap.h"

static phys_addr_t base(const struct vm_area_struct *vma)
{
	return PFN_PHYS((unsigned long)vma->vm_private_data + vma->vm_pgoff);
}

/*
 * A driver of the device has claimed these registers since. The kernel takes the mappings of some
 * files back then, and ours has no pages to take.
 */
static bool is_revoked(struct vm_area_struct *vma, phys_addr_t phys)
{
	return IS_ENABLED(CONFIG_IO_STRICT_DEVMEM) &&
	       vma->vm_file->f_mapping->host->i_sb->s_magic == DEVMEM_MAGIC &&
	       region_intersects(phys & PAGE_MASK, PAGE_SIZE, IORESOURCE_MEM | IORESOURCE_BUSY,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/*
 * The access may wait for the process that emulates the device, and may itself fault on the memory
 * at its other end: so it is made without the mmap lock, and the lock stays released
 * (VM_FAULT_COMPLETED). Then only what we hold ourselves is there until the end.
 */
static vm_fault_t fault(struct vm_fault *vmf)
{
	const unsigned int wanted = FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY;
	const unsigned int others = FAULT_FLAG_INSTRUCTION | FAULT_FLAG_REMOTE |
				    FAULT_FLAG_VMA_LOCK;
	struct vm_area_struct *vma = vmf->vma;
	unsigned long address = vmf->real_address;
	phys_addr_t phys = base(vma) + (address - vma->vm_start);
	struct pciem_bridge *bridge;
	struct file *file;

	/* The kernel itself at work on user memory: its registers are not known here. */
	if ((vmf->flags & (wanted | others)) != wanted || is_revoked(vma, phys))
		return VM_FAULT_SIGBUS;
	bridge = pciem_trap_bridge(phys, 1);
	if (!bridge)
		return VM_FAULT_SIGBUS;
	/* Our callers use it after we return; fput() waits for the way back to user space. */
	file = get_file(vma->vm_file);
	mmap_read_unlock(vma->vm_mm);
	if (!pciem_arch_user_access(task_pt_regs(current), bridge, address, phys,
				    vmf->flags & FAULT_FLAG_WRITE))
		force_sig(SIGBUS);
	fput(file);
	pciem_bridge_put(bridge);
	return VM_FAULT_NOPAGE | VM_FAULT_COMPLETED;
}

/*
 * A mapping holds the bridge, whose addresses nobody else is given before: so it is found at them,
 * whether its link is up or down.
 */
static void opened(struct vm_area_struct *vma)
{
	pciem_trap_bridge(base(vma), 1);
}

static void closed(struct vm_area_struct *vma)
{
	struct pciem_bridge *bridge = pciem_trap_bridge(base(vma), 1);

	if (!bridge) {
		pr_warn_once("a driver has changed a mapping of ours: its bridge stays\n");
		return;
	}
	pciem_bridge_put(bridge);
	pciem_bridge_put(bridge);
}

static const struct vm_operations_struct counted = {
	.open = opened, .close = closed, .fault = fault,
};

/*
 * sysfs takes no mappings that want to know of their end. It does not call them either once the
 * device is gone, which the module outlives.
 */
static const struct vm_operations_struct uncounted = { .fault = fault };

static bool is_sysfs(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == SYSFS_MAGIC;
}

/* May we replace the operations? .access is for debuggers. */
static bool nobody_minds(const struct vm_operations_struct *ops)
{
	const struct vm_operations_struct only_access = { .access = ops ? ops->access : NULL };

	return !ops || !memcmp(ops, &only_access, sizeof(*ops));
}

int pciem_user_fault_map(struct vm_area_struct *vma, unsigned long frame)
{
	struct pciem_bridge *bridge;

	if (!PCIEM_ARCH_USER_ACCESS || !vma->vm_file || !nobody_minds(vma->vm_ops) ||
	    is_cow_mapping(vma->vm_flags))
		return -EOPNOTSUPP;
	bridge = pciem_trap_bridge(PFN_PHYS(frame), vma->vm_end - vma->vm_start);
	if (!bridge)
		return -EOPNOTSUPP;
	if (is_sysfs(vma->vm_file)) {
		pciem_bridge_put(bridge);
		vma->vm_ops = &uncounted;
	} else {
		vma->vm_ops = &counted;
	}
	vma->vm_private_data = (void *)(frame - vma->vm_pgoff);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	return 0;
}
