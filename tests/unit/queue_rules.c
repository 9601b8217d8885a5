// SPDX-License-Identifier: GPL-2.0-only
/* What the producer side of the queue promises, one rule a test, with one thread playing both sides. */
#include "queue.h"

#include <linux/mm.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ENTRIES	64u

static struct pciem_queue queue;

static int set_up(void **state)
{
	(void)state;
	return pciem_queue_init(&queue, ENTRIES);
}

static int tear_down(void **state)
{
	(void)state;
	pciem_queue_destroy(&queue);
	return 0;
}

/* As if that many entries had passed already. */
static void begin_at(u32 index)
{
	queue.head = index;
	queue.tail = index;
	queue.header->tail = index;
	queue.header->head = index;
}

static int post(u64 addr)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_WRITE, .size = 4, .addr = addr, .data = ~addr };

	return pciem_queue_post(&queue, &entry, true);
}

static u32 request(u64 addr)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 8, .addr = addr };

	assert_int_equal(pciem_queue_request(&queue, &entry, true), 0);
	return entry.tag;
}

static bool take(struct pciem_entry *entry)
{
	u32 head = queue.header->head;

	if (head == smp_load_acquire(&queue.header->tail))
		return false;
	*entry = queue.entries[head & (ENTRIES - 1)];
	smp_store_release(&queue.header->head, head + 1);
	return true;
}

static void expect(u64 addr)
{
	struct pciem_entry entry;

	assert_true(take(&entry));
	assert_int_equal(entry.addr, addr);
	assert_int_equal(entry.data, ~addr);
}

static struct pciem_slot *slot_of(u32 tag)
{
	return &queue.slots[tag & (PCIEM_SLOTS - 1)];
}

/* As the uapi header tells the process to. The phase it found, or -1 when the issuer has gone. */
static int answer(u32 tag, u64 data)
{
	struct pciem_slot *slot = slot_of(tag);
	u32 state = READ_ONCE(slot->state);

	if (state >> 2 != tag || (state & 3) == 3)
		return -1;
	slot->data = data;
	if (cmpxchg(&slot->state, state, tag << 2 | PCIEM_PHASE_DONE) != state)
		return -1;
	return state & 3;
}

static void area_holds_header_slots_and_entries(void **state)
{
	(void)state;
	assert_ptr_equal(queue.header, queue.area);
	assert_true((char *)queue.slots >= (char *)(queue.header + 1));
	assert_true((char *)queue.entries >= (char *)(queue.slots + PCIEM_SLOTS));
	assert_true((char *)(queue.entries + ENTRIES) <= (char *)queue.area + queue.bytes);
	assert_int_equal(queue.bytes % PAGE_SIZE, 0);
}

static void entries_come_out_in_order(void **state)
{
	(void)state;
	for (u64 i = 0; i < 3; i++)
		assert_int_equal(post(i), 0);
	for (u64 i = 0; i < 3; i++)
		expect(i);
	assert_false(take(&(struct pciem_entry){}));
}

static void tail_is_told_to_the_process(void **state)
{
	(void)state;
	begin_at(0xfffffffe);
	for (u64 i = 0; i < 4; i++) {
		post(i);
		assert_int_equal(queue.header->tail, (u32)(0xfffffffe + i + 1));
	}
}

static void full_queue_takes_nothing(void **state)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 4 };
	u32 tail;

	(void)state;
	for (u64 i = 0; i < ENTRIES; i++)
		assert_int_equal(post(i), 0);
	tail = queue.header->tail;
	assert_int_equal(post(99), -EAGAIN);
	assert_int_equal(pciem_queue_request(&queue, &entry, true), -EAGAIN);
	assert_int_equal(queue.header->tail, tail);
	expect(0);
	assert_int_equal(post(ENTRIES), 0);
	assert_int_equal(post(99), -EAGAIN);
	for (u64 i = 1; i <= ENTRIES; i++)
		expect(i);
}

