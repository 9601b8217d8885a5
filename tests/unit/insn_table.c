// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder by example: what compilers and kernel accessors emit is taken, all else refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "insn_x86.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define CODE(...)	.code = { __VA_ARGS__ }, .size = sizeof((uint8_t[]){ __VA_ARGS__ })

struct example {
	const char *text;
	uint8_t code[16];
	size_t size;
	bool mode32;
	struct pciem_insn insn;		/* length is size */
};

static const struct example taken[] = {
	{ "movl (%rdi), %eax: readl", CODE(0x8b, 0x07),
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 4 } },
	{ "movl %esi, 0x1c(%rdi): writel", CODE(0x89, 0x77, 0x1c),
	  .insn = { PCIEM_INSN_STORE, .width = 4, .reg = 6 } },
	{ "movq (%rdi), %r12: readq", CODE(0x4c, 0x8b, 0x27),
	  .insn = { PCIEM_INSN_LOAD, .width = 8, .reg_width = 8, .reg = 12 } },
	{ "movq %r9, (%r8): writeq", CODE(0x4d, 0x89, 0x08),
	  .insn = { PCIEM_INSN_STORE, .width = 8, .reg = 9 } },
	{ "movw (%rdx), %cx: readw", CODE(0x66, 0x8b, 0x0a),
	  .insn = { PCIEM_INSN_LOAD, .width = 2, .reg_width = 2, .reg = 1 } },
	{ "movb %sil, (%rdi): writeb", CODE(0x40, 0x88, 0x37),
	  .insn = { PCIEM_INSN_STORE, .width = 1, .reg = 6 } },
	{ "movb (%rdi), %bh", CODE(0x8a, 0x3f),
	  .insn = { PCIEM_INSN_LOAD, .width = 1, .reg_width = 1, .reg = 3, .high_byte = true } },
	{ "movb %ah, (%rdi)", CODE(0x88, 0x27),
	  .insn = { PCIEM_INSN_STORE, .width = 1, .reg = 0, .high_byte = true } },
	{ "movl $0x12345678, 0x10(%rsp)",
	  CODE(0xc7, 0x44, 0x24, 0x10, 0x78, 0x56, 0x34, 0x12),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 4, .imm = 0x12345678 } },
	{ "movl $-1, (%rax)", CODE(0xc7, 0x00, 0xff, 0xff, 0xff, 0xff),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 4, .imm = 0xffffffff } },
	{ "movq $-2, (%rax)", CODE(0x48, 0xc7, 0x00, 0xfe, 0xff, 0xff, 0xff),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 8, .imm = 0xfffffffffffffffe } },
	{ "movw $0xabcd, 0x11223344(%rip)",
	  CODE(0x66, 0xc7, 0x05, 0x44, 0x33, 0x22, 0x11, 0xcd, 0xab),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 2, .imm = 0xabcd } },
	{ "movb $0x80, (%r9)", CODE(0x41, 0xc6, 0x01, 0x80),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 1, .imm = 0x80 } },
	{ "movzbl (%rdi), %eax", CODE(0x0f, 0xb6, 0x07),
	  .insn = { PCIEM_INSN_LOAD, .width = 1, .reg_width = 4 } },
	{ "movzwl (%rdi), %esp", CODE(0x0f, 0xb7, 0x27),
	  .insn = { PCIEM_INSN_LOAD, .width = 2, .reg_width = 4, .reg = 4 } },
	{ "movsbw (%rdi), %dx", CODE(0x66, 0x0f, 0xbe, 0x17),
	  .insn = { PCIEM_INSN_LOAD, .width = 1, .reg_width = 2, .reg = 2, .sign_extend = true } },
	{ "movswq (%rdi), %rax", CODE(0x48, 0x0f, 0xbf, 0x07),
	  .insn = { PCIEM_INSN_LOAD, .width = 2, .reg_width = 8, .sign_extend = true } },
	{ "movslq (%rdi), %rax", CODE(0x48, 0x63, 0x07),
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 8, .sign_extend = true } },
	{ "movnti %rax, (%rdi)", CODE(0x48, 0x0f, 0xc3, 0x07),
	  .insn = { PCIEM_INSN_STORE, .width = 8 } },
	{ "movabs 0x1122334455667788, %eax",
	  CODE(0xa1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11),
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 4 } },
	{ "addr32 mov %al, 0x55667788", CODE(0x67, 0xa2, 0x88, 0x77, 0x66, 0x55),
	  .insn = { PCIEM_INSN_STORE, .width = 1, .addr32 = true } },
	{ "mov %gs:0x10, %rax", CODE(0x65, 0x48, 0x8b, 0x04, 0x25, 0x10, 0x00, 0x00, 0x00),
	  .insn = { PCIEM_INSN_LOAD, .width = 8, .reg_width = 8 } },
	{ "rep movsl: memcpy_fromio", CODE(0xf3, 0xa5),
	  .insn = { PCIEM_INSN_MOVS, .width = 4, .rep = true } },
	{ "movsw: the head of memcpy_toio", CODE(0x66, 0xa5),
	  .insn = { PCIEM_INSN_MOVS, .width = 2 } },
	{ "rep stosb: memset_io", CODE(0xf3, 0xaa),
	  .insn = { PCIEM_INSN_STOS, .width = 1, .rep = true } },
	{ "repne stosq", CODE(0xf2, 0x48, 0xab),
	  .insn = { PCIEM_INSN_STOS, .width = 8, .rep = true } },
	{ "lodsb", CODE(0xac), .insn = { PCIEM_INSN_LODS, .width = 1, .reg_width = 1 } },
	{ "addr32 rep lodsw", CODE(0x67, 0x66, 0xf3, 0xad),
	  .insn = { PCIEM_INSN_LODS, .width = 2, .reg_width = 2, .rep = true, .addr32 = true } },
	{ "the longest: 15 bytes",
	  CODE(0x2e, 0x2e, 0x2e, 0x48, 0xc7, 0x84, 0x24, 0, 0, 0, 0, 1, 0, 0, 0),
	  .insn = { PCIEM_INSN_STORE_IMM, .width = 8, .imm = 1 } },
	{ "movl (%edi), %eax", CODE(0x8b, 0x07), .mode32 = true,
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 4, .addr32 = true } },
	{ "movl 0x11223344, %ecx", CODE(0x8b, 0x0d, 0x44, 0x33, 0x22, 0x11), .mode32 = true,
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 4, .reg = 1, .addr32 = true } },
	{ "movl 0x11223344, %eax", CODE(0xa1, 0x44, 0x33, 0x22, 0x11), .mode32 = true,
	  .insn = { PCIEM_INSN_LOAD, .width = 4, .reg_width = 4, .addr32 = true } },
};

