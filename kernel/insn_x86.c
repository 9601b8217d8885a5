// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoder of the x86 instructions that reach device registers. See insn_x86.h.
 *
 * The operand's address is not worked out: whoever traps the access knows it from the fault. Of
 * the address only the length of its encoding matters here.
 *
 * A wrong guess would write a wrong value to a device, so what is unusual is refused even where
 * CPUs define it: repeat prefixes on anything but strings, 16-bit addresses, fs and gs on strings
 * (the registers alone would not tell the address then).
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "insn_x86.h"

#define FLAGS_DF	(1UL << 10)

#define REX_W		0x08
#define REX_R		0x04

#define MODRM_MOD(m)	((m) >> 6)
#define MODRM_REG(m)	((m) >> 3 & 7)
#define MODRM_RM(m)	((m) & 7)
#define MOD_REGISTER	3
#define RM_SIB		4
#define RM_DISP32	5	/* with mod 0: no base register; also of the SIB byte's base */

struct code {
	const __u8 *bytes;
	size_t size;
	unsigned int used;
};

struct prefixes {
	bool operand16;
	bool address;		/* 67: the other address size */
	bool repeat;		/* f2 and f3 mean the same to the strings that we take */
	bool based;		/* fs or gs, the segments whose base need not be 0 */
	bool has_rex;		/* even an empty REX changes what byte registers 4..7 are */
	__u8 rex;
};

static int fetch(struct code *code, unsigned int count, __u64 *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < count; i++) {
		if (code->used == PCIEM_INSN_MAX_LENGTH)
			return -EOPNOTSUPP;
		if (code->used == code->size)
			return -EINVAL;
		*value |= (__u64)code->bytes[code->used++] << (8 * i);
	}
	return 0;
}

static int fetch_byte(struct code *code, __u8 *byte)
{
	__u64 value;
	int err = fetch(code, 1, &value);

	*byte = value;
	return err;
}

static int skip(struct code *code, unsigned int count)
{
	__u64 ignored;

	return fetch(code, count, &ignored);
}

/* Takes the prefixes and the first byte of the opcode, which ends them. */
static int fetch_prefixes(struct code *code, struct prefixes *prefix, __u8 *opcode, bool long_mode)
{
	bool f2 = false, f3 = false;
	int err;

	for (;;) {
		err = fetch_byte(code, opcode);
		if (err)
			return err;

		if (long_mode && (*opcode & 0xf0) == 0x40) {
			prefix->has_rex = true;
			prefix->rex = *opcode;
			continue;
		}

		switch (*opcode) {
		case 0x26: case 0x2e: case 0x36: case 0x3e:
			break;
		case 0x64: case 0x65:
			prefix->based = true;
			break;
		case 0x66:
			prefix->operand16 = true;
			break;
		case 0x67:
			prefix->address = true;
			break;
		case 0xf2:
			f2 = true;
			break;
		case 0xf3:
			f3 = true;
			break;
		default:
			prefix->repeat = f2 || f3;
			return f2 && f3 ? -EOPNOTSUPP : 0;
		}

		/* A REX counts only where it stands right before the opcode. */
		prefix->has_rex = false;
		prefix->rex = 0;
	}
}

/* Takes the ModRM byte with all of the memory operand that it describes. */
static int fetch_modrm(struct code *code, __u8 *modrm)
{
	unsigned int displacement = 0;
	__u8 base;
	int err;

	err = fetch_byte(code, modrm);
	if (err)
		return err;

	base = MODRM_RM(*modrm);
	if (MODRM_MOD(*modrm) == MOD_REGISTER)
		return -EOPNOTSUPP;
	if (base == RM_SIB) {
		err = fetch_byte(code, &base);
		if (err)
			return err;
		base &= 7;
	}

	if (MODRM_MOD(*modrm) == 1)
		displacement = 1;
	else if (MODRM_MOD(*modrm) == 2 || base == RM_DISP32)
		displacement = 4;
	return skip(code, displacement);
}

static __u64 low_bytes(__u64 value, unsigned int count)
{
	return count < 8 ? value & ((1ULL << (8 * count)) - 1) : value;
}

static __u64 sign_extend(__u64 value, unsigned int count)
{
	__u64 sign = 1ULL << (8 * count - 1);

	return (low_bytes(value, count) ^ sign) - sign;
}

static __u8 operand_width(const struct prefixes *prefix)
{
	if (prefix->rex & REX_W)
		return 8;
	return prefix->operand16 ? 2 : 4;
}

/* The register operand of an instruction with a ModRM byte, width bytes of it. */
static void set_register(struct pciem_insn *insn, const struct prefixes *prefix, __u8 modrm,
			 __u8 width)
{
	insn->reg = MODRM_REG(modrm) | (prefix->rex & REX_R ? 8 : 0);
	if (width == 1 && !prefix->has_rex && insn->reg >= 4) {
		insn->reg -= 4;
		insn->high_byte = true;
	}
}

static int decode_register(struct pciem_insn *insn, struct code *code,
			   const struct prefixes *prefix)
{
	__u8 modrm;
	int err;

	err = fetch_modrm(code, &modrm);
	if (err)
		return err;
	set_register(insn, prefix, modrm,
		     insn->op == PCIEM_INSN_LOAD ? insn->reg_width : insn->width);
	return 0;
}

static int decode_immediate(struct pciem_insn *insn, struct code *code)
{
	unsigned int bytes = insn->width < 4 ? insn->width : 4;
	__u8 modrm;
	int err;

	err = fetch_modrm(code, &modrm);
	if (err)
		return err;
	if (MODRM_REG(modrm) != 0)
		return -EOPNOTSUPP;

	err = fetch(code, bytes, &insn->imm);
	insn->imm = low_bytes(sign_extend(insn->imm, bytes), insn->width);
	return err;
}

