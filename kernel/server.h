/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server: the thread of the process that consumes the queue.
 *
 * It stays on one CPU, its home, chosen among those it was allowed when it began to serve.
 * Interrupts are delivered on the other CPUs, so a handler that waits for an answer never occupies
 * the CPU on which the server will wake up. Without a home a wake-up could choose that CPU: one
 * that handles an interrupt on top of its idle task looks idle to the scheduler.
 *
 * The user has the last word: a thread that sched_setaffinity() has moved since, or whose home has
 * gone offline, has none until it begins to serve again. (A cpuset that is reduced to one CPU
 * cannot be told from a home.)
 */
#ifndef PCIEM_SERVER_H
#define PCIEM_SERVER_H

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

/* What a thread was allowed at some moment, and what sched_setaffinity() had asked for by then. */
struct pciem_cpus {
	cpumask_t allowed;
	bool asked;
	cpumask_t asked_cpus;
};

struct pciem_server {
	struct mutex set_lock;		/* one thread after the other begins to serve */
	struct mutex push_lock;		/* one other thread is moved after the other */
	raw_spinlock_t lock;		/* what follows. Inside: task_struct.pi_lock */
	struct task_struct __rcu *task;	/* NULL: nobody has said that it serves */
	int home;			/* the CPU we have put it on; -1: none */
	struct pciem_cpus before;	/* it had a home */
};

void pciem_server_init(struct pciem_server *server);
/* Nobody serves any more; the thread may go where it was allowed to. Sleeps. */
void pciem_server_destroy(struct pciem_server *server);
/*
 * The calling thread serves from now on. Of CPUs of equal merit, bridges of different number choose
 * different ones. A thread that is allowed one CPU only stays there for good. -ENOMEM. Sleeps.
 */
int pciem_server_set(struct pciem_server *server, unsigned int number);
/*
 * Move a thread that waits in a run queue to this CPU, if it may run here, else to one that is not
 * among `busy`; the server then has its home there. False: there is none. Sleeps, but holds nothing
 * that others would wait for: the caller may lose its own CPU to a reader that spins.
 */
bool pciem_server_move(struct pciem_server *server, struct task_struct *thread,
		       const struct cpumask *busy);
/* Is this CPU the home of a server, of whatever bridge? A guess, stale at once. Any context. */
bool pciem_is_home(int cpu);

/* Does the caller run on top of, or inside, the server? Any context. */
static inline bool pciem_on_server(const struct pciem_server *server)
{
	return rcu_access_pointer(server->task) == current;
}

/* No more threads of the process than these are looked at, for there can be very many. */
#define PCIEM_THREADS	256u

#endif
