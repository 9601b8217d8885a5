// SPDX-License-Identifier: GPL-2.0-only
/*
 * One thread on each CPU accesses the device, in every kind of context, from when the group is asked for until the driver has to let the
 * device go: while it is removed, or its process dies. Then each read ends, with the value or with all ones.
 */
#include "edu.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static bool is_answer(u32 value)
{
	return value == EDU_ID_VALUE || value == ~0u;
}

static int access(void *argument)
{
	struct edu *edu = argument;
	unsigned int i, wrong = 0;
	unsigned long flags;

	for (i = 0; !kthread_should_stop(); i++) {
		switch (i % 4) {
		case 0:
			wrong += !is_answer(edu_read(edu, EDU_ID));
			break;
		case 1:
			spin_lock_irqsave(&lock, flags);
			wrong += !is_answer(edu_read(edu, EDU_ID));
			spin_unlock_irqrestore(&lock, flags);
			break;
		case 2:
			preempt_disable();
			wrong += !is_answer(edu_read(edu, EDU_ID));
			preempt_enable();
			break;
		default:
			edu_write(edu, EDU_LIVENESS, i);
		}
		cond_resched();
	}
	return wrong;
}

void edu_until_gone(struct edu *edu, struct seq_file *out)
{
	unsigned int cpu;

	if (!edu_check(out, !edu->threads, "once only"))
		return;
	edu->threads = kcalloc(nr_cpu_ids, sizeof(*edu->threads), GFP_KERNEL);
	if (!edu_check(out, edu->threads, "memory"))
		return;
	for_each_online_cpu(cpu) {
		edu->threads[cpu] = kthread_create_on_cpu(access, edu, cpu, "gone/%u");
		if (!edu_check(out, !IS_ERR(edu->threads[cpu]), "thread on CPU %u", cpu)) {
			edu->threads[cpu] = NULL;
			break;
		}
		wake_up_process(edu->threads[cpu]);
	}
}

void edu_until_gone_end(struct edu *edu)
{
	unsigned int cpu;
	int wrong = 0;

	if (!edu->threads)
		return;
	/* Some of it after the driver was told. */
	msleep(100);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (edu->threads[cpu])
			wrong += kthread_stop(edu->threads[cpu]);
	}
	kfree(edu->threads);
	edu->threads = NULL;
	WARN(wrong, "%d accesses were neither answered nor given up\n", wrong);
}
