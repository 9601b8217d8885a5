// SPDX-License-Identifier: GPL-2.0-only
/*
 * On which CPU an interrupt handler runs.
 *
 * A handler that reads a device register waits for the process, so it must not run on top of the
 * process: the thread it interrupted may be the one that would answer, or hold a lock that one
 * needs. So for each interrupt:
 *
 *   1. its own CPU (effective affinity), if no thread of the process runs there and it is not the
 *      server's home (server.h);
 *   2. else the next online CPU of which that is true;
 *   3. else its own CPU, from a worker: when the scheduler runs the worker, the process has left
 *      that CPU.
 *
 * Nor may such a handler run on top of code that holds a spin lock which the process needs in a
 * system call of its own (of a socket, say): the process would spin for the lock, the handler for
 * the process. So an interrupt whose handlers have been seen to wait for the process, and every
 * INTx, runs on top of an idle CPU, or else takes way 3 as well: the scheduler runs the worker
 * where nobody holds a spin lock. (A first wait can still meet such code, and so can a softirq that
 * a handler which never waits has raised.)
 *
 * The choice is a guess, made on one CPU about another, so the target looks again at what it
 * interrupted and, when it is the process after all, takes way 3. A CPU is never the home of a
 * server, of this or another bridge, if another will do.
 *
 * The way there: an asynchronous call on the target CPU. It can run outside hard-interrupt context:
 * an idle loop that polls is only told to look, and drains such calls itself, with interrupts off
 * and with the softirqs run afterwards, which is all that an interrupt has. Where else it does, it
 * queues an irq_work, which comes as an interrupt later.
 */
#include "irq.h"

#include <linux/cpumask.h>
#include <linux/hardirq.h>
#include <linux/percpu.h>

#include "bridge.h"
#include "rescue.h"
#include "trace.h"

/* CPUs looked at for way 2: keeps a raise bounded. */
#define CANDIDATES	16

static struct pciem_bridge *bridge_of(struct pciem_irqs *irqs)
{
	return container_of(irqs, struct pciem_bridge, irqs);
}

/* Also while it sleeps: where it last ran it will run again. Under rcu_read_lock. */
static bool server_is_on(struct pciem_bridge *bridge, int cpu)
{
	struct task_struct *server = rcu_dereference(bridge->server.task);

	return server && task_cpu(server) == cpu;
}

/* Under rcu_read_lock. A guess, stale at once. */
static bool process_needs(struct pciem_bridge *bridge, int cpu)
{
	/* Once: the list ends where it began, and another process can begin to serve meanwhile. */
	struct signal_struct *process = pciem_bridge_process(bridge)->signal;
	unsigned int left = PCIEM_THREADS;
	struct task_struct *thread;

	if (server_is_on(bridge, cpu))
		return true;
	__for_each_thread(process, thread) {
		if (!left--)
			break;
		if (task_cpu(thread) == cpu && READ_ONCE(thread->on_cpu))
			return true;
	}
	return false;
}

