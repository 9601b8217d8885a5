// SPDX-License-Identifier: GPL-2.0-only
#include "libpciem_fake.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "sys.h"

#define NS_PER_MS	1000000u

struct fake fake;

static unsigned char *area;

static uint64_t real_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int fake_start(void **state)
{
	const size_t bytes = FAKE_QUEUE_BYTES + FAKE_DIRECT_BYTES;

	fake = (struct fake) {
		.cpus = 2,
		.now = 1000,
		.clock_step = 100,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.readable = PTHREAD_COND_INITIALIZER,
		.query_reply = {
			.features = PCIEM_FEATURE_DMA_POOL | PCIEM_FEATURE_MSI,
			.max_queue_entries = 65536,
			.msi_vectors = 256,
			.max_pool_size = 1 << 30,
			.read_timeout_ms = 5000,
			.atomic_timeout_ms = 50,
		},
		.create_reply = {
			.queue_entries = FAKE_ENTRIES,
			.domain = 0x10000,
			.mem32_size = 0x1000000,
			.mem64_size = 0x2000000,
			.pool_size = FAKE_POOL_BYTES,
			.mem32_base = 0xc0000000,
			.mem64_base = 0x8000000000,
			.pool_base = FAKE_POOL_BASE,
			.msi_address = 0xfeeff000,
			.queue_offset = FAKE_QUEUE_OFFSET,
			.queue_bytes = FAKE_QUEUE_BYTES,
			.pool_offset = FAKE_POOL_OFFSET,
			.slot_count = FAKE_SLOTS,
			.slots_offset = 0x1000,
			.entries_offset = 0x2000,
		},
	};
	area = aligned_alloc(4096, bytes);
	if (!area)
		return -1;
	memset(area, 0, bytes);
	fake.header = (struct pciem_queue_header *)area;
	fake.slots = (struct pciem_slot *)(area + fake.create_reply.slots_offset);
	fake.entries = (struct pciem_entry *)(area + fake.create_reply.entries_offset);
	fake.pool = area + FAKE_QUEUE_BYTES;
	*state = NULL;
	return 0;
}

int fake_start_bridge(void **state)
{
	struct pciem *handle;

	if (fake_start(state) || pciem_open(&handle, NULL) || pciem_create(handle, NULL))
		return -1;
	*state = handle;
	return 0;
}

int fake_stop(void **state)
{
	pciem_close(*state);
	free(area);
	area = NULL;
	return 0;
}

static bool readable(void)
{
	return __atomic_load_n(&fake.header->tail, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&fake.header->head, __ATOMIC_RELAXED);
}

static void wake_poller(void)
{
	pthread_mutex_lock(&fake.lock);
	pthread_cond_broadcast(&fake.readable);
	pthread_mutex_unlock(&fake.lock);
}

bool fake_produce(const struct pciem_entry *entry)
{
	uint32_t tail = fake.header->tail;

	if (tail - __atomic_load_n(&fake.header->head, __ATOMIC_ACQUIRE) >= FAKE_ENTRIES)
		return false;
	fake.entries[tail & (FAKE_ENTRIES - 1)] = *entry;
	__atomic_store_n(&fake.header->tail, tail + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&fake.header->flags, __ATOMIC_RELAXED) & PCIEM_QUEUE_NEED_WAKEUP)
		wake_poller();
	return true;
}

bool fake_write(uint64_t address, uint64_t data)
{
	return fake_produce(&(struct pciem_entry) {
		.op = PCIEM_OP_MEM_WRITE, .size = 4, .addr = address, .data = data });
}

void fake_link_down(void)
{
	__atomic_store_n(&fake.header->link, PCIEM_LINK_DOWN, __ATOMIC_RELEASE);
	wake_poller();
}

struct pciem_slot *fake_issue(uint32_t tag, uint32_t phase)
{
	struct pciem_slot *slot = &fake.slots[tag & (FAKE_SLOTS - 1)];

	__atomic_store_n(&slot->state, tag << 2 | phase, __ATOMIC_RELEASE);
	return slot;
}

