// SPDX-License-Identifier: GPL-2.0-only
#include "suspend.h"

#include <linux/atomic.h>
#include <linux/printk.h>
#include <linux/suspend.h>

static atomic_t bridges;

static int notify(struct notifier_block *block, unsigned long event, void *unused)
{
	if (event != PM_SUSPEND_PREPARE && event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	if (!atomic_read(&bridges))
		return NOTIFY_OK;
	pr_warn("pciem: no suspend while a bridge exists: its process could not answer\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block notifier = { .notifier_call = notify };

int pciem_suspend_init(void)
{
	return register_pm_notifier(&notifier);
}

void pciem_suspend_exit(void)
{
	unregister_pm_notifier(&notifier);
}

void pciem_suspend_forbid(void)
{
	atomic_inc(&bridges);
}

void pciem_suspend_allow(void)
{
	atomic_dec(&bridges);
}
