// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits, and how. A read needs its value, so the CPU that issued it waits for the process:
 *
 *   SLEEP   nothing forbids it: spin for a moment when the server is at work on another CPU, then
 *           sleep
 *   YIELD   preemptible, but the task has already said that it is about to sleep (a register read
 *           inside wait_event()): sleeping here would lose its state, so poll and let others run
 *   SPIN    atomic: poll. The process must run on another CPU; see rescue.c for when it cannot
 *   REFUSE  an answer can never come (the server itself is beneath us, or every CPU is stopped) or
 *           the queue cannot be used (NMI)
 */
#include "request.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/nmi.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "link.h"
#include "params.h"
#include "rescue.h"
#include "trace.h"

enum wait_mode { SLEEP, YIELD, SPIN, REFUSE };

/* Polls between two looks at the clock, so that reading it costs nothing beside the polling. */
#define POLLS_PER_LOOK	32
/*
 * Others can take the room that the process makes: after so many deadlines in which it made some an
 * issuer gives up all the same.
 */
#define FULL_DEADLINES	10
/* Atomic reads that wait in vain for so many deadlines, with no answer in between: it is dead. */
#define ATOMIC_MISSES	3u
#define TIMEOUT_MAX_MS	1000000u
/* Shorter than any wait for help. */
#define AT_ONCE_NS	(1 * NSEC_PER_MSEC)
#define WAKE_AGAIN_NS	(100 * NSEC_PER_USEC)
/* Between two looks at the clock; more: this virtual CPU was off, and others can have been. */
#define LOOK_MAX_NS	(50 * NSEC_PER_MSEC)
/* By what the time is told where the clock does not move. */
#define STILL_US	1
/* One that lets others run does so for this long before it calls for help. */
#define YIELD_NS	(5 * NSEC_PER_MSEC)

/*
 * Not local_clock(): where the TSC is unstable that stands still after a tick with interrupts off.
 * This one can go back: see look_at_clock().
 */
static u64 now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

/*
 * Inside stop_machine(), where all CPUs stand still, as when one goes offline: the core then masks
 * vectors, and reads back what it has written only to flush it. The stopper's class is not visible
 * to modules, its parameters are. (An interrupt that comes while it does other work is no such
 * case.)
 */
static bool machine_stopped(void)
{
	return irqs_disabled() && !in_interrupt() && current->flags & PF_KTHREAD &&
	       current->policy == SCHED_FIFO && current->rt_priority == MAX_RT_PRIO - 1;
}

static enum wait_mode wait_mode(struct pciem_bridge *bridge)
{
	if (in_nmi() || pciem_on_server(&bridge->server) || machine_stopped())
		return REFUSE;
	if (!preemptible() || rcu_preempt_depth() || pagefault_disabled() || is_idle_task(current))
		return SPIN;
	if (READ_ONCE(current->__state) != TASK_RUNNING)
		return YIELD;
	return SLEEP;
}

/* It looks for itself whether there is something to do. */
static void wake_server(struct pciem_bridge *bridge)
{
	struct task_struct *server;

	rcu_read_lock();
	server = rcu_dereference(bridge->server.task);
	if (server && READ_ONCE(server->__state) & TASK_INTERRUPTIBLE)
		wake_up_process(server);
	rcu_read_unlock();
}

/* Without PREEMPT_RT the wait queue's lock is as good as a raw one: lockdep would have it as with. */
static DEFINE_WAIT_OVERRIDE_MAP(kick_map, LD_WAIT_CONFIG);

static void kick(struct pciem_bridge *bridge)
{
	WRITE_ONCE(bridge->kicked_on, raw_smp_processor_id());
	/*
	 * Sleeping locks inside the wait queue on PREEMPT_RT. What is queued is then done by a
	 * thread of this CPU, which does not run before we are through.
	 */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible()) {
		irq_work_queue(&bridge->kick);
		wake_server(bridge);
	} else {
		lock_map_acquire_try(&kick_map);
		wake_up_interruptible_poll(&bridge->readable, EPOLLIN | EPOLLRDNORM);
		lock_map_release(&kick_map);
	}
}

struct deadline {
	u64 limit, waited;	/* ns */
	u64 looked;		/* now_ns() */
	u64 wake_again;		/* when `waited` is that */
	unsigned int polls;
	struct pciem_rescue rescue;
};

static void deadline_start(struct deadline *deadline, unsigned int ms)
{
	*deadline = (struct deadline) {
		.limit = (u64)ms * NSEC_PER_MSEC,
		.looked = now_ns(),
		.wake_again = WAKE_AGAIN_NS,
	};
}

