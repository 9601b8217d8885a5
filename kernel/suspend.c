// SPDX-License-Identifier: GPL-2.0-only
#include "suspend.h"

#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/suspend.h>

static DEFINE_MUTEX(lock);	/* everything below */
static unsigned int bridges;
/*
 * What has begun: one can be under way while another is (/dev/snapshot is open), but only one of a
 * kind. Not a count: the end of one that began before the module was loaded is told too, and that
 * of one whose beginning fails later is not (snapshot_open() without memory): there are no bridges
 * then until another one of its kind has ended.
 */
enum { SUSPEND = BIT(0), HIBERNATION = BIT(1), RESTORE = BIT(2) };
static unsigned int suspending;

static int begin(unsigned int kind)
{
	bool refused;

	mutex_lock(&lock);
	refused = bridges;
	if (!refused)
		suspending |= kind;
	mutex_unlock(&lock);
	if (!refused)
		return NOTIFY_OK;
	pr_warn("pciem: no suspend while a bridge exists: its process could not answer\n");
	return notifier_from_errno(-EBUSY);
}

static int end(unsigned int kind)
{
	mutex_lock(&lock);
	suspending &= ~kind;
	mutex_unlock(&lock);
	return NOTIFY_OK;
}

static int notify(struct notifier_block *block, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
		return begin(SUSPEND);
	case PM_POST_SUSPEND:
		return end(SUSPEND);
	case PM_HIBERNATION_PREPARE:
		return begin(HIBERNATION);
	case PM_POST_HIBERNATION:
		return end(HIBERNATION);
	case PM_RESTORE_PREPARE:
		return begin(RESTORE);
	case PM_POST_RESTORE:
		return end(RESTORE);
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
