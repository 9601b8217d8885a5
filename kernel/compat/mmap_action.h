/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since Linux 7 a driver can say in advance what is to be mapped, and remap_pfn_range_complete()
 * does it in place of remap_pfn_range(). First its arguments were those of the latter, then (vma,
 * action), and what is to be mapped is in the struct mmap_action. That came with a change of
 * mmap_action_complete(), by which Kbuild knows it: stable releases have it as well.
 */
#ifndef PCIEM_COMPAT_MMAP_ACTION_H
#define PCIEM_COMPAT_MMAP_ACTION_H

#include <linux/mm.h>

struct pciem_remap {
	unsigned long addr, frame, size;
};

#ifdef PCIEM_HAVE_REMAP_ACTION

#define PCIEM_REMAP_ACTION	true

static inline struct pciem_remap pciem_remap_of(const struct mmap_action *action)
{
	return (struct pciem_remap) {
		action->remap.start, action->remap.start_pfn, action->remap.size,
	};
}

#else

#define PCIEM_REMAP_ACTION	false

struct mmap_action;

static inline struct pciem_remap pciem_remap_of(const struct mmap_action *action)
{
	return (struct pciem_remap) {};
}

#endif
#endif
