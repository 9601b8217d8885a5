// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#define SETTLE_TRIES	3

static DEFINE_PER_CPU(atomic_t, homes);	/* servers that have theirs there */

bool pciem_is_home(int cpu)
{
	return atomic_read(per_cpu_ptr(&homes, cpu));
}

/* With the lock held. */
static void set_home(struct pciem_server *server, int cpu)
{
	if (cpu >= 0)
		atomic_inc(per_cpu_ptr(&homes, cpu));
	if (server->home >= 0)
		atomic_dec(per_cpu_ptr(&homes, server->home));
	server->home = cpu;
}

void pciem_server_init(struct pciem_server *server)
{
	mutex_init(&server->set_lock);
	mutex_init(&server->push_lock);
	raw_spin_lock_init(&server->lock);
	server->home = -1;
}

/* With its pi_lock held. */
static void note(struct pciem_cpus *cpus, const struct task_struct *thread)
{
	cpumask_copy(&cpus->allowed, &thread->cpus_mask);
	cpus->asked = thread->user_cpus_ptr;
	if (cpus->asked)
		cpumask_copy(&cpus->asked_cpus, thread->user_cpus_ptr);
}

/* With its pi_lock held. Has the user asked for other CPUs since? */
static bool asked_since(const struct pciem_cpus *cpus, const struct task_struct *thread)
{
	return cpus->asked != !!thread->user_cpus_ptr ||
	       (cpus->asked && !cpumask_equal(&cpus->asked_cpus, thread->user_cpus_ptr));
}

/* With the lock held. The one CPU of the thread; -1: it has more, or the user has moved it since. */
static int narrowed_to(const struct pciem_server *server, struct task_struct *thread)
{
	int cpu = -1;

	raw_spin_lock(&thread->pi_lock);
	if (thread->nr_cpus_allowed == 1 && !asked_since(&server->before, thread))
		cpu = cpumask_first(&thread->cpus_mask);
	raw_spin_unlock(&thread->pi_lock);
	return cpu;
}

/* With the lock held. Where the thread stands if it is the server, and has a home; else -1. */
static int place(const struct pciem_server *server, struct task_struct *thread)
{
	if (!thread || rcu_access_pointer(server->task) != thread || server->home < 0)
		return -1;
	return narrowed_to(server, thread);
}

/* With the lock held. nr_cpu_ids or more: there is no choice, and so no home. */
static unsigned int choose_home(const struct pciem_server *server, unsigned int number)
{
	unsigned int choices = cpumask_weight_and(&server->before.allowed, cpu_active_mask);

	if (choices < 2)
		return nr_cpu_ids;
	/*
	 * The first CPUs have most of the machine's own interrupts, and some CPUs must be nobody's
	 * home: two servers with homes where the handlers of the other one run could keep each
	 * other from waking up.
	 */
	return cpumask_nth_and(choices - 1 - number % (choices / 2), &server->before.allowed,
			       cpu_active_mask);
}

/*
 * Its CPUs again; or those that the user has asked for since. (These can be outside of its cpuset: a
 * module cannot ask.)
 */
static void give_back(struct task_struct *thread, struct pciem_cpus *cpus)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&thread->pi_lock, flags);
	if (thread->user_cpus_ptr && asked_since(cpus, thread))
		cpumask_copy(&cpus->allowed, thread->user_cpus_ptr);
	raw_spin_unlock_irqrestore(&thread->pi_lock, flags);
	set_cpus_allowed_ptr(thread, &cpus->allowed);
}

/* False: the caller has no home, for the user or a worker has given it other CPUs meanwhile. */
static bool stay_at(struct pciem_server *server, unsigned int home)
{
	int err = set_cpus_allowed_ptr(current, cpumask_of(home)), there;
	unsigned long flags;

	raw_spin_lock_irqsave(&server->lock, flags);
	there = narrowed_to(server, current);
	set_home(server, there);
	raw_spin_unlock_irqrestore(&server->lock, flags);
	/* Not what the user, or his cpuset, has set since. */
	if (there < 0 && cpumask_equal(&current->cpus_mask, cpumask_of(home)))
		give_back(current, &server->before);
	/* It could be going offline just now. */
	return err || there >= 0;
}

/*
 * It has its home before it goes there: by then a reader can spin on that CPU, and a worker must
 * know where else it may run.
 */
static void settle(struct pciem_server *server, unsigned int number)
{
	unsigned int home, tries;
	unsigned long flags;

	for (tries = 0; tries < SETTLE_TRIES; tries++) {
		raw_spin_lock_irqsave(&server->lock, flags);
		raw_spin_lock(&current->pi_lock);
		note(&server->before, current);
		raw_spin_unlock(&current->pi_lock);
		home = choose_home(server, number);
		if (home < nr_cpu_ids)
			set_home(server, home);
		raw_spin_unlock_irqrestore(&server->lock, flags);
		if (home >= nr_cpu_ids || stay_at(server, home))
			return;
	}
}

/* Exchange the server, and give the old one its CPUs back. The reference on it is the caller's. */
static struct task_struct *replace(struct pciem_server *server, struct task_struct *thread,
				   struct pciem_cpus *scratch)
{
	struct task_struct *old;
	unsigned long flags;
	bool restore;

