// SPDX-License-Identifier: GPL-2.0-only
/*
 * pciem_next, pciem_pending, pciem_arm, pciem_disarm: what is consumed, in which order, and when
 * nothing is.
 */
#include "libpciem_fake.h"

static struct pciem_transaction take(struct pciem *handle)
{
	struct pciem_transaction transaction;

	assert_int_equal(pciem_next(handle, &transaction), 1);
	return transaction;
}

static void each_operation_becomes_its_kind(void **state)
{
	static const struct {
		enum pciem_op op;
		enum pciem_kind kind;
	} rows[] = {
		{ PCIEM_OP_CFG_READ, PCIEM_CONFIG_READ },
		{ PCIEM_OP_CFG_WRITE, PCIEM_CONFIG_WRITE },
		{ PCIEM_OP_MEM_READ, PCIEM_MEMORY_READ },
		{ PCIEM_OP_MEM_WRITE, PCIEM_MEMORY_WRITE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pciem_entry entry = {
			.op = (uint8_t)rows[i].op,
			.size = (uint8_t)(1u << i),
			.addr = 0x123456789abcdef0,
			.data = 0xfedcba9876543210,
			.tag = 0x3fffffff,
		};
		struct pciem_transaction transaction;

		assert_true(fake_produce(&entry));
		transaction = take(*state);
		assert_int_equal(transaction.kind, rows[i].kind);
		assert_int_equal(transaction.size, 1u << i);
		assert_int_equal(transaction.address, entry.addr);
		assert_int_equal(transaction.data, entry.data);
		assert_int_equal(transaction.tag, entry.tag);
		assert_int_equal(transaction.status, 0);
	}
}

static void notices_carry_their_status(void **state)
{
	struct pciem_transaction transaction;

	fake_produce(&(struct pciem_entry) { .op = PCIEM_OP_NOTICE, .addr = PCIEM_NOTICE_SCANNED });
	fake_produce(&(struct pciem_entry) {
		.op = PCIEM_OP_NOTICE, .addr = PCIEM_NOTICE_REMOVED, .data = (uint64_t)-ENOLINK });
	transaction = take(*state);
	assert_int_equal(transaction.kind, PCIEM_SCANNED);
	assert_int_equal(transaction.status, 0);
	transaction = take(*state);
	assert_int_equal(transaction.kind, PCIEM_REMOVED);
	assert_int_equal(transaction.status, -ENOLINK);
}

static void what_is_not_known_is_passed_over(void **state)
{
	struct pciem_transaction transaction;

	fake_produce(&(struct pciem_entry) { .op = 0 });
	fake_produce(&(struct pciem_entry) { .op = 255 });
	fake_produce(&(struct pciem_entry) { .op = PCIEM_OP_NOTICE, .addr = 99 });
	assert_int_equal(pciem_next(*state, &transaction), 0);
	assert_int_equal(fake.header->head, 3);
	fake_produce(&(struct pciem_entry) { .op = PCIEM_OP_NOTICE, .addr = 0 });
	fake_write(5, 6);
	assert_int_equal(take(*state).address, 5);
}

static void entries_come_in_the_order_of_issue(void **state)
{
	for (uint32_t i = 0; i < FAKE_ENTRIES; i++)
		assert_true(fake_write(i, i * 3));
	assert_false(fake_write(0, 0));
	for (uint32_t i = 0; i < FAKE_ENTRIES; i++) {
		struct pciem_transaction transaction = take(*state);

		assert_int_equal(transaction.address, i);
		assert_int_equal(transaction.data, i * 3);
		assert_int_equal(fake.header->head, i + 1);
	}
	assert_false(pciem_pending(*state));
}

static int start_near_the_wrap(void **state)
{
	struct pciem *handle;

	fake_start(state);
	fake.first_index = UINT32_MAX - 100;
	if (pciem_open(&handle, NULL) || pciem_create(handle, NULL))
		return -1;
	*state = handle;
	return 0;
}

static void indexes_wrap_at_32_bits(void **state)
{
	struct pciem_transaction transaction;
	uint32_t produced = 0, consumed = 0;

	while (consumed < 300) {
		while (fake_write(produced, 0))
			produced++;
		/*
		 * Leave some behind, so that head and tail lie on different sides of the wrap for a
		 * while.
		 */
		for (int i = 0; i < 40; i++)
			assert_int_equal(take(*state).address, consumed++);
	}
	while (pciem_next(*state, &transaction))
		assert_int_equal(transaction.address, consumed++);
	assert_int_equal(consumed, produced);
	assert_int_equal(fake.header->head, fake.header->tail);
	assert_true(fake.header->tail < 1000);
}

/* Under the address sanitizer this also shows that no index leaves the entries. */
static void an_insane_tail_stays_inside_the_queue(void **state)
{
	struct pciem_transaction transaction;

	memset(fake.entries, 0xff, FAKE_ENTRIES * sizeof(*fake.entries));
	fake.entries[0].op = PCIEM_OP_MEM_WRITE;
	fake.header->tail = 1u << 31;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pciem_next(*state, &transaction), 1);
}

/* The shared head is only ever stored: what stands there does not steer the library. */
static void a_spoilt_head_does_not_matter(void **state)
{
	fake_write(1, 0);
	fake_write(2, 0);
	assert_int_equal(take(*state).address, 1);
	fake.header->head = 12345;
	assert_int_equal(take(*state).address, 2);
	assert_int_equal(fake.header->head, 2);
	assert_false(pciem_pending(*state));
}

static void empty_is_not_an_error(void **state)
{
	struct pciem_transaction transaction;

	assert_false(pciem_pending(*state));
	assert_int_equal(pciem_next(*state, &transaction), 0);
	fake_write(0, 0);
	assert_true(pciem_pending(*state));
}

static void link_down_comes_after_the_last_entry(void **state)
{
	struct pciem_transaction transaction;

	assert_true(pciem_link_up(*state));
	fake_write(7, 0);
	fake_link_down();
	assert_false(pciem_link_up(*state));
	assert_int_equal(take(*state).address, 7);
	assert_int_equal(pciem_next(*state, &transaction), -ENOLINK);
	assert_int_equal(pciem_arm(*state), -ENOLINK);
	assert_int_equal(fake.header->flags, 0);
}

static void arm_asks_for_a_wakeup(void **state)
{
	assert_int_equal(pciem_arm(*state), 0);
	assert_int_equal(fake.header->flags, PCIEM_QUEUE_NEED_WAKEUP);
	pciem_disarm(*state);
	assert_int_equal(fake.header->flags, 0);
}

static void arm_sees_what_waits_already(void **state)
{
	fake_write(0, 0);
	assert_int_equal(pciem_arm(*state), 1);
	assert_int_equal(fake.header->flags, 0);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(each_operation_becomes_its_kind),
		T(notices_carry_their_status),
		T(what_is_not_known_is_passed_over),
		T(entries_come_in_the_order_of_issue),
		cmocka_unit_test_setup_teardown(indexes_wrap_at_32_bits, start_near_the_wrap,
						fake_stop),
		T(an_insane_tail_stays_inside_the_queue),
		T(a_spoilt_head_does_not_matter),
		T(empty_is_not_an_error),
		T(link_down_comes_after_the_last_entry),
		T(arm_asks_for_a_wakeup),
		T(arm_sees_what_waits_already),
	};

	return cmocka_run_group_tests_name("libpciem queue", tests, NULL, NULL);
}