static const struct example refused[] = {
	{ "movl %ecx, %eax: no memory", CODE(0x89, 0xc8) },
	{ "movl $0, %eax: no memory", CODE(0xc7, 0xc0, 0, 0, 0, 0) },
	{ "movzbl %al, %eax: no memory", CODE(0x0f, 0xb6, 0xc0) },
	{ "xabort", CODE(0xc6, 0xf8, 0x00) },
	{ "c6 /1: undefined", CODE(0xc6, 0x08, 0x00) },
	{ "c7 /7: undefined", CODE(0xc7, 0x38, 0, 0, 0, 0) },
	{ "lock movl %eax, (%rdi): undefined", CODE(0xf0, 0x89, 0x07) },
	{ "lock addl %eax, (%rdi)", CODE(0xf0, 0x01, 0x07) },
	{ "lock cmpxchg %ecx, (%rdi)", CODE(0xf0, 0x0f, 0xb1, 0x0f) },
	{ "cmpxchg %ecx, (%rdi)", CODE(0x0f, 0xb1, 0x0f) },
	{ "cmpxchg8b (%rdi)", CODE(0x0f, 0xc7, 0x0f) },
	{ "xadd %eax, (%rdi)", CODE(0x0f, 0xc1, 0x07) },
	{ "xchg %eax, (%rdi)", CODE(0x87, 0x07) },
	{ "xchg %al, (%rdi)", CODE(0x86, 0x07) },
	{ "xrelease movl %eax, (%rdi)", CODE(0xf3, 0x89, 0x07) },
	{ "repne movl (%rdi), %eax", CODE(0xf2, 0x8b, 0x07) },
	{ "rep and repne stosl", CODE(0xf2, 0xf3, 0xab) },
	{ "movsl %fs:(%rsi), (%rdi)", CODE(0x64, 0xa5) },
	{ "rep movsb %gs:(%rsi), (%rdi)", CODE(0x65, 0xf3, 0xa4) },
	{ "addl %eax, (%rdi)", CODE(0x01, 0x07) },
	{ "orl (%rdi), %eax", CODE(0x0b, 0x07) },
	{ "cmpl %eax, (%rdi)", CODE(0x39, 0x07) },
	{ "testl %eax, (%rdi)", CODE(0x85, 0x07) },
	{ "andl $1, (%rdi)", CODE(0x83, 0x27, 0x01) },
	{ "testb $1, (%rdi)", CODE(0xf6, 0x07, 0x01) },
	{ "incl (%rdi)", CODE(0xff, 0x07) },
	{ "call *(%rdi)", CODE(0xff, 0x17) },
	{ "jmp *(%rdi)", CODE(0xff, 0x27) },
	{ "push (%rdi)", CODE(0xff, 0x37) },
	{ "pop (%rdi)", CODE(0x8f, 0x07) },
	{ "push %rax", CODE(0x50) },
	{ "pop %rax", CODE(0x58) },
	{ "lea (%rdi), %eax", CODE(0x8d, 0x07) },
	{ "mov %ds, (%rdi)", CODE(0x8c, 0x1f) },
	{ "mov (%rdi), %ds", CODE(0x8e, 0x1f) },
	{ "cmovz (%rdi), %eax", CODE(0x0f, 0x44, 0x07) },
	{ "sete (%rdi)", CODE(0x0f, 0x94, 0x07) },
	{ "bt %eax, (%rdi)", CODE(0x0f, 0xa3, 0x07) },
	{ "cmpsb", CODE(0xa6) },
	{ "repne scasb", CODE(0xf2, 0xae) },
	{ "insb", CODE(0x6c) },
	{ "rep outsl", CODE(0xf3, 0x6f) },
	{ "xlat", CODE(0xd7) },
	{ "movbe (%rdi), %eax", CODE(0x0f, 0x38, 0xf0, 0x07) },
	{ "movdiri %eax, (%rdi)", CODE(0x0f, 0x38, 0xf9, 0x07) },
	{ "movdir64b (%rsi), %rdi", CODE(0x66, 0x0f, 0x38, 0xf8, 0x3e) },
	{ "movnti with an operand size: undefined", CODE(0x66, 0x0f, 0xc3, 0x07) },
	{ "movnti with rep: undefined", CODE(0xf3, 0x0f, 0xc3, 0x07) },
	{ "movsxd (%rdi), %ax", CODE(0x66, 0x63, 0x07) },
	{ "popcnt (%rdi), %eax", CODE(0xf3, 0x0f, 0xb8, 0x07) },
	{ "movd (%rdi), %mm0", CODE(0x0f, 0x6e, 0x07) },
	{ "movq (%rdi), %mm0", CODE(0x0f, 0x6f, 0x07) },
	{ "movups (%rdi), %xmm0", CODE(0x0f, 0x10, 0x07) },
	{ "movaps %xmm0, (%rdi)", CODE(0x0f, 0x29, 0x07) },
	{ "movntps %xmm0, (%rdi)", CODE(0x0f, 0x2b, 0x07) },
	{ "movdqa (%rdi), %xmm0", CODE(0x66, 0x0f, 0x6f, 0x07) },
	{ "movntdqa (%rdi), %xmm0", CODE(0x66, 0x0f, 0x38, 0x2a, 0x07) },
	{ "movq (%rdi), %xmm0", CODE(0xf3, 0x0f, 0x7e, 0x07) },
	{ "flds (%rdi)", CODE(0xd9, 0x07) },
	{ "vmovups (%rdi), %ymm0", CODE(0xc5, 0xfc, 0x10, 0x07) },
	{ "vmovdqu (%r8), %ymm0", CODE(0xc4, 0xc1, 0x7e, 0x6f, 0x00) },
	{ "vmovdqu64 (%rdi), %zmm0", CODE(0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x07) },
	{ "REX2 mov (%r16), %eax", CODE(0xd5, 0x10, 0x8b, 0x00) },
	{ "fxsave (%rdi)", CODE(0x0f, 0xae, 0x07) },
	{ "prefetcht0 (%rdi)", CODE(0x0f, 0x18, 0x0f) },
	{ "nopl (%rax)", CODE(0x0f, 0x1f, 0x00) },
	{ "enter", CODE(0xc8, 0, 0, 0) },
	{ "int3", CODE(0xcc) },
	{ "16 bytes",
	  CODE(0x2e, 0x2e, 0x2e, 0x2e, 0x48, 0xc7, 0x84, 0x24, 0, 0, 0, 0, 1, 0, 0, 0) },
	{ "arpl", CODE(0x63, 0x07), .mode32 = true },
	{ "mov (%bx), %eax: 16-bit address", CODE(0x67, 0x8b, 0x07), .mode32 = true },
	{ "movsb (%si), (%di)", CODE(0x67, 0xa4), .mode32 = true },
	{ "inc %eax; mov", CODE(0x40, 0x8b, 0x07), .mode32 = true },
	{ "les (%edi), %eax", CODE(0xc4, 0x07), .mode32 = true },
	{ "lds (%edi), %eax", CODE(0xc5, 0x07), .mode32 = true },
};

