// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's functions that put frames into user page tables are entered through an ftrace
 * callback; for a frame of a window that traps, one of ours runs in their place.
 */
#include "user_map.h"

#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat/mmap_action.h"
#include "hook.h"
#include "user_fault.h"
#include "window.h"

/* Above the frame number there can be flags (pfn_t). */
#define FRAME_BITS	(52 - PAGE_SHIFT)

/* In place of remap_pfn_range(). */
static int map_to_emulate(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
			  unsigned long size, pgprot_t prot)
{
	if (addr != vma->vm_start || PAGE_ALIGN(size) != vma->vm_end - vma->vm_start)
		return -EOPNOTSUPP;
	return pciem_user_fault_map(vma, pfn);
}

/* In place of remap_pfn_range_complete() with an action. */
static int complete_to_emulate(struct vm_area_struct *vma, const struct mmap_action *action)
{
	struct pciem_remap remap = pciem_remap_of(action);

	return map_to_emulate(vma, remap.addr, remap.frame, remap.size, vma->vm_page_prot);
}

static vm_fault_t refuse_page(void)
{
	return VM_FAULT_SIGBUS;
}

/* The caller tries a small page next. */
static vm_fault_t refuse_huge_page(void)
{
	return VM_FAULT_FALLBACK;
}

static struct function {
	char *name;
	unsigned int frame;	/* which argument is the frame number; 0: they are in an action */
	unsigned int size;	/* which one the bytes; 0: a page, or as good as one */
	unsigned long instead;
	bool optional;		/* not in every kernel */
	struct ftrace_ops ops;
} functions[] = {
	{ "remap_pfn_range", 2, 3, (unsigned long)map_to_emulate },
	{ "remap_pfn_range_complete", PCIEM_REMAP_ACTION ? 0 : 2, PCIEM_REMAP_ACTION ? 0 : 3,
	  PCIEM_REMAP_ACTION ? (unsigned long)complete_to_emulate : (unsigned long)map_to_emulate,
	  true },
	{ "vmf_insert_pfn", 2, 0, (unsigned long)refuse_page },
	{ "vmf_insert_pfn_prot", 2, 0, (unsigned long)refuse_page },
	{ "vmf_insert_mixed", 2, 0, (unsigned long)refuse_page, true },
	{ "vmf_insert_pfn_pmd", 1, 0, (unsigned long)refuse_huge_page, true },
	{ "vmf_insert_pfn_pud", 1, 0, (unsigned long)refuse_huge_page, true },
};

static void notrace on_map(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			   struct ftrace_regs *fregs)
{
	const struct function *function = container_of(ops, struct function, ops);
	struct pciem_window *window;
	struct pciem_remap remap;
	u64 frame, size;

	if (function->frame) {
		frame = ftrace_regs_get_argument(fregs, function->frame);
		size = function->size ? ftrace_regs_get_argument(fregs, function->size) : PAGE_SIZE;
	} else {
		remap = pciem_remap_of((void *)ftrace_regs_get_argument(fregs, 1));
		frame = remap.frame;
		size = remap.size;
	}
	frame &= GENMASK_ULL(FRAME_BITS - 1, 0);
	rcu_read_lock();
	window = pciem_window_find(PFN_PHYS(frame));
	if (window && pciem_window_traps(window, PFN_PHYS(frame), size))
		ftrace_regs_set_instruction_pointer(fregs, function->instead);
	rcu_read_unlock();
}

static void unhook(unsigned int count)
{
	while (count--) {
		if (functions[count].ops.func)
			pciem_unhook(&functions[count].ops);
		functions[count].ops.func = NULL;
	}
}

int pciem_user_map_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		struct function *function = &functions[i];

		function->ops.func = on_map;
		function->ops.flags = PCIEM_HOOK_FLAGS | FTRACE_OPS_FL_IPMODIFY;
		err = pciem_hook(&function->ops, function->name);
		if (!err)
			continue;
		function->ops.func = NULL;
		/* There, but somebody else has changed it. */
		if (!function->optional || err == -EBUSY) {
			unhook(i);
			return err;
		}
	}
	return 0;
}

void pciem_user_map_exit(void)
{
	unhook(ARRAY_SIZE(functions));
}
