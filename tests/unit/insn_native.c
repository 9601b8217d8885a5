// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder against the CPU: every form that it takes, with random prefixes, registers,
 * addressing and values, is executed natively on ordinary memory and emulated on a copy. All
 * registers, flags, memory and the instruction pointer must agree.
 *
 * INSN_CASES  cases in 64-bit mode (default 1100000; a tenth of it in 32-bit mode)
 * INSN_SEED   another random sequence
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "insn_machine.h"

/*
 * Code and one piece of data lie low, for the addresses of 32 bits and those relative to the
 * instruction; the other data lie high, so that all 64 bits of an address count.
 */
#define CODE		0x20000000UL
#define DATA_LOW	0x2a5c3000UL
#define DATA_HIGH	0x2a5c36b7d000UL
#define DATA_SIZE	256
#define GS_BASE		0x1000UL

#define MAX_ELEMENTS	5
#define MAX_TRIES	4

enum operand { MODRM, MOFFS, STRING };

#define MODE64		(1 << 0)	/* exists in 64-bit mode only */
#define NO_66		(1 << 1)	/* undefined with it */
#define NO_66_ALONE	(1 << 2)	/* undefined with it, unless REX.W overrides it */
#define BYTE		(1 << 3)
#define GROUP		(1 << 4)	/* ModRM.reg belongs to the opcode and is 0 */
#define IMMEDIATE	(1 << 5)
#define WRITES		(1 << 6)

static const struct form {
	const char *name;
	uint8_t escape;			/* 0f, or 0 */
	uint8_t opcode;
	enum operand operand;
	unsigned int flags;
} forms[] = {
	{ "movsxd",		0,    0x63, MODRM,	MODE64 | NO_66_ALONE },
	{ "mov m8, r8",		0,    0x88, MODRM,	BYTE | WRITES },
	{ "mov m, r",		0,    0x89, MODRM,	WRITES },
	{ "mov r8, m8",		0,    0x8a, MODRM,	BYTE },
	{ "mov r, m",		0,    0x8b, MODRM,	0 },
	{ "mov al, moffs",	0,    0xa0, MOFFS,	BYTE },
	{ "mov eax, moffs",	0,    0xa1, MOFFS,	0 },
	{ "mov moffs, al",	0,    0xa2, MOFFS,	BYTE | WRITES },
	{ "mov moffs, eax",	0,    0xa3, MOFFS,	WRITES },
	{ "movsb",		0,    0xa4, STRING,	BYTE | WRITES },
	{ "movs",		0,    0xa5, STRING,	WRITES },
	{ "stosb",		0,    0xaa, STRING,	BYTE | WRITES },
	{ "stos",		0,    0xab, STRING,	WRITES },
	{ "lodsb",		0,    0xac, STRING,	BYTE },
	{ "lods",		0,    0xad, STRING,	0 },
	{ "mov m8, imm8",	0,    0xc6, MODRM,	GROUP | IMMEDIATE | BYTE | WRITES },
	{ "mov m, imm",		0,    0xc7, MODRM,	GROUP | IMMEDIATE | WRITES },
	{ "movzx r, m8",	0x0f, 0xb6, MODRM,	0 },
	{ "movzx r, m16",	0x0f, 0xb7, MODRM,	0 },
	{ "movsx r, m8",	0x0f, 0xbe, MODRM,	0 },
	{ "movsx r, m16",	0x0f, 0xbf, MODRM,	0 },
	{ "movnti",		0x0f, 0xc3, MODRM,	NO_66 | WRITES },
};

#define FORMS	(sizeof(forms) / sizeof(forms[0]))

enum segment { FLAT, FS, GS };

/* One case, as far as it has been made up. */
struct test_case {
	const struct form *form;
	struct cpu cpu;			/* before */
	unsigned long target;		/* linear address of the operand */
	bool operand16;
	bool address32;
	bool relative;			/* the displacement is from the end of the instruction */
	enum segment segment;
	uint8_t rex;			/* 0: none */

	uint8_t tail[32];		/* opcode and all after it */
	unsigned int tail_length;
	unsigned int displacement_at;	/* in tail, when relative */
	uint8_t code[16];
	unsigned int length;
	uint8_t low[DATA_SIZE], high[DATA_SIZE];	/* what the memory holds */
};

static unsigned long fs_base;

static void put(struct test_case *t, uint64_t value, unsigned int bytes)
{
	memcpy(t->tail + t->tail_length, &value, bytes);
	t->tail_length += bytes;
}

static unsigned long segment_base(const struct test_case *t)
{
	switch (t->segment) {
	case FS:
		return fs_base;
	case GS:
		return GS_BASE;
	default:
		return 0;
	}
}

