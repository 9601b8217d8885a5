// SPDX-License-Identifier: GPL-2.0-only
#include "suspend.h"

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/suspend.h>

static DEFINE_MUTEX(lock);	/* everything below */
static unsigned int bridges;
static unsigned int suspending;	/* sequences that have begun; one can be open while another is */

static int notify(struct notifier_block *block, unsigned long event, void *unused)
{
	bool refused;

	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		mutex_lock(&lock);
		refused = bridges;
		suspending += !refused;
		mutex_unlock(&lock);
		if (!refused)
			return NOTIFY_OK;
		pr_warn("pciem: no suspend while a bridge exists: its process could not answer\n");
		return notifier_from_errno(-EBUSY);
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		mutex_lock(&lock);
		/* The module can have been loaded in between. */
		if (suspending)
			suspending--;
		mutex_unlock(&lock);
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
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

int pciem_suspend_forbid(void)
{
	int err = 0;

	mutex_lock(&lock);
	if (suspending)
		err = -EBUSY;
	else
		bridges++;
	mutex_unlock(&lock);
	return err;
}

void pciem_suspend_allow(void)
{
	mutex_lock(&lock);
	bridges--;
	mutex_unlock(&lock);
}