/*
 * When no CPU gets to updating the time (this one, alone, with interrupts off) the clock starts over
 * each time the clocksource wraps, for the ACPI timer after 2.3 s, and does not move for half of
 * that; where jiffies are the clocksource it does not move at all. So time is also told by delays,
 * which need no clock. (Where jiffies do move, in steps, both count: to wait is then shorter.)
 */
static u64 look_at_clock(struct deadline *deadline)
{
	u64 now = now_ns();
	s64 passed = now - deadline->looked;

	if (passed <= 0) {
		udelay(STILL_US);
		passed = STILL_US * NSEC_PER_USEC;
	}
	deadline->waited += min_t(s64, passed, LOOK_MAX_NS);
	deadline->looked = now;
	return deadline->waited;
}

static bool is_exiting(const struct task_struct *thread)
{
	return READ_ONCE(thread->signal->flags) & SIGNAL_GROUP_EXIT;
}

/*
 * The process has been killed, or exits. The file closes only later: on the way there it may wait
 * for something that this CPU holds up, such as an RCU grace period. The maker of the bridge can
 * have passed it on: either of the two can still serve it, and before one does it can be anybody.
 */
static bool is_ending(struct pciem_bridge *bridge)
{
	struct task_struct *server;
	bool ending;

	rcu_read_lock();
	server = rcu_dereference(bridge->server.task);
	ending = server && is_exiting(server) && is_exiting(bridge->leader);
	rcu_read_unlock();
	return ending;
}

/* One step of a polling loop. -ETIMEDOUT: time is up. -EDEADLK: the process cannot run. */
static int poll_step(struct pciem_bridge *bridge, struct deadline *deadline, enum wait_mode mode)
{
	u64 waited;

	cpu_relax();
	if (++deadline->polls % POLLS_PER_LOOK)
		return 0;
	if (mode == YIELD)
		cond_resched();
	waited = look_at_clock(deadline);
	if (waited >= deadline->limit)
		return -ETIMEDOUT;
	if (is_ending(bridge)) {
		pciem_link_down(bridge, NULL);
		return 0;
	}
	if (irqs_disabled()) {
		if (mode == SPIN)
			pciem_rescue_take_calls();
		touch_nmi_watchdog();
	}
	/*
	 * What kick() queues on PREEMPT_RT is done when we are through, and it found the server on its
	 * way into poll(2): only now asleep, with nobody else to wake it.
	 */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && mode == SPIN && waited >= deadline->wake_again &&
	    pciem_queue_waiting(&bridge->queue)) {
		deadline->wake_again = waited + WAKE_AGAIN_NS;
		wake_server(bridge);
	}
	if (mode == SPIN && !pciem_rescue_check(bridge, waited, &deadline->rescue))
		return -EDEADLK;
	/* A real-time task lets only its like run, and the server cannot leave home by itself. */
	if (mode == YIELD && waited >= YIELD_NS)
		pciem_rescue_check(bridge, waited, &deadline->rescue);
	return 0;
}

/* The queue was full. As poll_step(). */
static int wait_for_room(struct pciem_bridge *bridge, struct deadline *deadline,
			 enum wait_mode mode)
{
	if (mode == SLEEP) {
		usleep_range(20, 50);
		return look_at_clock(deadline) < deadline->limit ? 0 : -ETIMEDOUT;
	}
	return poll_step(bridge, deadline, mode);
}

/* As pciem_queue_post() or pciem_queue_request() through `put`, when the queue is full. */
static int put_later(struct pciem_bridge *bridge, struct pciem_entry *entry, enum wait_mode mode,
		     int (*put)(struct pciem_queue *, struct pciem_entry *, bool))
{
	unsigned int timeout_ms = mode == SPIN ? READ_ONCE(pciem_atomic_timeout_ms) :
						 READ_ONCE(pciem_read_timeout_ms);
	u32 head, seen = pciem_queue_head(&bridge->queue);
	unsigned int deadlines = FULL_DEADLINES;
	struct deadline deadline;
	int ret, err = 0;

	deadline_start(&deadline, timeout_ms);
	for (;;) {
		/* The reserve is for those who keep the server itself from running, too. */
		ret = put(&bridge->queue, entry, err == -EDEADLK);
		if (ret != -EAGAIN || pciem_link_is_down(bridge))
			return ret;
		err = wait_for_room(bridge, &deadline, mode);
		if (err != -ETIMEDOUT)
			continue;
		/* Others may take room as fast as it is made: only a process at rest is late. */
		head = pciem_queue_head(&bridge->queue);
		if (head == seen || !--deadlines)
			return -EAGAIN;
		seen = head;
		deadline_start(&deadline, timeout_ms);
	}
}

