// SPDX-License-Identifier: GPL-2.0-only
/* pciem_complete and pciem_complete_and_wait: which slots take an answer, and when PCIEM_WAKE is called. */
#include "libpciem_fake.h"

#define TAG		0x2abcde5u
#define DONE(tag)	((uint32_t)(tag) << 2 | PCIEM_PHASE_DONE)

static const struct pciem_transaction a_read = { .kind = PCIEM_MEMORY_READ, .size = 4, .tag = TAG };

static void a_watching_issuer_needs_no_wake(void **state)
{
	struct pciem_slot *slot = fake_issue(TAG, PCIEM_PHASE_PENDING);

	assert_int_equal(pciem_complete(*state, &a_read, 0x1122334455667788), 0);
	assert_int_equal(slot->state, DONE(TAG));
	assert_int_equal(slot->data, 0x1122334455667788);
	assert_int_equal(fake.wakes, 0);
}

static void a_sleeping_issuer_is_woken_with_its_tag(void **state)
{
	struct pciem_slot *slot = fake_issue(TAG, PCIEM_PHASE_SLEEPING);

	assert_int_equal(pciem_complete(*state, &a_read, 42), 0);
	assert_int_equal(slot->state, DONE(TAG));
	assert_int_equal(slot->data, 42);
	assert_int_equal(fake.wakes, 1);
	assert_int_equal(fake.argument.wake.size, sizeof(struct pciem_wake));
	assert_int_equal(fake.argument.wake.tag, TAG);
}

static void an_error_of_the_wake_is_reported(void **state)
{
	fake_issue(TAG, PCIEM_PHASE_SLEEPING);
	fake.command_error = -ENOLINK;
	assert_int_equal(pciem_complete(*state, &a_read, 42), -ENOLINK);
}

/* The slot belongs to a later tag that shares its index. */
static void an_issuer_that_left_gets_nothing(void **state)
{
	const uint32_t phases[] = { PCIEM_PHASE_PENDING, PCIEM_PHASE_SLEEPING, PCIEM_PHASE_DONE };

	for (size_t i = 0; i < 3; i++) {
		struct pciem_slot *slot = fake_issue(TAG + FAKE_SLOTS, phases[i]);
		uint32_t before = slot->state;

		slot->data = 99;
		assert_int_equal(pciem_complete(*state, &a_read, 42), -ESTALE);
		assert_int_equal(slot->state, before);
		assert_int_equal(slot->data, 99);
	}
	assert_int_equal(fake.wakes, 0);
}

static void a_second_answer_is_refused(void **state)
{
	struct pciem_slot *slot = fake_issue(TAG, PCIEM_PHASE_SLEEPING);

	assert_int_equal(pciem_complete(*state, &a_read, 1), 0);
	assert_int_equal(pciem_complete(*state, &a_read, 2), -ESTALE);
	assert_int_equal(slot->data, 1);
	assert_int_equal(fake.wakes, 1);
}

/*
 * The kernel marks a slot without issuer with a phase that no tag has; the highest tag has the same
 * upper bits.
 */
static void a_slot_without_issuer_takes_nothing(void **state)
{
	struct pciem_transaction transaction = { .kind = PCIEM_MEMORY_READ, .tag = 0x3fffffff };
	struct pciem_slot *slot = fake_issue(0x3fffffff, 3);

	assert_int_equal(slot->state, UINT32_MAX);
	assert_int_equal(pciem_complete(*state, &transaction, 42), -ESTALE);
	assert_int_equal(slot->state, UINT32_MAX);
}

