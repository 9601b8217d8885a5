// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once. Readers that can sleep may be on every CPU; of those that spin there is one less than there are CPUs, for the
 * process needs one to answer on.
 */
#include "edu.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define READS		2000u
#define FLOOD		10000u

struct crowd {
	struct edu *edu;
	struct mutex lock;	/* for a write and the read that belongs to it */
	atomic_t wrong, foreign;
	atomic_t waiting;
	struct completion start;
};

struct reader {
	struct crowd *crowd;
	unsigned int cpu;
	bool spins;
	unsigned int reads;
};

/* Registers of different values, so that an answer to the wrong reader shows without a lock. */
static bool different(struct reader *reader)
{
	struct edu *edu = reader->crowd->edu;

	switch ((reader->cpu + reader->reads) % 3) {
	case 0:
		return edu_read(edu, EDU_ID) == EDU_ID_VALUE;
	case 1:
		return edu_read(edu, 0x10) == ~0u;
	default:
		return edu_read(edu, EDU_STATUS) == 0;
	}
}

/* Each CPU its own pattern. */
static bool alive(struct reader *reader, u32 pattern)
{
	bool ok;

	mutex_lock(&reader->crowd->lock);
	ok = edu_alive(reader->crowd->edu, pattern);
	mutex_unlock(&reader->crowd->lock);
	return ok;
}

static bool spin(struct reader *reader)
{
	bool ok;

	preempt_disable();
	ok = different(reader);
	preempt_enable();
	return ok;
}

static int read_all(void *argument)
{
	struct reader *reader = argument;
	struct crowd *crowd = reader->crowd;
	unsigned int i;
	bool ok;

	atomic_dec(&crowd->waiting);
	wait_for_completion(&crowd->start);
	for (i = 0; i < READS; i++) {
		ok = reader->spins ? spin(reader) : alive(reader, reader->cpu << 24 | i) && different(reader);
		reader->reads++;
		if (!ok)
			atomic_inc(&crowd->wrong);
		if (smp_processor_id() != reader->cpu)
			atomic_inc(&crowd->foreign);
		/* Between two reads a CPU is the scheduler's, also where the kernel does not preempt itself. */
		cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void gather(struct edu *edu, struct seq_file *out, unsigned int spinners)
{
	struct task_struct **threads = kcalloc(nr_cpu_ids, sizeof(*threads), GFP_KERNEL);
	struct reader *readers = kcalloc(nr_cpu_ids, sizeof(*readers), GFP_KERNEL);
	struct crowd *crowd = kzalloc(sizeof(*crowd), GFP_KERNEL);
	unsigned int cpu, cpus = 0, reads = 0;

	if (!edu_check(out, threads && readers && crowd, "memory"))
		goto free;
	crowd->edu = edu;
	mutex_init(&crowd->lock);
	init_completion(&crowd->start);
	for_each_online_cpu(cpu) {
		readers[cpu] = (struct reader) { .crowd = crowd, .cpu = cpu, .spins = cpus < spinners };
		threads[cpu] = kthread_create_on_cpu(read_all, &readers[cpu], cpu, "edu/%u");
		if (!edu_check(out, !IS_ERR(threads[cpu]), "thread on CPU %u", cpu)) {
			threads[cpu] = NULL;
			break;
		}
		atomic_inc(&crowd->waiting);
		wake_up_process(threads[cpu]);
		cpus++;
	}
	while (atomic_read(&crowd->waiting))
		msleep(20);
	complete_all(&crowd->start);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (threads[cpu])
			kthread_stop(threads[cpu]);
		reads += readers[cpu].reads;
	}
	edu_check(out, !atomic_read(&crowd->wrong) && reads == cpus * READS,
		  "%u CPUs at once, %u of them spin: %u rounds, %u wrong", cpus, spinners, reads,
		  atomic_read(&crowd->wrong));
	edu_check(out, !atomic_read(&crowd->foreign), "each reader stayed on its CPU");
free:
	kfree(crowd);
	kfree(readers);
	kfree(threads);
}

/* More than the queue holds, from a context in which nobody else gets this CPU. */
static long flood(void *argument)
{
	struct edu *edu = argument;
	u32 i;

	preempt_disable();
	for (i = 0; i < FLOOD; i++)
		edu_write(edu, EDU_LIVENESS, i);
	preempt_enable();
	return edu_read(edu, EDU_LIVENESS) == ~(FLOOD - 1);
}

static void floods(struct edu *edu, struct seq_file *out)
{
	unsigned int cpu, wrong = 0;

	for_each_online_cpu(cpu) {
		/* The process goes to sleep first, and has to be woken where we flood. */
		msleep(50);
		wrong += work_on_cpu(cpu, flood, edu) != 1;
	}
	edu_check(out, !wrong, "%u writes at once from each CPU with preemption off: %u wrong", FLOOD, wrong);
}

/* One CPU reads with a lock held, another one stands still for that lock. */
struct pair {
	struct edu *edu;
	raw_spinlock_t lock;
	struct work_struct waiter;
	unsigned int stage;	/* 1: the lock is held; 2: the waiter is about to want it */
	bool ok;
};

static void want_lock(struct work_struct *work)
{
	struct pair *pair = container_of(work, struct pair, waiter);

	while (READ_ONCE(pair->stage) != 1)
		usleep_range(100, 200);
	preempt_disable();
	WRITE_ONCE(pair->stage, 2);
	raw_spin_lock(&pair->lock);
	raw_spin_unlock(&pair->lock);
	preempt_enable();
}

static long read_with_lock(void *argument)
{
	struct pair *pair = argument;

	raw_spin_lock(&pair->lock);
	WRITE_ONCE(pair->stage, 1);
	while (READ_ONCE(pair->stage) != 2)
		cpu_relax();
	udelay(20);
	pair->ok = edu_alive(pair->edu, 7);
	raw_spin_unlock(&pair->lock);
	return 0;
}

static void locks(struct edu *edu, struct seq_file *out)
{
	unsigned int cpu, other, wrong = 0;
	struct pair pair = { .edu = edu };

	raw_spin_lock_init(&pair.lock);
	INIT_WORK_ONSTACK(&pair.waiter, want_lock);
	for_each_online_cpu(cpu) {
		other = cpumask_any_but(cpu_online_mask, cpu);
		msleep(50);
		pair.stage = 0;
		pair.ok = false;
		schedule_work_on(cpu, &pair.waiter);
		work_on_cpu(other, read_with_lock, &pair);
		flush_work(&pair.waiter);
		wrong += !pair.ok;
	}
	destroy_work_on_stack(&pair.waiter);
	edu_check(out, !wrong, "reads under a lock that another CPU stands still for, each CPU in turn: %u wrong", wrong);
}

void edu_cpus(struct edu *edu, struct seq_file *out)
{
	/* Or the status is not 0. */
	edu_write(edu, EDU_STATUS, 0);
	gather(edu, out, 0);
	gather(edu, out, num_online_cpus() - 1);
	floods(edu, out);
	/* The process needs a third one. */
	if (num_online_cpus() > 2)
		locks(edu, out);
}
