// SPDX-License-Identifier: GPL-2.0-only
/*
 * The installed shape of the library with its real system calls, against files that every machine
 * has.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pciem.h>

static void a_missing_node_is_enoent(void **state)
{
	struct pciem *handle;

	errno = 1234;
	assert_int_equal(pciem_open(&handle, "/dev/no-such-node"), -ENOENT);
	assert_null(handle);
	assert_int_equal(errno, 1234);
	(void)state;
}

static void a_file_of_another_kind_is_enotty(void **state)
{
	struct pciem_features features;
	struct pciem *handle;

	errno = 1234;
	assert_int_equal(pciem_open(&handle, "/dev/null"), 0);
	assert_true(pciem_fd(handle) >= 0);
	assert_true(fcntl(pciem_fd(handle), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pciem_query(handle, &features), -ENOTTY);
	assert_int_equal(pciem_create(handle, NULL), -ENOTTY);
	pciem_close(handle);
	assert_int_equal(errno, 1234);
	(void)state;
}

/* Every call of pciem.h is exported; the linker has the say, running adds nothing. */
static void every_call_is_exported(void **state)
{
	const void *calls[] = {
		(const void *)pciem_open, (const void *)pciem_query, (const void *)pciem_create,
		(const void *)pciem_info, (const void *)pciem_close, (const void *)pciem_fd,
		(const void *)pciem_link_up, (const void *)pciem_serve, (const void *)pciem_next,
		(const void *)pciem_pending, (const void *)pciem_arm, (const void *)pciem_disarm,
		(const void *)pciem_wait, (const void *)pciem_set_poll_limit,
		(const void *)pciem_complete, (const void *)pciem_complete_and_wait,
		(const void *)pciem_scan, (const void *)pciem_remove, (const void *)pciem_msi,
		(const void *)pciem_intx, (const void *)pciem_pool, (const void *)pciem_map_direct,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_non_null(calls[i]);
	(void)state;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_node_is_enoent),
		cmocka_unit_test(a_file_of_another_kind_is_enotty),
		cmocka_unit_test(every_call_is_exported),
	};

	return cmocka_run_group_tests_name("libpciem system", tests, NULL, NULL);
}