static void expect(const struct example *e, bool good)
{
	if (!good)
		fail_msg("%s (%s mode)", e->text, e->mode32 ? "32-bit" : "64-bit");
}

static void what_reaches_device_registers_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		const struct example *e = &taken[i];
		const struct pciem_insn *want = &e->insn;
		struct pciem_insn got;

		expect(e, pciem_insn_decode(&got, e->code, e->size, !e->mode32) == 0);
		expect(e, got.op == want->op && got.length == e->size && got.width == want->width &&
			  got.reg_width == want->reg_width && got.reg == want->reg &&
			  got.high_byte == want->high_byte &&
			  got.sign_extend == want->sign_extend && got.rep == want->rep &&
			  got.addr32 == want->addr32 && got.imm == want->imm);
		for (size_t size = 0; size < e->size; size++)
			expect(e, pciem_insn_decode(&got, e->code, size, !e->mode32) == -EINVAL);
	}
}

static void all_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct example *e = &refused[i];
		struct pciem_insn insn;

		expect(e, pciem_insn_decode(&insn, e->code, e->size, !e->mode32) == -EOPNOTSUPP);
	}
}

static void check_opcodes(const uint8_t *lead, size_t lead_size, const uint8_t *opcodes,
			  size_t count, bool long_mode)
{
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		uint8_t code[24] = { 0 };
		struct pciem_insn insn;

		memcpy(code, lead, lead_size);
		code[lead_size] = (uint8_t)opcode;
		if (memchr(opcodes, (int)opcode, count))
			assert_int_equal(pciem_insn_decode(&insn, code, 15, long_mode), 0);
		else
			assert_int_not_equal(pciem_insn_decode(&insn, code, 15, long_mode), 0);
	}
}

