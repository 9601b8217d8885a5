// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt handlers, softirqs, timers, workers and threads on every CPU read registers for some seconds, all at once. Not each of them
 * can be answered: a CPU must be left for that. But each read ends, at the deadline at the latest, and what comes is the value or all ones.
 */
#include "edu.h"

#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#define HUNT_MS	2000u
/* Between two rounds a CPU is for those who wait for it. */
#define REST_MS	2u

struct hunt {
	struct edu *edu;
	atomic_t answered, ones, wrong, interrupts;
	atomic64_t longest;	/* ns */
};

struct hunter {
	struct hunt *hunt;
	struct task_struct *thread;
	struct timer_list timer;
	struct tasklet_struct tasklet;
	struct irq_work irq_work;
	struct work_struct work;
};

static void look(struct hunt *hunt, unsigned int reg)
{
	u64 start = local_clock(), took;
	u32 value = edu_read(hunt->edu, reg);
	s64 longest = atomic64_read(&hunt->longest);

	took = local_clock() - start;
	if (value == ~0u)
		atomic_inc(&hunt->ones);
	else if (reg != EDU_ID || value == EDU_ID_VALUE)
		atomic_inc(&hunt->answered);
	else
		atomic_inc(&hunt->wrong);
	while ((s64)took > longest && !atomic64_try_cmpxchg(&hunt->longest, &longest, took))
		;
}

static void in_timer(struct timer_list *timer)
{
	look(container_of(timer, struct hunter, timer)->hunt, EDU_ID);
}

static void in_tasklet(struct tasklet_struct *tasklet)
{
	look(container_of(tasklet, struct hunter, tasklet)->hunt, EDU_ID);
}

static void in_irq_work(struct irq_work *work)
{
	look(container_of(work, struct hunter, irq_work)->hunt, EDU_ID);
}

static void in_work(struct work_struct *work)
{
	look(container_of(work, struct hunter, work)->hunt, EDU_ID);
}

static irqreturn_t in_handler(int irq, void *argument)
{
	struct hunt *hunt = argument;

	atomic_inc(&hunt->interrupts);
	look(hunt, EDU_IRQ_STATUS);
	edu_write(hunt->edu, EDU_IRQ_ACK, ~0u);
	return IRQ_HANDLED;
}

static int hunt_on_cpu(void *argument)
{
	struct hunter *hunter = argument;
	struct hunt *hunt = hunter->hunt;

	while (!kthread_should_stop()) {
		mod_timer(&hunter->timer, jiffies + 1);
		queue_work_on(raw_smp_processor_id(), system_wq, &hunter->work);
		irq_work_queue(&hunter->irq_work);
		tasklet_schedule(&hunter->tasklet);
		edu_write(hunt->edu, EDU_IRQ_RAISE, 1);
		look(hunt, EDU_ID);
		preempt_disable();
		look(hunt, EDU_ID);
		preempt_enable();
		msleep(REST_MS);
	}
	return 0;
}

static bool start(struct hunter *hunter, struct hunt *hunt, unsigned int cpu)
{
	hunter->hunt = hunt;
	timer_setup(&hunter->timer, in_timer, TIMER_PINNED);
	tasklet_setup(&hunter->tasklet, in_tasklet);
	hunter->irq_work = IRQ_WORK_INIT_HARD(in_irq_work);
	INIT_WORK(&hunter->work, in_work);
	hunter->thread = kthread_create_on_cpu(hunt_on_cpu, hunter, cpu, "hunt/%u");
	if (IS_ERR(hunter->thread)) {
		hunter->thread = NULL;
		return false;
	}
	wake_up_process(hunter->thread);
	return true;
}

static void stop(struct hunter *hunter)
{
	if (!hunter->thread)
		return;
	kthread_stop(hunter->thread);
	timer_delete_sync(&hunter->timer);
	flush_work(&hunter->work);
	irq_work_sync(&hunter->irq_work);
	tasklet_kill(&hunter->tasklet);
}

void edu_hunt(struct edu *edu, struct seq_file *out)
{
	struct hunter *hunters = kcalloc(nr_cpu_ids, sizeof(*hunters), GFP_KERNEL);
	struct hunt *hunt = kzalloc(sizeof(*hunt), GFP_KERNEL);
	unsigned int cpu, err = 0;

	if (!edu_check(out, hunters && hunt, "memory"))
		goto free;
	hunt->edu = edu;
	if (!edu_check(out, pci_alloc_irq_vectors(edu->pdev, 1, 1, PCI_IRQ_MSI) == 1, "vector"))
		goto free;
	err = request_irq(pci_irq_vector(edu->pdev, 0), in_handler, 0, "pciem_edu_hunt", hunt);
	if (!edu_check(out, !err, "handler: %d", err))
		goto free_vector;
	for_each_online_cpu(cpu)
		edu_check(out, start(&hunters[cpu], hunt, cpu), "CPU %u", cpu);
	msleep(HUNT_MS);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		stop(&hunters[cpu]);
	free_irq(pci_irq_vector(edu->pdev, 0), hunt);
	edu_check(out, !atomic_read(&hunt->wrong), "%d reads answered, %d all ones, %d wrong, %d interrupts",
		  atomic_read(&hunt->answered), atomic_read(&hunt->ones), atomic_read(&hunt->wrong),
		  atomic_read(&hunt->interrupts));
	seq_printf(out, "# answered %d ones %d longest_ms %llu\n", atomic_read(&hunt->answered),
		   atomic_read(&hunt->ones), div_u64(atomic64_read(&hunt->longest), NSEC_PER_MSEC));
free_vector:
	pci_free_irq_vectors(edu->pdev);
free:
	kfree(hunt);
	kfree(hunters);
}
