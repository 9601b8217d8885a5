/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since Linux 7 a driver can say in advance what is to be mapped, in a struct mmap_action, and
 * remap_pfn_range_complete(vma, action) does it in place of remap_pfn_range(). Before, there is no
 * such function to hook, and these are never called.
 */
#ifndef PCIEM_COMPAT_MMAP_ACTION_H
#define PCIEM_COMPAT_MMAP_ACTION_H

#include <linux/mm.h>
#include <linux/version.h>

struct pciem_remap {
	unsigned long addr, frame, size;
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)

#define PCIEM_REMAP_ACTION	"remap_pfn_range_complete"

static inline struct pciem_remap pciem_remap_of(const struct mmap_action *action)
{
	return (struct pciem_remap) {
		action->remap.start, action->remap.start_pfn, action->remap.size,
	};
}

#else

#define PCIEM_REMAP_ACTION	"(none)"

struct mmap_action;

static inline struct pciem_remap pciem_remap_of(const struct mmap_action *action)
{
	return (struct pciem_remap) {};
}

#endif
#endif
