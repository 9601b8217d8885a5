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
#include <linux/slab.h>
#include <linux/sched/task.h>

#define RESCUE_AFTER_NS		(100 * NSEC_PER_USEC)

static DEFINE_PER_CPU(unsigned int, depth);	/* an interrupt's read can lie over a task's */
static struct cpumask spinning;	/* CPUs whose depth is not 0 */

static void rescue(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, rescue.work);
	int cpu = READ_ONCE(bridge->rescue.cpu);
	struct task_struct *server;
	cpumask_var_t saved, away;

	rcu_read_lock();
	server = rcu_dereference(bridge->server);
	if (server)
		get_task_struct(server);
	rcu_read_unlock();
	if (!server)
		goto put;
	if (!zalloc_cpumask_var(&saved, GFP_NOWAIT))
		goto put_server;
	if (!zalloc_cpumask_var(&away, GFP_NOWAIT))
		goto free_saved;
	cpumask_copy(saved, server->cpus_ptr);
	/* Here, if it may: this CPU is known to run something else than a spinning issuer. */
	if (cpumask_test_cpu(raw_smp_processor_id(), saved)) {
		cpumask_copy(away, cpumask_of(raw_smp_processor_id()));
	} else {
		cpumask_andnot(away, saved, &spinning);
		cpumask_clear_cpu(cpu, away);
	}
	if (task_cpu(server) == cpu && cpumask_intersects(away, cpu_active_mask) &&
	    !set_cpus_allowed_ptr(server, away)) {
		set_cpus_allowed_ptr(server, saved);
		atomic64_inc(&bridge->counters.rescues);
	}
	free_cpumask_var(away);
free_saved:
	free_cpumask_var(saved);
put_server:
	put_task_struct(server);
put:
	pciem_bridge_put(bridge);
}

/* A preemptible one (in an RCU read section) does not hold its CPU, and can change it. */
void pciem_rescue_begin(void)
{
	if (!preemptible() && this_cpu_inc_return(depth) == 1)
		cpumask_set_cpu(smp_processor_id(), &spinning);
}

void pciem_rescue_end(void)
{
	if (!preemptible() && !this_cpu_dec_return(depth))
		cpumask_clear_cpu(smp_processor_id(), &spinning);
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

/* One that can run the worker: not the caller's, not one that spins itself; or -1. */
static int free_cpu(int cpu)
{
	int other;

	for_each_cpu_andnot(other, cpu_online_mask, &spinning) {
		if (other != cpu)
			return other;
	}
	return -1;
}

bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited)
{
	int cpu = raw_smp_processor_id();
	int other;

	if (waited < RESCUE_AFTER_NS || !server_is_beneath(bridge, cpu))
		return true;
	if (work_pending(&bridge->rescue.work))
		return true;
	other = free_cpu(cpu);
	if (other < 0)
		return !cpumask_test_cpu(cpu, &spinning);
	WRITE_ONCE(bridge->rescue.cpu, cpu);
	pciem_bridge_get(bridge);
	if (!queue_work_on(other, system_highpri_wq, &bridge->rescue.work))
		pciem_bridge_put(bridge);
	return true;
}

void pciem_rescue_init(struct pciem_bridge *bridge)
{
	INIT_WORK(&bridge->rescue.work, rescue);
}
