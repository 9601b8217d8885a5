// SPDX-License-Identifier: GPL-2.0-only
#include "user_fault.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>

#include "arch.h"

/*
 * The access may wait for the process that emulates the device, and may itself fault on the memory
 * at its other end: so it is made without the mmap lock, and the lock stays released
 * (VM_FAULT_COMPLETED).
 */
static vm_fault_t fault(struct vm_fault *vmf)
{
	const unsigned int wanted = FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY;
	const unsigned int others = FAULT_FLAG_INSTRUCTION | FAULT_FLAG_REMOTE |
				    FAULT_FLAG_VMA_LOCK;
	struct vm_area_struct *vma = vmf->vma;
	unsigned long frame = (unsigned long)vma->vm_private_data + vmf->pgoff;
	unsigned long address = vmf->real_address;
	struct file *file;

	/* The kernel itself at work on user memory: its registers are not known here. */
	if ((vmf->flags & (wanted | others)) != wanted)
		return VM_FAULT_SIGBUS;
	/* Our callers use it after we return; fput() waits for the way back to user space. */
	file = get_file(vma->vm_file);
	mmap_read_unlock(vma->vm_mm);
	if (!pciem_arch_user_access(task_pt_regs(current), address,
				    PFN_PHYS(frame) + offset_in_page(address)))
		force_sig(SIGBUS);
	fput(file);
	return VM_FAULT_NOPAGE | VM_FAULT_COMPLETED;
}

static void opened(struct vm_area_struct *vma)
{
	__module_get(THIS_MODULE);
}

static void closed(struct vm_area_struct *vma)
{
	module_put(THIS_MODULE);
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
	bool sysfs;

	if (!PCIEM_ARCH_USER_ACCESS || !vma->vm_file || !nobody_minds(vma->vm_ops) ||
	    is_cow_mapping(vma->vm_flags))
		return -EOPNOTSUPP;
	sysfs = is_sysfs(vma->vm_file);
	if (!sysfs && !try_module_get(THIS_MODULE))
		return -EOPNOTSUPP;
	vma->vm_ops = sysfs ? &uncounted : &counted;
	vma->vm_private_data = (void *)(frame - vma->vm_pgoff);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	return 0;
}
