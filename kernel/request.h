/* SPDX-License-Identifier: GPL-2.0-only */
/* Issuing transactions: what a CPU does when its driver touches a device, and how it waits. */
#ifndef PCIEM_REQUEST_H
#define PCIEM_REQUEST_H

#include "bridge.h"

/*
 * A non-posted transaction: returns the value, all ones (of `size` bytes) when there is none. Any
 * context; sleeps only where the context allows it, else spins, in both cases no longer than the
 * deadline.
 */
u64 pciem_request(struct pciem_bridge *bridge, enum pciem_op op, u64 addr, unsigned int size,
		  u64 data);
/*
 * The link is down. Who can wait hears of it only when the process has lost the memory of devices,
 * for then he takes back what he has lent; no longer than a second. Any context.
 */
void pciem_request_gone(struct pciem_bridge *bridge);
/*
 * A posted write. Any context. Waits only while the queue is full. Lost only when the link goes
 * down, or from NMI.
 */
void pciem_post(struct pciem_bridge *bridge, u64 addr, unsigned int size, u64 data);
/* Tell the process that a scan or removal is through. Sleeps while the queue is full. */
void pciem_notice(struct pciem_bridge *bridge, enum pciem_notice notice, int err);

#endif
