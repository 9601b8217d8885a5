/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_EMULATE_X86_H
#define PCIEM_EMULATE_X86_H

#include <linux/types.h>

struct pciem_bridge;
struct pciem_insn;
struct pt_regs;

/*
 * Do what the instruction at regs->ip does, with the operand at `address` (`phys` in a window of
 * `bridge`, which can be NULL: all ones) being a device register, and step over it. A repeated
 * string instruction is left in the middle at the end of a page, as the CPU may leave it for an
 * interrupt. False: its other operand, in ordinary memory, cannot be accessed; the registers are
 * as the CPU would leave them for that fault. Any context.
 */
bool pciem_emulate(struct pt_regs *regs, const struct pciem_insn *insn,
		   struct pciem_bridge *bridge, unsigned long address, phys_addr_t phys);

#endif
