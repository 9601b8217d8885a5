// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library against a kernel on other threads: no wake-up is lost between arming and sleeping,
 * and every answer reaches its own issuer. Built with and without the thread sanitizer. A lost
 * wake-up shows as a sleep without end, which the alarm turns into a failure.
 */
#include "libpciem_fake.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"

#define ISSUERS		3u
#define NS_PER_S	1000000000

static unsigned int rounds = 100000;

/* Different distances between the two sides make different interleavings. */
static void dawdle(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	switch (*seed >> 28) {
	case 0:
		sched_yield();
		break;
	case 1:
		for (unsigned int i = 0; i < (*seed >> 16 & 1023); i++)
			__asm__ __volatile__("" ::: "memory");
		break;
	default:
		break;
	}
}

static void *write_all(void *argument)
{
	unsigned int seed = 1;

	for (unsigned int i = 0; i < rounds; i++) {
		while (!fake_write(i, ~(uint64_t)i))
			sched_yield();
		dawdle(&seed);
	}
	return argument;
}

static void consume_all(struct pciem *handle, int (*wait)(struct pciem *handle))
{
	unsigned int seed = 2, taken = 0;
	pthread_t producer;

	assert_int_equal(pthread_create(&producer, NULL, write_all, NULL), 0);
	while (taken < rounds) {
		struct pciem_transaction transaction;
		int result = wait(handle);

		if (result != 1)
			fail_msg("wait gave %d after %u", result, taken);
		while (pciem_next(handle, &transaction) == 1) {
			if (transaction.address != taken || transaction.data != ~(uint64_t)taken)
				fail_msg("out of order at %u", taken);
			taken++;
		}
		dawdle(&seed);
	}
	pthread_join(producer, NULL);
	assert_false(pciem_pending(handle));
}

static int wait_forever(struct pciem *handle)
{
	return pciem_wait(handle, -1);
}

/* What an event loop does. */
static int arm_and_poll(struct pciem *handle)
{
	int state = pciem_arm(handle);

	if (state)
		return state;
	pciem_sys_poll(pciem_fd(handle), -1);	/* the fake file has no poll(2) */
	pciem_disarm(handle);
	return pciem_pending(handle);
}

static void no_wakeup_is_lost_without_polling(void **state)
{
	pciem_set_poll_limit(*state, 0);
	consume_all(*state, wait_forever);
}

static void no_wakeup_is_lost_with_polling(void **state)
{
	pciem_set_poll_limit(*state, 20000);
	consume_all(*state, wait_forever);
}

static void no_wakeup_is_lost_in_an_event_loop(void **state)
{
	consume_all(*state, arm_and_poll);
}

/* Reads: each issuer owns one slot; two threads answer. */

static pthread_mutex_t tail_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int abandoned;

static uint64_t register_value(uint64_t address)
{
	return address * 0x9e3779b97f4a7c15;
}

static void issue(uint32_t tag)
{
	struct pciem_entry entry = {
		.op = PCIEM_OP_MEM_READ, .size = 8, .tag = tag, .addr = tag };
	bool produced;

	do {
		pthread_mutex_lock(&tail_lock);
		produced = fake_produce(&entry);
		pthread_mutex_unlock(&tail_lock);
		if (!produced)
			sched_yield();
	} while (!produced);
}

static bool answered(struct pciem_slot *slot, uint32_t tag)
{
	return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == (tag << 2 | PCIEM_PHASE_DONE);
}

static void *issue_all(void *argument)
{
	uint32_t index = (uint32_t)(uintptr_t)argument;
	unsigned int seed = index, wrong = 0;

	for (uint32_t i = 1; i <= rounds / 10; i++) {
		uint32_t tag = i * FAKE_SLOTS + index;
		struct pciem_slot *slot = fake_issue(tag, PCIEM_PHASE_PENDING);

		issue(tag);
		dawdle(&seed);
		/*
		 * One in eight reaches its deadline at once: the next tag takes the slot while this
		 * one is being answered.
		 */
		if (!(seed >> 20 & 7)) {
			__atomic_fetch_add(&abandoned, 1, __ATOMIC_RELAXED);
			continue;
		}
		if (seed >> 23 & 1)
			fake_sleep_for_answer(slot, tag);
		while (!answered(slot, tag))
			sched_yield();
		wrong += slot->data != register_value(tag);
	}
	return (void *)(uintptr_t)wrong;
}

