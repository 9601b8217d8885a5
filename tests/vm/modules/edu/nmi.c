// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses where an answer can never come: a read gives all ones at once, and everything goes on. And a thread with a signal pending,
 * which waits for its answer all the same.
 */
#include "edu.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/nmi.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#define ROUNDS	200u

static struct nmi_look {
	struct edu *edu;
	int cpu;	/* that is to look; -1: none */
	unsigned int looked, answered;
	u64 longest;
} look;

static int in_nmi_handler(unsigned int type, struct pt_regs *regs)
{
	u64 start = local_clock();

	if (READ_ONCE(look.cpu) != raw_smp_processor_id())
		return NMI_DONE;
	look.answered += edu_read(look.edu, EDU_ID) != ~0u;
	edu_write(look.edu, EDU_LIVENESS, 0x5a5a5a5a);
	look.longest = max(look.longest, local_clock() - start);
	look.looked++;
	smp_wmb();	/* all of it before the sender goes on */
	WRITE_ONCE(look.cpu, -1);
	return NMI_HANDLED;
}

void edu_nmi(struct edu *edu, struct seq_file *out)
{
	unsigned int i, sent = 0, lost = 0, cpu, tries;

	look = (struct nmi_look) { .edu = edu, .cpu = -1 };
	if (!edu_check(out, !register_nmi_handler(NMI_LOCAL, in_nmi_handler, 0, "pciem_edu"), "handler"))
		return;
	for (i = 0; i < ROUNDS; i++) {
		cpu = cpumask_nth(i % num_online_cpus(), cpu_online_mask);
		preempt_disable();
		if (cpu != smp_processor_id()) {
			WRITE_ONCE(look.cpu, cpu);
			apic->send_IPI(cpu, NMI_VECTOR);
			sent++;
		}
		preempt_enable();
		for (tries = 0; READ_ONCE(look.cpu) >= 0 && tries < 1000; tries++)
			usleep_range(50, 100);
		lost += READ_ONCE(look.cpu) >= 0;
		WRITE_ONCE(look.cpu, -1);
	}
	unregister_nmi_handler(NMI_LOCAL, "pciem_edu");
	edu_check(out, sent > ROUNDS / 4 && !lost && look.looked == sent, "%u NMIs, %u came, %u lost", sent, look.looked, lost);
	edu_check(out, !look.answered, "each read was refused: %u answered", look.answered);
	seq_printf(out, "# the longest took %llu us\n", look.longest / 1000);
	edu_check(out, edu_alive(edu, 6), "the device lives on");
}

struct signalled {
	struct edu *edu;
	struct completion done;
};

static int with_a_signal(void *argument)
{
	struct signalled *signalled = argument;
	unsigned int i;
	int wrong = 0;

	allow_signal(SIGUSR1);
	allow_signal(SIGKILL);
	for (i = 0; i < ROUNDS; i++) {
		send_sig(i % 2 ? SIGUSR1 : SIGKILL, current, 1);
		wrong += !signal_pending(current);
		wrong += !edu_alive(signalled->edu, i);
		wrong += !signal_pending(current);
		flush_signals(current);
	}
	complete(&signalled->done);
	while (!kthread_should_stop())
		msleep(20);
	return wrong;
}

void edu_signals(struct edu *edu, struct seq_file *out)
{
	struct signalled signalled = { .edu = edu };
	struct task_struct *thread;
	int wrong;

	init_completion(&signalled.done);
	thread = kthread_run(with_a_signal, &signalled, "edu/signals");
	if (!edu_check(out, !IS_ERR(thread), "thread"))
		return;
	wait_for_completion(&signalled.done);
	wrong = kthread_stop(thread);
	edu_check(out, !wrong, "%u reads with a signal pending: %d wrong", ROUNDS, wrong);
}
