// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every width and form of access. The device takes 4 bytes below 0x80, 4 and 8 from there on; what it does not take reads as
 * all ones and is not written.
 */
#include "edu.h"

#define PATTERN	0x600df00du

/* All of these are to be ignored by the device. */
static void narrow(struct edu *edu, struct seq_file *out)
{
	u32 got;

	edu_write(edu, EDU_LIVENESS, PATTERN);
	writeb(0x11, edu->bar + EDU_LIVENESS);
	writew(0x2222, edu->bar + EDU_LIVENESS);
	writeb(0x33, edu->bar + EDU_LIVENESS + 3);
	writeq(0x4444444444444444, edu->bar + EDU_ID);
	got = edu_read(edu, EDU_LIVENESS);
	edu_check(out, got == ~PATTERN, "writes of a wrong width are ignored: %#x", got);

	got = readb(edu->bar);
	edu_check(out, got == 0xff, "1 byte: %#x", got);
	got = readb(edu->bar + 0xfffff);
	edu_check(out, got == 0xff, "the last byte of the BAR: %#x", got);
	got = readw(edu->bar);
	edu_check(out, got == 0xffff, "2 bytes: %#x", got);
	got = readw(edu->bar + 2);
	edu_check(out, got == 0xffff, "2 bytes, upper half: %#x", got);
	edu_check(out, readq(edu->bar) == ~0ull, "8 bytes where only 4 are allowed: %#llx", readq(edu->bar));
	got = readl(edu->bar + 1);
	edu_check(out, got == ~0u, "4 bytes, misaligned by 1: %#x", got);
	got = readl(edu->bar + 2);
	edu_check(out, got == ~0u, "4 bytes, misaligned by 2: %#x", got);
	edu_check(out, edu_alive(edu, 1), "the device lives on");
}

static void wide(struct edu *edu, struct seq_file *out)
{
	u64 got;

	writeq(0x1122334455667788, edu->bar + EDU_DMA_SOURCE);
	got = readq(edu->bar + EDU_DMA_SOURCE);
	edu_check(out, got == 0x1122334455667788, "8 bytes: %#llx", got);
	got = readl(edu->bar + EDU_DMA_SOURCE);
	edu_check(out, got == 0x55667788, "the lower 4 of 8: %#llx", got);
	writel(0x99aabbcc, edu->bar + EDU_DMA_SOURCE);
	got = readq(edu->bar + EDU_DMA_SOURCE);
	edu_check(out, got == 0x99aabbcc, "8 bytes after a write of 4: %#llx", got);
	/* A model gets what is not aligned in parts: 4 bytes of nothing, and the lower half of the next register. */
	writeq(0x0102030405060708, edu->bar + EDU_DMA_TARGET);
	got = readq(edu->bar + EDU_DMA_SOURCE + 4);
	edu_check(out, got == 0x05060708ffffffff, "8 bytes, misaligned by 4: %#llx", got);
	got = readw(edu->bar + EDU_DMA_SOURCE);
	edu_check(out, got == 0xffff, "2 bytes of an 8-byte register: %#llx", got);
}

void edu_widths(struct edu *edu, struct seq_file *out)
{
	narrow(edu, out);
	wide(edu, out);
}

