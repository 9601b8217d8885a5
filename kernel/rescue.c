// SPDX-License-Identifier: GPL-2.0-only
/*
 * An issuer that spins with preemption off occupies its CPU. A server (just woken, or preempted)
 * that the scheduler has put into that CPU's run queue is run by nobody until load balancing
 * happens to move it, which can take longer than the deadline. No better is a CPU whose task waits
 * for a lock that the issuer holds, or a thread beneath the issuer that has a lock the server
 * needs. So ask a worker on another CPU to move the thread to itself: that CPU is one that
 * schedules. A thread that the user pinned is left where it is; reads in atomic context can then
 * end at the deadline.
 *
 * When every CPU spins there is none for the worker and none for the process. Then the issuer that
 * sits on the thread's CPU gives up, so that it runs when that atomic section ends. So does one
 * that holds a lock for which all other CPUs wait, some time after the workers called. A CPU of its
 * own for the server excludes both.
 */
#include "rescue.h"

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>

#include "arch.h"
#include "compat/workqueue.h"
#include "params.h"

#define RESCUE_AFTER_NS		(100 * NSEC_PER_USEC)
/*
 * A server that is out of reach can just be waking up, or is waited for by another reader that will
 * give up.
 */
#define LOST_NS			(5 * NSEC_PER_MSEC)
/*
 * No worker has come for so long: the CPUs that do not spin here wait, with interrupts off, for a
 * lock of a driver's that a reader holds. Long, for a virtual CPU can be off for a while.
 */
#define DEAF_NS			(100 * NSEC_PER_MSEC)

static DEFINE_PER_CPU(unsigned int, depth);	/* an interrupt's read can lie over a task's */
static struct cpumask spinning;	/* CPUs whose depth is not 0 */
/* Our own, so that the module's end can wait for workers that have put the last reference. */
static struct workqueue_struct *workqueue;

/* One for each CPU. Queued, it holds a reference on the bridge. */
struct pciem_rescuer {
	struct work_struct work;
	struct pciem_bridge *bridge;
};

/* In a run queue, but not running. */
static bool is_waiting(struct task_struct *thread)
{
	return !READ_ONCE(thread->on_cpu) && READ_ONCE(thread->__state) == TASK_RUNNING;
}

/* Woken, and not yet in a run queue. */
static bool is_waking(struct task_struct *server)
{
	return server && READ_ONCE(server->__state) == TASK_WAKING;
}

/*
 * Not yet in the run queue: its wake-up comes as an interrupt to a CPU that spins, and so never
 * while they are off there. It cannot be diverted, and to try would wait for that CPU. Under
 * rcu_read_lock.
 */
static bool is_out_of_reach(struct pciem_bridge *bridge, int cpu)
{
	struct task_struct *server = rcu_dereference(bridge->server.task);

	if (!is_waking(server))
		return false;
	if (task_cpu(server) == cpu)
		return irqs_disabled();
	return cpumask_test_cpu(task_cpu(server), &spinning);
}

/*
 * The thread that has to be moved for the server to go on, or NULL: itself, wherever it waits, or
 * another one that waits on one of these CPUs. Under rcu_read_lock. As long as the server runs, all
 * is well.
 */
static struct task_struct *find_waiting(struct pciem_bridge *bridge, const struct cpumask *cpus)
{
	struct task_struct *server = rcu_dereference(bridge->server.task), *thread;
	unsigned int left = PCIEM_THREADS;

	if (!server || READ_ONCE(server->on_cpu))
		return NULL;
	if (is_waiting(server))
		return server;
	__for_each_thread(server->signal, thread) {
		if (!left--)
			break;
		if (is_waiting(thread) && cpumask_test_cpu(task_cpu(thread), cpus))
			return thread;
	}
	return NULL;
}

static void rescue(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_rescuer, work)->bridge;
	struct task_struct *thread;

	rcu_read_lock();
	thread = find_waiting(bridge, &spinning);
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

/* See pciem_rescue_begin(). Under rcu_read_lock. */
static void rouse(struct task_struct *server)
{
	if (server && task_cpu(server) == raw_smp_processor_id() &&
	    READ_ONCE(server->__state) & TASK_NORMAL)
		wake_up_process(server);
}

/*
 * The idle task beneath us can watch for work without sleeping: who calls this CPU then only says
 * so to that task. From now on calls come as such (the task says anew that it watches). What was
 * said in the moment before waits for the end of the read.
 */
static void take_calls_from_idle(void)
{
	__current_clr_polling();
	/* Whoever has not seen that has said it before we look. */
	smp_mb__after_atomic();
}

void pciem_rescue_begin(struct pciem_bridge *bridge)
{
	/* An RCU read section can be preemptible, but does not have to be: count it as well. */
	preempt_disable();
	this_cpu_inc(depth);
	/* Each time: a read of an interrupt can come, and end, before this. */
	cpumask_set_cpu(smp_processor_id(), &spinning);
	if (!irqs_disabled())
		return;
	if (!current->mm)
		pciem_arch_leave_mm();
	if (is_idle_task(current))
		take_calls_from_idle();
	rcu_read_lock();
	rouse(rcu_dereference(bridge->server.task));
	rcu_read_unlock();
}

