// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>
#include <asm/segment.h>

#include "arch.h"
#include "bridge.h"
#include "emulate_x86.h"
#include "insn_x86.h"
#include "trap.h"

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

bool pciem_arch_user_access(struct pt_regs *regs, unsigned long address, phys_addr_t phys)
{
	struct pciem_bridge *bridge;
	struct pciem_insn insn;
	bool done;

	if (!user_mode(regs) || !is_flat(regs) || decode(&insn, regs))
		return false;
	bridge = pciem_trap_bridge(phys);
	done = pciem_emulate(regs, &insn, bridge, address, phys);
	if (bridge)
		pciem_bridge_put(bridge);
	return done;
}