static void reserve_is_for_the_urgent(void **state)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_WRITE, .size = 4 };
	unsigned int taken = 0;

	(void)state;
	while (pciem_queue_post(&queue, &entry, false) == 0)
		taken++;
	assert_int_equal(taken, ENTRIES - ENTRIES / PCIEM_QUEUE_RESERVE);
	assert_int_equal(pciem_queue_request(&queue, &entry, false), -EAGAIN);
	for (; taken < ENTRIES; taken++)
		assert_int_equal(post(taken), 0);
	assert_int_equal(post(99), -EAGAIN);
}

static void refused_request_keeps_no_slot(void **state)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 4 };

	(void)state;
	for (u64 i = 0; i < ENTRIES; i++)
		post(i);
	for (unsigned int i = 0; i < 2 * PCIEM_SLOTS; i++)
		assert_int_equal(pciem_queue_request(&queue, &entry, true), -EAGAIN);
	expect(0);
	assert_int_equal(pciem_queue_request(&queue, &entry, true), 0);
}

static void indexes_wrap_around(void **state)
{
	(void)state;
	begin_at(0xffffffff - ENTRIES / 2);
	for (unsigned int round = 0; round < 3; round++) {
		for (u64 i = 0; i < ENTRIES; i++)
			assert_int_equal(post(round * 1000 + i), 0);
		assert_int_equal(post(99), -EAGAIN);
		for (u64 i = 0; i < ENTRIES; i++)
			expect(round * 1000 + i);
	}
	assert_true(queue.header->tail < 0x80000000);
}

/* More consumed than produced, or an entry given back that was taken. */
static void impossible_head_is_told(void **state)
{
	static const u32 heads[] = { 1001, 999, 1000 - ENTRIES, 1000 - ENTRIES - 1, 0x80000000, 0xffffffff };
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 4 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		begin_at(1000);
		queue.header->head = heads[i];
		assert_int_equal(post(1), -EPROTO);
		assert_int_equal(pciem_queue_request(&queue, &entry, true), -EPROTO);
		assert_int_equal(queue.header->tail, 1000);
		assert_int_equal(pciem_queue_head(&queue), 1000);
	}
	/* The far ends of what is possible, around the end of the numbers. */
	begin_at(0xffffffff);
	for (unsigned int i = 0; i < ENTRIES; i++)
		assert_int_equal(post(i), 0);
	assert_int_equal(post(1), -EAGAIN);
	queue.header->head = 0;
	assert_int_equal(pciem_queue_head(&queue), 0);
	assert_int_equal(post(1), 0);
	queue.header->head = queue.tail;
	assert_int_equal(post(1), 0);
}

/* A process that moves its head to and fro makes no progress by that. */
static void head_never_goes_back(void **state)
{
	(void)state;
	begin_at(1000);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(post(i), 0);
	queue.header->head = 1008;
	assert_int_equal(pciem_queue_head(&queue), 1008);
	queue.header->head = 1003;
	assert_int_equal(pciem_queue_head(&queue), 1008);
	assert_int_equal(post(1), -EPROTO);
	queue.header->head = 1010;
	assert_int_equal(pciem_queue_head(&queue), 1010);
	assert_int_equal(post(1), 0);
}

/* What the process writes into its copy of the tail is not looked at. */
static void tail_is_not_read_back(void **state)
{
	(void)state;
	post(1);
	queue.header->tail = 0x12345678;
	assert_int_equal(post(2), 0);
	assert_int_equal(queue.header->tail, 2);
	expect(1);
	expect(2);
}

