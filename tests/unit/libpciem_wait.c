// SPDX-License-Identifier: GPL-2.0-only
/*
 * pciem_wait: time-outs, what ends a sleep, and that polling adapts. Time is the fake's: nothing
 * here depends on load.
 */
#include "libpciem_fake.h"

#include <poll.h>

#define US	1000u
#define MS	1000000u
#define LIMIT	(50 * US)

/*
 * One wait for an arrival `delay` from now; returns how long the thread looked before it slept or
 * saw it.
 */
static uint64_t wait_for_arrival(struct pciem *handle, uint64_t delay)
{
	struct pciem_transaction transaction;
	uint64_t start = fake.now;

	fake.slept_ns = 0;
	fake.arrival_at = fake.now + delay;
	assert_int_equal(pciem_wait(handle, -1), 1);
	assert_int_equal(pciem_next(handle, &transaction), 1);
	assert_int_equal(fake.header->flags, 0);
	return fake.now - start - fake.slept_ns;
}

static void what_waits_is_told_at_once(void **state)
{
	fake_write(0, 0);
	assert_int_equal(pciem_wait(*state, -1), 1);
	assert_int_equal(fake.polls, 0);
	assert_int_equal(fake.clock_looks, 0);
}

static void no_time_means_no_sleep(void **state)
{
	assert_int_equal(pciem_wait(*state, 0), 0);
	assert_int_equal(fake.polls, 0);
}

static void a_timeout_is_kept(void **state)
{
	uint64_t start = fake.now;

	assert_int_equal(pciem_wait(*state, 20), 0);
	assert_in_range(fake.now - start, 20 * MS, 22 * MS);
	assert_int_equal(fake.poll_flags, PCIEM_QUEUE_NEED_WAKEUP);
	assert_int_equal(fake.header->flags, 0);
}

static void a_sleep_ends_with_an_arrival(void **state)
{
	fake.arrival_at = fake.now + 7 * MS;
	assert_int_equal(pciem_wait(*state, 20), 1);
	assert_int_equal(fake.polls, 1);
	assert_int_equal(fake.header->flags, 0);
}

static void a_signal_ends_the_sleep(void **state)
{
	fake.poll_result = -EINTR;
	assert_int_equal(pciem_wait(*state, -1), -EINTR);
	assert_int_equal(fake.header->flags, 0);
}

/* The time-out runs on over wake-ups that bring nothing. */
static void an_empty_wakeup_goes_back_to_sleep(void **state)
{
	uint64_t start = fake.now;

	fake.poll_result = POLLIN;
	assert_int_equal(pciem_wait(*state, 20), 0);
	assert_int_equal(fake.polls, 2);
	assert_in_range(fake.now - start, 20 * MS, 22 * MS);
}

static void link_down_ends_the_wait(void **state)
{
	fake_link_down();
	assert_int_equal(pciem_wait(*state, -1), -ENOLINK);
	assert_int_equal(fake.polls, 0);
}

static void a_hangup_ends_the_sleep(void **state)
{
	fake.poll_result = POLLHUP | POLLERR;
	assert_int_equal(pciem_wait(*state, -1), -ENOLINK);
	assert_int_equal(fake.header->flags, 0);
}

static void the_last_entry_is_told_before_the_hangup(void **state)
{
	struct pciem_transaction transaction;

	fake_write(1, 0);
	fake_link_down();
	assert_int_equal(pciem_wait(*state, -1), 1);
	assert_int_equal(pciem_next(*state, &transaction), 1);
	assert_int_equal(pciem_wait(*state, -1), -ENOLINK);
}

static void quick_arrivals_are_polled_for(void **state)
{
	unsigned int polls;

	for (int i = 0; i < 6; i++)
		wait_for_arrival(*state, 30 * US);
	polls = fake.polls;
	for (int i = 0; i < 100; i++)
		wait_for_arrival(*state, 30 * US);
	assert_int_equal(fake.polls, polls);
}

/*
 * Seen late only because a wake-up is slow, an arrival within the limit still counts as one to poll
 * for.
 */
static void a_slow_wakeup_does_not_hide_quick_arrivals(void **state)
{
	unsigned int polls;

	fake.wakeup_ns = 60 * US;
	for (int i = 0; i < 6; i++)
		wait_for_arrival(*state, 30 * US);
	polls = fake.polls;
	for (int i = 0; i < 100; i++)
		wait_for_arrival(*state, 30 * US);
	assert_int_equal(fake.polls, polls);
}

