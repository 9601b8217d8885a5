// SPDX-License-Identifier: GPL-2.0-only
#include "link.h"

#include <linux/platform_device.h>
#include <linux/poll.h>

#include "params.h"
#include "trace.h"

void pciem_link_down(struct pciem_bridge *bridge, const char *why)
{
	unsigned int i;

	if (test_and_set_bit(0, &bridge->down))
		return;
	/* At once: who finds the bit set waits for it, for no longer than a second. */
	pciem_bridge_get(bridge);
	queue_work(pciem_revoke_workqueue, &bridge->revoke);
	WRITE_ONCE(bridge->queue.header->link, PCIEM_LINK_DOWN);
	trace_pciem_link_down(bridge->root.domain, why ?: "closed");
	if (why)
		dev_err(pciem_bridge_dev(bridge), "link down: %s\n", why);
	/* Sleepers look at `down` before they sleep; the bit was set with a full barrier. */
	for (i = 0; i < PCIEM_SLOTS; i++)
		complete(&bridge->queue.done[i]);
	irq_work_queue(&bridge->kick);
	/* This one waits for the other, and has its reference. */
	if (!queue_work(pciem_workqueue, &bridge->teardown))
		pciem_bridge_put(bridge);
}

/*
 * Reads notice a silent process by themselves; posted writes do not. While entries wait, look four
 * times in each read deadline whether the process still takes some. An idle bridge has no timer
 * running.
 */
static unsigned long watch_period(void)
{
	return max(msecs_to_jiffies(READ_ONCE(pciem_read_timeout_ms)) / 4, 1UL);
}

void pciem_link_watch(struct pciem_bridge *bridge)
{
	if (test_bit(0, &bridge->watching) || test_and_set_bit(0, &bridge->watching))
		return;
	if (pciem_link_is_down(bridge))
		return;
	pciem_bridge_get(bridge);
	WRITE_ONCE(bridge->watched_since, jiffies);
	if (!queue_delayed_work(pciem_workqueue, &bridge->watchdog, watch_period()))
		pciem_bridge_put(bridge);
}

void pciem_link_unwatch(struct pciem_bridge *bridge)
{
	if (cancel_delayed_work_sync(&bridge->watchdog))
		pciem_bridge_put(bridge);
}

static void watch(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(to_delayed_work(work), struct pciem_bridge,
						   watchdog);
	u32 head = pciem_queue_head(&bridge->queue);

	if (pciem_link_is_down(bridge))
		goto put;
	if (!pciem_queue_waiting(&bridge->queue)) {
		clear_bit(0, &bridge->watching);
		/* An entry that was queued before the bit was clear armed nothing: look again. */
		smp_mb__after_atomic();
		if (pciem_queue_waiting(&bridge->queue))
			pciem_link_watch(bridge);
		goto put;
	}
	if (head != bridge->watched_head) {
		bridge->watched_head = head;
		WRITE_ONCE(bridge->watched_since, jiffies);
	} else if (time_after(jiffies, READ_ONCE(bridge->watched_since) +
			      msecs_to_jiffies(READ_ONCE(pciem_read_timeout_ms)))) {
		pciem_link_down(bridge, "the process has stopped taking transactions");
		goto put;
	}
	/* This work's own reference goes on to its next run. */
	if (queue_delayed_work(pciem_workqueue, &bridge->watchdog, watch_period()))
		return;
put:
	pciem_bridge_put(bridge);
}

static void wake_readers(struct irq_work *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, kick);
	__poll_t events = EPOLLIN | EPOLLRDNORM;

	if (pciem_link_is_down(bridge))
		events |= EPOLLHUP | EPOLLERR;
	wake_up_interruptible_poll(&bridge->readable, events);
}

void pciem_link_init(struct pciem_bridge *bridge)
{
	INIT_DELAYED_WORK(&bridge->watchdog, watch);
	init_irq_work(&bridge->kick, wake_readers);
}
