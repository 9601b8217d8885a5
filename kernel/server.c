// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include <linux/sched/task.h>
#include <linux/slab.h>

void pciem_server_init(struct pciem_server *server)
{
	mutex_init(&server->lock);
}

/* Not when the user has given it other CPUs since. A guess where the lock is not held. */
static bool is_at_home(const struct pciem_server *server, struct task_struct *thread)
{
	return READ_ONCE(server->settled) && READ_ONCE(thread->nr_cpus_allowed) == 1 &&
	       READ_ONCE(thread->user_cpus_ptr) == READ_ONCE(server->asked);
}

/* With the lock held. */
static void settle(struct pciem_server *server, unsigned int number)
{
	unsigned int choices, home;

	cpumask_and(&server->allowed, current->cpus_ptr, cpu_active_mask);
	choices = cpumask_weight(&server->allowed);
	if (choices < 2)
		return;
	/* The first CPUs have most of the machine's own interrupts. */
	home = cpumask_nth(choices - 1 - number % choices, &server->allowed);
	/* It could be going offline just now. */
	if (home >= nr_cpu_ids || set_cpus_allowed_ptr(current, cpumask_of(home)))
		return;
	WRITE_ONCE(server->asked, current->user_cpus_ptr);
	WRITE_ONCE(server->settled, true);
}

/* With the lock held. */
static void release(struct pciem_server *server, struct task_struct *thread)
{
	if (thread && is_at_home(server, thread))
		set_cpus_allowed_ptr(thread, &server->allowed);
	WRITE_ONCE(server->settled, false);
}

void pciem_server_set(struct pciem_server *server, unsigned int number)
{
	struct task_struct *old;

	get_task_struct(current);
	mutex_lock(&server->lock);
	old = unrcu_pointer(xchg(&server->task, RCU_INITIALIZER(current)));
	release(server, old);
	settle(server, number);
	mutex_unlock(&server->lock);
	if (!old)
		return;
	/* Readers look at it under rcu_read_lock. */
	synchronize_rcu();
	put_task_struct(old);
}

void pciem_server_destroy(struct pciem_server *server)
{
	struct task_struct *thread = rcu_dereference_protected(server->task, true);

	release(server, thread);
	if (thread)
		put_task_struct(thread);
	mutex_destroy(&server->lock);
}

/* A CPU of `allowed` that can take a thread now, preferably this one. */
static unsigned int choose(const struct cpumask *allowed, const struct cpumask *busy)
{
	unsigned int cpu = raw_smp_processor_id();

	if (cpumask_test_cpu(cpu, allowed))
		return cpu;
	for_each_cpu_and(cpu, allowed, cpu_active_mask) {
		if (!cpumask_test_cpu(cpu, busy))
			break;
	}
	return cpu;
}

/* Narrow the thread's CPUs for a moment. One at a time, or the wrong ones would be restored. */
static bool push(struct task_struct *thread, unsigned int cpu)
{
	static DEFINE_MUTEX(pushing);
	static cpumask_t saved;
	bool moved;

	if (!mutex_trylock(&pushing))
		return false;
	cpumask_copy(&saved, thread->cpus_ptr);
	moved = !set_cpus_allowed_ptr(thread, cpumask_of(cpu));
	if (moved)
		set_cpus_allowed_ptr(thread, &saved);
	mutex_unlock(&pushing);
	return moved;
}

bool pciem_server_move(struct pciem_server *server, struct task_struct *thread,
		       const struct cpumask *busy)
{
	bool at_home = rcu_access_pointer(server->task) == thread && is_at_home(server, thread);
	unsigned int cpu = choose(at_home ? &server->allowed : thread->cpus_ptr, busy);

	if (cpu >= nr_cpu_ids)
		return false;
	return at_home ? !set_cpus_allowed_ptr(thread, cpumask_of(cpu)) : push(thread, cpu);
}
