// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder on byte strings that need not be instructions. It must not read beyond what it is
 * given (an inaccessible page follows), must say the same however much of the string it sees, and
 * what it does take must be an instruction that the CPU executes as decoded.
 *
 * INSN_GARBAGE  strings (default 4000000)
 * INSN_STRAYS   accepted strings that are executed (default 100000)
 * INSN_SEED     another random sequence
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "insn_machine.h"

#define PAGE		4096UL
#define MAX_STRING	20

/* Far from all else, so that addresses relative to the instruction hit nothing of the test. */
#define CODE		0x112200000000UL

#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER	1
#elif defined(__has_feature)
#define ADDRESS_SANITIZER	__has_feature(address_sanitizer)
#else
#define ADDRESS_SANITIZER	0
#endif

static uint8_t *page_end;

/* Bytes that lead somewhere: uniform ones are refused at once, mostly. */
static uint8_t likely_byte(void)
{
	static const uint8_t likely[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x66, 0x67,
		0x40, 0x41, 0x44, 0x48, 0x4c, 0x4f, 0x63, 0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1,
		0xa2, 0xa3, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xb6, 0xb7, 0xbe, 0xbf, 0xc3,
		0xc6, 0xc7, 0x0f, 0x0f, 0x0f, 0x04, 0x05, 0x24, 0x25, 0x44, 0x84,
	};

	return likely[random_below(sizeof(likely))];
}

static void make_string(uint8_t bytes[24])
{
	static const uint8_t prefixes[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3, 0x40, 0x48,
	};
	unsigned int piled = one_in(4) ? random_below(MAX_STRING) : 0;
	unsigned int led = piled + random_below(8);

	random_fill(bytes, 24);
	for (unsigned int i = 0; i < led && i < MAX_STRING; i++)
		bytes[i] = i < piled ? prefixes[random_below(sizeof(prefixes))] : likely_byte();
}

static int decode_at_page_end(struct pciem_insn *insn, const uint8_t *bytes, size_t size,
			      bool long_mode)
{
	memcpy(page_end - size, bytes, size);
	return pciem_insn_decode(insn, page_end - size, size, long_mode);
}