/*
 * Of a wait that began and ended at these readings of the clock and was `waited` ns long (the clock
 * may have stood still, or the CPU been off): microseconds that nobody else has counted.
 */
static u32 count_in_vain(struct pciem_bridge *bridge, s64 start, s64 end, s64 waited)
{
	s64 until = atomic64_read(&bridge->in_vain_until), left;

	do {
		/* That far ahead it is from before the clock started over. */
		if (end <= start || until > end + waited)
			left = waited;
		else
			left = min(waited, end - max(start, until));
		if (left <= 0)
			return 0;
	} while (!atomic64_try_cmpxchg(&bridge->in_vain_until, &until, end));
	return div_u64(left, NSEC_PER_USEC);
}

/*
 * The process may be late, or have no CPU to run on: after a time that is the same. Time in which
 * several waited counts once. (With one CPU every such read ends at once: that costs nothing.)
 */
static void note_in_vain(struct pciem_bridge *bridge, int err, u64 start, u64 end, u64 waited)
{
	u32 timeout_ms = clamp(READ_ONCE(pciem_atomic_timeout_ms), 1u, TIMEOUT_MAX_MS);
	u32 in_vain = 0;

	if (err == -ETIMEDOUT || waited >= AT_ONCE_NS)
		in_vain = atomic_add_return(count_in_vain(bridge, start, end, waited),
					    &bridge->in_vain_us);
	atomic64_inc(err == -EDEADLK ? &bridge->counters.starved :
				       &bridge->counters.atomic_timeouts);
	if (in_vain >= ATOMIC_MISSES * timeout_ms * (u32)USEC_PER_MSEC)
		pciem_link_down(bridge, "atomic reads got no answer");
	else if (err == -ETIMEDOUT)
		dev_warn_ratelimited(pciem_bridge_dev(bridge),
				     "a read in atomic context got no answer within %u ms\n",
				     timeout_ms);
}

/*
 * Put the entry into the queue, whatever it takes. False: the link is down now, or a read that
 * cannot sleep has waited in vain.
 */
static bool enqueue(struct pciem_bridge *bridge, struct pciem_entry *entry, enum wait_mode mode,
		    int (*put)(struct pciem_queue *, struct pciem_entry *, bool))
{
	u64 start;
	int ret;

	if (pciem_link_is_down(bridge))
		return false;
	ret = put(&bridge->queue, entry, mode == REFUSE);
	/* The server cannot make room while we stand on top of it. */
	if (ret == -EAGAIN && mode != REFUSE) {
		if (mode == SPIN) {
			pciem_rescue_begin(bridge);
			pciem_irq_note_wait();
		}
		start = now_ns();
		ret = put_later(bridge, entry, mode, put);
		if (mode == SPIN)
			pciem_rescue_end();
		/* A read that nobody has heard of is one in vain, and there can be others. */
		if (ret == -EAGAIN && mode == SPIN && put == pciem_queue_request &&
		    !pciem_link_is_down(bridge)) {
			note_in_vain(bridge, -ETIMEDOUT, start, now_ns(),
				     (u64)READ_ONCE(pciem_atomic_timeout_ms) * NSEC_PER_MSEC);
			return false;
		}
	}
	if (ret < 0) {
		pciem_link_down(bridge, ret == -EAGAIN ? "the queue stayed full" :
				"the process wrote an impossible queue head");
		return false;
	}
	trace_pciem_issue(bridge->root.domain, entry, entry->data);
	if (ret)
		kick(bridge);
	pciem_link_watch(bridge);
	return true;
}

static int poll_for_answer(struct pciem_bridge *bridge, u32 tag, enum wait_mode mode, u64 *data)
{
	struct deadline deadline;
	u64 start;
	int err;

	deadline_start(&deadline, READ_ONCE(pciem_atomic_timeout_ms));
	start = deadline.looked;
	for (;;) {
		if (pciem_queue_answered(&bridge->queue, tag, data))
			return 0;
		if (pciem_link_is_down(bridge))
			return -ENOLINK;
		err = poll_step(bridge, &deadline, mode);
		if (!err)
			continue;
		/* Meanwhile other calls had their turn. */
		if (pciem_queue_answered(&bridge->queue, tag, data))
			return 0;
		note_in_vain(bridge, err, start, deadline.looked, deadline.waited);
		return err;
	}
}

