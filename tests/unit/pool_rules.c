// SPDX-License-Identifier: GPL-2.0-only
/* What the pool's allocator promises, one rule a test. */
#include "pool_alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PAGES	100ul
#define ANY	(~0ul)

static struct pciem_pool_alloc pool;

static int set_up(void **state)
{
	(void)state;
	return pciem_pool_alloc_init(&pool, PAGES);
}

static int tear_down(void **state)
{
	(void)state;
	pciem_pool_alloc_destroy(&pool);
	return 0;
}

static void whole_pool_can_be_had_once(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES, 1, ANY), 0);
	assert_int_equal(pciem_pool_alloc_take(&pool, 1, 1, ANY), -ENOMEM);
	assert_int_equal(pool.taken, PAGES);
	assert_true(pciem_pool_alloc_give(&pool, 0, PAGES));
	assert_int_equal(pool.taken, 0);
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES, 1, ANY), 0);
}

static void page_by_page_gives_every_page(void **state)
{
	bool seen[PAGES] = {};

	(void)state;
	for (unsigned long i = 0; i < PAGES; i++) {
		long page = pciem_pool_alloc_take(&pool, 1, 1, ANY);

		assert_in_range(page, 0, PAGES - 1);
		assert_false(seen[page]);
		seen[page] = true;
	}
	assert_int_equal(pciem_pool_alloc_take(&pool, 1, 1, ANY), -ENOMEM);
}

static void senseless_sizes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, 0, 1, ANY), -ENOMEM);
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES + 1, 1, ANY), -ENOMEM);
	assert_int_equal(pciem_pool_alloc_take(&pool, ~0ul, 1, ANY), -ENOMEM);
	assert_int_equal(pciem_pool_alloc_take(&pool, ~0ul - 4, 8, ANY), -ENOMEM);
	assert_int_equal(pciem_pool_alloc_take(&pool, 1, 1, 0), -ENOMEM);
	assert_int_equal(pool.taken, 0);
}

static void alignment_is_kept(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, 1, 1, ANY), 0);
	for (unsigned long align = 1; align <= 64; align *= 2) {
		long first = pciem_pool_alloc_take(&pool, 1, align, ANY);

		assert_true(first >= 0);
		assert_int_equal(first % align, 0);
	}
}

static void limit_is_kept(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, 8, 1, 7), -ENOMEM);
	assert_int_equal(pciem_pool_alloc_take(&pool, 8, 1, 8), 0);
	assert_int_equal(pciem_pool_alloc_take(&pool, 1, 1, 8), -ENOMEM);
	/* Far behind the limit, then below it again. */
	assert_int_equal(pciem_pool_alloc_take(&pool, 50, 1, ANY), 8);
	assert_true(pciem_pool_alloc_give(&pool, 2, 3));
	assert_int_equal(pciem_pool_alloc_take(&pool, 3, 1, 8), 2);
}

static void fragments_do_not_add_up(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES, 1, ANY), 0);
	for (unsigned long i = 0; i < PAGES; i += 2)
		assert_true(pciem_pool_alloc_give(&pool, i, 1));
	assert_int_equal(pciem_pool_alloc_take(&pool, 2, 1, ANY), -ENOMEM);
	assert_true(pciem_pool_alloc_give(&pool, 51, 1));
	assert_int_equal(pciem_pool_alloc_take(&pool, 3, 1, ANY), 50);
}

static void giving_twice_is_refused(void **state)
{
	long first = pciem_pool_alloc_take(&pool, 10, 1, ANY);

	(void)state;
	assert_true(pciem_pool_alloc_give(&pool, first + 3, 4));
	assert_false(pciem_pool_alloc_give(&pool, first + 3, 4));
	assert_false(pciem_pool_alloc_give(&pool, first, 0));
	assert_false(pciem_pool_alloc_give(&pool, ~0ul, 2));
	/* One page of it is enough, and then the others stay. */
	assert_false(pciem_pool_alloc_give(&pool, first, 10));
	assert_false(pciem_pool_alloc_give(&pool, first, 4));
	assert_false(pciem_pool_alloc_give(&pool, first + 6, 4));
	assert_int_equal(pool.taken, 6);
	assert_true(pciem_pool_alloc_give(&pool, first, 3));
	assert_true(pciem_pool_alloc_give(&pool, first + 7, 3));
	assert_int_equal(pool.taken, 0);
}

static void giving_what_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pciem_pool_alloc_take(&pool, PAGES, 1, ANY), 0);
	assert_false(pciem_pool_alloc_give(&pool, 0, 0));
	assert_false(pciem_pool_alloc_give(&pool, PAGES, 1));
	assert_false(pciem_pool_alloc_give(&pool, PAGES - 1, 2));
	assert_false(pciem_pool_alloc_give(&pool, 1, ~0ul));
	assert_false(pciem_pool_alloc_give(&pool, ~0ul, 2));
	assert_int_equal(pool.taken, PAGES);
}

static void given_pages_are_reused_late(void **state)
{
	long first = pciem_pool_alloc_take(&pool, 4, 1, ANY);

	(void)state;
	assert_true(pciem_pool_alloc_give(&pool, first, 4));
	for (unsigned long i = 4; i + 4 <= PAGES; i += 4)
		assert_int_not_equal(pciem_pool_alloc_take(&pool, 4, 1, ANY), first);
	assert_int_equal(pciem_pool_alloc_take(&pool, 4, 1, ANY), first);
}

int main(void)
{
#define RULE(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		RULE(whole_pool_can_be_had_once),
		RULE(page_by_page_gives_every_page),
		RULE(senseless_sizes_are_refused),
		RULE(alignment_is_kept),
		RULE(limit_is_kept),
		RULE(fragments_do_not_add_up),
		RULE(giving_twice_is_refused),
		RULE(giving_what_is_not_there_is_refused),
		RULE(given_pages_are_reused_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