static bool is_width(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static bool sane(const struct pciem_insn *insn, bool long_mode)
{
	bool string = insn->op >= PCIEM_INSN_MOVS;
	bool loads = insn->op == PCIEM_INSN_LOAD || insn->op == PCIEM_INSN_LODS;

	if (insn->op > PCIEM_INSN_LODS || insn->length < 1 ||
	    insn->length > PCIEM_INSN_MAX_LENGTH || !is_width(insn->width))
		return false;
	if (loads ? !is_width(insn->reg_width) || insn->reg_width < insn->width : insn->reg_width)
		return false;
	if (insn->reg > (long_mode ? 15 : 7) || (insn->high_byte && insn->reg > 3))
		return false;
	if (insn->rep && !string)
		return false;
	if (!long_mode && (!insn->addr32 || insn->width == 8 || insn->reg_width == 8))
		return false;
	return insn->op == PCIEM_INSN_STORE_IMM || !insn->imm;
}

static bool same(const struct pciem_insn *a, const struct pciem_insn *b)
{
	return a->op == b->op && a->length == b->length && a->width == b->width &&
	       a->reg_width == b->reg_width && a->reg == b->reg &&
	       a->high_byte == b->high_byte && a->sign_extend == b->sign_extend &&
	       a->rep == b->rep && a->addr32 == b->addr32 && a->imm == b->imm;
}

/* Of a string that is long enough for any instruction, the result for each of its beginnings. */
static bool check_string(const uint8_t *bytes, bool long_mode, unsigned long *accepted)
{
	struct pciem_insn whole, insn;
	size_t size = random_below(MAX_STRING + 1);
	int full, err;

	full = decode_at_page_end(&whole, bytes, MAX_STRING, long_mode);
	err = decode_at_page_end(&insn, bytes, size, long_mode);

	if (full == -EOPNOTSUPP)
		return err == -EOPNOTSUPP || (err == -EINVAL && size < PCIEM_INSN_MAX_LENGTH);
	if (full || !sane(&whole, long_mode))
		return false;

	++*accepted;
	if (size < whole.length ? err != -EINVAL : err || !same(&insn, &whole))
		return false;
	return decode_at_page_end(&insn, bytes, whole.length, long_mode) == 0 &&
	       decode_at_page_end(&insn, bytes, whole.length - 1U, long_mode) == -EINVAL;
}

static void print_string(const char *what, const uint8_t *bytes, size_t size)
{
	fprintf(stderr, "%s:", what);
	for (size_t i = 0; i < size; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fprintf(stderr, "\n");
}

static void garbage_is_never_overread(void **state)
{
	unsigned long count = setting("INSN_GARBAGE", 4000000), accepted = 0;
	uint8_t bytes[24];

	(void)state;
	for (unsigned long i = 0; i < count; i++) {
		make_string(bytes);
		if (!check_string(bytes, i & 1, &accepted)) {
			print_string("inconsistent", bytes, MAX_STRING);
			fail();
		}
	}
	/* Else the strings were too dull to show anything. */
	assert_true(accepted > count / 50);
	assert_true(accepted < count / 2);
}

/* Two pages, so that an operand may cross from one into the other. */
static bool map_operand(unsigned long address, struct memory *memory)
{
	memory->start = address & -PAGE;
	memory->size = 2 * PAGE;
	return mmap((void *)memory->start, memory->size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		    0) == (void *)memory->start;
}

static void unmap(const struct memory *memory)
{
	munmap((void *)memory->start, memory->size);
}

/* What surrounds the operand is filled, more is not needed. */
static void fill(const struct memory *memory, unsigned long address)
{
	unsigned long from = (address & -64UL) - memory->start;
	uint8_t bytes[128];

	random_fill(bytes, sizeof(bytes));
	if (from + sizeof(bytes) > memory->size)
		from = memory->size - sizeof(bytes);
	memcpy(memory->copy + from, bytes, sizeof(bytes));
	memcpy((uint8_t *)memory->start + from, bytes, sizeof(bytes));
}

static bool execute_and_compare(const struct cpu *before, const struct pciem_insn *insn,
				unsigned long address, const struct memory *memory, size_t memories)
{
	struct cpu native = *before, emulated = *before;

	machine_step(&native);
	if (!emulate_step(&emulated, insn, address, memory, memories))
		return false;
	for (size_t i = 0; i < memories; i++)
		if (memcmp((void *)memory[i].start, memory[i].copy, memory[i].size))
			return false;
	return native.signal == 0 && native.ip == emulated.ip && native.flags == emulated.flags &&
	       memcmp(native.reg, emulated.reg, sizeof(native.reg)) == 0;
}

/*
 * As in the kernel: the instruction faults, the fault tells the address. Then memory is put
 * there, and native execution is compared with the emulation. Returns 1 if they agree, 0 if not,
 * -1 if the address is of no use (taken, or not canonical).
 */
static int run_stray(const uint8_t *bytes, const struct pciem_insn *insn)
{
	static uint8_t copy[2][2 * PAGE];
	struct memory memory[2] = { { .copy = copy[0] }, { .copy = copy[1] } };
	struct cpu cpu = { .long_mode = true, .flags = FLAGS_FIXED }, first;
	unsigned long address[2];
	size_t memories = 1;
	int result;

	cpu.ip = CODE + PAGE - insn->length;
	memcpy((void *)cpu.ip, bytes, insn->length);
	for (int i = 0; i < 16; i++)
		cpu.reg[i] = 0x112340000000 + (random64() >> 34);
	cpu.flags |= random64() & (FLAGS_STATUS | FLAGS_DF);

	first = cpu;
	machine_step(&first);
	if (first.signal == SIGBUS ||	/* not canonical, through sp or bp */
	    (first.signal == SIGSEGV && first.signal_code == SI_KERNEL))
		return -1;
	if (first.signal != SIGSEGV)
		return 0;
	address[0] = first.fault_address;
	if (insn->op == PCIEM_INSN_MOVS) {
		unsigned long mask = insn->addr32 ? 0xffffffff : ~0UL;

		address[0] = cpu.reg[SI] & mask;
		address[1] = cpu.reg[DI] & mask;
		if ((address[1] & -PAGE) - (address[0] & -PAGE) + PAGE <= 2 * PAGE)
			return -1;
		memories = 2;
	}

	for (size_t i = 0; i < memories; i++) {
		if (!map_operand(address[i], &memory[i])) {
			while (i--)
				unmap(&memory[i]);
			return -1;
		}
	}
	memset(copy, 0, sizeof(copy));
	for (size_t i = 0; i < memories; i++)
		fill(&memory[i], address[i]);
	result = execute_and_compare(&cpu, insn, address[0], memory, memories);
	for (size_t i = 0; i < memories; i++)
		unmap(&memory[i]);
	return result;
}

static void what_is_accepted_acts_as_decoded(void **state)
{
	unsigned long wanted = setting("INSN_STRAYS", 100000), executed = 0;
	struct pciem_insn insn;
	uint8_t bytes[24];

	(void)state;
#if ADDRESS_SANITIZER
	skip();		/* stray stores of 32-bit addresses would hit the sanitizer's own memory */
#endif
	machine_start();
	while (executed < wanted) {
		int result;

		make_string(bytes);
		if (pciem_insn_decode(&insn, bytes, MAX_STRING, true))
			continue;
		if (memchr(bytes, 0x64, insn.length))
			continue;	/* fs: the thread's own data and what lies around it */
		result = run_stray(bytes, &insn);
		if (result == 0) {
			print_string("not as on the CPU", bytes, insn.length);
			fail();
		}
		executed += result == 1;
	}
}

static int set_up(void **state)
{
	uint8_t *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
	page_end = page + PAGE;

	assert_ptr_equal(mmap((void *)CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), CODE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_is_never_overread),
		cmocka_unit_test(what_is_accepted_acts_as_decoded),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
