// SPDX-License-Identifier: GPL-2.0-only
/* The calls that are one ioctl each: request, size-first argument, result. */
#include "libpciem_fake.h"

static void msi_is_a_memory_write(void **state)
{
	static const struct pciem_msi expected = {
		.size = sizeof(expected), .data = 0xabcd, .address = 0xfeeff000 };

	assert_int_equal(pciem_msi(*state, 0xfeeff000, 0xabcd), 0);
	assert_int_equal(fake.command, PCIEM_MSI);
	assert_memory_equal(&fake.argument.msi, &expected, sizeof(expected));
}

static void intx_sets_a_level(void **state)
{
	struct pciem_intx expected = { .size = sizeof(expected), .line = 3, .level = 1 };

	assert_int_equal(pciem_intx(*state, 3, true), 0);
	assert_int_equal(fake.command, PCIEM_INTX);
	assert_memory_equal(&fake.argument.intx, &expected, sizeof(expected));
	expected.level = 0;
	assert_int_equal(pciem_intx(*state, 3, false), 0);
	assert_memory_equal(&fake.argument.intx, &expected, sizeof(expected));
}

static void bridge_requests_have_no_flags(void **state)
{
	static const struct {
		int (*call)(struct pciem *handle);
		unsigned long request;
	} rows[] = {
		{ pciem_serve, PCIEM_SERVE },
		{ pciem_scan, PCIEM_SCAN },
		{ pciem_remove, PCIEM_REMOVE },
	};
	static const struct pciem_simple expected = { .size = sizeof(expected) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rows[i].call(*state), 0);
		assert_int_equal(fake.command, rows[i].request);
		assert_memory_equal(&fake.argument.simple, &expected, sizeof(expected));
	}
}

static void who_serves_has_no_huge_pages(void **state)
{
	assert_int_equal(pciem_scan(*state), 0);
	assert_false(fake.no_huge_pages);
	assert_int_equal(pciem_serve(*state), 0);
	assert_true(fake.no_huge_pages);
}

static void errors_come_through(void **state)
{
	fake.command_error = -EBUSY;
	assert_int_equal(pciem_scan(*state), -EBUSY);
	assert_int_equal(pciem_remove(*state), -EBUSY);
	assert_int_equal(pciem_serve(*state), -EBUSY);
	fake.command_error = -EINVAL;
	assert_int_equal(pciem_msi(*state, 1, 2), -EINVAL);
	assert_int_equal(pciem_intx(*state, 4, true), -EINVAL);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(msi_is_a_memory_write),
		T(intx_sets_a_level),
		T(bridge_requests_have_no_flags),
		T(who_serves_has_no_huge_pages),
		T(errors_come_through),
	};

	return cmocka_run_group_tests_name("libpciem command", tests, NULL, NULL);
}
