// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark card (registers.h). Runs until its devices are removed, or until it is killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <pciem.h>

#include "registers.h"

enum {
	COMMAND = 0x04,
	BAR0 = 0x10,
	MSI = 0x40,
	MSI_CONTROL = MSI + 2,
	MSI_ADDRESS = MSI + 4,
	MSI_DATA = MSI + 12,
	CONFIG_BYTES = 256,
};

#define ALL_ONES	UINT64_MAX
#define MSI_ENABLE	0x0001
#define MSI_64BIT	0x0080

static struct pciem *bridge;
static unsigned char config[CONFIG_BYTES], writable[CONFIG_BYTES];
static unsigned char *copy;
static struct bench_shared *shared;
static uint64_t buffer;
static bool polling;

static uint64_t get(unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, config + offset, size);
	return value;
}

static void put(unsigned char *bytes, unsigned int offset, unsigned int size, uint64_t value)
{
	memcpy(bytes + offset, &value, size);
}

static void config_reset(void)
{
	put(config, 0x00, 2, BENCH_VENDOR);
	put(config, 0x02, 2, BENCH_DEVICE);
	put(config, 0x06, 2, 0x0010);		/* status: there is a capability list */
	put(config, 0x08, 4, 0xff000001);	/* class: none of the defined ones */
	put(config, 0x34, 1, MSI);
	put(config, MSI, 2, 0x0005);
	put(config, MSI_CONTROL, 2, MSI_64BIT);

	put(writable, COMMAND, 2, 0x0406);
	put(writable, BAR0, 4, ~(BENCH_BAR_BYTES - 1));
	put(writable, 0x3c, 1, 0xff);
	put(writable, MSI_CONTROL, 2, MSI_ENABLE);
	put(writable, MSI_ADDRESS, 8, ~3ull);
	put(writable, MSI_DATA, 2, 0xffff);
}

/* We are function 0 of device 0 on bus 0; extended configuration space reads as 0. */
static uint64_t config_read(const struct pciem_transaction *t)
{
	if (t->address + t->size > 0x1000)
		return ALL_ONES;
	if (t->address + t->size > CONFIG_BYTES)
		return 0;
	return get((unsigned int)t->address, t->size);
}

static void config_write(const struct pciem_transaction *t)
{
	if (t->address + t->size > CONFIG_BYTES)
		return;
	for (unsigned int i = 0; i < t->size; i++) {
		unsigned int at = (unsigned int)t->address + i;
		unsigned char mask = writable[at];

		config[at] = (unsigned char)((config[at] & ~mask) | (t->data >> 8 * i & mask));
	}
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void move_to(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		perror("card: sched_setaffinity");
}

static void ring(void)
{
	if (shared)
		shared->rang = now();
	pciem_msi(bridge, get(MSI_ADDRESS, 8), (uint32_t)get(MSI_DATA, 2));
}

static void copy_bytes(uint32_t command)
{
	uint32_t bytes = command & ~BENCH_COPY_TO_HOST;
	uint64_t start;
	void *host;

	host = bytes <= BENCH_COPY_MAX ? pciem_pool(bridge, buffer, bytes) : NULL;
	if (!host || !shared)
		return;
	start = now();
	if (command & BENCH_COPY_TO_HOST)
		memcpy(host, copy, bytes);
	else
		memcpy(copy, host, bytes);
	shared->copied = now() - start;
}

static void write_register(const struct pciem_transaction *t)
{
	switch (t->address - get(BAR0, 4)) {
	case BENCH_CPU:
		move_to((unsigned int)t->data);
		break;
	case BENCH_POLL:
		polling = t->data;
		break;
	case BENCH_SHARED:
		shared = pciem_pool(bridge, t->data, sizeof(*shared));
		break;
	case BENCH_RING:
		ring();
		break;
	case BENCH_BUFFER:
		buffer = t->data;
		break;
	case BENCH_COPY:
		copy_bytes((uint32_t)t->data);
		break;
	}
}

static void answer(const struct pciem_transaction *t, uint64_t data)
{
	if (polling)
		pciem_complete(bridge, t, data);
	else
		pciem_complete_and_wait(bridge, t, data);
}

static void serve(const struct pciem_transaction *t)
{
	switch (t->kind) {
	case PCIEM_CONFIG_READ:
		answer(t, config_read(t));
		break;
	case PCIEM_CONFIG_WRITE:
		config_write(t);
		answer(t, 0);
		break;
	case PCIEM_MEMORY_READ:
		answer(t, t->address == get(BAR0, 4) ? BENCH_IDENT_VALUE : 0);
		break;
	case PCIEM_MEMORY_WRITE:
		write_register(t);
		break;
	case PCIEM_SCANNED:
		if (t->status)
			fprintf(stderr, "card: scan: %s\n", strerror(-t->status));
		break;
	case PCIEM_REMOVED:
		break;
	}
}

static int run(void)
{
	struct pciem_transaction transaction;
	int state;

	for (;;) {
		state = pciem_next(bridge, &transaction);
		if (state == 1)
			serve(&transaction);
		else if (state == 0 && !polling)
			state = pciem_wait(bridge, -1);
		if (state < 0 && state != -EINTR)
			return state;
	}
}

int main(void)
{
	struct pciem_options options = { .queue_entries = 65536 };
	struct sched_param first = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };
	int error;

	config_reset();
	copy = malloc(BENCH_COPY_MAX);
	if (!copy || mlockall(MCL_CURRENT | MCL_FUTURE)) {
		perror("card: memory");
		return 1;
	}
	memset(copy, 0x5a, BENCH_COPY_MAX);

	/* As pciem-qemu. */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		perror("card: sched_setscheduler");

	error = pciem_open(&bridge, NULL);
	if (!error)
		error = pciem_create(bridge, &options);
	if (!error)
		error = pciem_serve(bridge);
	if (!error)
		error = pciem_scan(bridge);
	if (!error)
		error = run();
	fprintf(stderr, "card: %s\n", strerror(-error));
	pciem_close(bridge);
	return error != -ENOLINK;
}