static void from_device(struct edu *edu, struct seq_file *out)
{
	u32 words[4] = {}, many[64];
	unsigned int i, wrong = 0;
	u8 bytes[8] = {};

	edu_write(edu, EDU_LIVENESS, PATTERN);
	memcpy_fromio(words, edu->bar, 8);
	edu_check(out, words[0] == EDU_ID_VALUE && words[1] == ~PATTERN && !words[2],
		  "memcpy_fromio of 8 bytes: %#x %#x, and no more", words[0], words[1]);
	memcpy_fromio(words, edu->bar + 0x10, 16);
	for (i = 0; i < 4; i++)
		wrong += words[i] != ~0u;
	edu_check(out, !wrong, "memcpy_fromio of 16 bytes without a register: %u wrong", wrong);
	/* 4 + 2 + 1 bytes. */
	memcpy_fromio(bytes, edu->bar, 7);
	edu_check(out, *(u32 *)bytes == EDU_ID_VALUE && bytes[4] == 0xff && bytes[5] == 0xff && bytes[6] == 0xff &&
		       !bytes[7], "memcpy_fromio of 7 bytes: %8ph", bytes);
	/* 1 + 2 + 4 bytes. */
	memset(bytes, 0, sizeof(bytes));
	memcpy_fromio(bytes, edu->bar + 1, 7);
	edu_check(out, bytes[0] == 0xff && bytes[1] == 0xff && bytes[2] == 0xff && *(u32 *)(bytes + 3) == ~PATTERN &&
		       !bytes[7], "memcpy_fromio of 7 bytes, misaligned: %8ph", bytes);
	ioread32_rep(edu->bar + EDU_LIVENESS, many, ARRAY_SIZE(many));
	for (i = 0, wrong = 0; i < ARRAY_SIZE(many); i++)
		wrong += many[i] != ~PATTERN;
	edu_check(out, !wrong, "ioread32_rep of one register: %u wrong", wrong);
	__ioread32_copy(words, edu->bar, 2);
	edu_check(out, words[0] == EDU_ID_VALUE && words[1] == ~PATTERN, "__ioread32_copy: %#x %#x", words[0],
		  words[1]);
}

static void to_device(struct edu *edu, struct seq_file *out)
{
	u32 words[6] = { 0x11111111, 0, 0x22222222, 0, 0x33333333, 0 }, got;
	u64 quads[3] = { 0x1212121212121212, 0x3434343434343434, 0x5656565656565656 };
	u32 one = 0xabcdef01;

	memcpy_toio(edu->bar + EDU_LIVENESS, &one, 4);
	got = edu_read(edu, EDU_LIVENESS);
	edu_check(out, got == ~one, "memcpy_toio of 4 bytes: %#x", got);
	memcpy_toio(edu->bar + EDU_DMA_SOURCE, words, sizeof(words));
	edu_check(out, readq(edu->bar + EDU_DMA_SOURCE) == words[0] && readq(edu->bar + EDU_DMA_TARGET) == words[2] &&
		       readq(edu->bar + EDU_DMA_COUNT) == words[4],
		  "memcpy_toio of 24 bytes: %#llx %#llx %#llx", readq(edu->bar + EDU_DMA_SOURCE),
		  readq(edu->bar + EDU_DMA_TARGET), readq(edu->bar + EDU_DMA_COUNT));
	__iowrite64_copy(edu->bar + EDU_DMA_SOURCE, quads, ARRAY_SIZE(quads));
	edu_check(out, readq(edu->bar + EDU_DMA_SOURCE) == quads[0] && readq(edu->bar + EDU_DMA_TARGET) == quads[1] &&
		       readq(edu->bar + EDU_DMA_COUNT) == quads[2],
		  "__iowrite64_copy of 24 bytes: %#llx %#llx %#llx", readq(edu->bar + EDU_DMA_SOURCE),
		  readq(edu->bar + EDU_DMA_TARGET), readq(edu->bar + EDU_DMA_COUNT));
	__iowrite32_copy(edu->bar + EDU_DMA_SOURCE, words, ARRAY_SIZE(words));
	edu_check(out, readq(edu->bar + EDU_DMA_SOURCE) == words[0], "__iowrite32_copy: %#llx",
		  readq(edu->bar + EDU_DMA_SOURCE));
	/* Bytes or a word, as the CPU likes it: the word counts, bytes do not. */
	edu_write(edu, EDU_LIVENESS, PATTERN);
	memset_io(edu->bar + EDU_LIVENESS, 0x5a, 4);
	got = edu_read(edu, EDU_LIVENESS);
	edu_check(out, got == ~PATTERN || got == ~0x5a5a5a5a, "memset_io of 4 bytes: %#x", got);
	memset_io(edu->bar + 0x1000, 0xa5, 3 * PAGE_SIZE);
	edu_check(out, edu_alive(edu, 2), "memset_io of three pages without registers");
}

void edu_strings(struct edu *edu, struct seq_file *out)
{
	from_device(edu, out);
	to_device(edu, out);
}
