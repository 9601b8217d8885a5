// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that tries to reach, with every call and mapping it has, what is not its own. It plays the device, so all it may ever see
 * is the queue and the pool of its bridge.
 */
#include "bridge.h"

#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <pciem.h>

#define RW	(PROT_READ | PROT_WRITE)

static bool all_zero(const void *memory, size_t bytes)
{
	const unsigned char *byte = memory;

	while (bytes && !*byte) {
		byte++;
		bytes--;
	}
	return !bytes;
}

/* Does a child that does this die from that signal (0: lives)? */
static int signal_of(void (*act)(void *argument), void *argument)
{
	int status = status_of(act, argument);

	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void look(void *argument)
{
	(void)*(volatile char *)argument;
}

static void scribble(void *argument)
{
	*(volatile char *)argument = 1;
}

/* In the child, which the mapping is not handed down to, so it makes its own. */
struct edge {
	int fd;
	uint64_t offset;
	size_t length, at;
	bool unmapped;
	bool write;
};

static void reach(void *argument)
{
	const struct edge *edge = argument;
	/* With a hole behind it. */
	char *place = mmap(NULL, edge->length + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (place == MAP_FAILED || munmap(place + edge->length, PAGE) ||
	    mmap(place, edge->length, RW, MAP_SHARED | MAP_FIXED, edge->fd, (off_t)edge->offset) == MAP_FAILED)
		_exit(3);
	if (edge->unmapped)
		munmap(place, edge->length);
	if (edge->write)
		scribble(place + edge->at);
	else
		look(place + edge->at);
}

static void pool_calls(struct pciem *bridge)
{
	const struct pciem_info *info = pciem_info(bridge);
	uint64_t base = info->pool_base, size = info->pool_size;
	const struct {
		const char *text;
		uint64_t address;
		size_t length;
	} bad[] = {
		{ "before the pool", base - 1, 1 },
		{ "from before the pool into it", base - 1, 2 },
		{ "behind the pool", base + size, 1 },
		{ "over its end", base + size - 1, 2 },
		{ "one byte longer than it", base, size + 1 },
		{ "all memory", base, SIZE_MAX },
		{ "a length that wraps around", base + 1, SIZE_MAX },
		{ "a sum that wraps to the base", base + 4096, -(uint64_t)4096 },
		{ "address 0", 0, 1 },
		{ "the last address", UINT64_MAX, 1 },
		{ "the 32-bit window", info->mem32_base, 4 },
		{ "the 64-bit window", info->mem64_base, 4 },	/* 0 when there is none */
		{ "where interrupts are written to", info->msi_address, 4 },
	};
	void *memory = NULL;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check(!pciem_pool(bridge, bad[i].address, bad[i].length), "pciem_pool: %s", bad[i].text);
	check(pciem_pool(bridge, base, size), "pciem_pool: all of the pool");
	check(pciem_pool(bridge, base + size - 1, 1), "pciem_pool: its last byte");
	check_errno(-pciem_map_direct(bridge, 0, PAGE, &memory), EOPNOTSUPP, "pciem_map_direct without direct mode");
	check_errno(-pciem_msi(bridge, base, 0), EINVAL, "pciem_msi into the pool");
	check_errno(-pciem_msi(bridge, info->msi_address, 0xffffffff), EINVAL, "pciem_msi without such a vector");
	check_errno(-pciem_msi(bridge, info->msi_address, 0), EINVAL, "pciem_msi of a vector that nobody asked for");
	check_errno(-pciem_intx(bridge, 4, true), EINVAL, "pciem_intx of a fifth line");
}

static void library(void)
{
	struct pciem_options options = { .pool_size = 1 << 20, .mem32_size = 1 << 20, .mem64_size = 1 << 20 };
	struct pciem *bridge;

	need(!pciem_open(&bridge, NULL), NODE);
	check(!pciem_pool(bridge, 1 << 24, 1), "pciem_pool before there is a bridge");
	if (!check_errno(-pciem_create(bridge, &options), 0, "a bridge"))
		exit(1);
	pool_calls(bridge);
	pciem_close(bridge);
}

static void maps(int fd, const struct pciem_bridge_create *create)
{
	const uint64_t queue = create->queue_offset, pool = create->pool_offset;
	const size_t queue_bytes = create->queue_bytes, pool_bytes = create->pool_size;
	const struct {
		const char *text;
		uint64_t offset;
		size_t length;
		int protection, flags;
	} bad[] = {
		{ "queue, one page more", queue, queue_bytes + PAGE, RW, MAP_SHARED },
		{ "queue, 1 GiB", queue, 1ul << 30, RW, MAP_SHARED },
		{ "queue, from its second page", queue + PAGE, PAGE, RW, MAP_SHARED },
		{ "behind the queue", queue + queue_bytes, PAGE, RW, MAP_SHARED },
		{ "queue, private", queue, queue_bytes, RW, MAP_PRIVATE },
		{ "queue, private, to read", queue, queue_bytes, PROT_READ, MAP_PRIVATE },
		{ "queue, to execute", queue, queue_bytes, PROT_READ | PROT_EXEC, MAP_SHARED },
		{ "pool, one page more", pool, pool_bytes + PAGE, RW, MAP_SHARED },
		{ "pool, 1 TiB", pool, 1ul << 40, RW, MAP_SHARED },
		{ "pool, from its second page", pool + PAGE, PAGE, RW, MAP_SHARED },
		{ "the page before the pool", pool - PAGE, PAGE, RW, MAP_SHARED },
		{ "over the beginning of the pool", pool - PAGE, 2 * PAGE, RW, MAP_SHARED },
		{ "behind the pool", pool + pool_bytes, PAGE, RW, MAP_SHARED },
		{ "pool, private", pool, pool_bytes, RW, MAP_PRIVATE },
		{ "pool, private, to read", pool, pool_bytes, PROT_READ, MAP_PRIVATE },
		{ "pool, to execute", pool, pool_bytes, PROT_READ | PROT_EXEC, MAP_SHARED },
		{ "pool, only to execute", pool, pool_bytes, PROT_EXEC, MAP_SHARED },
		{ "physical memory", 1ull << 52, PAGE, RW, MAP_SHARED },
		{ "physical memory, to read", 1ull << 52, PAGE, PROT_READ, MAP_SHARED },
		{ "physical memory from 1 MiB", (1ull << 52) + (1 << 20), PAGE, RW, MAP_SHARED },
		{ "half way to it", 1ull << 51, PAGE, RW, MAP_SHARED },
		{ "far behind it", 1ull << 62, PAGE, RW, MAP_SHARED },
		{ "the pool's bus address", create->pool_base, PAGE, RW, MAP_SHARED },
		{ "the 32-bit window", create->mem32_base, PAGE, RW, MAP_SHARED },
		{ "above 4 GiB", create->mem64_base ?: 1ull << 32, PAGE, RW, MAP_SHARED },
	};
	void *memory = NULL;
	int reader;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[80];

		snprintf(text, sizeof(text), "mmap: %s", bad[i].text);
		check_errno(try_map(fd, bad[i].offset, bad[i].length, bad[i].protection, bad[i].flags, &memory), EINVAL,
			    text);
	}

	/* The same file, opened to read: not this one's bridge, and no writing. */
	reader = open(NODE, O_RDONLY | O_CLOEXEC);
	need(reader >= 0, NODE);
	check_errno(try_map(reader, pool, pool_bytes, PROT_READ, MAP_SHARED, &memory), ENXIO,
		    "mmap on another open file, which has no bridge");
	check_errno(try_map(reader, pool, pool_bytes, RW, MAP_SHARED, &memory), EACCES,
		    "mmap for writing of a file that is open for reading");
	close(reader);
}

static void grow(int fd, uint64_t offset, size_t bytes, const char *name)
{
	void *memory = NULL, *other;
	char text[80];

	/* A part that could grow into the whole is no better. */
	for (unsigned int half = 0; half < 2; half++) {
		size_t length = half ? bytes / 2 & -PAGE : bytes;

		snprintf(text, sizeof(text), "%s of the %s", half ? "half" : "all", name);
		need(!try_map(fd, offset, length, RW, MAP_SHARED, &memory), text);
		other = mremap(memory, length, length + PAGE, MREMAP_MAYMOVE);
		check_errno(other == MAP_FAILED ? errno : 0, EFAULT, strcat(text, ", grown with mremap"));
		other = mremap(memory, 0, length + PAGE, MREMAP_MAYMOVE);
		check_errno(other == MAP_FAILED ? errno : 0, EFAULT, "the same as a second mapping");
		check_errno(mprotect(memory, length, PROT_READ | PROT_EXEC) ? errno : 0, EACCES, "made executable");
		munmap(memory, length);
	}
}

static void edges(int fd, uint64_t offset, size_t bytes, const char *name)
{
	const size_t half = bytes / 2 & -PAGE;
	const struct {
		const char *text;
		struct edge edge;
		int signal;
	} cases[] = {
		{ "read its last byte", { fd, offset, bytes, bytes - 1, false, false }, 0 },
		{ "write its last byte", { fd, offset, bytes, bytes - 1, false, true }, 0 },
		{ "read behind its end", { fd, offset, bytes, bytes, false, false }, SIGSEGV },
		{ "write behind its end", { fd, offset, bytes, bytes, false, true }, SIGSEGV },
		{ "read after munmap", { fd, offset, bytes, 0, true, false }, SIGSEGV },
		{ "write after munmap", { fd, offset, bytes, 0, true, true }, SIGSEGV },
		{ "half of it, read behind that", { fd, offset, half, half, false, false }, SIGSEGV },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = signal_of(reach, (void *)&cases[i].edge);

		check(got == cases[i].signal, "%s: %s: signal %d", name, cases[i].text, got);
	}
}

/* By way of the kernel's own copying. */
static void through_the_kernel(int fd, uint64_t offset, size_t bytes)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	char *place = mmap(NULL, bytes + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec here, there;
	void *child;
	char byte = 7;

	need(mem >= 0 && place != MAP_FAILED && !munmap(place + bytes, PAGE), "place for the pool");
	need(mmap(place, bytes, RW, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == place, "pool");
	check(pread(mem, &byte, 1, (off_t)(uintptr_t)place) == 1, "/proc/self/mem reads the pool");
	check(pread(mem, &byte, 1, (off_t)(uintptr_t)place + bytes) < 0 && errno == EIO,
	      "/proc/self/mem does not read behind it");
	check(pwrite(mem, &byte, 1, (off_t)(uintptr_t)place + bytes) < 0 && errno == EIO,
	      "/proc/self/mem does not write behind it");
	here = (struct iovec) { &byte, 1 };
	there = (struct iovec) { place + bytes, 1 };
	check(process_vm_readv(getpid(), &here, 1, &there, 1, 0) < 0 && errno == EFAULT,
	      "process_vm_readv does not read behind it");
	check(process_vm_writev(getpid(), &here, 1, &there, 1, 0) < 0 && errno == EFAULT,
	      "process_vm_writev does not write behind it");
	close(mem);
	child = place;
	check(signal_of(look, child) == SIGSEGV, "a child does not inherit the mapping");
	munmap(place, bytes);
}

/* Memory that comes to a process holds nothing of what was there before. */
static void leftovers(void)
{
	struct pciem_bridge_create create = {};
	void *pool = NULL, *queue = NULL, *old;
	int fd = node_open();

	need(!bridge_create(fd, &create), "bridge");
	need(!try_map(fd, create.queue_offset, create.queue_bytes, RW, MAP_SHARED, &queue), "queue");
	need(!try_map(fd, create.pool_offset, create.pool_size, RW, MAP_SHARED, &pool), "pool");
	check(all_zero(queue, create.queue_bytes), "a new queue is clear");
	check(all_zero(pool, create.pool_size), "a new pool is clear");
	memset(pool, 0x5e, create.pool_size);
	munmap(queue, create.queue_bytes);
	close(fd);

	/* The bridge is gone, its mapping is not. */
	old = pool;
	usleep(200000);
	memset(old, 0x5f, create.pool_size);
	fd = node_open();
	need(!bridge_create(fd, &create), "second bridge");
	need(!try_map(fd, create.pool_offset, create.pool_size, RW, MAP_SHARED, &pool), "second pool");
	check(all_zero(pool, create.pool_size), "the next pool is clear as well");
	memset(old, 0x60, create.pool_size);
	check(all_zero(pool, create.pool_size), "a mapping of a bridge that is gone is not one of the next bridge's");
	munmap(old, create.pool_size);
	munmap(pool, create.pool_size);
	close(fd);
}

static void files(int fd)
{
	struct pciem_bridge_create create = {};
	struct pciem_intx intx = { .size = sizeof(intx) };
	int other = node_open(), copy = dup(fd);

	need(copy >= 0, "dup");
	check_errno(call(other, PCIEM_INTX, &intx), ENXIO, "another open file has no bridge");
	check_errno(bridge_create(other, &create), 0, "and gets one of its own");
	check(create.domain != 0, "in a domain of its own: %#x", create.domain);
	close(other);
	check_errno(call(copy, PCIEM_INTX, &intx), 0, "a duplicate of the descriptor is the same bridge");
	close(copy);
}

/* In a child: without what it takes. */
static void without(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	need(!syscall(SYS_capget, &header, data), "capget");
	data[capability / 32].effective &= ~(1u << capability % 32);
	data[capability / 32].permitted &= ~(1u << capability % 32);
	need(!syscall(SYS_capset, &header, data), "capset");
}

static void direct_without_right(void *argument)
{
	struct pciem_bridge_create create = { .flags = PCIEM_BRIDGE_DMA_DIRECT };
	int fd = node_open();

	(void)argument;
	without(CAP_SYS_RAWIO);
	if (bridge_create(fd, &create) != EPERM)
		raise(SIGUSR1);
	/* And has not made one. */
	create.flags = 0;
	if (bridge_create(fd, &create))
		raise(SIGUSR2);
}

static void stranger(void *argument)
{
	(void)argument;
	need(!setgid(65534) && !setuid(65534), "setuid");
	if (open(NODE, O_RDWR) >= 0 || errno != EACCES || open(NODE, O_RDONLY) >= 0 || errno != EACCES)
		raise(SIGUSR1);
}

static void rights(void)
{
	check(!signal_of(direct_without_right, NULL), "direct mode needs CAP_SYS_RAWIO");
	check(!signal_of(stranger, NULL), "another user cannot open the node");
}

static void direct(void)
{
	struct pciem_bridge_create create = { .flags = PCIEM_BRIDGE_DMA_DIRECT };
	struct edge edge = { .length = PAGE };
	int fd = node_open(), other = node_open();
	void *memory = NULL;

	create = (struct pciem_bridge_create) {
		.size = sizeof(create), .flags = PCIEM_BRIDGE_DMA_DIRECT, .pool_size = 1 << 20 };
	check_errno(call(fd, PCIEM_BRIDGE_CREATE, &create), EINVAL, "direct mode and a pool exclude each other");
	create.flags = PCIEM_BRIDGE_DMA_DIRECT;
	if (!check_errno(bridge_create(fd, &create), 0, "direct mode for root"))
		return;
	check(!create.pool_size && !create.pool_offset && create.direct_bytes, "it has physical memory and no pool");
	check_errno(try_map(fd, 1ull << 40, PAGE, RW, MAP_SHARED, &memory), EINVAL, "mmap: a pool that is not there");
	check_errno(try_map(fd, create.direct_offset + create.direct_bytes, PAGE, RW, MAP_SHARED, &memory), EINVAL,
		    "mmap: behind the end of memory");
	check_errno(try_map(fd, create.direct_offset + create.direct_bytes - PAGE, 2 * PAGE, RW, MAP_SHARED, &memory),
		    EINVAL, "mmap: over the end of memory");
	check_errno(try_map(fd, create.direct_offset, create.direct_bytes + PAGE, RW, MAP_SHARED, &memory), EINVAL,
		    "mmap: more than all memory");
	check_errno(try_map(fd, create.direct_offset, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, &memory), EINVAL,
		    "mmap: physical memory, to execute");
	check_errno(try_map(fd, create.direct_offset, PAGE, RW, MAP_PRIVATE, &memory), EINVAL,
		    "mmap: physical memory, private");
	check_errno(try_map(other, create.direct_offset, PAGE, RW, MAP_SHARED, &memory), ENXIO,
		    "mmap: physical memory by a file without a bridge");
	need(!try_map(fd, create.direct_offset + (16 << 20), PAGE, RW, MAP_SHARED, &memory), "memory at 16 MiB");
	check_errno(mprotect(memory, PAGE, PROT_READ | PROT_EXEC) ? errno : 0, EACCES, "made executable");
	check_errno(mremap(memory, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0, EFAULT,
		    "grown with mremap");
	munmap(memory, PAGE);

	edge.fd = fd;
	edge.offset = create.direct_offset + (16 << 20);
	check(!signal_of(reach, &edge), "memory is there");
	/* The old video memory: an address that is not RAM. */
	edge.offset = create.direct_offset + 0xa0000;
	check(signal_of(reach, &edge) == SIGBUS, "what is not memory is not");
	close(other);
	close(fd);
}

static bool link_is_down(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 10000) == 1 && poll_fd.revents & POLLHUP;
}

/* The devices are gone, the process is not: what drivers take back it must not reach. */
static void after_the_link(int fd, const struct pciem_bridge_create *create)
{
	struct pciem_simple simple = { .size = sizeof(simple) };
	struct pciem_queue_header *queue = NULL;
	unsigned char *pool = NULL, *again = NULL;
	size_t last = create->pool_size - 1;
	void *memory = NULL;

	need(!try_map(fd, create->queue_offset, create->queue_bytes, RW, MAP_SHARED, &memory), "queue");
	queue = memory;
	need(!try_map(fd, create->pool_offset, create->pool_size, RW, MAP_SHARED, &memory), "pool");
	pool = memory;
	need(!try_map(fd, create->pool_offset, create->pool_size, RW, MAP_SHARED | MAP_POPULATE, &memory), "pool again");
	again = memory;
	pool[0] = pool[last] = 0x77;
	check(again[0] == 0x77 && again[last] == 0x77, "two mappings of one pool");

	/* It is looked at when something is to go into the queue. */
	__atomic_store_n(&queue->head, queue->tail + 1000, __ATOMIC_RELEASE);
	check_errno(call(fd, PCIEM_SCAN, &simple), 0, "scan");
	check(link_is_down(fd), "the link is down");
	for (unsigned int i = 0; (((volatile unsigned char *)pool)[0] || ((volatile unsigned char *)pool)[last] ||
				  ((volatile unsigned char *)again)[0]) && i < 500; i++)
		usleep(10000);
	check(!pool[0] && !pool[last] && !again[0], "the pool is gone from under its mappings");
	pool[last] = 0x55;
	munmap(again, create->pool_size);
	if (check_errno(try_map(fd, create->pool_offset, create->pool_size, RW, MAP_SHARED, &memory), 0, "a new mapping")) {
		again = memory;
		check(again[last] == 0x55 && again[PAGE - 1] == 0x55 && !again[0], "leads to the same page everywhere");
		munmap(again, create->pool_size);
	}
	munmap(pool, create->pool_size);
	munmap(queue, create->queue_bytes);
}

int main(void)
{
	struct pciem_bridge_create create = {};
	void *memory = NULL;
	int fd;

	library();
	fd = node_open();
	check_errno(try_map(fd, 0, PAGE, RW, MAP_SHARED, &memory), ENXIO, "mmap before there is a bridge");
	check_errno(try_map(fd, 1ull << 40, PAGE, RW, MAP_SHARED, &memory), ENXIO, "mmap of its pool");
	if (!check_errno(bridge_create(fd, &create), 0, "a bridge"))
		return 1;
	maps(fd, &create);
	grow(fd, create.queue_offset, create.queue_bytes, "queue");
	grow(fd, create.pool_offset, create.pool_size, "pool");
	edges(fd, create.queue_offset, create.queue_bytes, "queue");
	edges(fd, create.pool_offset, create.pool_size, "pool");
	through_the_kernel(fd, create.pool_offset, create.pool_size);
	files(fd);
	after_the_link(fd, &create);
	close(fd);
	leftovers();
	rights();
	direct();
	return checks_end(96);
}
