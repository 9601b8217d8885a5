/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoder of the x86 instructions that move data between a register (or an immediate) and
 * memory: what kernel accessors and compilers use to reach device registers. Everything else is
 * refused. Pure functions on their arguments; built into the module and into a user-space test.
 */
#ifndef PCIEM_INSN_X86_H
#define PCIEM_INSN_X86_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

#define PCIEM_INSN_MAX_LENGTH	15	/* the CPU faults on anything longer */

/*
 * The three string operations come last: is it one? op >= PCIEM_INSN_MOVS.
 * They address memory through the registers themselves: [si] is read by MOVS and LODS, [di] is
 * written by MOVS and STOS.
 */
enum pciem_insn_op {
	PCIEM_INSN_LOAD,	/* register = memory */
	PCIEM_INSN_STORE,	/* memory = register */
	PCIEM_INSN_STORE_IMM,	/* memory = imm */
	PCIEM_INSN_MOVS,	/* [di] = [si] */
	PCIEM_INSN_STOS,	/* [di] = register, which is the accumulator */
	PCIEM_INSN_LODS,	/* register, which is the accumulator, = [si] */
};

struct pciem_insn {
	__u8 op;		/* enum pciem_insn_op */
	__u8 length;		/* bytes of code: 1 .. PCIEM_INSN_MAX_LENGTH */
	__u8 width;		/* bytes of memory, of one element when a string: 1, 2, 4 or 8 */
	__u8 reg_width;		/* LOAD, LODS: bytes of the register the value goes to, else 0 */
	__u8 reg;		/* 0 ax, 1 cx, 2 dx, 3 bx, 4 sp, 5 bp, 6 si, 7 di, 8.. */
	bool high_byte;		/* ah, ch, dh or bh; reg is the number of ax, cx, dx or bx then */
	bool sign_extend;	/* LOAD: from width to reg_width; zero-extended otherwise */
	bool rep;		/* string: repeated cx times */
	bool addr32;		/* esi, edi and ecx in place of rsi, rdi, rcx */
	__u64 imm;		/* STORE_IMM: the low width bytes count, the others are 0 */
};

/*
 * Decode the instruction at code, of which size bytes can be read; reads no byte beyond its end.
 * long_mode: the CPU is in 64-bit mode, else in a 32-bit code segment.
 *
 * 0            insn is filled in; after an error it means nothing
 * -EINVAL      the instruction continues beyond size; cannot happen when size is
 *              PCIEM_INSN_MAX_LENGTH or more
 * -EOPNOTSUPP  not one of ours
 */
int pciem_insn_decode(struct pciem_insn *insn, const __u8 *code, size_t size, bool long_mode);

/*
 * LOAD, LODS: put the value read from memory into the full register *reg, as the CPU does: 8 and
 * 16 bits are merged into it, 32 bits clear its upper half. Bits above width are ignored.
 */
void pciem_insn_load(const struct pciem_insn *insn, unsigned long *reg, __u64 value);

/*
 * STORE, STOS, STORE_IMM: the value to write, zero-extended. reg is the full register; unused for
 * an immediate.
 */
__u64 pciem_insn_store(const struct pciem_insn *insn, unsigned long reg);

/*
 * Strings. Elements still to do: 1 without rep; with rep it can be 0, and then nothing is
 * accessed. For each element: access memory, pciem_insn_step(). When pciem_insn_count() of a
 * repeated instruction says 0, or after the one element of a plain one, skip the instruction.
 * Stopping in between and returning to the same instruction continues it.
 */
unsigned long pciem_insn_count(const struct pciem_insn *insn, unsigned long cx);

/*
 * One element is done: move si and di, where the operation uses them, in the direction that flags
 * say; count cx down if repeated.
 */
void pciem_insn_step(const struct pciem_insn *insn, unsigned long *si, unsigned long *di,
		     unsigned long *cx, unsigned long flags);

#endif