void pciem_rescue_end(void)
{
	if (!this_cpu_dec_return(depth))
		cpumask_clear_cpu(smp_processor_id(), &spinning);
	preempt_enable();
}

static DEFINE_PER_CPU(bool, taking_calls);

static void nothing(struct irq_work *work)
{
}

static DEFINE_PER_CPU(struct irq_work, nudge);

void pciem_rescue_take_calls(void)
{
	if (__this_cpu_read(taking_calls) || !READ_ONCE(pciem_take_calls))
		return;
	__this_cpu_write(taking_calls, true);
	pciem_arch_take_calls();
	__this_cpu_write(taking_calls, false);
	/* Softirqs that a call has raised: they run at the end of the next interrupt. */
	if (!in_interrupt() && local_softirq_pending())
		irq_work_queue(this_cpu_ptr(&nudge));
}

/* (A module's per-CPU variables cannot begin with the address of a function.) */
int pciem_rescue_load(void)
{
	int cpu;

	workqueue = pciem_alloc_percpu_workqueue("pciem_rescue", WQ_HIGHPRI);
	if (!workqueue)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		*per_cpu_ptr(&nudge, cpu) = IRQ_WORK_INIT_HARD(nothing);
	return 0;
}

void pciem_rescue_unload(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&nudge, cpu));
	destroy_workqueue(workqueue);
}

bool pciem_rescue_taking_calls(void)
{
	return this_cpu_read(taking_calls);
}

static void call(struct pciem_bridge *bridge, struct pciem_rescuer *rescuer, int cpu)
{
	pciem_bridge_get(bridge);
	if (!queue_work_on(cpu, workqueue, &rescuer->work))
		pciem_bridge_put(bridge);
}

enum help {
	CALLED,		/* a worker is called now, */
	DEAF,		/* or all were before, and none has come yet; */
	NONE,		/* or every CPU spins */
};

/*
 * One more CPU is called each time: the last one called may have begun to spin itself before it got
 * to its worker.
 */
static enum help call_another(struct pciem_bridge *bridge, int cpu)
{
	enum help help = cpumask_test_cpu(cpu, &spinning) ? NONE : DEAF;
	struct pciem_rescuer *rescuer;
	int other;

	for_each_online_cpu(other) {
		if (other == cpu || cpumask_test_cpu(other, &spinning))
			continue;
		help = DEAF;
		rescuer = per_cpu_ptr(bridge->rescuers, other);
		if (work_pending(&rescuer->work))
			continue;
		call(bridge, rescuer, other);
		return CALLED;
	}
	return help;
}

/* Nobody can help this reader. Is it to give up? */
static bool is_lost(struct pciem_rescue *rescue, u64 waited, bool deaf, int cpu)
{
	unsigned int before;

	/* For another reason than before; or this virtual CPU was off, and others can have been. */
	if (!rescue->lost || rescue->deaf != deaf || waited - rescue->looked > LOST_NS) {
		rescue->lost = waited;
		rescue->rank = 0;
	}
	rescue->deaf = deaf;
	if (!deaf)
		return waited - rescue->lost >= LOST_NS;
	/* Who begins or ends just now is counted or not. */
	before = data_race(bitmap_weight(cpumask_bits(&spinning), cpu));
	/* When one gives up that can be all that the others need: they wait for their turn. */
	rescue->rank = max(rescue->rank, before);
	return waited - rescue->lost >= DEAF_NS + LOST_NS * rescue->rank;
}

bool pciem_rescue_check(struct pciem_bridge *bridge, u64 waited, struct pciem_rescue *rescue)
{
	int cpu = raw_smp_processor_id(), where = -1;
	struct task_struct *waiting;
	enum help help = CALLED;
	bool stuck, waking, lost = false;

	rcu_read_lock();
	waiting = find_waiting(bridge, cpumask_of(cpu));
	if (waiting)
		where = task_cpu(waiting);
	stuck = is_out_of_reach(bridge, cpu);
	waking = is_waking(rcu_dereference(bridge->server.task));
	rcu_read_unlock();
	/* What waits elsewhere soon has its turn, as a rule. */
	if (where == cpu || (where >= 0 && waited >= RESCUE_AFTER_NS))
		help = call_another(bridge, cpu);
	if (waited < RESCUE_AFTER_NS)
		return true;
	if (help == NONE && where == cpu)
		return false;
	/* Its wake-up can be for a CPU that takes no interrupts, though it does not spin here. */
	if (waking && help == CALLED)
		help = DEAF;
	if (stuck || help != CALLED)
		lost = is_lost(rescue, waited, !stuck && help == DEAF, cpu);
	else
		rescue->lost = 0;
	rescue->looked = waited;
	return !lost;
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