static void sleeping_process_is_reported(void **state)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 4 };

	(void)state;
	queue.header->flags = PCIEM_QUEUE_NEED_WAKEUP;
	assert_int_equal(post(1), 1);
	assert_int_equal(pciem_queue_request(&queue, &entry, true), 1);
	queue.header->flags = 0;
	assert_int_equal(post(2), 0);
	assert_int_equal(pciem_queue_request(&queue, &entry, true), 0);
	/* Bits that mean nothing yet. */
	queue.header->flags = ~PCIEM_QUEUE_NEED_WAKEUP;
	assert_int_equal(post(3), 0);
}

static void waiting_says_whether_entries_are_there(void **state)
{
	(void)state;
	assert_false(pciem_queue_waiting(&queue));
	post(1);
	assert_true(pciem_queue_waiting(&queue));
	expect(1);
	assert_false(pciem_queue_waiting(&queue));
}

static void answer_reaches_its_issuer(void **state)
{
	u32 first = request(1), second = request(2);
	u64 data = 0;

	(void)state;
	assert_false(pciem_queue_answered(&queue, first, &data));
	assert_int_equal(answer(second, 0x2222), PCIEM_PHASE_PENDING);
	assert_false(pciem_queue_answered(&queue, first, &data));
	assert_true(pciem_queue_answered(&queue, second, &data));
	assert_int_equal(data, 0x2222);
	assert_int_equal(answer(first, 0x1111111111111111), PCIEM_PHASE_PENDING);
	assert_true(pciem_queue_answered(&queue, first, &data));
	assert_int_equal(data, 0x1111111111111111);
	pciem_queue_finish(&queue, first);
	pciem_queue_finish(&queue, second);
}

static void tag_in_the_entry_is_the_issuers(void **state)
{
	u32 tag = request(7);
	struct pciem_entry entry;

	(void)state;
	assert_true(take(&entry));
	assert_int_equal(entry.tag, tag);
	assert_int_equal(READ_ONCE(slot_of(tag)->state), tag << 2 | PCIEM_PHASE_PENDING);
}

static void sleeper_asks_to_be_woken(void **state)
{
	u32 tag = request(1);
	u64 data;

	(void)state;
	assert_true(pciem_queue_sleep(&queue, tag));
	assert_int_equal(answer(tag, 5), PCIEM_PHASE_SLEEPING);
	assert_true(pciem_queue_answered(&queue, tag, &data));
	assert_int_equal(data, 5);
}

static void answered_issuer_does_not_sleep(void **state)
{
	u32 tag = request(1);
	u64 data;

	(void)state;
	assert_int_equal(answer(tag, 5), PCIEM_PHASE_PENDING);
	assert_false(pciem_queue_sleep(&queue, tag));
	assert_true(pciem_queue_answered(&queue, tag, &data));
}

/* Requests come and go until one has the slot of that tag. How many others came first? */
static u32 reuse_slot(u32 tag, unsigned int *others)
{
	struct pciem_entry entry;
	u32 next = request(2);

	for (*others = 0; slot_of(next) != slot_of(tag); ++*others) {
		assert_in_range(*others, 0, 2 * PCIEM_SLOTS);
		pciem_queue_finish(&queue, next);
		while (take(&entry))
			;
		next = request(2);
	}
	return next;
}

static void slot_is_reused_last(void **state)
{
	u32 tag = request(1);
	unsigned int others;

	(void)state;
	pciem_queue_finish(&queue, tag);
	reuse_slot(tag, &others);
	assert_int_equal(others, PCIEM_SLOTS - 1);
}

static void completion_is_fresh_for_each_issuer(void **state)
{
	unsigned int others;
	u32 tag = request(1);
	struct completion *done = pciem_queue_done(&queue, tag);

	(void)state;
	complete(done);
	complete(done);
	pciem_queue_finish(&queue, tag);
	tag = reuse_slot(tag, &others);
	assert_ptr_equal(pciem_queue_done(&queue, tag), done);
	assert_int_equal(done->done, 0);
}