void fake_sleep_for_answer(struct pciem_slot *slot, uint32_t tag)
{
	uint32_t state = tag << 2 | PCIEM_PHASE_PENDING;

	if (!__atomic_compare_exchange_n(&slot->state, &state, tag << 2 | PCIEM_PHASE_SLEEPING,
					 false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&fake.lock);
	while (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) != (tag << 2 | PCIEM_PHASE_DONE))
		pthread_cond_wait(&fake.readable, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

/* The library's system calls. */

int pciem_sys_open(const char *path)
{
	fake.opens++;
	fake.opened = path;
	return fake.open_error ? fake.open_error : FAKE_FD;
}

void pciem_sys_close(int fd)
{
	assert_int_equal(fd, FAKE_FD);
	fake.closes++;
}

static int create(struct pciem_bridge_create *bridge)
{
	if (fake.create_error)
		return fake.create_error;
	fake.create_reply.size = bridge->size;
	fake.create_reply.flags = bridge->flags;
	*bridge = fake.create_reply;
	if (bridge->flags & PCIEM_BRIDGE_DMA_DIRECT) {
		bridge->pool_size = 0;
		bridge->pool_base = 0;
		bridge->pool_offset = 0;
		bridge->direct_offset = FAKE_DIRECT_OFFSET;
		bridge->direct_bytes = FAKE_DIRECT_BYTES;
	}
	fake.header->head = fake.first_index;
	fake.header->tail = fake.first_index;
	return 0;
}

static int wake(const struct pciem_wake *argument)
{
	pthread_mutex_lock(&fake.lock);
	fake.wakes++;
	fake.argument.wake = *argument;
	fake.wake_flags = __atomic_load_n(&fake.header->flags, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&fake.readable);
	pthread_mutex_unlock(&fake.lock);
	return fake.command_error;
}

static int sleep_like_poll(void)
{
	int events = pciem_sys_poll(FAKE_FD, -1);

	if (events < 0)
		return events;
	return events & POLLHUP ? -ENOLINK : fake.command_error;
}

int pciem_sys_ioctl(int fd, unsigned long request, void *argument)
{
	uint32_t size = *(uint32_t *)argument;

	assert_int_equal(fd, FAKE_FD);
	assert_true(size <= sizeof(fake.argument));
	if (request == PCIEM_WAKE)
		return wake(argument);
	if (request == PCIEM_SLEEP)
		return sleep_like_poll();
	fake.commands++;
	fake.command = request;
	memset(&fake.argument, 0, sizeof(fake.argument));
	memcpy(&fake.argument, argument, size);
	switch (request) {
	case PCIEM_QUERY:
		if (fake.query_error)
			return fake.query_error;
		fake.query_reply.size = size;
		*(struct pciem_query *)argument = fake.query_reply;
		return 0;
	case PCIEM_BRIDGE_CREATE:
		return create(argument);
	case PCIEM_RAM:
		if (fake.command_error)
			return fake.command_error;
		fake.ram_reply.size = size;
		*(struct pciem_ram *)argument = fake.ram_reply;
		return 0;
	default:
		return fake.command_error;
	}
}

int pciem_sys_map(int fd, uint64_t offset, size_t bytes, void **memory)
{
	assert_int_equal(fd, FAKE_FD);
	if (++fake.maps == fake.map_error_at)
		return fake.map_error;
	fake.mapped_offset = offset;
	fake.mapped_bytes = bytes;
	fake.mapped_over = NULL;
	if (offset >= FAKE_DIRECT_OFFSET)
		*memory = fake.pool + (offset - FAKE_DIRECT_OFFSET);
	else if (offset >= FAKE_POOL_OFFSET)
		*memory = fake.pool + (offset - FAKE_POOL_OFFSET);
	else
		*memory = area + offset;
	return 0;
}

int pciem_sys_map_over(int fd, uint64_t offset, size_t bytes, void *place)
{
	void *memory;
	int error = pciem_sys_map(fd, offset, bytes, &memory);

	if (!error)
		fake.mapped_over = place;
	return error;
}

void pciem_sys_unmap(void *memory, size_t bytes)
{
	assert_in_range((uintptr_t)memory, (uintptr_t)area, (uintptr_t)fake.pool);
	assert_int_not_equal(bytes, 0);
	fake.unmaps++;
}

static int revents(void)
{
	int events = readable() ? POLLIN : 0;

	if (__atomic_load_n(&fake.header->link, __ATOMIC_ACQUIRE) != PCIEM_LINK_UP)
		events |= POLLHUP | POLLERR;
	return events;
}

static int poll_real(int timeout_ms)
{
	struct timespec until;
	int events;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * (long)NS_PER_MS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&fake.lock);
	for (;;) {
		events = revents();
		if (events)
			break;
		if (timeout_ms < 0)
			pthread_cond_wait(&fake.readable, &fake.lock);
		else if (pthread_cond_timedwait(&fake.readable, &fake.lock, &until))
			break;
	}
	pthread_mutex_unlock(&fake.lock);
	return events;
}

static void arrive(void)
{
	fake.arrival_at = 0;
	assert_true(fake_write(0, 0));
}

static int poll_fake(int timeout_ms)
{
	uint64_t end = timeout_ms < 0 ? UINT64_MAX : fake.now + (uint64_t)timeout_ms * NS_PER_MS;
	uint64_t start = fake.now;

	if (fake.poll_result) {
		int result = fake.poll_result;

		fake.poll_result = 0;
		return result;
	}
	if (!revents()) {
		if (fake.arrival_at && fake.arrival_at < end) {
			if (fake.now < fake.arrival_at)
				fake.now = fake.arrival_at;
			fake.now += fake.wakeup_ns;
			arrive();
		} else {
			assert_true(timeout_ms >= 0);	/* else it would sleep for ever */
			fake.now = end;
		}
	}
	fake.slept_ns += fake.now - start;
	return revents();
}

void pciem_sys_no_huge_pages(void)
{
	fake.no_huge_pages = true;
}

int pciem_sys_poll(int fd, int timeout_ms)
{
	assert_int_equal(fd, FAKE_FD);
	fake.polls++;
	fake.poll_flags = __atomic_load_n(&fake.header->flags, __ATOMIC_RELAXED);
	return fake.real_time ? poll_real(timeout_ms) : poll_fake(timeout_ms);
}

uint64_t pciem_sys_clock(void)
{
	if (fake.real_time)
		return real_clock();
	fake.clock_looks++;
	fake.now += fake.clock_step;
	if (fake.arrival_at && fake.now >= fake.arrival_at)
		arrive();
	return fake.now;
}

unsigned int pciem_sys_cpus(void)
{
	return fake.cpus;
}

size_t pciem_sys_page_size(void)
{
	return 4096;
}
