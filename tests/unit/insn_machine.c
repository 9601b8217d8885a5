// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native execution of single instructions. IRET loads the instruction pointer, the flags with the
 * trap flag, and the stack pointer at once; the CPU then executes one instruction and traps. The
 * signal handler takes the registers out and sends the thread back to where it came from. So
 * every register is the case's own, the stack pointer included, and the instruction pointer tells
 * the length.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "insn_machine.h"

#define FLAGS_TF	0x100UL
#define FLAGS_RF	0x10000UL
#define SELECTORS_CS	0xffffUL	/* of REG_CSGSFS */
#define USER_CS		0x33UL
#define USER32_CS	0x23UL
#define USER_DS		0x2bUL

static const int greg[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* In the order in which enter() takes it. */
struct frame {
	unsigned long reg[16];		/* without SP */
	unsigned long ip, cs, flags, sp, ss;
};

static struct cpu *stepping;

unsigned long tester_sp;
void enter(const struct frame *frame);
extern const char resume[];

__asm__(".text\n"
	"enter:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rsp, tester_sp(%rip)\n"
	"	mov %rdi, %rsp\n"
	"	pop %rax; pop %rcx; pop %rdx; pop %rbx; add $8, %rsp; pop %rbp; pop %rsi; pop %rdi\n"
	"	pop %r8; pop %r9; pop %r10; pop %r11; pop %r12; pop %r13; pop %r14; pop %r15\n"
	"	iretq\n"
	"resume:\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static void on_signal(int number, siginfo_t *info, void *context)
{
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned long selectors = (unsigned long)gregs[REG_CSGSFS] & ~SELECTORS_CS;

	if (!stepping) {	/* the test itself went wrong: fault again, and die of it */
		signal(number, SIG_DFL);
		return;
	}
	for (int i = 0; i < 16; i++)
		stepping->reg[i] = (unsigned long)gregs[greg[i]];
	stepping->ip = (unsigned long)gregs[REG_RIP];
	stepping->flags = (unsigned long)gregs[REG_EFL] & ~(FLAGS_TF | FLAGS_RF);
	stepping->signal = number == SIGTRAP ? 0 : number;
	stepping->signal_code = info->si_code;
	stepping->fault_address = (unsigned long)info->si_addr;
	stepping = NULL;

	gregs[REG_RIP] = (greg_t)resume;
	gregs[REG_RSP] = (greg_t)tester_sp;
	gregs[REG_EFL] = FLAGS_FIXED;
	gregs[REG_CSGSFS] = (greg_t)(selectors | USER_CS);
}

void machine_start(void)
{
	static const int signals[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static uint8_t memory[256 * 1024];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };

	if (sigaltstack(&stack, NULL))
		abort();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL))
			abort();
}

void machine_step(struct cpu *cpu)
{
	struct frame frame = {
		.ip = cpu->ip,
		.cs = cpu->long_mode ? USER_CS : USER32_CS,
		.flags = cpu->flags | FLAGS_TF,
		.sp = cpu->reg[SP],
		.ss = USER_DS,
	};

	memcpy(frame.reg, cpu->reg, sizeof(frame.reg));
	stepping = cpu;
	enter(&frame);
}

static uint8_t *locate(const struct memory *memory, size_t memories, unsigned long address,
		       size_t size)
{
	for (size_t i = 0; i < memories; i++) {
		unsigned long offset = address - memory[i].start;

		if (offset < memory[i].size && memory[i].size - offset >= size)
			return memory[i].copy + offset;
	}
	return NULL;
}

static bool emulate_element(struct cpu *cpu, const struct pciem_insn *insn, uint8_t *from,
			    uint8_t *to)
{
	uint64_t value = 0;

	if (from)
		memcpy(&value, from, insn->width);

	switch (insn->op) {
	case PCIEM_INSN_LOAD:
	case PCIEM_INSN_LODS:
		if (!from)
			return false;
		pciem_insn_load(insn, &cpu->reg[insn->reg], value);
		return true;
	case PCIEM_INSN_STORE:
	case PCIEM_INSN_STORE_IMM:
	case PCIEM_INSN_STOS:
		if (!to)
			return false;
		value = pciem_insn_store(insn, cpu->reg[insn->reg]);
		if (insn->width < 8 && value >> (8 * insn->width))
			return false;
		memcpy(to, &value, insn->width);
		return true;
	case PCIEM_INSN_MOVS:
		if (!from || !to)
			return false;
		memcpy(to, &value, insn->width);
		return true;
	}
	return false;
}

bool emulate_step(struct cpu *cpu, const struct pciem_insn *insn, unsigned long address,
		  const struct memory *memory, size_t memories)
{
	bool string = insn->op >= PCIEM_INSN_MOVS;
	unsigned long mask = string && insn->addr32 ? 0xffffffff : ~0UL;
	unsigned long from = string ? cpu->reg[SI] & mask : address;
	unsigned long to = string ? cpu->reg[DI] & mask : address;

	if (pciem_insn_count(insn, cpu->reg[CX]) == 0) {
		cpu->ip += insn->length;
		return true;
	}
	if (!emulate_element(cpu, insn, locate(memory, memories, from, insn->width),
			     locate(memory, memories, to, insn->width)))
		return false;
	if (string)
		pciem_insn_step(insn, &cpu->reg[SI], &cpu->reg[DI], &cpu->reg[CX], cpu->flags);
	if (!insn->rep || pciem_insn_count(insn, cpu->reg[CX]) == 0)
		cpu->ip += insn->length;
	return true;
}

unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* xorshift64*: good enough, fast, and the same everywhere. */
uint64_t random64(void)
{
	static uint64_t state;

	if (!state)
		state = setting("INSN_SEED", 1) * 0x9e3779b97f4a7c15 | 1;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

unsigned int random_below(unsigned int limit)
{
	return (unsigned int)((random64() >> 32) * limit >> 32);
}

bool one_in(unsigned int n)
{
	return random_below(n) == 0;
}

void random_fill(void *buffer, size_t size)
{
	uint8_t *bytes = buffer;

	for (size_t i = 0; i < size; i += 8) {
		uint64_t value = random64();

		memcpy(bytes + i, &value, 8);
	}
}
