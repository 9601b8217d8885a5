// SPDX-License-Identifier: LGPL-2.1-or-later
/* Consuming the queue. Every function here belongs to the one consuming thread. */
#include <poll.h>

#include "handle.h"
#include "shared.h"
#include "sys.h"

/* While polling the clock is looked at about this often, and the queue in between. */
#define CLOCK_EVERY_NS	2000
#define MOST_LOOKS	64

#define NS_PER_MS	1000000
#define NEVER		UINT64_MAX

static bool waiting(const struct pciem *handle)
{
	return load_acquire(&handle->header->tail) != handle->head;
}

/* 1: an entry waits; 0: none; -ENOLINK: none, and none will come. */
static int look(const struct pciem *handle)
{
	if (waiting(handle))
		return 1;
	if (pciem_link_up(handle))
		return 0;
	/* The last entries may have come between the look at the tail and the one at the link. */
	return waiting(handle) ? 1 : -ENOLINK;
}

static struct pciem_entry take(struct pciem *handle)
{
	const struct pciem_entry *shared = &handle->entries[handle->head & handle->entry_mask];
	struct pciem_entry entry = {
		.addr = load_once(shared->addr),
		.data = load_once(shared->data),
		.tag = load_once(shared->tag),
		.op = load_once(shared->op),
		.size = load_once(shared->size),
	};

	/* From here on the kernel may overwrite the entry. */
	store_release(&handle->header->head, ++handle->head);
	return entry;
}

static bool translate_notice(const struct pciem_entry *entry, struct pciem_transaction *transaction)
{
	switch (entry->addr) {
	case PCIEM_NOTICE_SCANNED:
		transaction->kind = PCIEM_SCANNED;
		break;
	case PCIEM_NOTICE_REMOVED:
		transaction->kind = PCIEM_REMOVED;
		break;
	default:
		return false;
	}
	transaction->status = (int)(int64_t)entry->data;
	return true;
}

static bool translate(const struct pciem_entry *entry, struct pciem_transaction *transaction)
{
	static const enum pciem_kind kinds[] = {
		[PCIEM_OP_CFG_READ] = PCIEM_CONFIG_READ,
		[PCIEM_OP_CFG_WRITE] = PCIEM_CONFIG_WRITE,
		[PCIEM_OP_MEM_READ] = PCIEM_MEMORY_READ,
		[PCIEM_OP_MEM_WRITE] = PCIEM_MEMORY_WRITE,
	};

	*transaction = (struct pciem_transaction) { 0 };
	if (entry->op == PCIEM_OP_NOTICE)
		return translate_notice(entry, transaction);
	if (entry->op >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[entry->op])
		return false;
	transaction->kind = kinds[entry->op];
	transaction->size = entry->size;
	transaction->address = entry->addr;
	transaction->data = entry->data;
	transaction->tag = entry->tag;
	return true;
}

int pciem_next(struct pciem *handle, struct pciem_transaction *transaction)
{
	if (!pciem_created(handle))
		return -ENXIO;
	for (;;) {
		struct pciem_entry entry;
		int state = look(handle);

		if (state <= 0)
			return state;
		entry = take(handle);
		/*
		 * A kind that this library does not know is passed over: an unknown notice is no
		 * harm.
		 */
		if (translate(&entry, transaction))
			return 1;
	}
}

bool pciem_pending(const struct pciem *handle)
{
	return pciem_created(handle) && waiting(handle);
}

int pciem_arm(struct pciem *handle)
{
	int state;

	if (!pciem_created(handle))
		return -ENXIO;
	store_once(handle->header->flags, PCIEM_QUEUE_NEED_WAKEUP);
	/*
	 * Pairs with the barrier of the kernel between its store of the tail and its look at the
	 * flags: one of the two sees the other's store, so no arrival goes unnoticed by both.
	 */
	full_barrier();
	state = look(handle);
	if (state)
		pciem_disarm(handle);
	return state;
}

void pciem_disarm(struct pciem *handle)
{
	if (pciem_created(handle))
		store_once(handle->header->flags, 0);
}

/*
 * Look for `window` nanoseconds from `now` on, and leave the time at which that ended there. The
 * clock can be as dear as a hundred looks, and on a virtual machine a pause as dear as a hundred of
 * the hardware's: find out as we go how many looks lie between two readings.
 */
static bool spin(const struct pciem *handle, uint64_t *now, uint64_t window)
{
	uint64_t end = *now + window;
	unsigned int looks = 1;

	while (*now < end) {
		uint64_t before = *now;

		for (unsigned int i = 0; i < looks; i++) {
			if (waiting(handle))
				return true;
			cpu_relax();
		}
		*now = pciem_sys_clock();
		if (*now - before < CLOCK_EVERY_NS && looks < MOST_LOOKS)
			looks *= 2;
	}
	return false;
}

/* Milliseconds to sleep, rounded up: rounding down would end in a loop of empty sleeps. */
static int sleep_ms(uint64_t deadline, uint64_t now)
{
	if (deadline == NEVER)
		return -1;
	return now < deadline ? (int)((deadline - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* 0, or a negative errno. */
static int sleep_for_ever(struct pciem *handle)
{
	struct pciem_simple simple = { .size = sizeof(simple) };
	int ret = pciem_sys_ioctl(handle->fd, PCIEM_SLEEP, &simple);

	if (ret == 1)
		store_once(handle->issuer_is_here, 1);
	return ret < 0 ? ret : 0;
}

static int sleep_until(struct pciem *handle, uint64_t deadline, uint64_t now)
{
	for (;;) {
		int timeout = sleep_ms(deadline, now);
		int state = pciem_arm(handle);
		int events;

		if (state)
			return state;
		events = timeout < 0 ? sleep_for_ever(handle) :
				       pciem_sys_poll(handle->fd, timeout);
		pciem_disarm(handle);
		state = look(handle);
		if (state)
			return state;
		if (events < 0)
			return events;
		if (events & (POLLHUP | POLLERR | POLLNVAL))
			return -ENOLINK;
		now = pciem_sys_clock();
		if (now >= deadline)
			return 0;
	}
}

int pciem_wait(struct pciem *handle, int timeout_ms)
{
	uint64_t start, now, deadline, window;
	int state;

	if (!pciem_created(handle))
		return -ENXIO;
	state = look(handle);
	if (state || !timeout_ms)
		return state;

	start = pciem_sys_clock();
	now = start;
	deadline = timeout_ms < 0 ? NEVER : start + (uint64_t)timeout_ms * NS_PER_MS;
	/* An issuer that waits for this CPU issues nothing while we poll on it. */
	if (__atomic_exchange_n(&handle->issuer_is_here, 0, __ATOMIC_RELAXED))
		return sleep_until(handle, deadline, now);
	window = pciem_polling_window(&handle->polling);
	if (window > deadline - start)
		window = deadline - start;
	if (spin(handle, &now, window)) {
		pciem_polling_caught(&handle->polling);
		return 1;
	}
	state = sleep_until(handle, deadline, now);
	/*
	 * Only an arrival tells when polling would have paid; after anything else the wait counts
	 * as endless.
	 */
	pciem_polling_missed(&handle->polling, state == 1 ? pciem_sys_clock() - start : NEVER);
	return state;
}

void pciem_set_poll_limit(struct pciem *handle, uint64_t ns)
{
	pciem_polling_init(&handle->polling, ns);
}