/* With 32-bit addresses the upper half of a register must not matter: put noise there. */
static void set_address_register(struct test_case *t, unsigned int reg, unsigned long value)
{
	if (t->address32) {
		value = (uint32_t)value;
		if (t->cpu.long_mode)
			value |= random64() << 32;
	}
	t->cpu.reg[reg] = value;
}

/* base + (index << scale) + displacement, chosen so that it makes the effective address. */
static void put_sib(struct test_case *t, unsigned int mod, long ea)
{
	unsigned int scale = random_below(4), index = random_below(8), base = random_below(8);
	unsigned int base_reg = base | (t->rex & 1) << 3, index_reg = index | (t->rex & 2) << 2;
	bool has_base = mod != 0 || base != 5, has_index = index_reg != 4;
	long displacement = 0;

	put(t, scale << 6 | index << 3 | base, 1);
	if (mod == 1)
		displacement = (int8_t)random64();
	else if (mod == 2 || !has_base)
		displacement = (int32_t)random64();

	if (!has_base && !has_index) {
		displacement = ea;
	} else if (!has_base) {
		displacement &= -(1L << scale);
		displacement |= ea & ((1L << scale) - 1);
		set_address_register(t, index_reg, (unsigned long)((ea - displacement) >> scale));
	} else if (!has_index) {
		set_address_register(t, base_reg, (unsigned long)(ea - displacement));
	} else if (base_reg == index_reg) {
		long factor = 1 + (1L << scale);
		long value = (ea - displacement) / factor;

		/* What the division leaves moves the operand by a few bytes. */
		t->target -= (unsigned long)((ea - displacement) % factor);
		set_address_register(t, base_reg, (unsigned long)value);
	} else {
		unsigned long rest = (unsigned long)(ea - displacement) -
				     (t->cpu.reg[index_reg] << scale);

		set_address_register(t, base_reg, rest);
	}

	if (mod == 1)
		put(t, (uint64_t)displacement, 1);
	else if (mod == 2 || !has_base)
		put(t, (uint64_t)displacement, 4);
}

static void put_modrm(struct test_case *t, long ea)
{
	unsigned int mod = random_below(3), rm = random_below(8);
	unsigned int reg = t->form->flags & GROUP ? 0 : random_below(8);
	long displacement = 0;

	put(t, mod << 6 | reg << 3 | rm, 1);
	if (rm == 4) {
		put_sib(t, mod, ea);
		return;
	}
	if (mod == 0 && rm == 5) {
		t->relative = t->cpu.long_mode;
		t->displacement_at = t->tail_length;
		put(t, (uint64_t)ea, 4);
		return;
	}
	if (mod == 1)
		displacement = (int8_t)random64();
	else if (mod == 2)
		displacement = (int32_t)random64();
	set_address_register(t, rm | (t->rex & 1) << 3, (unsigned long)(ea - displacement));
	if (mod)
		put(t, (uint64_t)displacement, mod == 1 ? 1 : 4);
}

static void put_tail(struct test_case *t)
{
	unsigned int flags = t->form->flags;
	long ea = (long)(t->target - segment_base(t));
	unsigned int bytes;

	if (t->form->escape)
		put(t, t->form->escape, 1);
	put(t, t->form->opcode, 1);

	switch (t->form->operand) {
	case MODRM:
		put_modrm(t, ea);
		break;
	case MOFFS:
		put(t, (uint64_t)ea, t->address32 ? 4 : 8);
		break;
	case STRING:
		break;
	}

	if (flags & IMMEDIATE) {
		if (flags & BYTE)
			bytes = 1;
		else if (t->operand16 && !(t->rex & 8))
			bytes = 2;
		else
			bytes = 4;
		put(t, random64(), bytes);
	}
}

static uint8_t flat_segment(const struct test_case *t)
{
	static const uint8_t prefixes[] = { 0x26, 0x36, 0x3e, 0x2e };

	/* In 32-bit mode the last of them counts, and cs cannot be written through. */
	return prefixes[random_below(t->cpu.long_mode ? 4 : 3)];
}

