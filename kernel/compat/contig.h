/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc_contig_range() was told what the pages of the range are for, up to Linux 6.15; since then
 * it has flags of its own there.
 */
#ifndef PCIEM_COMPAT_CONTIG_H
#define PCIEM_COMPAT_CONTIG_H

#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/version.h>

static inline int pciem_alloc_contig_range(unsigned long first, unsigned long end, gfp_t gfp)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return alloc_contig_range(first, end, ACR_FLAGS_NONE, gfp);
#else
	return alloc_contig_range(first, end, MIGRATE_MOVABLE, gfp);
#endif
}

#endif