static void slow_arrivals_are_slept_for(void **state)
{
	for (int i = 0; i < 8; i++)
		wait_for_arrival(*state, 30 * US);
	for (int i = 0; i < 8; i++)
		wait_for_arrival(*state, 10 * MS);
	for (int i = 0; i < 20; i++)
		assert_in_range(wait_for_arrival(*state, 10 * MS), 0, 3 * fake.clock_step);
}

static void timeouts_stop_the_polling_too(void **state)
{
	for (int i = 0; i < 8; i++)
		wait_for_arrival(*state, 30 * US);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pciem_wait(*state, 1), 0);
	fake.clock_looks = 0;
	assert_int_equal(pciem_wait(*state, 1), 0);
	assert_in_range(fake.clock_looks, 1, 3);
}

/*
 * As when the driver and the consumer share one CPU: looking never succeeds, so it must become
 * rare.
 */
static void polling_that_never_succeeds_is_given_up(void **state)
{
	uint64_t looked = 0;

	for (int i = 0; i < 20000; i++) {
		/* 60 us away at the start, but never before the thread sleeps. */
		looked += wait_for_arrival(*state, 60 * US);
	}
	assert_in_range(looked / 20000, 0, 1 * US);
}

/* The kernel said so at the end of a sleep: it would issue nothing while we poll. */
static void an_issuer_that_needs_this_cpu_is_not_polled_for(void **state)
{
	unsigned int polls;

	for (int i = 0; i < 8; i++)
		wait_for_arrival(*state, 30 * US);
	fake.command_error = 1;
	wait_for_arrival(*state, 10 * MS);
	polls = fake.polls;
	wait_for_arrival(*state, 30 * US);
	assert_int_equal(fake.polls, polls + 1);
}

static void the_limit_limits(void **state)
{
	pciem_set_poll_limit(*state, 10 * US);
	for (int i = 0; i < 100; i++)
		assert_in_range(wait_for_arrival(*state, 55 * US), 0,
				10 * US + 4 * fake.clock_step);
}

static void limit_zero_never_polls(void **state)
{
	pciem_set_poll_limit(*state, 0);
	for (unsigned int i = 1; i <= 50; i++) {
		wait_for_arrival(*state, 1 * US);
		assert_int_equal(fake.polls, i);
	}
}

static void an_endless_limit_does_not_outlast_the_timeout(void **state)
{
	uint64_t start;

	pciem_set_poll_limit(*state, UINT64_MAX);
	for (int i = 0; i < 10; i++)
		wait_for_arrival(*state, 30 * US);
	start = fake.now;
	assert_int_equal(pciem_wait(*state, 5), 0);
	assert_in_range(fake.now - start, 5 * MS, 7 * MS);
}

static int start_on_one_cpu(void **state)
{
	struct pciem *handle;

	fake_start(state);
	fake.cpus = 1;
	if (pciem_open(&handle, NULL) || pciem_create(handle, NULL))
		return -1;
	*state = handle;
	return 0;
}

static void one_cpu_never_polls(void **state)
{
	for (unsigned int i = 1; i <= 50; i++) {
		wait_for_arrival(*state, 10 * US);
		assert_int_equal(fake.polls, i);
	}
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(what_waits_is_told_at_once),
		T(no_time_means_no_sleep),
		T(a_timeout_is_kept),
		T(a_sleep_ends_with_an_arrival),
		T(a_signal_ends_the_sleep),
		T(an_empty_wakeup_goes_back_to_sleep),
		T(link_down_ends_the_wait),
		T(a_hangup_ends_the_sleep),
		T(the_last_entry_is_told_before_the_hangup),
		T(quick_arrivals_are_polled_for),
		T(a_slow_wakeup_does_not_hide_quick_arrivals),
		T(slow_arrivals_are_slept_for),
		T(timeouts_stop_the_polling_too),
		T(polling_that_never_succeeds_is_given_up),
		T(an_issuer_that_needs_this_cpu_is_not_polled_for),
		T(the_limit_limits),
		T(limit_zero_never_polls),
		T(an_endless_limit_does_not_outlast_the_timeout),
		cmocka_unit_test_setup_teardown(one_cpu_never_polls, start_on_one_cpu, fake_stop),
	};

	return cmocka_run_group_tests_name("libpciem wait", tests, NULL, NULL);
}
