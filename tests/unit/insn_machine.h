/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the instruction decoder's tests run on: the real CPU, one instruction at a time, and the
 * emulation that a trap does with the decoder's result.
 */
#ifndef INSN_MACHINE_H
#define INSN_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "insn_x86.h"

enum { AX, CX, DX, BX, SP, BP, SI, DI };

#define FLAGS_STATUS	0x8d5UL		/* CF PF AF ZF SF OF */
#define FLAGS_DF	0x400UL
#define FLAGS_FIXED	0x202UL		/* IF and the bit that is always set */

struct cpu {
	unsigned long reg[16];		/* by hardware number */
	unsigned long ip;
	unsigned long flags;		/* without TF and RF, which stepping itself uses */
	bool long_mode;
	int signal;			/* 0, or why the instruction did not complete */
	int signal_code;
	unsigned long fault_address;
};

/* At the start of each test: cmocka puts handlers of its own in place before. */
void machine_start(void);

/* Runs the instruction at cpu->ip natively; of a repeated one, a single round. */
void machine_step(struct cpu *cpu);

/* A piece of memory and the copy that the emulation uses in its place. */
struct memory {
	unsigned long start;
	size_t size;
	uint8_t *copy;
};

/*
 * The same as machine_step, from the decoded instruction. address is the operand's; strings take
 * theirs from the registers. false: an access left the memory.
 */
bool emulate_step(struct cpu *cpu, const struct pciem_insn *insn, unsigned long address,
		  const struct memory *memory, size_t memories);

uint64_t random64(void);		/* INSN_SEED in the environment starts another sequence */
unsigned int random_below(unsigned int limit);
bool one_in(unsigned int n);
void random_fill(void *buffer, size_t size);	/* size: a multiple of 8 */
unsigned long setting(const char *name, unsigned long otherwise);	/* a number in the environment */

#endif