	raw_spin_lock_irqsave(&server->lock, flags);
	old = rcu_dereference_protected(server->task, lockdep_is_held(&server->lock));
	restore = place(server, old) >= 0;
	if (restore)
		*scratch = server->before;
	rcu_assign_pointer(server->task, thread);
	set_home(server, -1);
	raw_spin_unlock_irqrestore(&server->lock, flags);
	if (restore)
		give_back(old, scratch);
	return old;
}

/* One that has ceased to serve, while readers may still look at it under rcu_read_lock. */
struct retired {
	struct rcu_head rcu;
	struct task_struct *task;
};

static void forget(struct rcu_head *rcu)
{
	struct retired *retired = container_of(rcu, struct retired, rcu);

	put_task_struct(retired->task);
	kfree(retired);
}

int pciem_server_set(struct pciem_server *server, unsigned int number)
{
	struct pciem_cpus *scratch;
	struct retired *retired;

	retired = kmalloc(sizeof(*retired), GFP_KERNEL);
	if (!retired)
		return -ENOMEM;
	scratch = kmalloc(sizeof(*scratch), GFP_KERNEL);
	if (!scratch) {
		kfree(retired);
		return -ENOMEM;
	}
	mutex_lock(&server->set_lock);
	retired->task = replace(server, get_task_struct(current), scratch);
	settle(server, number);
	mutex_unlock(&server->set_lock);
	kfree(scratch);
	/* Not synchronize_rcu(): a reader that spins would wait for us, and we for its CPU. */
	if (retired->task)
		call_rcu(&retired->rcu, forget);
	else
		kfree(retired);
	return 0;
}

/* Nobody else has the bridge any more: `before` is its own scratch. */
void pciem_server_destroy(struct pciem_server *server)
{
	struct task_struct *old = replace(server, NULL, &server->before);

	if (old)
		put_task_struct(old);
	mutex_destroy(&server->push_lock);
	mutex_destroy(&server->set_lock);
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

/* False: it is not at home. `cpus` is then what the thread is allowed, else what it was. */
static bool may_run_on(struct pciem_server *server, struct task_struct *thread,
		       struct pciem_cpus *cpus)
{
	unsigned long flags;
	bool at_home;

	raw_spin_lock_irqsave(&server->lock, flags);
	at_home = place(server, thread) >= 0;
	raw_spin_lock(&thread->pi_lock);
	if (at_home)
		*cpus = server->before;
	else
		note(cpus, thread);
	raw_spin_unlock(&thread->pi_lock);
	raw_spin_unlock_irqrestore(&server->lock, flags);
	return at_home;
}

/*
 * Where it is now is its home, whoever has moved it there last. False: it does not serve, or the
 * user has moved it meanwhile.
 */
static bool stays_there(struct pciem_server *server, struct task_struct *thread)
{
	unsigned long flags;
	int there;

	raw_spin_lock_irqsave(&server->lock, flags);
	there = place(server, thread);
	if (there >= 0)
		set_home(server, there);
	raw_spin_unlock_irqrestore(&server->lock, flags);
	return there >= 0;
}

/* The server: it gets a new home, unless it has just ceased to serve. */
static bool move_home(struct pciem_server *server, struct task_struct *thread, unsigned int cpu,
		      struct pciem_cpus *cpus)
{
	/* No lock: a worker that holds one may itself be under what it is to help against. */
	if (set_cpus_allowed_ptr(thread, cpumask_of(cpu)))
		return false;
	if (!stays_there(server, thread) && cpumask_equal(&thread->cpus_mask, cpumask_of(cpu)))
		give_back(thread, cpus);
	return true;
}

/* Another thread: its CPUs are narrowed for a moment, by one worker at a time. */
static bool push(struct pciem_server *server, struct task_struct *thread, unsigned int cpu,
		 struct pciem_cpus *cpus)
{
	bool moved;

	if (!mutex_trylock(&server->push_lock))
		return false;
	/* Twice unequal: it was changed while another worker was at it, or the user has done so. */
	moved = cpumask_equal(&thread->cpus_mask, &cpus->allowed) &&
		!set_cpus_allowed_ptr(thread, cpumask_of(cpu));
	/* It can have become the server in between. */
	if (moved && cpumask_equal(&thread->cpus_mask, cpumask_of(cpu)) &&
	    !stays_there(server, thread))
		give_back(thread, cpus);
	mutex_unlock(&server->push_lock);
	return moved;
}

bool pciem_server_move(struct pciem_server *server, struct task_struct *thread,
		       const struct cpumask *busy)
{
	struct pciem_cpus *cpus = kmalloc(sizeof(*cpus), GFP_NOWAIT);
	bool at_home, moved = false;
	unsigned int cpu;

	if (!cpus)
		return false;
	at_home = may_run_on(server, thread, cpus);
	cpu = choose(&cpus->allowed, busy);
	if (cpu < nr_cpu_ids)
		moved = at_home ? move_home(server, thread, cpu, cpus) :
				  push(server, thread, cpu, cpus);
	kfree(cpus);
	return moved;
}
