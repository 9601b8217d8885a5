// SPDX-License-Identifier: GPL-2.0-only
/*
 * An issuer that spins with preemption off occupies its CPU. If the scheduler has put the server
 * (just woken, or preempted) into that CPU's run queue, nobody runs it until load balancing happens
 * to move it, which can take longer than the deadline. So ask a worker on another CPU to move it:
 * narrow its affinity for a moment, then restore it. A server that the user pinned to this CPU is
 * left there; reads in atomic context on that CPU end at the deadline.
 *
 * When every CPU spins there is none for the worker and none for the server. Then the issuer that
 * sits on the server's CPU gives up, so that the server runs when its atomic section ends. A CPU
 * of its own for the server excludes that.
 */
#include "rescue.h"

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#define RESCUE_AFTER_NS		(100 * NSEC_PER_USEC)

static DEFINE_PER_CPU(unsigned int, depth);	/* an interrupt's read can lie over a task's */
static struct cpumask spinning;	/* CPUs whose depth is not 0 */

/* One for each CPU. Queued, it holds a reference on the bridge. */
struct pciem_rescuer {
	struct work_struct work;
	struct pciem_bridge *bridge;
};

static bool is_stuck(struct task_struct *server)
{
	return !READ_ONCE(server->on_cpu) && cpumask_test_cpu(task_cpu(server), &spinning);
}

/* To this CPU, if it may: that one is known to run something else than a spinning issuer. */
static bool move(struct task_struct *server)
{
	cpumask_var_t saved, away;
	bool moved = false;

	if (!zalloc_cpumask_var(&saved, GFP_NOWAIT))
		return false;
	if (!zalloc_cpumask_var(&away, GFP_NOWAIT))
		goto free_saved;
	cpumask_copy(saved, server->cpus_ptr);
	if (cpumask_test_cpu(raw_smp_processor_id(), saved))
		cpumask_set_cpu(raw_smp_processor_id(), away);
	else
		cpumask_andnot(away, saved, &spinning);
	if (is_stuck(server) && cpumask_intersects(away, cpu_active_mask) &&
	    !set_cpus_allowed_ptr(server, away)) {
		set_cpus_allowed_ptr(server, saved);
		moved = true;
	}
	free_cpumask_var(away);
free_saved:
	free_cpumask_var(saved);
	return moved;
}

static void rescue(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_rescuer, work)->bridge;
	struct task_struct *server;

	rcu_read_lock();
	server = rcu_dereference(bridge->server);
	if (server)
		get_task_struct(server);
	rcu_read_unlock();
	if (server) {
		if (move(server))
			atomic64_inc(&bridge->counters.rescues);
		put_task_struct(server);
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

/* Does the server wait for this CPU? */
static bool server_is_beneath(struct pciem_bridge *bridge, int cpu)
{
	struct task_struct *server;
	bool beneath = false;
	unsigned int state;

	rcu_read_lock();
	server = rcu_dereference(bridge->server);
	if (server) {
		state = READ_ONCE(server->__state);
		beneath = !READ_ONCE(server->on_cpu) && task_cpu(server) == cpu &&
			  (state == TASK_RUNNING || state == TASK_WAKING);
	}
	rcu_read_unlock();
	return beneath;
}

static void call(struct pciem_bridge *bridge, struct pciem_rescuer *rescuer, int cpu)
{
	pciem_bridge_get(bridge);
	if (!queue_work_on(cpu, system_highpri_wq, &rescuer->work))
		pciem_bridge_put(bridge);
}

/*
 * One more CPU is called each time: the last one called may have begun to spin itself before it got
 * to its worker.
 */
bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited)
{
	int cpu = raw_smp_processor_id(), other;
	struct pciem_rescuer *rescuer;
	bool hope = !cpumask_test_cpu(cpu, &spinning);

	if (waited < RESCUE_AFTER_NS || !server_is_beneath(bridge, cpu))
		return true;
	for_each_cpu_andnot(other, cpu_online_mask, &spinning) {
		if (other == cpu)
			continue;
		hope = true;
		rescuer = per_cpu_ptr(bridge->rescuers, other);
		if (work_pending(&rescuer->work))
			continue;
		call(bridge, rescuer, other);
		break;
	}
	return hope;
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
