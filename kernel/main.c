// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "bridge.h"
#include "cdev.h"
#include "device.h"
#include "params.h"
#include "rescue.h"
#include "suspend.h"
#include "trap.h"
#include "user_map.h"

unsigned int pciem_read_timeout_ms = 5000;
module_param_named(read_timeout_ms, pciem_read_timeout_ms, uint, 0644);
MODULE_PARM_DESC(read_timeout_ms, "Deadline of a read whose issuer can sleep, and of an idle consumer (default 5000)");

unsigned int pciem_atomic_timeout_ms = 1000;
module_param_named(atomic_timeout_ms, pciem_atomic_timeout_ms, uint, 0644);
MODULE_PARM_DESC(atomic_timeout_ms, "Deadline of a read in atomic context (default 1000)");

unsigned int pciem_spin_us = 50;
module_param_named(spin_us, pciem_spin_us, uint, 0644);
MODULE_PARM_DESC(spin_us, "How long a read that may sleep polls before it does (default 50)");

bool pciem_poison = true;
module_param_named(poison, pciem_poison, bool, 0644);
MODULE_PARM_DESC(poison, "Overwrite DMA memory when it is unmapped (default Y)");

bool pciem_take_calls = true;
module_param_named(take_calls, pciem_take_calls, bool, 0644);
MODULE_PARM_DESC(take_calls, "A CPU that waits for an answer with interrupts off takes calls (IPIs) of other CPUs; not with drivers whose registers are read under a lock that such calls take, as of perf's events (default Y)");

char *pciem_ram;
module_param_named(ram, pciem_ram, charp, 0444);
MODULE_PARM_DESC(ram, "SIZE@ADDRESS of memory kept free at boot, for frame buffers where none can be borrowed");

static int __init pciem_init(void)
{
	int err;

	pciem_workqueue = alloc_workqueue("pciem", WQ_UNBOUND, 0);
	if (!pciem_workqueue)
		return -ENOMEM;
	/* Drivers whose memory is on devices of ours wait for its work. */
	pciem_revoke_workqueue = alloc_workqueue("pciem_revoke",
						 WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	if (!pciem_revoke_workqueue) {
		err = -ENOMEM;
		goto destroy_workqueue;
	}
	err = pciem_rescue_load();
	if (err)
		goto destroy_revoke_workqueue;
	err = pciem_trap_init();
	if (err)
		goto cannot_hook;
	err = pciem_user_map_init();
	if (err) {
		pciem_trap_exit();
		goto cannot_hook;
	}
	err = pciem_device_init();
	if (err)
		goto exit_hooks;
	err = pciem_suspend_init();
	if (err)
		goto exit_device;
	err = pciem_cdev_init();
	if (err)
		goto exit_suspend;
	return 0;

exit_suspend:
	pciem_suspend_exit();
exit_device:
	pciem_device_exit();
exit_hooks:
	pciem_user_map_exit();
	pciem_trap_exit();
	goto unload_rescue;
cannot_hook:
	pr_err("pciem: cannot hook the kernel's memory mapping (%d); is a live patch or a tracer on the same function?\n",
	       err);
unload_rescue:
	pciem_rescue_unload();
destroy_revoke_workqueue:
	destroy_workqueue(pciem_revoke_workqueue);
destroy_workqueue:
	destroy_workqueue(pciem_workqueue);
	return err;
}

/* No bridge is left: each holds the module. */
static void __exit pciem_exit(void)
{
	pciem_cdev_exit();
	pciem_suspend_exit();
	pciem_device_exit();
	pciem_user_map_exit();
	pciem_trap_exit();
	pciem_rescue_unload();
	destroy_workqueue(pciem_revoke_workqueue);
	destroy_workqueue(pciem_workqueue);
	/* Servers that were replaced. */
	rcu_barrier();
}

module_init(pciem_init);
module_exit(pciem_exit);
MODULE_DESCRIPTION("Software PCIe host bridge whose far side is a process");
MODULE_LICENSE("GPL");