/* Under rcu_read_lock. -1: the process is everywhere. */
static int free_cpu(struct pciem_bridge *bridge, int cpu)
{
	int home_of_another = -1;
	unsigned int tries;

	for (tries = 0; tries < CANDIDATES; tries++) {
		if (cpu_online(cpu) && !process_needs(bridge, cpu)) {
			if (!pciem_is_home(cpu))
				return cpu;
			if (home_of_another < 0)
				home_of_another = cpu;
		}
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	return home_of_another;
}

/*
 * For way 3. Under rcu_read_lock. Not where the server waits its turn, if possible: the worker
 * would delay it.
 */
static int worker_cpu(struct pciem_bridge *bridge, int cpu)
{
	unsigned int other;

	if (cpu_online(cpu) && !server_is_on(bridge, cpu))
		return cpu;
	other = cpumask_any_but(cpu_online_mask, cpu);
	return other < nr_cpu_ids ? other : cpumask_first(cpu_online_mask);
}

/* What this CPU is handling just now. Interrupts are off while it is set. */
struct firing {
	struct pciem_irqs *irqs;
	unsigned int source;
};

static DEFINE_PER_CPU(struct firing, firing);

void pciem_irq_note_wait(void)
{
	struct firing *now = this_cpu_ptr(&firing);

	if (in_hardirq() && now->irqs && !test_bit(now->source, now->irqs->reads))
		set_bit(now->source, now->irqs->reads);
}

static void fire(struct pciem_irqs *irqs, unsigned int source)
{
	struct firing *now = this_cpu_ptr(&firing);

	trace_pciem_deliver(bridge_of(irqs)->root.domain, source);
	*now = (struct firing) { irqs, source };
	pciem_irq_fire(irqs, source);
	now->irqs = NULL;
}

/* In a handler's place: could anything beneath us hold a spin lock? */
static bool may_hold_locks(struct pciem_delivery *delivery)
{
	return softirq_count() ||
	       !(is_idle_task(current) || READ_ONCE(delivery->worker) == current);
}

/* A worker, on which way 3 comes, has no mm. */
static bool on_process(struct pciem_bridge *bridge)
{
	const struct mm_struct *mm = current->mm;
	bool is;

	rcu_read_lock();
	is = mm && (mm == bridge->mm || mm == READ_ONCE(pciem_bridge_process(bridge)->mm));
	rcu_read_unlock();
	return is;
}

static void defer(struct pciem_delivery *delivery)
{
	atomic64_inc(&bridge_of(delivery->irqs)->counters.deferred_irqs);
	queue_work_on(delivery->cpu, system_highpri_wq, &delivery->defer);
}

static void deliver(struct irq_work *work)
{
	struct pciem_delivery *delivery = container_of(work, struct pciem_delivery, work);
	struct pciem_irqs *irqs = delivery->irqs;
	bool locks, again = false;
	unsigned int source;

	if (!READ_ONCE(irqs->live))
		return;
	/*
	 * A CPU that goes offline runs what is left while all others stand still: the worker does
	 * it elsewhere. A reader that spins with interrupts off may hold the very lock that the
	 * handler takes.
	 */
	if (!in_hardirq() || pciem_rescue_taking_calls() || on_process(bridge_of(irqs))) {
		defer(delivery);
		return;
	}
	locks = may_hold_locks(delivery);
	for_each_set_bit(source, delivery->pending, PCIEM_SOURCES) {
		if (locks && test_bit(source, irqs->reads))
			again = true;
		else if (test_and_clear_bit(source, delivery->pending))
			fire(irqs, source);
	}
	if (again)
		defer(delivery);
}

/*
 * With the calls come wake-ups, which are done after all of them: a handler that waits for the
 * process must not stand in front of one that the process waits for.
 */
static void called(void *data)
{
	struct pciem_delivery *delivery = data;

	clear_bit(0, &delivery->sent);
	/* Who finds the bit set has set `pending` before: look at that after clearing it. */
	smp_mb__after_atomic();
	if (bitmap_intersects(delivery->pending, delivery->irqs->reads, PCIEM_SOURCES)) {
		irq_work_queue(&delivery->work);
	} else if (in_hardirq()) {
		deliver(&delivery->work);
	} else if (is_idle_task(current) && !IS_ENABLED(CONFIG_PREEMPT_RT)) {
		__irq_enter_raw();
		deliver(&delivery->work);
		__irq_exit_raw();
	} else {
		irq_work_queue(&delivery->work);
	}
}

static void deferred(struct work_struct *work)
{
	struct pciem_delivery *delivery = container_of(work, struct pciem_delivery, defer);

	/*
	 * The worker is bound to the CPU; this raises the interrupt right here, on top of it, which
	 * is known to hold no lock until it has come.
	 */
	WRITE_ONCE(delivery->worker, current);
	irq_work_queue(&delivery->work);
	irq_work_sync(&delivery->work);
	WRITE_ONCE(delivery->worker, NULL);
}

/*
 * With preemption off. The bit keeps other CPUs away from the csd, which has no lock of its own.
 * False: the CPU has gone offline.
 */
static bool send(struct pciem_delivery *delivery)
{
	if (test_and_set_bit(0, &delivery->sent))
		return true;
	if (!smp_call_function_single_async(delivery->cpu, &delivery->csd))
		return true;
	clear_bit(0, &delivery->sent);
	return false;
}

int pciem_irq_raise(struct pciem_bridge *bridge, unsigned int source)
{
	struct pciem_irqs *irqs = &bridge->irqs;
	struct pciem_delivery *delivery;
	int err = 0, wish, cpu;

	rcu_read_lock();
	if (!READ_ONCE(irqs->live)) {
		err = -ENOLINK;
		goto unlock;
	}
	preempt_disable();
	wish = READ_ONCE(irqs->cpu[source]);
	cpu = free_cpu(bridge, wish);
	delivery = per_cpu_ptr(irqs->delivery, cpu >= 0 ? cpu : worker_cpu(bridge, wish));
	set_bit(source, delivery->pending);
	/* A call to the own CPU runs at once, maybe under the interrupt's own lock (unmask). */
	if (cpu == smp_processor_id())
		irq_work_queue(&delivery->work);
	else if (cpu < 0 || !send(delivery))
		defer(delivery);
	preempt_enable();
unlock:
	rcu_read_unlock();
	return err;
}

int pciem_delivery_init(struct pciem_irqs *irqs)
{
	struct pciem_delivery *delivery;
	int cpu;

	irqs->delivery = alloc_percpu(struct pciem_delivery);
	if (!irqs->delivery)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		delivery = per_cpu_ptr(irqs->delivery, cpu);
		delivery->irqs = irqs;
		delivery->cpu = cpu;
		INIT_CSD(&delivery->csd, called, delivery);
		delivery->work = IRQ_WORK_INIT_HARD(deliver);
		INIT_WORK(&delivery->defer, deferred);
	}
	return 0;
}

static void nothing(void *unused)
{
}

void pciem_delivery_destroy(struct pciem_irqs *irqs)
{
	int cpu;

	/*
	 * A CPU takes all calls that have come to it in one go, with interrupts off: ours are among
	 * them when this one is, and through after a grace period. `live` keeps deliver() from
	 * deferring once more.
	 */
	on_each_cpu(nothing, NULL, 1);
	synchronize_rcu();
	for_each_possible_cpu(cpu) {
		struct pciem_delivery *delivery = per_cpu_ptr(irqs->delivery, cpu);

		irq_work_sync(&delivery->work);
		cancel_work_sync(&delivery->defer);
		irq_work_sync(&delivery->work);
	}
	free_percpu(irqs->delivery);
}
