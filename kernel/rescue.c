// SPDX-License-Identifier: GPL-2.0-only
/*
 * An issuer that spins with preemption off occupies its CPU. If the scheduler has put the server
 * (just woken, or preempted), or a thread that holds a lock which the server needs, into that CPU's
 * run queue, nobody runs it until load balancing happens to move it, which can take longer than the
 * deadline. So ask a worker on another CPU to move it. A thread that the user pinned to this CPU is
 * left there; reads in atomic context on that CPU end at the deadline.
 *
 * When every CPU spins there is none for the worker and none for the process. Then the issuer that
 * sits on the thread's CPU gives up, so that it runs when that atomic section ends. A CPU of its
 * own for the server excludes that.
 */
#include "rescue.h"

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#define RESCUE_AFTER_NS		(100 * NSEC_PER_USEC)
/* Threads of the process that are looked at: there can be very many. */
#define THREADS			256

static DEFINE_PER_CPU(unsigned int, depth);	/* an interrupt's read can lie over a task's */
static struct cpumask spinning;	/* CPUs whose depth is not 0 */

/* One for each CPU. Queued, it holds a reference on the bridge. */
struct pciem_rescuer {
	struct work_struct work;
	struct pciem_bridge *bridge;
};

/* Waiting in the run queue of one of these CPUs. */
static bool is_beneath(struct task_struct *thread, const struct cpumask *cpus)
{
	return !READ_ONCE(thread->on_cpu) && cpumask_test_cpu(task_cpu(thread), cpus) &&
	       READ_ONCE(thread->__state) == TASK_RUNNING;
}

/*
 * Not yet in the run queue: its wake-up comes to this CPU as an interrupt, and so never while they
 * are off. It cannot be diverted, and to try would wait for this CPU. Under rcu_read_lock.
 */
static bool is_out_of_reach(struct pciem_bridge *bridge, int cpu)
{
	struct task_struct *server = rcu_dereference(bridge->server.task);

	return irqs_disabled() && server && task_cpu(server) == cpu &&
	       READ_ONCE(server->__state) == TASK_WAKING;
}

/*
 * The thread that has to be moved for the server to go on, or NULL. Under rcu_read_lock. As long as
 * the server runs, all is well.
 */
static struct task_struct *find_beneath(struct pciem_bridge *bridge, const struct cpumask *cpus)
{
	struct task_struct *server = rcu_dereference(bridge->server.task), *thread;
	unsigned int looks = 0;

	if (!server || READ_ONCE(server->on_cpu))
		return NULL;
	if (is_beneath(server, cpus))
		return server;
	__for_each_thread(bridge->leader->signal, thread) {
		if (is_beneath(thread, cpus))
			return thread;
		if (++looks == THREADS)
			break;
	}
	return NULL;
}

static void rescue(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_rescuer, work)->bridge;
	struct task_struct *thread;

	rcu_read_lock();
	thread = find_beneath(bridge, &spinning);
	if (thread)
		get_task_struct(thread);
	rcu_read_unlock();
	if (thread) {
		if (pciem_server_move(&bridge->server, thread, &spinning))
			atomic64_inc(&bridge->counters.rescues);
		put_task_struct(thread);
	}
	pciem_bridge_put(bridge);
}

/* An RCU read section can be preemptible, but does not have to be preempted: count it as well. */
void pciem_rescue_begin(void)
{
	preempt_disable();
	if (this_cpu_inc_return(depth) == 1)
		cpumask_set_cpu(smp_processor_id(), &spinning);
}

void pciem_rescue_end(void)
{
	if (!this_cpu_dec_return(depth))
		cpumask_clear_cpu(smp_processor_id(), &spinning);
	preempt_enable();
}

void pciem_rescue_rouse(struct pciem_bridge *bridge)
{
	struct task_struct *server;

	if (!irqs_disabled())
		return;
	rcu_read_lock();
	server = rcu_dereference(bridge->server.task);
	if (server && task_cpu(server) == raw_smp_processor_id() &&
	    READ_ONCE(server->__state) & TASK_NORMAL)
		wake_up_process(server);
	rcu_read_unlock();
}

static void call(struct pciem_bridge *bridge, struct pciem_rescuer *rescuer, int cpu)
{
	pciem_bridge_get(bridge);
	if (!queue_work_on(cpu, system_highpri_wq, &rescuer->work))
		pciem_bridge_put(bridge);
}

/*
 * One more CPU is called each time: the last one called may have begun to spin itself before it got
 * to its worker. False: there is none.
 */
static bool call_another(struct pciem_bridge *bridge, int cpu)
{
	bool found = !cpumask_test_cpu(cpu, &spinning);
	struct pciem_rescuer *rescuer;
	int other;

	for_each_cpu_andnot(other, cpu_online_mask, &spinning) {
		if (other == cpu)
			continue;
		found = true;
		rescuer = per_cpu_ptr(bridge->rescuers, other);
		if (work_pending(&rescuer->work))
			continue;
		call(bridge, rescuer, other);
		break;
	}
	return found;
}

bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited)
{
	int cpu = raw_smp_processor_id();
	bool beneath, lost;

	if (waited < RESCUE_AFTER_NS)
		return true;
	rcu_read_lock();
	beneath = find_beneath(bridge, cpumask_of(cpu));
	lost = is_out_of_reach(bridge, cpu);
	rcu_read_unlock();
	return !lost && (!beneath || call_another(bridge, cpu));
}

int pciem_rescue_init(struct pciem_bridge *bridge)
{
	struct pciem_rescuer *rescuer;
	int cpu;

	bridge->rescuers = alloc_percpu(struct pciem_rescuer);
	if (!bridge->rescuers)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		rescuer = per_cpu_ptr(bridge->rescuers, cpu);
		rescuer->bridge = bridge;
		INIT_WORK(&rescuer->work, rescue);
	}
	return 0;
}

void pciem_rescue_destroy(struct pciem_bridge *bridge)
{
	free_percpu(bridge->rescuers);
}
