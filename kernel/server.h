/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server: the thread of the process that consumes the queue.
 *
 * It stays on one CPU, its home, chosen among those it was allowed when it began to serve.
 * Interrupts are delivered on the other CPUs, so a handler that waits for an answer never occupies
 * the CPU on which the server will wake up. Without a home a wake-up could choose that CPU: one
 * that handles an interrupt on top of its idle task looks idle to the scheduler.
 */
#ifndef PCIEM_SERVER_H
#define PCIEM_SERVER_H

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

struct pciem_server {
	struct task_struct __rcu *task;	/* NULL: nobody has said that it serves */
	struct mutex lock;		/* writers of the rest; nothing is taken inside it */
	bool settled;			/* it was given a home by us */
	cpumask_t allowed;		/* what it was allowed before that */
	const cpumask_t *asked;		/* its user_cpus_ptr then: only compared */
};

void pciem_server_init(struct pciem_server *server);
/* Nobody serves any more; the thread may go where it was allowed to. Sleeps. */
void pciem_server_destroy(struct pciem_server *server);
/*
 * The calling thread serves from now on. Of CPUs of equal merit, bridges of different number choose
 * different ones. A thread that is allowed one CPU only stays there for good. Sleeps.
 */
void pciem_server_set(struct pciem_server *server, unsigned int number);
/*
 * Move a thread that waits in the run queue of a CPU that is one of `busy`, to this one if it may
 * run here; the server then has its home there. False: it may run nowhere else. Sleeps, but holds
 * nothing that others would wait for: the caller may lose its own CPU to a reader that spins.
 */
bool pciem_server_move(struct pciem_server *server, struct task_struct *thread,
		       const struct cpumask *busy);

/* Does the caller run on top of, or inside, the server? Any context. */
static inline bool pciem_on_server(const struct pciem_server *server)
{
	return rcu_access_pointer(server->task) == current;
}

#endif