static void only_non_posted_kinds_are_answered(void **state)
{
	static const struct {
		enum pciem_kind kind;
		int result;
	} rows[] = {
		{ PCIEM_CONFIG_READ, 0 },
		{ PCIEM_CONFIG_WRITE, 0 },
		{ PCIEM_MEMORY_READ, 0 },
		{ PCIEM_MEMORY_WRITE, -EINVAL },
		{ PCIEM_SCANNED, -EINVAL },
		{ PCIEM_REMOVED, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pciem_transaction transaction = { .kind = rows[i].kind, .tag = TAG };

		fake_issue(TAG, PCIEM_PHASE_PENDING);
		assert_int_equal(pciem_complete(*state, &transaction, 0), rows[i].result);
	}
}

/* Under the address sanitizer this also shows that no index leaves the slots. */
static void any_tag_stays_inside_the_slots(void **state)
{
	struct pciem_transaction transaction = { .kind = PCIEM_MEMORY_READ, .tag = UINT32_MAX };

	assert_int_equal(pciem_complete(*state, &transaction, 0), -ESTALE);
	for (uint32_t tag = 1; tag < 3 * FAKE_SLOTS; tag++) {
		transaction.tag = tag;
		fake_issue(tag, PCIEM_PHASE_PENDING);
		assert_int_equal(pciem_complete(*state, &transaction, tag), 0);
		assert_int_equal(fake.slots[tag % FAKE_SLOTS].data, tag);
	}
}

static void with_the_link_down_nothing_is_answered(void **state)
{
	fake_issue(TAG, PCIEM_PHASE_SLEEPING);
	fake_link_down();
	assert_int_equal(pciem_complete(*state, &a_read, 42), -ENOLINK);
	assert_int_equal(fake.wakes, 0);
}

static void expect_wake(uint32_t flags)
{
	assert_int_equal(fake.wakes, 1);
	assert_int_equal(fake.argument.wake.tag, TAG);
	assert_int_equal(fake.argument.wake.flags, flags);
	assert_int_equal(fake.wake_flags, flags ? PCIEM_QUEUE_NEED_WAKEUP : 0);
	assert_int_equal(fake.header->flags, 0);
}

/* The kernel is asked to wake the issuer and to sleep, and must then wake us for the next entry. */
static void a_wake_and_the_wait_are_one_call(void **state)
{
	struct pciem_slot *slot = fake_issue(TAG, PCIEM_PHASE_SLEEPING);

	fake.command_error = 1;
	fake.arrival_at = fake.now + 100;
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), 1);
	assert_int_equal(slot->state, DONE(TAG));
	assert_int_equal(slot->data, 42);
	expect_wake(PCIEM_WAKE_AND_SLEEP);
}

static void with_work_at_hand_nobody_sleeps(void **state)
{
	fake_issue(TAG, PCIEM_PHASE_SLEEPING);
	fake_write(0, 0);
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), 1);
	expect_wake(0);
	assert_int_equal(fake.polls, 0);
}

static void a_watching_issuer_is_answered_before_the_wait(void **state)
{
	struct pciem_slot *slot = fake_issue(TAG, PCIEM_PHASE_PENDING);

	fake.arrival_at = fake.now + 100;
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), 1);
	assert_int_equal(slot->state, DONE(TAG));
	assert_int_equal(fake.wakes, 0);
}

static void an_answer_too_late_still_waits(void **state)
{
	fake_issue(TAG + FAKE_SLOTS, PCIEM_PHASE_SLEEPING);
	fake.arrival_at = fake.now + 100;
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), 1);
	assert_int_equal(fake.wakes, 0);
}

static void errors_end_it(void **state)
{
	const struct pciem_transaction a_write = { .kind = PCIEM_MEMORY_WRITE, .size = 4, .tag = TAG };

	assert_int_equal(pciem_complete_and_wait(*state, &a_write, 0), -EINVAL);
	fake_issue(TAG, PCIEM_PHASE_SLEEPING);
	fake.command_error = -EINTR;
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), -EINTR);
	assert_int_equal(fake.header->flags, 0);
	fake_link_down();
	assert_int_equal(pciem_complete_and_wait(*state, &a_read, 42), -ENOLINK);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_watching_issuer_needs_no_wake),
		T(a_sleeping_issuer_is_woken_with_its_tag),
		T(an_error_of_the_wake_is_reported),
		T(an_issuer_that_left_gets_nothing),
		T(a_second_answer_is_refused),
		T(a_slot_without_issuer_takes_nothing),
		T(only_non_posted_kinds_are_answered),
		T(any_tag_stays_inside_the_slots),
		T(with_the_link_down_nothing_is_answered),
		T(a_wake_and_the_wait_are_one_call),
		T(with_work_at_hand_nobody_sleeps),
		T(a_watching_issuer_is_answered_before_the_wait),
		T(an_answer_too_late_still_waits),
		T(errors_end_it),
	};

	return cmocka_run_group_tests_name("libpciem complete", tests, NULL, NULL);
}
