// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side of the queue on several threads, the process's side on one. Built with and without the thread sanitizer.
 *   order     each issuer's entries arrive in its order, all of them, once
 *   slots     no two issuers hold one slot
 *   answers   each issuer gets its own value, polling or sleeping; some give up and leave a late answer behind
 *   wake-ups  a process that has said that it sleeps is woken
 * Both free-running indexes and the tags wrap around on the way.
 */
#include "queue.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ISSUERS		4u
#define ENTRIES		8u	/* few, so that the queue is often full */
#define PATIENCE_S	20

static struct pciem_queue queue;
static sem_t doorbell;
static unsigned int rounds = 40000;

/* Written by any thread; looked at by main. */
static unsigned int order_errors, slot_errors, value_errors, lost_wakeups, slept, gave_up, late, found_full;
static unsigned int finished;
static u32 owner[PCIEM_SLOTS];

static void count(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static u32 random_of(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static u64 register_value(u64 addr)
{
	return (addr + 1) * 0x9e3779b97f4a7c15;
}

/* The rest of a non-posted transaction, as request.c does it. */
static void wait_for_answer(const struct pciem_entry *entry, u32 how)
{
	u64 data = 0;

	if (how == 0) {
		count(&gave_up);
		return;
	}
	if (how == 1 && pciem_queue_sleep(&queue, entry->tag)) {
		count(&slept);
		while (!pciem_queue_answered(&queue, entry->tag, &data)) {
			if (!wait_for_completion_seconds(pciem_queue_done(&queue, entry->tag), PATIENCE_S)) {
				count(&lost_wakeups);
				return;
			}
		}
	}
	while (!pciem_queue_answered(&queue, entry->tag, &data))
		sched_yield();
	if (data != register_value(entry->addr))
		count(&value_errors);
}

static void *issue(void *argument)
{
	u32 self = (uintptr_t)argument, seed = self + 1;

	for (u64 i = 0; i < rounds; i++) {
		struct pciem_entry entry = { .addr = (u64)self << 32 | i, .data = ~i, .size = 8 };
		u32 kind = random_of(&seed) % 8;
		bool posted = kind >= 4;
		u32 *mine;
		int ret;

		entry.op = posted ? PCIEM_OP_MEM_WRITE : PCIEM_OP_MEM_READ;
		while ((ret = posted ? pciem_queue_post(&queue, &entry, true) : pciem_queue_request(&queue, &entry, true)) == -EAGAIN) {
			count(&found_full);
			sched_yield();
		}
		if (ret < 0) {
			count(&order_errors);
			break;
		}
		if (ret)
			sem_post(&doorbell);
		if (posted)
			continue;
		mine = &owner[entry.tag & (PCIEM_SLOTS - 1)];
		if (__atomic_exchange_n(mine, self + 1, __ATOMIC_RELAXED))
			count(&slot_errors);
		wait_for_answer(&entry, kind);
		if (__atomic_exchange_n(mine, 0, __ATOMIC_RELAXED) != self + 1)
			count(&slot_errors);
		pciem_queue_finish(&queue, entry.tag);
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
	sem_post(&doorbell);
	return NULL;
}

static void answer(const struct pciem_entry *entry)
{
	struct pciem_slot *slot = &queue.slots[entry->tag & (PCIEM_SLOTS - 1)];
	u32 state = smp_load_acquire(&slot->state);

	do {
		if (state >> 2 != entry->tag || (state & 3) == 3) {
			count(&late);
			return;
		}
		slot->data = register_value(entry->addr);	/* plain: the sanitizer is to see what orders it */
	} while (!__atomic_compare_exchange_n(&slot->state, &state, entry->tag << 2 | PCIEM_PHASE_DONE, false,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if ((state & 3) == PCIEM_PHASE_SLEEPING)
		complete(pciem_queue_done(&queue, entry->tag));
}

/* True: there is something, or nothing will come any more. */
static bool sleep_until_rung(void)
{
	struct timespec end;
	bool rung = true;

	__atomic_store_n(&queue.header->flags, PCIEM_QUEUE_NEED_WAKEUP, __ATOMIC_SEQ_CST);
	smp_mb();
	if (READ_ONCE(queue.header->head) == smp_load_acquire(&queue.header->tail)) {
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += PATIENCE_S;
		rung = !sem_timedwait(&doorbell, &end);
	}
	WRITE_ONCE(queue.header->flags, 0);
	return rung;
}

static void consume(u64 next[ISSUERS])
{
	u32 seed = 99;

	for (;;) {
		u32 head = READ_ONCE(queue.header->head);
		struct pciem_entry entry;

		if (head == smp_load_acquire(&queue.header->tail)) {
			if (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) == ISSUERS &&
			    head == smp_load_acquire(&queue.header->tail))
				return;
			if (!sleep_until_rung()) {
				count(&lost_wakeups);
				return;
			}
			continue;
		}
		entry = queue.entries[head & (ENTRIES - 1)];
		smp_store_release(&queue.header->head, head + 1);
		if (entry.addr >> 32 >= ISSUERS || (u32)entry.addr != next[entry.addr >> 32] ||
		    entry.data != ~(u64)(u32)entry.addr)
			count(&order_errors);
		else
			next[entry.addr >> 32]++;
		if (entry.op == PCIEM_OP_MEM_READ)
			answer(&entry);
		if (!(random_of(&seed) % 16))
			sched_yield();
	}
}

static void everything_holds_under_load(void **state)
{
	pthread_t issuers[ISSUERS];
	u64 next[ISSUERS] = {};

	(void)state;
	assert_int_equal(pciem_queue_init(&queue, ENTRIES), 0);
	sem_init(&doorbell, 0, 0);
	queue.head = queue.tail = 0u - rounds;
	queue.header->tail = queue.header->head = queue.tail;
	queue.seq = (1u << 22) - rounds / 4;
	for (uintptr_t i = 0; i < ISSUERS; i++)
		assert_int_equal(pthread_create(&issuers[i], NULL, issue, (void *)i), 0);
	consume(next);
	for (unsigned int i = 0; i < ISSUERS; i++)
		pthread_join(issuers[i], NULL);

	print_message("%u slept, %u gave up, %u late answers, %u times full\n", slept, gave_up, late, found_full);
	assert_int_equal(order_errors, 0);
	assert_int_equal(slot_errors, 0);
	assert_int_equal(value_errors, 0);
	assert_int_equal(lost_wakeups, 0);
	for (unsigned int i = 0; i < ISSUERS; i++)
		assert_int_equal(next[i], rounds);
	assert_true(queue.tail < 0x80000000);
	for (unsigned int i = 0; i < PCIEM_SLOTS; i++)
		assert_false(test_bit(i, queue.busy));
	/* Or the test has not tested what it says. */
	assert_true(slept && gave_up && late && found_full);
	pciem_queue_destroy(&queue);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_holds_under_load),
	};

	if (argc > 1)
		rounds = atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
