/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 6.17 has a flag for workqueues whose work runs on the CPU that queues it; before, it was the default. */
#ifndef PCIEM_COMPAT_WORKQUEUE_H
#define PCIEM_COMPAT_WORKQUEUE_H

#include <linux/version.h>
#include <linux/workqueue.h>

static inline struct workqueue_struct *pciem_alloc_percpu_workqueue(const char *name,
								    unsigned int flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	flags |= WQ_PERCPU;
#endif
	return alloc_workqueue("%s", flags, 0, name);
}

#endif
