/* SPDX-License-Identifier: GPL-2.0-only */
/* A bridge with nothing below it: a thread that answers everything with all ones, as PCI wants it for what is absent. */
#ifndef SERVE_H
#define SERVE_H

#include <pthread.h>
#include <stddef.h>

#include "bridge.h"

struct served {
	int fd;
	struct pciem_bridge_create create;
	struct pciem_queue_header *header;
	struct pciem_slot *slots;
	struct pciem_entry *entries;
	pthread_t thread;
	bool stop;
	unsigned int scanned, removed;
};

static inline void served_answer(struct served *served, uint32_t tag, uint64_t data)
{
	struct pciem_slot *slot = &served->slots[tag & (served->create.slot_count - 1)];
	struct pciem_wake wake = { .size = sizeof(wake), .tag = tag };
	uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);

	do {
		if (state >> 2 != tag || (state & 3) > PCIEM_PHASE_SLEEPING)
			return;
		__atomic_store_n(&slot->data, data, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&slot->state, &state, tag << 2 | PCIEM_PHASE_DONE, false,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if ((state & 3) == PCIEM_PHASE_SLEEPING)
		call(served->fd, PCIEM_WAKE, &wake);
}

/* False: nothing was there. */
static inline bool served_take(struct served *served, struct pciem_entry *entry)
{
	uint32_t head = __atomic_load_n(&served->header->head, __ATOMIC_RELAXED);

	if (head == __atomic_load_n(&served->header->tail, __ATOMIC_ACQUIRE))
		return false;
	*entry = served->entries[head & (served->create.queue_entries - 1)];
	__atomic_store_n(&served->header->head, head + 1, __ATOMIC_RELEASE);
	return true;
}

static inline void served_handle(struct served *served, const struct pciem_entry *entry)
{
	if (entry->op == PCIEM_OP_NOTICE) {
		unsigned int *count = entry->addr == PCIEM_NOTICE_SCANNED ? &served->scanned : &served->removed;

		__atomic_fetch_add(count, 1, __ATOMIC_RELEASE);
	} else if (entry->op != PCIEM_OP_MEM_WRITE) {
		served_answer(served, entry->tag, ~0ull);
	}
}

static inline void *served_run(void *argument)
{
	struct served *served = argument;
	struct pciem_entry entry;

	while (!__atomic_load_n(&served->stop, __ATOMIC_ACQUIRE)) {
		if (served_take(served, &entry))
			served_handle(served, &entry);
		else
			usleep(200);
	}
	return NULL;
}

/* Created and mapped; nobody answers yet. */
static inline void served_open(struct served *served)
{
	void *area = NULL;

	*served = (struct served) { .fd = node_open() };
	need(!bridge_create(served->fd, &served->create), "bridge");
	need(!try_map(served->fd, served->create.queue_offset, served->create.queue_bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED, &area), "queue");
	served->header = area;
	served->slots = (void *)((char *)area + served->create.slots_offset);
	served->entries = (void *)((char *)area + served->create.entries_offset);
}

static inline void served_start(struct served *served)
{
	need(!pthread_create(&served->thread, NULL, served_run, served), "thread");
}

static inline void served_stop(struct served *served)
{
	__atomic_store_n(&served->stop, true, __ATOMIC_RELEASE);
	pthread_join(served->thread, NULL);
}

static inline void served_close(struct served *served)
{
	munmap(served->header, served->create.queue_bytes);
	close(served->fd);
}

#endif