static bool wait_spinning(struct pciem_bridge *bridge, u32 tag, enum wait_mode mode, u64 *data)
{
	int err;

	if (mode == SPIN) {
		pciem_rescue_begin(bridge);
		pciem_irq_note_wait();
	}
	err = poll_for_answer(bridge, tag, mode, data);
	if (mode == SPIN)
		pciem_rescue_end();
	return !err;
}

/* Is it worth polling before sleeping? Only while the server is awake on another CPU. */
static bool server_at_work(struct pciem_bridge *bridge)
{
	struct task_struct *server;
	bool busy = false;

	rcu_read_lock();
	server = rcu_dereference(bridge->server.task);
	if (server)
		busy = task_is_running(server) && task_cpu(server) != raw_smp_processor_id();
	rcu_read_unlock();
	return busy;
}

static bool wait_sleeping(struct pciem_bridge *bridge, u32 tag, u64 *data)
{
	struct completion *done = pciem_queue_done(&bridge->queue, tag);
	unsigned int timeout_ms = READ_ONCE(pciem_read_timeout_ms);
	unsigned long end = jiffies + msecs_to_jiffies(timeout_ms) + 1;
	u64 spin_end = now_ns() + (u64)READ_ONCE(pciem_spin_us) * NSEC_PER_USEC;
	unsigned int polls = 0;
	long left;

	while (server_at_work(bridge) && !need_resched()) {
		if (pciem_queue_answered(&bridge->queue, tag, data))
			return true;
		cpu_relax();
		if (!(++polls % POLLS_PER_LOOK) && now_ns() > spin_end)
			break;
	}
	WRITE_ONCE(bridge->sleeper_cpu[tag % PCIEM_SLOTS], raw_smp_processor_id());
	/* Neither asleep nor answered: garbage in the slot, as good as no answer. */
	if (!pciem_queue_sleep(&bridge->queue, tag) &&
	    pciem_queue_answered(&bridge->queue, tag, data))
		return true;
	for (;;) {
		if (pciem_link_is_down(bridge))
			return false;
		left = end - jiffies;
		if (left <= 0)
			break;
		wait_for_completion_timeout(done, left);
		if (pciem_queue_answered(&bridge->queue, tag, data))
			return true;
	}
	atomic64_inc(&bridge->counters.read_timeouts);
	pciem_link_down(bridge, "a read got no answer");
	return false;
}

void pciem_request_gone(struct pciem_bridge *bridge)
{
	enum wait_mode mode = wait_mode(bridge);

	if (mode == SLEEP || mode == YIELD)
		pciem_lent_wait(&bridge->lent, mode == SLEEP);
}

u64 pciem_request(struct pciem_bridge *bridge, enum pciem_op op, u64 addr, unsigned int size,
		  u64 data)
{
	enum wait_mode mode = wait_mode(bridge);
	struct pciem_entry entry = { .addr = addr, .data = data, .op = op, .size = size };
	bool answered;

	data = ~0ULL;
	if (mode == REFUSE) {
		atomic64_inc(&bridge->counters.refused);
		goto out;
	}
	if (!enqueue(bridge, &entry, mode, pciem_queue_request))
		goto out;
	if (mode == SLEEP)
		answered = wait_sleeping(bridge, entry.tag, &data);
	else
		answered = wait_spinning(bridge, entry.tag, mode, &data);
	if (!answered)
		data = ~0ULL;
	else if (atomic_read(&bridge->in_vain_us))
		atomic_set(&bridge->in_vain_us, 0);
	pciem_queue_finish(&bridge->queue, entry.tag);
out:
	if (pciem_link_is_down(bridge))
		pciem_request_gone(bridge);
	if (size < 8)
		data &= (1ULL << (8 * size)) - 1;
	trace_pciem_answer(bridge->root.domain, &entry, data);
	return data;
}

void pciem_post(struct pciem_bridge *bridge, u64 addr, unsigned int size, u64 data)
{
	struct pciem_entry entry = {
		.addr = addr, .data = data, .op = PCIEM_OP_MEM_WRITE, .size = size,
	};

	/* A posted write waits for nobody: refused only where the queue's lock cannot be taken. */
	if (in_nmi()) {
		atomic64_inc(&bridge->counters.refused);
		return;
	}
	enqueue(bridge, &entry, wait_mode(bridge), pciem_queue_post);
}

void pciem_notice(struct pciem_bridge *bridge, enum pciem_notice notice, int err)
{
	struct pciem_entry entry = { .addr = notice, .data = (s64)err, .op = PCIEM_OP_NOTICE };

	enqueue(bridge, &entry, SLEEP, pciem_queue_post);
}
