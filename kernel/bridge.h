/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bridge: one PCI domain whose far side is the process that holds the file.
 *
 * Lifetime. `ref` is held by the open file until the teardown work has run, by every pci_dev below
 * the bridge until its release, and by every trapped access while it runs. The last put frees the
 * memory from a work item, because it can come from atomic context. The bridge holds a reference
 * on the module.
 *
 * Lock order, outermost first:
 *   pciem_file.lock (mutex; create)
 *     prefetch.lock (mutex; a prefetchable window comes into being)
 *     pciem_window_claims (mutex; address space; inside prefetch.lock too)
 *     pci_lock_rescan_remove (PCI core; taken by the claim of a window below 4 GiB, and by the
 *     scan, remove and teardown works, outside of the device locks)
 *       root.lock (mutex; which bus it is), then pci_bus_sem (PCI core)
 *       whatever locks a driver holds when it touches its device
 *         pci_lock (PCI core; raw, held around configuration accesses from user space)
 *           irqs.lock (raw; vector bitmap)    pool.alloc.lock    queue.lock (raw)
 *           readable.lock, then the scheduler's own
 *   pciem_window_claims, then what memory hotplug takes
 *   mmap locks of processes
 *     lent.lock (a page is mapped; the revoke work takes it alone)
 *   server.set_lock (mutex; a thread begins to serve)
 *     server.lock (raw), then task_struct.pi_lock
 *   server.push_lock (mutex, only tried; a thread is moved), then as for set_lock
 * irqs.lock, pool.alloc.lock and queue.lock are leaves: nothing is called, and no memory of user
 * space is touched but the mapped queue, under them.
 */
#ifndef PCIEM_BRIDGE_H
#define PCIEM_BRIDGE_H

#include <linux/kref.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/irq_work.h>

#include "irq.h"
#include "lent.h"
#include "prefetch.h"
#include "queue.h"
#include "root.h"
#include "server.h"
#include "window.h"

struct pciem_pool;
struct pciem_rescuer;
struct pciem_views;
struct platform_device;

/* Counted for sysfs; each is monotonic. */
struct pciem_counters {
	atomic64_t read_timeouts;	/* a sleeping issuer missed its deadline */
	atomic64_t atomic_timeouts;	/* a spinning issuer missed its deadline */
	atomic64_t refused;		/* all ones at once: from NMI, or on top of the server */
	atomic64_t starved;		/* all ones: no CPU was left to answer an atomic read */
	atomic64_t undecoded;		/* the decoder does not know the instruction */
	atomic64_t rescues;		/* times a thread was moved off a spinning CPU */
	atomic64_t deferred_irqs;	/* held back: every CPU ran the process */
};

struct pciem_bridge {
	struct kref ref;
	struct platform_device *pdev;	/* parent of the host bridge; has the attributes */
	bool direct;			/* no pool: bus address = physical address */
	struct pciem_views *views;	/* mappings of the file that made it; one reference */
	struct pciem_lent lent;		/* the pool, or when direct all memory */

	/* The process that made the bridge. It can pass the file on: see pciem_bridge_process(). */
	struct mm_struct *mm;		/* mmgrab()ed: only compared */
	struct task_struct *leader;
	struct pciem_server server;

	/* Link. Goes from up to down once. */
	unsigned long down;		/* bit 0 */
	/* Atomic reads have waited for so long since the last answer; racy by intent. */
	atomic_t in_vain_us;		/* as u32 */
	atomic64_t in_vain_until;	/* monotonic time, ns, when the last of them gave up */
	struct work_struct revoke;	/* waits for no device, nor for memory */
	struct work_struct teardown;	/* after it */
	struct work_struct free;
	struct delayed_work watchdog;
	unsigned long watching;		/* bit 0: the watchdog is armed */
	u32 watched_head;
	unsigned long watched_since;	/* jiffies when head was first seen at watched_head */

	struct pciem_queue queue;
	u16 sleeper_cpu[PCIEM_SLOTS];	/* where the issuer of a slot went to sleep */
	wait_queue_head_t readable;	/* poll(2) on the file, PCIEM_SLEEP */
	int kicked_on;			/* the CPU that last woke somebody there */
	struct irq_work kick;		/* wakes `readable` where a direct wake-up is not allowed */
	struct pciem_rescuer __percpu *rescuers;

	struct pciem_window mem32, mem64;	/* res.flags 0: window absent */
	struct pciem_prefetches prefetch;
	struct pciem_root root;
	struct pciem_irqs irqs;
	struct pciem_pool *pool;	/* NULL when direct */
	struct pciem_counters counters;
};

struct pciem_bridge_create;

/* Sleeps. Fills the out members of `args`. */
struct pciem_bridge *pciem_bridge_create(struct pciem_bridge_create *args,
					 struct pciem_views *views);
/* The file is closing: link down, teardown queued, the file's reference gone. Does not wait. */
void pciem_bridge_abandon(struct pciem_bridge *bridge);
/* Any context. */
bool pciem_bridge_tryget(struct pciem_bridge *bridge);
void pciem_bridge_get(struct pciem_bridge *bridge);
void pciem_bridge_put(struct pciem_bridge *bridge);
struct device *pciem_bridge_dev(struct pciem_bridge *bridge);

/* A thread of the process that serves, or of the one that made the bridge. Under rcu_read_lock. */
static inline struct task_struct *pciem_bridge_process(struct pciem_bridge *bridge)
{
	return rcu_dereference(bridge->server.task) ?: bridge->leader;
}

/* Runs everything that must outlive its caller; drained by module exit. */
extern struct workqueue_struct *pciem_workqueue;
/* For what the drivers of a bridge whose link is down wait for. */
extern struct workqueue_struct *pciem_revoke_workqueue;

#endif