/* Prefixes that the case needs, then some that change nothing, in any order. false: too long. */
static bool put_prefixes(struct test_case *t, uint8_t repeat)
{
	unsigned int room = 15 - t->tail_length - (t->rex != 0), count = 0, needed;
	uint8_t prefixes[16];

	if (t->operand16)
		prefixes[count++] = 0x66;
	if (t->address32 && t->cpu.long_mode)
		prefixes[count++] = 0x67;
	if (t->segment != FLAT)
		prefixes[count++] = t->segment == FS ? 0x64 : 0x65;
	if (repeat)
		prefixes[count++] = repeat;
	if (count > room)
		return false;

	needed = count;
	if (one_in(4))
		room = count + random_below(room - count + 1);
	else if (!one_in(16))
		room = count;
	while (count < room) {
		prefixes[count] = flat_segment(t);
		if (needed && one_in(2))
			prefixes[count] = prefixes[random_below(needed)];
		count++;
	}
	for (unsigned int i = count; i > 1; i--) {
		unsigned int other = random_below(i);
		uint8_t swap = prefixes[i - 1];

		prefixes[i - 1] = prefixes[other];
		prefixes[other] = swap;
	}
	/* A REX before another prefix is void. */
	for (unsigned int i = 0; i + 1 < count && t->cpu.long_mode; i++)
		if (prefixes[i] < 0x40 && one_in(4))
			prefixes[i] = (uint8_t)(0x40 | random_below(16));

	memcpy(t->code, prefixes, count);
	if (t->rex)
		t->code[count++] = t->rex;
	memcpy(t->code + count, t->tail, t->tail_length);
	t->length = count + t->tail_length;
	if (t->relative) {
		long ea = (long)(t->target - segment_base(t) - t->cpu.ip - t->length);

		memcpy(t->code + count + t->displacement_at, &ea, 4);
	}
	return true;
}

static unsigned long random_target(bool low)
{
	return (low || one_in(2) ? DATA_LOW : DATA_HIGH) + 64 + random_below(DATA_SIZE - 128);
}

/* false: what was drawn does not go together. */
static bool make_case(struct test_case *t, bool long_mode)
{
	uint8_t repeat = 0;
	bool far_segment;

	memset(t, 0, sizeof(*t));
	random_fill(t->low, sizeof(t->low));
	random_fill(t->high, sizeof(t->high));
	t->form = &forms[random_below(FORMS)];
	if (!long_mode && t->form->flags & MODE64)
		return false;

	random_fill(t->cpu.reg, sizeof(t->cpu.reg));
	if (!long_mode)
		for (int i = 0; i < 16; i++)
			t->cpu.reg[i] = i < 8 ? (uint32_t)t->cpu.reg[i] : 0;
	t->cpu.long_mode = long_mode;
	t->cpu.ip = CODE + random_below(64);
	t->cpu.flags = (random64() & (FLAGS_STATUS | FLAGS_DF)) | FLAGS_FIXED;

	t->rex = long_mode && !one_in(4) ? (uint8_t)(0x40 | random_below(16)) : 0;
	t->operand16 = one_in(3);
	if (t->operand16 && (t->form->flags & NO_66 ||
			     (t->form->flags & NO_66_ALONE && !(t->rex & 8))))
		return false;
	t->address32 = !long_mode || one_in(4);
	if (long_mode && t->form->operand != STRING && one_in(4))
		t->segment = one_in(2) ? FS : GS;

	if (t->form->operand == STRING) {
		t->target = random_target(t->address32);
		set_address_register(t, SI, t->target);
		set_address_register(t, DI, random_target(t->address32));
		if (!one_in(3)) {
			/* CPUs differ in what a count of 0 does to the upper half of rcx. */
			bool zero = !t->address32 && one_in(16);

			repeat = one_in(2) ? 0xf3 : 0xf2;
			set_address_register(t, CX, zero ? 0 : 1 + random_below(MAX_ELEMENTS));
		}
		put_tail(t);
		return put_prefixes(t, repeat);
	}

	/* Where the thread's segment is, displacements alone do not reach back to the data. */
	far_segment = t->segment == FS;
	if (far_segment && t->address32)
		return false;
	t->target = random_target(t->address32);
	put_tail(t);
	if (t->form->operand == MODRM) {
		uint8_t modrm = t->tail[t->form->escape ? 2 : 1];
		uint8_t sib = t->tail[t->form->escape ? 3 : 2];
		bool alone = (modrm & 0xc7) == 5 ||
			     ((modrm & 0xc7) == 4 && (sib & 0x3f) == 0x25 && !(t->rex & 2));

		if (alone && (far_segment || t->target >> 32))
			return false;
	}
	return put_prefixes(t, 0);
}

static void report(const struct test_case *t, const char *what)
{
	fprintf(stderr, "%s: %s, %s mode:", what, t->form->name,
		t->cpu.long_mode ? "64-bit" : "32-bit");
	for (unsigned int i = 0; i < t->length; i++)
		fprintf(stderr, " %02x", t->code[i]);
	fprintf(stderr, "\n");
}

static void report_cpus(const struct cpu *native, const struct cpu *emulated)
{
	for (int i = 0; i < 16; i++)
		if (native->reg[i] != emulated->reg[i])
			fprintf(stderr, "  register %d: native %#lx, emulated %#lx\n", i,
				native->reg[i], emulated->reg[i]);
	fprintf(stderr, "  ip %#lx, %#lx; flags %#lx, %#lx; signal %d at %#lx\n", native->ip,
		emulated->ip, native->flags, emulated->flags, native->signal,
		native->fault_address);
}