/* With a memory operand behind each; prefixes lead to 00, an addition. */
static void no_other_opcode_is_taken(void **state)
{
	static const uint8_t one_byte[] = {
		0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad,
		0xc6, 0xc7, 0x63,
	};
	static const uint8_t two_byte[] = { 0xb6, 0xb7, 0xbe, 0xbf, 0xc3 };
	static const uint8_t with_66[] = { 0xb6, 0xb7, 0xbe, 0xbf };
	static const uint8_t strings[] = { 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad };
	static const uint8_t rex[] = { 0x48 }, repeat[] = { 0xf3 }, operand[] = { 0x66 };
	static const uint8_t escape[] = { 0x0f }, operand_escape[] = { 0x66, 0x0f };
	static const uint8_t repeat_escape[] = { 0xf3, 0x0f }, lock[] = { 0xf0 };

	(void)state;
	check_opcodes(escape, 0, one_byte, COUNT(one_byte), true);
	check_opcodes(escape, 0, one_byte, COUNT(one_byte) - 1, false);
	check_opcodes(rex, 1, one_byte, COUNT(one_byte), true);
	check_opcodes(operand, 1, one_byte, COUNT(one_byte) - 1, true);
	check_opcodes(repeat, 1, strings, COUNT(strings), true);
	check_opcodes(repeat, 1, strings, COUNT(strings), false);
	check_opcodes(lock, 1, lock, 0, true);
	check_opcodes(escape, 1, two_byte, COUNT(two_byte), true);
	check_opcodes(escape, 1, two_byte, COUNT(two_byte), false);
	check_opcodes(operand_escape, 2, with_66, COUNT(with_66), true);
	check_opcodes(repeat_escape, 2, escape, 0, true);
}