static void slots_are_unique_and_run_out(void **state)
{
	struct pciem_entry entry = { .op = PCIEM_OP_MEM_READ, .size = 4 };
	bool seen[PCIEM_SLOTS] = {};
	u32 tags[PCIEM_SLOTS];

	(void)state;
	for (unsigned int i = 0; i < PCIEM_SLOTS; i++) {
		u32 slot;

		tags[i] = request(i);
		slot = tags[i] & (PCIEM_SLOTS - 1);
		assert_false(seen[slot]);
		seen[slot] = true;
		assert_true(take(&entry));
	}
	assert_int_equal(pciem_queue_request(&queue, &entry, true), -EAGAIN);
	/* Posted writes need none. */
	assert_int_equal(post(1), 0);
	pciem_queue_finish(&queue, tags[77]);
	assert_int_equal(request(1) & (PCIEM_SLOTS - 1), tags[77] & (PCIEM_SLOTS - 1));
	assert_int_equal(pciem_queue_request(&queue, &entry, true), -EAGAIN);
}

static void tags_differ_and_have_thirty_bits(void **state)
{
	struct pciem_entry entry;
	u32 last = 0;

	(void)state;
	/* Close to the end of the sequence numbers that fit. */
	queue.seq = (1u << 22) - 10;
	for (unsigned int i = 0; i < 1000; i++) {
		u32 tag = request(i);

		assert_true(tag < 1u << 30);
		assert_int_not_equal(tag, last);
		last = tag;
		assert_true(take(&entry));
		pciem_queue_finish(&queue, tag);
	}
}

static void late_answer_is_ignored(void **state)
{
	u32 old = request(1), new;
	unsigned int others;
	u64 data = 0;

	(void)state;
	pciem_queue_finish(&queue, old);
	assert_int_equal(answer(old, 0xbad), -1);
	new = reuse_slot(old, &others);
	assert_int_equal(answer(old, 0xbad), -1);
	assert_false(pciem_queue_answered(&queue, new, &data));
	assert_false(pciem_queue_answered(&queue, old, &data));
	assert_int_equal(answer(new, 0x600d), PCIEM_PHASE_PENDING);
	assert_true(pciem_queue_answered(&queue, new, &data));
	assert_int_equal(data, 0x600d);
}

/* The process has read the state, the issuer leaves, then the process exchanges. */
static void answer_under_way_at_the_end_does_not_match(void **state)
{
	u32 tag = request(1), pending = tag << 2 | PCIEM_PHASE_PENDING;
	struct pciem_slot *slot = slot_of(tag);

	(void)state;
	pciem_queue_finish(&queue, tag);
	assert_int_not_equal(cmpxchg(&slot->state, pending, tag << 2 | PCIEM_PHASE_DONE), pending);
	tag = request(2);
	assert_int_not_equal(cmpxchg(&slot->state, pending, tag << 2 | PCIEM_PHASE_DONE), pending);
}

int main(void)
{
#define RULE(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		RULE(area_holds_header_slots_and_entries),
		RULE(entries_come_out_in_order),
		RULE(tail_is_told_to_the_process),
		RULE(full_queue_takes_nothing),
		RULE(reserve_is_for_the_urgent),
		RULE(slot_is_reused_last),
		RULE(refused_request_keeps_no_slot),
		RULE(indexes_wrap_around),
		RULE(impossible_head_is_told),
		RULE(head_never_goes_back),
		RULE(tail_is_not_read_back),
		RULE(sleeping_process_is_reported),
		RULE(waiting_says_whether_entries_are_there),
		RULE(answer_reaches_its_issuer),
		RULE(tag_in_the_entry_is_the_issuers),
		RULE(sleeper_asks_to_be_woken),
		RULE(answered_issuer_does_not_sleep),
		RULE(completion_is_fresh_for_each_issuer),
		RULE(slots_are_unique_and_run_out),
		RULE(tags_differ_and_have_thirty_bits),
		RULE(late_answer_is_ignored),
		RULE(answer_under_way_at_the_end_does_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