static int decode_two_byte(struct pciem_insn *insn, struct code *code,
			   const struct prefixes *prefix)
{
	__u8 opcode;
	int err;

	err = fetch_byte(code, &opcode);
	if (err)
		return err;

	switch (opcode) {
	case 0xb6: case 0xb7: case 0xbe: case 0xbf:	/* movzx, movsx */
		insn->op = PCIEM_INSN_LOAD;
		insn->width = opcode & 1 ? 2 : 1;
		insn->reg_width = operand_width(prefix);
		insn->sign_extend = opcode & 8;
		return decode_register(insn, code, prefix);
	case 0xc3:					/* movnti */
		if (prefix->operand16)
			return -EOPNOTSUPP;
		insn->op = PCIEM_INSN_STORE;
		insn->width = operand_width(prefix);
		return decode_register(insn, code, prefix);
	default:
		return -EOPNOTSUPP;
	}
}

static int decode_string(struct pciem_insn *insn, const struct prefixes *prefix, __u8 op)
{
	if (prefix->based)
		return -EOPNOTSUPP;
	insn->op = op;
	insn->rep = prefix->repeat;
	if (op == PCIEM_INSN_LODS)
		insn->reg_width = insn->width;
	return 0;
}

static int decode_opcode(struct pciem_insn *insn, struct code *code,
			 const struct prefixes *prefix, __u8 opcode, bool long_mode)
{
	insn->width = opcode & 1 ? operand_width(prefix) : 1;

	switch (opcode) {
	case 0xa4: case 0xa5:
		return decode_string(insn, prefix, PCIEM_INSN_MOVS);
	case 0xaa: case 0xab:
		return decode_string(insn, prefix, PCIEM_INSN_STOS);
	case 0xac: case 0xad:
		return decode_string(insn, prefix, PCIEM_INSN_LODS);
	}

	if (prefix->repeat)
		return -EOPNOTSUPP;

	switch (opcode) {
	case 0x0f:
		return decode_two_byte(insn, code, prefix);
	case 0x63:					/* movsxd */
		/* CPUs disagree on how much memory the 16-bit form reads. */
		if (!long_mode || operand_width(prefix) == 2)
			return -EOPNOTSUPP;
		insn->op = PCIEM_INSN_LOAD;
		insn->width = 4;
		insn->reg_width = operand_width(prefix);
		insn->sign_extend = true;
		return decode_register(insn, code, prefix);
	case 0x88: case 0x89:
		insn->op = PCIEM_INSN_STORE;
		return decode_register(insn, code, prefix);
	case 0x8a: case 0x8b:
		insn->op = PCIEM_INSN_LOAD;
		insn->reg_width = insn->width;
		return decode_register(insn, code, prefix);
	case 0xa0: case 0xa1:			/* the accumulator and an absolute address */
		insn->op = PCIEM_INSN_LOAD;
		insn->reg_width = insn->width;
		return skip(code, insn->addr32 ? 4 : 8);
	case 0xa2: case 0xa3:
		insn->op = PCIEM_INSN_STORE;
		return skip(code, insn->addr32 ? 4 : 8);
	case 0xc6: case 0xc7:
		insn->op = PCIEM_INSN_STORE_IMM;
		return decode_immediate(insn, code);
	default:
		return -EOPNOTSUPP;
	}
}

int pciem_insn_decode(struct pciem_insn *insn, const __u8 *bytes, size_t size, bool long_mode)
{
	struct code code = { .bytes = bytes, .size = size };
	struct prefixes prefix = { 0 };
	__u8 opcode;
	int err;

	*insn = (struct pciem_insn){ 0 };
	err = fetch_prefixes(&code, &prefix, &opcode, long_mode);
	if (err)
		return err;

	if (!long_mode && prefix.address)
		return -EOPNOTSUPP;
	insn->addr32 = !long_mode || prefix.address;

	err = decode_opcode(insn, &code, &prefix, opcode, long_mode);
	insn->length = code.used;
	return err;
}

void pciem_insn_load(const struct pciem_insn *insn, unsigned long *reg, __u64 value)
{
	unsigned int shift = insn->high_byte ? 8 : 0;
	__u64 mask;

	value = insn->sign_extend ? sign_extend(value, insn->width) : low_bytes(value, insn->width);
	value = low_bytes(value, insn->reg_width);
	if (insn->reg_width >= 4) {
		*reg = value;
		return;
	}
	mask = low_bytes(~0ULL, insn->reg_width) << shift;
	*reg = (*reg & ~mask) | value << shift;
}

__u64 pciem_insn_store(const struct pciem_insn *insn, unsigned long reg)
{
	if (insn->op == PCIEM_INSN_STORE_IMM)
		return insn->imm;
	return low_bytes(insn->high_byte ? reg >> 8 : reg, insn->width);
}

unsigned long pciem_insn_count(const struct pciem_insn *insn, unsigned long cx)
{
	if (!insn->rep)
		return 1;
	return insn->addr32 ? (__u32)cx : cx;
}

static void add(const struct pciem_insn *insn, unsigned long *reg, unsigned long delta)
{
	*reg += delta;
	if (insn->addr32)
		*reg = (__u32)*reg;
}

void pciem_insn_step(const struct pciem_insn *insn, unsigned long *si, unsigned long *di,
		     unsigned long *cx, unsigned long flags)
{
	unsigned long delta = flags & FLAGS_DF ? -(unsigned long)insn->width : insn->width;

	if (insn->op != PCIEM_INSN_STOS)
		add(insn, si, delta);
	if (insn->op != PCIEM_INSN_LODS)
		add(insn, di, delta);
	if (insn->rep)
		add(insn, cx, -1UL);
}
