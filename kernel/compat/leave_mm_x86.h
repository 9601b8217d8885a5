/* SPDX-License-Identifier: GPL-2.0-only */
/* leave_mm() lost its argument, the calling CPU, with Linux 6.12. */
#ifndef PCIEM_COMPAT_LEAVE_MM_X86_H
#define PCIEM_COMPAT_LEAVE_MM_X86_H

#include <linux/smp.h>
#include <linux/version.h>
#include <asm/mmu.h>

static inline void pciem_leave_mm(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	leave_mm();
#else
	leave_mm(smp_processor_id());
#endif
}

#endif
