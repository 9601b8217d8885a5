// SPDX-License-Identifier: GPL-2.0-only
#include "emulate_x86.h"

#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>

#include "insn_x86.h"
#include "trap.h"

/* By hardware number. */
static const u16 gpr_offset[] = {
	offsetof(struct pt_regs, ax), offsetof(struct pt_regs, cx),
	offsetof(struct pt_regs, dx), offsetof(struct pt_regs, bx),
	offsetof(struct pt_regs, sp), offsetof(struct pt_regs, bp),
	offsetof(struct pt_regs, si), offsetof(struct pt_regs, di),
#ifdef CONFIG_X86_64
	offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
	offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
	offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13),
	offsetof(struct pt_regs, r14), offsetof(struct pt_regs, r15),
#endif
};

static unsigned long *gpr(struct pt_regs *regs, unsigned int number)
{
	return (void *)regs + gpr_offset[number];
}

/* A kernel that reaches user memory from here by mistake must fault as it would by itself. */
static bool user_allowed(struct pt_regs *regs)
{
	return user_mode(regs) || !boot_cpu_has(X86_FEATURE_SMAP) || regs->flags & X86_EFLAGS_AC;
}

/* Programs reach nothing else, whatever address they give. */
static bool is_user(struct pt_regs *regs, unsigned long address)
{
	return user_mode(regs) || address < TASK_SIZE_MAX;
}

static bool may_fault(struct pt_regs *regs)
{
	/* preemptible() does not know on every kernel. */
	return user_mode(regs) || preemptible();
}

static bool user_read(struct pt_regs *regs, unsigned long address, unsigned int width, u64 *value)
{
	void __user *from = (void __user *)address;

	if (!user_allowed(regs))
		return false;
	*value = 0;
	return may_fault(regs) ? !copy_from_user(value, from, width) :
			       !copy_from_user_nofault(value, from, width);
}

static bool user_write(struct pt_regs *regs, unsigned long address, unsigned int width, u64 value)
{
	void __user *to = (void __user *)address;

	if (!user_allowed(regs))
		return false;
	return may_fault(regs) ? !copy_to_user(to, &value, width) :
			       !copy_to_user_nofault(to, &value, width);
}

static bool plain_read(unsigned long address, unsigned int width, u64 *value)
{
	*value = 0;
	return !copy_from_kernel_nofault(value, (void *)address, width);
}

static bool plain_write(unsigned long address, unsigned int width, u64 value)
{
	void *to = (void *)address;
	bool ok = false;

	pagefault_disable();
	switch (width) {
	case 1:
		__put_kernel_nofault(to, &value, u8, fault);
		break;
	case 2:
		__put_kernel_nofault(to, &value, u16, fault);
		break;
	case 4:
		__put_kernel_nofault(to, &value, u32, fault);
		break;
	case 8:
		__put_kernel_nofault(to, &value, u64, fault);
		break;
	}
	ok = true;
fault:
	pagefault_enable();
	return ok;
}

static bool memory_read(struct pt_regs *regs, unsigned long address, unsigned int width,
			u64 *value)
{
	return is_user(regs, address) ? user_read(regs, address, width, value) :
					plain_read(address, width, value);
}

static bool memory_write(struct pt_regs *regs, unsigned long address, unsigned int width,
			 u64 value)
{
	return is_user(regs, address) ? user_write(regs, address, width, value) :
					plain_write(address, width, value);
}

/*
 * What comes next in the window need not be next in a program's mapping. (An access that begins
 * before the page cannot be told from one at its begin.)
 */
static bool crosses_page(struct pt_regs *regs, const struct pciem_insn *insn,
			 unsigned long address)
{
	return user_mode(regs) && offset_in_page(address) + insn->width > PAGE_SIZE;
}

/*
 * One element of a string instruction. `phys` is that of its device operand; `reads`: which is its
 * source.
 */
static bool element(struct pt_regs *regs, const struct pciem_insn *insn,
		    struct pciem_bridge *bridge, phys_addr_t phys, bool reads)
{
	u64 value;

	switch (insn->op) {
	case PCIEM_INSN_STOS:
		pciem_trap_write(bridge, phys, insn->width, pciem_insn_store(insn, regs->ax));
		return true;
	case PCIEM_INSN_LODS:
		pciem_insn_load(insn, &regs->ax, pciem_trap_read(bridge, phys, insn->width));
		return true;
	default:
		break;
	}
	if (reads) {
		value = pciem_trap_read(bridge, phys, insn->width);
		return memory_write(regs, regs->di, insn->width, value);
	}
	if (!memory_read(regs, regs->si, insn->width, &value))
		return false;
	pciem_trap_write(bridge, phys, insn->width, value);
	return true;
}

static bool string(struct pt_regs *regs, const struct pciem_insn *insn,
		   struct pciem_bridge *bridge, unsigned long address, phys_addr_t phys)
{
	unsigned long *device = &regs->di;
	bool reads = false;

	if (insn->op != PCIEM_INSN_STOS && address == regs->si) {
		device = &regs->si;
		reads = true;
	} else if (address != regs->di) {
		return false;
	}
	while (pciem_insn_count(insn, regs->cx)) {
		if (crosses_page(regs, insn, *device) ||
		    !element(regs, insn, bridge, phys + (*device - address), reads))
			return false;
		pciem_insn_step(insn, &regs->si, &regs->di, &regs->cx, regs->flags);
		if (!insn->rep)
			break;
		if ((*device ^ address) & PAGE_MASK)
			break;
		if (user_mode(regs) && signal_pending(current))
			break;
	}
	if (!insn->rep || !pciem_insn_count(insn, regs->cx))
		regs->ip += insn->length;
	return true;
}

bool pciem_emulate(struct pt_regs *regs, const struct pciem_insn *insn,
		   struct pciem_bridge *bridge, unsigned long address, phys_addr_t phys)
{
	unsigned long *reg;

	if (insn->op >= PCIEM_INSN_MOVS)
		return string(regs, insn, bridge, address, phys);
	if (crosses_page(regs, insn, address))
		return false;
	reg = gpr(regs, insn->reg);
	if (insn->op == PCIEM_INSN_LOAD)
		pciem_insn_load(insn, reg, pciem_trap_read(bridge, phys, insn->width));
	else
		pciem_trap_write(bridge, phys, insn->width, pciem_insn_store(insn, *reg));
	regs->ip += insn->length;
	return true;
}
