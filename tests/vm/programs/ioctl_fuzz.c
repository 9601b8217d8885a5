// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl_fuzz SEED SECONDS: ioctls with random numbers, sizes and contents, from several threads on files that come and go. The same seed
 * makes the same calls in each thread. Only errors that <linux/pciem.h> names may come.
 */
#include "serve.h"
#include "fuzz.h"

#include <stdatomic.h>

#define THREADS	3u
#define FILES	4u

static uint64_t deadline;
static uint64_t first_seed;
static atomic_uint calls, created, strange;

static void once(int fd, uint64_t *seed)
{
	static const uint32_t sizes[] = { 8, 8, 16, 24, 40, 128 };
	unsigned long number = random_of(seed) % 16 ? PCIEM_QUERY + random_of(seed) % 11 : (uint32_t)random_of(seed);
	union {
		uint64_t words[32];
		uint32_t halves[64];
		struct pciem_bridge_create create;
		struct pciem_ram ram;
	} memory;
	void *argument = random_of(seed) % 32 ? (void *)&memory : (void *)value_of(seed);
	int error;

	/* Mostly zero, or hardly anything gets past the first check. */
	for (unsigned int i = 0; i < 64; i++)
		memory.halves[i] = random_of(seed) % 8 ? 0 : value_of(seed);
	memory.halves[0] = random_of(seed) % 4 ? sizes[random_of(seed) % 6] : value_of(seed);
	/* A pool that a small machine has. */
	if (number == PCIEM_BRIDGE_CREATE && memory.create.pool_size > 16 << 20)
		memory.create.pool_size = random_of(seed) & (31 << 20);
	/* The same of memory; and moving it around takes time. */
	if (number == PCIEM_RAM && memory.ram.bytes)
		memory.ram.bytes = random_of(seed) % 16 ? ~0ull : 1;
	error = call(fd, number, argument);
	atomic_fetch_add(&calls, 1);
	if (!error && number == PCIEM_BRIDGE_CREATE)
		atomic_fetch_add(&created, 1);
	if (!is_documented(error)) {
		atomic_fetch_add(&strange, 1);
		fprintf(stderr, "number %#lx, size %#x: %s\n", number, memory.halves[0], error_name(error));
	}
}

static void map_once(int fd, uint64_t *seed)
{
	uint64_t offset = value_of(seed) & -PAGE;
	size_t length = PAGE << random_of(seed) % 12;
	void *area = NULL;

	if (!try_map(fd, offset, length, PROT_READ | PROT_WRITE, MAP_SHARED, &area))
		munmap(area, length);
}

static int shared[FILES];	/* every thread uses them; each is closed by one */

static void *fuzz(void *argument)
{
	unsigned int self = (uintptr_t)argument;
	uint64_t seed = seed_of(first_seed, self);

	while (now_ms() < deadline) {
		unsigned int which = random_of(&seed) % FILES;
		int fd = __atomic_load_n(&shared[which], __ATOMIC_ACQUIRE);

		once(fd, &seed);
		if (!(random_of(&seed) % 32))
			map_once(fd, &seed);
		if (which == self && !(random_of(&seed) % 200)) {
			__atomic_store_n(&shared[which], node_open(), __ATOMIC_RELEASE);
			close(fd);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	need(argc == 3, "usage: ioctl_fuzz SEED SECONDS");
	first_seed = strtoull(argv[1], NULL, 0);
	deadline = now_ms() + 1000 * strtoull(argv[2], NULL, 0);
	for (unsigned int i = 0; i < FILES; i++)
		shared[i] = node_open();
	for (uintptr_t i = 0; i < THREADS; i++)
		need(!pthread_create(&threads[i], NULL, fuzz, (void *)i), "thread");
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < FILES; i++)
		close(shared[i]);
	check(!strange, "seed %#llx: %u calls, %u bridges, %u undocumented errors", (unsigned long long)first_seed, calls,
	      created, strange);
	check(calls > 1000 && created > 2, "it did something");
	return checks_end(2);
}