static bool same_cpu(const struct cpu *a, const struct cpu *b)
{
	return memcmp(a->reg, b->reg, sizeof(a->reg)) == 0 && a->ip == b->ip &&
	       a->flags == b->flags;
}

static bool decode(const struct test_case *t, struct pciem_insn *insn)
{
	size_t shorter = random_below(t->length);
	struct pciem_insn other;

	if (pciem_insn_decode(insn, t->code, t->length, t->cpu.long_mode)) {
		report(t, "not decoded");
		return false;
	}
	if (insn->length != t->length) {
		report(t, "wrong length");
		return false;
	}
	if (pciem_insn_decode(&other, t->code, shorter, t->cpu.long_mode) != -EINVAL) {
		report(t, "decoded when truncated");
		return false;
	}
	return true;
}

/*
 * Do both give the same? A repeated instruction is compared after each round. If not it is told,
 * when TELL.
 */
static bool agree(const struct test_case *t, const struct pciem_insn *insn, bool tell)
{
	static uint8_t low[DATA_SIZE], high[DATA_SIZE];
	static const struct memory memory[] = {
		{ DATA_LOW, DATA_SIZE, low },
		{ DATA_HIGH, DATA_SIZE, high },
	};
	struct cpu native = t->cpu, emulated = t->cpu;

	memcpy(low, t->low, sizeof(low));
	memcpy(high, t->high, sizeof(high));
	memcpy((void *)DATA_LOW, low, sizeof(low));
	memcpy((void *)DATA_HIGH, high, sizeof(high));

	for (int round = 0; round <= MAX_ELEMENTS; round++) {
		machine_step(&native);
		if (!emulate_step(&emulated, insn, t->target, memory, 2)) {
			if (tell)
				report(t, "emulation left the memory");
			return false;
		}
		if (native.signal || !same_cpu(&native, &emulated) ||
		    memcmp((void *)DATA_LOW, low, sizeof(low)) ||
		    memcmp((void *)DATA_HIGH, high, sizeof(high))) {
			if (tell) {
				report(t, "native and emulated differ");
				report_cpus(&native, &emulated);
			}
			return false;
		}
		if (native.ip != t->cpu.ip)
			return true;
	}
	if (tell)
		report(t, "does not end");
	return false;
}

/*
 * Under some hypervisors (PVM) an instruction now and then is not executed by the CPU but by them:
 * all rounds at once, or without the base of its segment. So one that differs is tried again. What
 * the decoder has wrong differs each time.
 */
static bool run_case(const struct test_case *t)
{
	struct pciem_insn insn;
	int tries;

	if (!decode(t, &insn))
		return false;
	memcpy((void *)t->cpu.ip, t->code, t->length);
	for (tries = 1; tries <= MAX_TRIES; tries++) {
		if (agree(t, &insn, tries == MAX_TRIES))
			return true;
	}
	return false;
}

static void run_cases(unsigned long count, bool long_mode)
{
	unsigned long counts[FORMS] = { 0 };
	struct test_case t;

	for (unsigned long done = 0; done < count;) {
		if (!make_case(&t, long_mode))
			continue;
		assert_true(run_case(&t));
		counts[t.form - forms]++;
		done++;
	}
	for (size_t i = 0; i < FORMS; i++)
		if (long_mode || !(forms[i].flags & MODE64))
			assert_true(counts[i] >= count / FORMS / 4);
}

static unsigned long cases(void)
{
	return setting("INSN_CASES", 1100000);
}

static void every_form_acts_as_on_the_cpu(void **state)
{
	(void)state;
	machine_start();
	run_cases(cases(), true);
}

static void every_form_acts_as_on_the_cpu_in_32_bit_mode(void **state)
{
	/* In 64-bit mode these segments are of no account, so that nobody has set them. */
	const unsigned int user_data = 0x2b;
	struct test_case t;

	(void)state;
	machine_start();
	__asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(user_data));
	while (!make_case(&t, false))
		;
	memcpy((void *)t.cpu.ip, "\x90", 1);
	machine_step(&t.cpu);
	if (t.cpu.signal)
		skip();		/* this system runs no 32-bit code */
	run_cases(cases() / 10, false);
}

static void map(unsigned long address, int protection)
{
	void *at = mmap((void *)address, 4096, protection,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(at, (void *)address);
}

static int set_up(void **state)
{
	(void)state;
	map(CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(DATA_LOW, PROT_READ | PROT_WRITE);
	map(DATA_HIGH, PROT_READ | PROT_WRITE);
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_base), 0);
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE), 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_acts_as_on_the_cpu),
		cmocka_unit_test(every_form_acts_as_on_the_cpu_in_32_bit_mode),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