/* The second answering thread gets its transactions through this. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pciem_transaction transaction;
	bool full, over;
	struct pciem *handle;
} hand_over;

static unsigned int stale;

static void answer(struct pciem *handle, const struct pciem_transaction *transaction)
{
	int error = pciem_complete(handle, transaction, register_value(transaction->address));

	if (error == -ESTALE)
		__atomic_fetch_add(&stale, 1, __ATOMIC_RELAXED);
	else if (error)
		fail_msg("complete gave %d", error);
}

static void *answer_handed_over(void *argument)
{
	pthread_mutex_lock(&hand_over.lock);
	while (!hand_over.over) {
		if (hand_over.full) {
			struct pciem_transaction transaction = hand_over.transaction;

			hand_over.full = false;
			pthread_mutex_unlock(&hand_over.lock);
			answer(hand_over.handle, &transaction);
			pthread_mutex_lock(&hand_over.lock);
			continue;
		}
		pthread_cond_wait(&hand_over.changed, &hand_over.lock);
	}
	pthread_mutex_unlock(&hand_over.lock);
	return argument;
}

/* False when the other thread has not taken the last one yet. */
static bool give(const struct pciem_transaction *transaction)
{
	bool given;

	pthread_mutex_lock(&hand_over.lock);
	given = !hand_over.full;
	if (given) {
		hand_over.transaction = *transaction;
		hand_over.full = true;
		pthread_cond_signal(&hand_over.changed);
	}
	pthread_mutex_unlock(&hand_over.lock);
	return given;
}

static void every_answer_reaches_its_issuer(void **state)
{
	pthread_t issuers[ISSUERS], second;
	unsigned int taken = 0, seed = 5;

	pthread_mutex_init(&hand_over.lock, NULL);
	pthread_cond_init(&hand_over.changed, NULL);
	hand_over.handle = *state;
	assert_int_equal(pthread_create(&second, NULL, answer_handed_over, NULL), 0);
	for (uintptr_t i = 0; i < ISSUERS; i++)
		assert_int_equal(pthread_create(&issuers[i], NULL, issue_all, (void *)i), 0);

	while (taken < ISSUERS * (rounds / 10)) {
		struct pciem_transaction transaction;

		assert_int_equal(pciem_wait(*state, -1), 1);
		while (pciem_next(*state, &transaction) == 1) {
			taken++;
			seed = seed * 1103515245 + 12345;
			if (seed >> 31 || !give(&transaction))
				answer(*state, &transaction);
		}
	}
	for (unsigned int i = 0; i < ISSUERS; i++) {
		void *wrong;

		pthread_join(issuers[i], &wrong);
		assert_null(wrong);
	}
	pthread_mutex_lock(&hand_over.lock);
	hand_over.over = true;
	pthread_cond_signal(&hand_over.changed);
	pthread_mutex_unlock(&hand_over.lock);
	pthread_join(second, NULL);
	assert_true(stale <= abandoned);
	print_message("%u answered, %u of them too late, %u sleeping issuers woken\n", taken,
		      stale, fake.wakes);
}

static void *go_down_later(void *argument)
{
	usleep(20000);
	fake_link_down();
	return argument;
}

static void link_down_wakes_the_consumer(void **state)
{
	pthread_t kernel;

	assert_int_equal(pthread_create(&kernel, NULL, go_down_later, NULL), 0);
	assert_int_equal(pciem_wait(*state, -1), -ENOLINK);
	pthread_join(kernel, NULL);
}

static int64_t cpu_time(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * NS_PER_S + used.tv_nsec;
}

/* A second of idling costs less than a fiftieth of it: far less, but a busy machine measures coarsely. */
static void an_idle_wait_uses_no_cpu(void **state)
{
	int64_t used = cpu_time();

	assert_int_equal(pciem_wait(*state, 1000), 0);
	used = cpu_time() - used;
	assert_in_range(used, 0, NS_PER_S / 50);
}

static int start(void **state)
{
	int error = fake_start_bridge(state);

	fake.real_time = true;
	alarm(120);
	return error;
}

#define T(name)	cmocka_unit_test_setup_teardown(name, start, fake_stop)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T(no_wakeup_is_lost_without_polling),
		T(no_wakeup_is_lost_with_polling),
		T(no_wakeup_is_lost_in_an_event_loop),
		T(every_answer_reaches_its_issuer),
		T(link_down_wakes_the_consumer),
		T(an_idle_wait_uses_no_cpu),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests_name("libpciem stress", tests, NULL, NULL);
}
