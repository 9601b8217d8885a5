// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own mapping of memory that is to leave the system. Where boot has mapped a gigabyte
 * by one entry and a part of it is removed, Linux takes what is in that memory for the page table
 * that the entry does not lead to (remove_pud_table() of 6.12: for memory that was plugged in, the
 * only one it knows, there is one). So there must be one.
 */
#include "arch.h"

#include <linux/align.h>
#include <linux/mm.h>
#include <linux/set_memory.h>

static bool is_by_the_gigabyte(u64 phys)
{
	unsigned int level;

	return lookup_address((unsigned long)__va(phys), &level) && level > PG_LEVEL_2M;
}

/* What changes how a part of it is cached does that, and puts nothing together again. */
static bool split(u64 phys)
{
	unsigned long address = (unsigned long)__va(phys);

	if (set_memory_uc(address, PMD_SIZE >> PAGE_SHIFT))
		return false;
	return !set_memory_wb(address, PMD_SIZE >> PAGE_SHIFT) && !is_by_the_gigabyte(phys);
}

bool pciem_arch_split_direct_map(u64 base, u64 size)
{
	u64 at, next;

	for (at = base; at < base + size; at = next) {
		next = min(ALIGN_DOWN(at, PUD_SIZE) + PUD_SIZE, base + size);
		if (next - at < PUD_SIZE && is_by_the_gigabyte(at) && !split(at))
			return false;
	}
	return true;
}
