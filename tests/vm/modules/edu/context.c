// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads whose value the model computes, from every context that a driver may read in. Where the reader cannot sleep it spins, so there
 * must be another CPU for the process.
 *
 * A context that lands on top of the very thread that would answer gets all ones, at once, and writes go through: that is
 * defined, and counted apart. It can only happen to the timer here, the others are started from this thread.
 */
#include "edu.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define ROUNDS		200u
#define PATIENCE	(10 * HZ)

struct probe {
	struct edu *edu;
	u32 pattern;
	unsigned int wrong, misplaced, on_process;
	struct completion done, finished;
	struct tasklet_struct tasklet;
	struct irq_work irq_work;
	struct timer_list timer;
	struct work_struct work;
};

static void look(struct probe *probe)
{
	probe->wrong += !edu_alive(probe->edu, probe->pattern++);
}

static void in_tasklet(struct tasklet_struct *tasklet)
{
	struct probe *probe = container_of(tasklet, struct probe, tasklet);

	probe->misplaced += !in_serving_softirq();
	look(probe);
	complete(&probe->done);
}

static void in_irq_work(struct irq_work *irq_work)
{
	struct probe *probe = container_of(irq_work, struct probe, irq_work);

	probe->misplaced += !in_hardirq() || !irqs_disabled();
	look(probe);
	complete(&probe->done);
}

/* On top of whatever runs on this CPU just now. */
static void in_timer(struct timer_list *timer)
{
	struct probe *probe = container_of(timer, struct probe, timer);

	probe->misplaced += !in_serving_softirq();
	if (!strncmp(current->comm, "pciem-qemu", 10))
		probe->on_process++;
	else
		look(probe);
	complete(&probe->done);
}

static void in_work(struct work_struct *work)
{
	struct probe *probe = container_of(work, struct probe, work);

	look(probe);
	complete(&probe->done);
}

static void process(struct probe *probe)
{
	probe->misplaced += !preemptible();
	look(probe);
}

static void preemption_disabled(struct probe *probe)
{
	preempt_disable();
	look(probe);
	preempt_enable();
}

static void bottom_halves_disabled(struct probe *probe)
{
	local_bh_disable();
	look(probe);
	probe->misplaced += !in_softirq();
	local_bh_enable();
}

static void interrupts_disabled(struct probe *probe)
{
	unsigned long flags;

	local_irq_save(flags);
	look(probe);
	/* The trap must not have left them on. */
	probe->misplaced += !irqs_disabled();
	local_irq_restore(flags);
}

static void interrupts_enabled_again(struct probe *probe)
{
	look(probe);
	probe->misplaced += irqs_disabled();
}

static DEFINE_SPINLOCK(lock);
static DEFINE_RAW_SPINLOCK(raw_lock);
static DEFINE_MUTEX(mutex);

static void spinlocked(struct probe *probe)
{
	spin_lock(&lock);
	look(probe);
	spin_unlock(&lock);
}

static void raw_spinlocked(struct probe *probe)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&raw_lock, flags);
	look(probe);
	raw_spin_unlock_irqrestore(&raw_lock, flags);
}

static void mutex_locked(struct probe *probe)
{
	mutex_lock(&mutex);
	look(probe);
	mutex_unlock(&mutex);
}

static void rcu_read_side(struct probe *probe)
{
	rcu_read_lock();
	look(probe);
	rcu_read_unlock();
}

static void page_faults_disabled(struct probe *probe)
{
	pagefault_disable();
	look(probe);
	pagefault_enable();
}

/* As in wait_event(): the condition is looked at when the task has said already that it sleeps. */
static void about_to_sleep(struct probe *probe)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	look(probe);
	probe->misplaced += get_current_state() != TASK_UNINTERRUPTIBLE;
	__set_current_state(TASK_RUNNING);
}

static void await(struct probe *probe)
{
	if (!wait_for_completion_timeout(&probe->done, PATIENCE))
		probe->wrong++;
}

static void tasklet(struct probe *probe)
{
	/* Runs on top of this thread, when softirqs are allowed again. */
	local_bh_disable();
	tasklet_schedule(&probe->tasklet);
	local_bh_enable();
	await(probe);
}

static void hard_interrupt(struct probe *probe)
{
	irq_work_queue(&probe->irq_work);
	await(probe);
}

static void timer(struct probe *probe)
{
	mod_timer(&probe->timer, jiffies + 1);
	await(probe);
}

static void worker(struct probe *probe)
{
	schedule_work(&probe->work);
	await(probe);
}

static const struct {
	const char *name;
	void (*run)(struct probe *probe);
} contexts[] = {
	{ "process", process },
	{ "mutex held", mutex_locked },
	{ "worker", worker },
	{ "about to sleep", about_to_sleep },
	{ "preemption disabled", preemption_disabled },
	{ "RCU read side", rcu_read_side },
	{ "page faults disabled", page_faults_disabled },
	{ "bottom halves disabled", bottom_halves_disabled },
	{ "interrupts disabled", interrupts_disabled },
	{ "interrupts enabled", interrupts_enabled_again },
	{ "spinlock held", spinlocked },
	{ "raw spinlock held, interrupts disabled", raw_spinlocked },
	{ "tasklet", tasklet },
	{ "timer", timer },
	{ "hard interrupt", hard_interrupt },
};

/* The same from each CPU: the process has to get out of the reader's way. */
static int on_one_cpu(void *argument)
{
	struct probe *probe = argument;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		spinlocked(probe);
		hard_interrupt(probe);
		tasklet(probe);
		cond_resched();
	}
	complete(&probe->finished);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void on_each_cpu_in_turn(struct probe *probe, struct seq_file *out)
{
	struct task_struct *thread;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		probe->wrong = probe->misplaced = 0;
		thread = kthread_create_on_cpu(on_one_cpu, probe, cpu, "edu/%u");
		if (!edu_check(out, !IS_ERR(thread), "thread on CPU %u", cpu))
			return;
		wake_up_process(thread);
		wait_for_completion(&probe->finished);
		kthread_stop(thread);
		edu_check(out, !probe->wrong && !probe->misplaced, "%u atomic reads on CPU %u: %u wrong, %u misplaced",
			  3 * ROUNDS, cpu, probe->wrong, probe->misplaced);
	}
}

void edu_context(struct edu *edu, struct seq_file *out)
{
	struct probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	unsigned int i, round;

	if (!edu_check(out, probe, "memory"))
		return;
	probe->edu = edu;
	init_completion(&probe->done);
	init_completion(&probe->finished);
	tasklet_setup(&probe->tasklet, in_tasklet);
	probe->irq_work = IRQ_WORK_INIT_HARD(in_irq_work);
	timer_setup(&probe->timer, in_timer, 0);
	INIT_WORK(&probe->work, in_work);
	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		probe->wrong = probe->misplaced = probe->on_process = 0;
		for (round = 0; round < ROUNDS; round++) {
			contexts[i].run(probe);
			cond_resched();
		}
		edu_check(out, !probe->wrong && !probe->misplaced && probe->on_process < ROUNDS,
			  "%s: %u reads, %u wrong, %u misplaced, %u on top of the process", contexts[i].name, ROUNDS,
			  probe->wrong, probe->misplaced, probe->on_process);
	}
	on_each_cpu_in_turn(probe, out);
	timer_delete_sync(&probe->timer);
	tasklet_kill(&probe->tasklet);
	irq_work_sync(&probe->irq_work);
	flush_work(&probe->work);
	kfree(probe);
}
