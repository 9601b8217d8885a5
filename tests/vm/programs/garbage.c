// SPDX-License-Identifier: GPL-2.0-only
/*
 * garbage MODE [SEED]: a device process that writes garbage into the queue area it shares with the kernel, while the kernel scans.
 *
 *	head-ahead	says that it has consumed what was not produced yet
 *	head-behind	says that more waits than fits
 *	head-random	any number, again and again
 *	slots		no answers, but random states and data in every slot
 *	all		random bytes everywhere, also where only the kernel writes, and no answers
 *	flags		random flags, and answers in order
 *	kernel		random bytes in what only the kernel writes (its tail, the link, entries), and answers in order
 *	values		answers in time, with random values, for a while
 *	stale		answers with tags that were, or never will be, and no right one
 *
 * In the first five and "stale" the link must go down, and the process be told; in the others the scan must come to its end.
 */
#include "serve.h"

#include <poll.h>
#include <time.h>

#define PATIENCE_MS	15000
#define RANDOM_MS	2000

static struct served served;
static uint64_t seed = 1;

static uint64_t random_value(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void random_words(void *place, size_t bytes)
{
	uint32_t *word = place;

	for (size_t i = 0; i < bytes / 4; i++)
		__atomic_store_n(&word[i], (uint32_t)random_value(), __ATOMIC_RELAXED);
}

/* The kernel's view, which cannot be scribbled over. */
static bool link_is_down(void)
{
	struct pollfd poller = { .fd = served.fd };

	return poll(&poller, 1, 0) == 1 && poller.revents & POLLHUP;
}

/* One round of misbehaviour. True: take and answer as one should as well. */
static bool misbehave(const char *mode)
{
	struct pciem_queue_header *header = served.header;
	uint32_t tail = __atomic_load_n(&header->tail, __ATOMIC_ACQUIRE);
	struct pciem_entry entry;

	if (!strcmp(mode, "head-ahead")) {
		__atomic_store_n(&header->head, tail + 5, __ATOMIC_RELEASE);
	} else if (!strcmp(mode, "head-behind")) {
		__atomic_store_n(&header->head, tail - served.create.queue_entries - 7, __ATOMIC_RELEASE);
	} else if (!strcmp(mode, "head-random")) {
		__atomic_store_n(&header->head, (uint32_t)random_value(), __ATOMIC_RELEASE);
	} else if (!strcmp(mode, "slots")) {
		served_take(&served, &entry);
		random_words(served.slots, served.create.slot_count * sizeof(*served.slots));
	} else if (!strcmp(mode, "all")) {
		random_words(served.header, served.create.queue_bytes);
	} else if (!strcmp(mode, "stale")) {
		if (served_take(&served, &entry) && entry.op != PCIEM_OP_NOTICE) {
			struct pciem_slot *slot = &served.slots[entry.tag & (served.create.slot_count - 1)];

			slot->data = random_value();
			__atomic_store_n(&slot->state, (entry.tag - served.create.slot_count) << 2 | PCIEM_PHASE_DONE,
					 __ATOMIC_RELEASE);
		}
	} else if (!strcmp(mode, "flags")) {
		__atomic_store_n(&header->flags, (uint32_t)random_value(), __ATOMIC_RELAXED);
		return true;
	} else {
		return true;
	}
	return false;
}

/* Asks poll(2) whether an entry is there, for the tail may be garbage. */
static void serve_by_polling(const char *mode)
{
	bool noise = !strcmp(mode, "kernel"), values = !strcmp(mode, "values");
	uint64_t end = now_ms() + RANDOM_MS;
	struct pollfd poller = { .fd = served.fd, .events = POLLIN };
	struct pciem_entry entry;

	if (poll(&poller, 1, 20) == 1 && poller.revents & POLLIN) {
		uint32_t head = __atomic_load_n(&served.header->head, __ATOMIC_RELAXED);

		entry = served.entries[head & (served.create.queue_entries - 1)];
		__atomic_store_n(&served.header->head, head + 1, __ATOMIC_RELEASE);
		if (values && now_ms() < end && entry.op == PCIEM_OP_CFG_READ)
			served_answer(&served, entry.tag, random_value());
		else
			served_handle(&served, &entry);
	}
	if (noise) {
		/* Nothing waits just now, so no entry is lost. */
		uint32_t head = __atomic_load_n(&served.header->head, __ATOMIC_RELAXED);

		served.header->tail = (uint32_t)random_value();
		served.header->link = (uint32_t)random_value();
		random_words(served.header->pad1, sizeof(served.header->pad1));
		for (unsigned int i = 1; i < 100; i++)
			random_words(&served.entries[(head + i) & (served.create.queue_entries - 1)],
				     sizeof(*served.entries));
	}
}

static void until_link_down(const char *mode)
{
	struct pciem_simple simple = { .size = sizeof(simple) };
	uint64_t start = now_ms();

	while (!link_is_down() && now_ms() - start < PATIENCE_MS)
		misbehave(mode);
	check(link_is_down(), "%s: the link went down after %llu ms", mode, (unsigned long long)(now_ms() - start));
	check_errno(call(served.fd, PCIEM_SERVE, &simple), ENOLINK, "then serve");
	check_errno(call(served.fd, PCIEM_SCAN, &simple), ENOLINK, "and scan");
	/* Not even now. */
	for (unsigned int i = 0; i < 100; i++)
		misbehave(mode);
}

static void until_scanned(const char *mode)
{
	uint64_t start = now_ms();

	served.header->flags = PCIEM_QUEUE_NEED_WAKEUP;
	while (!served.scanned && !link_is_down() && now_ms() - start < 4 * PATIENCE_MS) {
		if (!misbehave(mode))
			continue;
		serve_by_polling(mode);
	}
	check(served.scanned && !link_is_down(), "%s: the scan came to its end after %llu ms", mode,
	      (unsigned long long)(now_ms() - start));
}

int main(int argc, char **argv)
{
	static const char *const down[] = { "head-ahead", "head-behind", "head-random", "slots", "all", "stale" };
	static const char *const up[] = { "flags", "kernel", "values" };
	struct pciem_simple simple = { .size = sizeof(simple) };

	need(argc == 2 || argc == 3, "usage: garbage MODE [SEED]");
	if (argc == 3)
		seed = strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	served_open(&served);
	need(!call(served.fd, PCIEM_SERVE, &simple), "serve");
	/* The first thing that the kernel sees of it. */
	if (!strncmp(argv[1], "head-", 5))
		misbehave(argv[1]);
	need(!call(served.fd, PCIEM_SCAN, &simple), "scan");
	for (unsigned int i = 0; i < sizeof(down) / sizeof(*down); i++) {
		if (!strcmp(argv[1], down[i]))
			until_link_down(argv[1]);
	}
	for (unsigned int i = 0; i < sizeof(up) / sizeof(*up); i++) {
		if (!strcmp(argv[1], up[i]))
			until_scanned(argv[1]);
	}
	served_close(&served);
	return checks_end(1);
}
