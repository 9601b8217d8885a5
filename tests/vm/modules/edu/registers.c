// SPDX-License-Identifier: GPL-2.0-only
/* Registers as they are meant to be used: 4 bytes, one at a time. */
#include "edu.h"

#include <linux/delay.h>

static void identification(struct edu *edu, struct seq_file *out)
{
	u32 id = edu_read(edu, EDU_ID);

	edu_check(out, id == EDU_ID_VALUE, "identification %#x", id);
	edu_write(edu, EDU_ID, 0x12345678);
	id = edu_read(edu, EDU_ID);
	edu_check(out, id == EDU_ID_VALUE, "identification cannot be written: %#x", id);
	id = edu_read(edu, 0xffffc);
	edu_check(out, id == ~0u, "the last 4 bytes of the BAR have no register: %#x", id);
}

static void liveness(struct edu *edu, struct seq_file *out)
{
	static const u32 values[] = { 0, ~0u, 1, 0x80000000, 0x01234567, 0x89abcdef };
	unsigned int i, wrong = 0;
	u32 got;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		edu_write(edu, EDU_LIVENESS, values[i]);
		got = edu_read(edu, EDU_LIVENESS);
		edu_check(out, got == ~values[i], "liveness of %#x: %#x", values[i], got);
	}
	for (i = 0; i < 1000; i++)
		wrong += !edu_alive(edu, i * 0x9e3779b1);
	edu_check(out, !wrong, "1000 writes, each read back: %u wrong", wrong);
	/* Only the last of many posted writes counts, and it is the last. */
	for (i = 0; i < 10000; i++)
		edu_write(edu, EDU_LIVENESS, i);
	got = edu_read(edu, EDU_LIVENESS);
	edu_check(out, got == ~9999u, "a read after 10000 posted writes sees the last: %#x", ~got);
}

static u32 factorial(u32 n)
{
	u32 result = 1;

	while (n)
		result *= n--;
	return result;
}

static void factorials(struct edu *edu, struct seq_file *out)
{
	static const u32 values[] = { 0, 1, 5, 10, 12, 13, 1000 };
	unsigned int i, polls;
	u32 got, status;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		edu_write(edu, EDU_FACTORIAL, values[i]);
		for (polls = 0; polls < 5000; polls++) {
			status = edu_read(edu, EDU_STATUS);
			if (!(status & EDU_STATUS_COMPUTING))
				break;
			usleep_range(500, 1000);
		}
		got = edu_read(edu, EDU_FACTORIAL);
		edu_check(out, !(status & EDU_STATUS_COMPUTING) && got == factorial(values[i]),
			  "factorial of %u: %u, status %#x", values[i], got, status);
	}
}

void edu_registers(struct edu *edu, struct seq_file *out)
{
	identification(edu, out);
	liveness(edu, out);
	factorials(edu, out);
}
