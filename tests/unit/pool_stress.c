// SPDX-License-Identifier: GPL-2.0-only
/* The pool's allocator on several threads: no page has two owners, and all are back at the end. */
#include "pool_alloc.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define THREADS		4u
#define PAGES		512ul
#define RESERVED	16ul	/* at the end, behind every limit: never taken, so never to be given */
#define HELD		24u	/* ranges a thread may hold at once; together more than there is */

static struct pciem_pool_alloc pool;
static unsigned int rounds = 40000;
static u32 owner[PAGES];
static unsigned int shared, misplaced, refused, gave_free, took, full;

struct range {
	long first;
	unsigned long count;
};

static void count_up(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static u32 random_of(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void own(const struct range *range, u32 from, u32 to)
{
	for (unsigned long i = 0; i < range->count; i++) {
		if (__atomic_exchange_n(&owner[range->first + i], to, __ATOMIC_RELAXED) != from)
			count_up(&shared);
	}
}

static void take(struct range *range, u32 self, u32 *seed)
{
	unsigned long align = 1ul << random_of(seed) % 5, limit = random_of(seed) % 2 ? PAGES - RESERVED : PAGES / 2;

	range->count = 1 + random_of(seed) % 20;
	range->first = pciem_pool_alloc_take(&pool, range->count, align, limit);
	if (range->first < 0) {
		count_up(range->first == -ENOMEM ? &full : &misplaced);
		range->count = 0;
		return;
	}
	count_up(&took);
	if (range->first % align || range->first + range->count > limit) {
		count_up(&misplaced);
		range->count = 0;
		return;
	}
	own(range, 0, self);
}

static void give(struct range *range, u32 self)
{
	if (!range->count)
		return;
	own(range, self, 0);
	if (!pciem_pool_alloc_give(&pool, range->first, range->count))
		count_up(&refused);
	range->count = 0;
}

static void *take_and_give(void *argument)
{
	u32 self = (uintptr_t)argument + 1, seed = self;
	struct range held[HELD] = {};

	for (unsigned int i = 0; i < rounds; i++) {
		struct range *range = &held[random_of(&seed) % HELD];

		if (range->count)
			give(range, self);
		else
			take(range, self, &seed);
		if (i % 64 == 0 && pciem_pool_alloc_give(&pool, PAGES - RESERVED, 1 + i % RESERVED))
			count_up(&gave_free);
		if (i % 32 == 0)
			sched_yield();
	}
	for (unsigned int i = 0; i < HELD; i++)
		give(&held[i], self);
	return NULL;
}

static void pages_have_one_owner(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	assert_int_equal(pciem_pool_alloc_init(&pool, PAGES), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, (void *)i), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	print_message("%u taken, %u times full\n", took, full);
	assert_int_equal(shared, 0);
	assert_int_equal(misplaced, 0);
	assert_int_equal(refused, 0);
	assert_int_equal(gave_free, 0);
	assert_int_equal(pool.taken, 0);
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES, 1, PAGES), 0);
	/* Or the test has not tested what it says. */
	assert_true(took && full);
	pciem_pool_alloc_destroy(&pool);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_have_one_owner),
	};

	if (argc > 1)
		rounds = atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
