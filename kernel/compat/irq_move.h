/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interrupt of ours can change its CPU at any time: nothing is written to the device. Since
 * Linux 6.15 that is what the core expects; before, it must be told, or else new affinities wait
 * for a moment that never comes and CPUs that go offline mask every vector through the device.
 */
#ifndef PCIEM_COMPAT_IRQ_MOVE_H
#define PCIEM_COMPAT_IRQ_MOVE_H

#include <linux/irq.h>
#include <linux/version.h>

static inline void pciem_irq_move_at_once(unsigned int virq)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	irq_set_status_flags(virq, IRQ_MOVE_PCNTXT);
#endif
}

#endif
