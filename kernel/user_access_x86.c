// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/segment.h>

#include "arch.h"
#include "emulate_x86.h"
#include "insn_x86.h"

/* Segments of a program's own can begin anywhere. */
static bool is_flat(const struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return regs->cs == __USER_CS || regs->cs == __USER32_CS;
#else
	return regs->cs == __USER_CS && !v8086_mode((struct pt_regs *)regs);
#endif
}

static bool is_long_mode(const struct pt_regs *regs)
{
	return IS_ENABLED(CONFIG_X86_64) && regs->cs == __USER_CS;
}

static int decode(struct pciem_insn *insn, const struct pt_regs *regs)
{
	const void __user *ip = (const void __user *)regs->ip;
	size_t size = PCIEM_INSN_MAX_LENGTH;
	u8 code[PCIEM_INSN_MAX_LENGTH];

	/* The next page may not be mapped. */
	if (copy_from_user(code, ip, size)) {
		size = min(size, PAGE_SIZE - offset_in_page(regs->ip));
		if (copy_from_user(code, ip, size))
			return -EFAULT;
	}
	return pciem_insn_decode(insn, code, size, is_long_mode(regs));
}

/* Does it write to its operand at this address? */
static bool writes(const struct pciem_insn *insn, const struct pt_regs *regs,
		   unsigned long address)
{
	switch (insn->op) {
	case PCIEM_INSN_LOAD:
	case PCIEM_INSN_LODS:
		return false;
	case PCIEM_INSN_MOVS:
		return address != regs->si;
	default:
		return true;
	}
}

/* As the CPU ends an instruction. */
static void step_over(struct pt_regs *regs)
{
	struct kernel_siginfo info;
	sigset_t trap;

	regs->flags &= ~X86_EFLAGS_RF;
	if (!(regs->flags & X86_EFLAGS_TF))
		return;
	/* The CPU's own trap is not held back by that: it kills, or tells a debugger. */
	if (sigismember(&current->blocked, SIGTRAP)) {
		if (!current->ptrace) {
			force_sig(SIGTRAP);
			return;
		}
		siginitset(&trap, sigmask(SIGTRAP));
		sigprocmask(SIG_UNBLOCK, &trap, NULL);
	}
	clear_siginfo(&info);
	info.si_signo = SIGTRAP;
	info.si_code = TRAP_TRACE;
	info.si_addr = (void __user *)regs->ip;
	send_sig_info(SIGTRAP, &info, current);
}

bool pciem_arch_user_access(struct pt_regs *regs, struct pciem_bridge *bridge,
			    unsigned long address, phys_addr_t phys, bool write)
{
	struct pciem_insn insn;

	if (!user_mode(regs) || !is_flat(regs) || decode(&insn, regs) ||
	    writes(&insn, regs, address) != write)
		return false;
	/* The decoder's strings go by the whole of si and di. */
	if (insn.op >= PCIEM_INSN_MOVS && insn.addr32 && is_long_mode(regs))
		return false;
	if (!pciem_emulate(regs, &insn, bridge, address, phys))
		return false;
	step_over(regs);
	return true;
}