static unsigned long loaded(struct pciem_insn insn, unsigned long reg, uint64_t value)
{
	pciem_insn_load(&insn, &reg, value);
	return reg;
}

static void a_load_merges_as_the_cpu_does(void **state)
{
	const unsigned long old = 0x1122334455667788;
	struct pciem_insn insn = { PCIEM_INSN_LOAD, .width = 1, .reg_width = 1 };

	(void)state;
	assert_int_equal(loaded(insn, old, 0xfffffffff0), 0x11223344556677f0);
	insn.high_byte = true;
	assert_int_equal(loaded(insn, old, 0xfffffffff0), 0x112233445566f088);
	insn = (struct pciem_insn){ PCIEM_INSN_LOAD, .width = 1, .reg_width = 2 };
	assert_int_equal(loaded(insn, old, 0xfffff0), 0x11223344556600f0);
	insn.sign_extend = true;
	assert_int_equal(loaded(insn, old, 0xf0), 0x112233445566fff0);
	insn.reg_width = 4;
	assert_int_equal(loaded(insn, old, 0xf0), 0xfffffff0);
	insn.reg_width = 8;
	assert_int_equal(loaded(insn, old, 0xf0), 0xfffffffffffffff0);
	insn = (struct pciem_insn){ PCIEM_INSN_LOAD, .width = 8, .reg_width = 8 };
	assert_int_equal(loaded(insn, old, ~old), ~old);
}

static void a_string_advances_by_the_direction_flag(void **state)
{
	struct pciem_insn insn = { PCIEM_INSN_MOVS, .width = 4, .rep = true };
	unsigned long si = 0x100, di = 0x1ffffffff, cx = 0x100000002;

	(void)state;
	assert_int_equal(pciem_insn_count(&insn, cx), 0x100000002);
	pciem_insn_step(&insn, &si, &di, &cx, 0x400);
	assert_int_equal(si, 0xfc);
	assert_int_equal(di, 0x1fffffffb);
	assert_int_equal(cx, 0x100000001);

	insn.addr32 = true;
	assert_int_equal(pciem_insn_count(&insn, cx), 1);
	di = 0x1ffffffff;
	pciem_insn_step(&insn, &si, &di, &cx, 0);
	assert_int_equal(si, 0x100);
	assert_int_equal(di, 3);
	assert_int_equal(cx, 0);
	assert_int_equal(pciem_insn_count(&insn, cx), 0);

	insn = (struct pciem_insn){ PCIEM_INSN_STOS, .width = 8 };
	pciem_insn_step(&insn, &si, &di, &cx, 0);
	assert_int_equal(si, 0x100);
	assert_int_equal(di, 11);
	assert_int_equal(cx, 0);
	assert_int_equal(pciem_insn_count(&insn, cx), 1);

	insn = (struct pciem_insn){ PCIEM_INSN_LODS, .width = 2, .reg_width = 2 };
	pciem_insn_step(&insn, &si, &di, &cx, 0x400);
	assert_int_equal(si, 0xfe);
	assert_int_equal(di, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reaches_device_registers_is_taken),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(no_other_opcode_is_taken),
		cmocka_unit_test(a_load_merges_as_the_cpu_does),
		cmocka_unit_test(a_string_advances_by_the_direction_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
