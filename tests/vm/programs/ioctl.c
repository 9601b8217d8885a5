// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every ioctl of the native interface with every wrong argument: the errno that <linux/pciem.h> says, in each state of a file: without
 * a bridge, with one, and with one whose link is down.
 */
#include "serve.h"

#include <poll.h>

#include <linux/ioctl.h>

enum state { NO_BRIDGE, BRIDGE, LINK_DOWN, STATES };

static const char *const state_names[STATES] = { "no bridge", "bridge", "link down" };

/* A page that is followed by nothing. */
static char *page;

struct command {
	const char *name;
	unsigned long number;
	uint32_t size, mandatory;
	int result[STATES];	/* of a correct argument */
	int also;		/* with a bridge this as well, as it comes; or NOTHING */
};

#define NOTHING	-1
#define SIMPLE	sizeof(struct pciem_simple), sizeof(struct pciem_simple)

static const struct command commands[] = {
	{ "query", PCIEM_QUERY, sizeof(struct pciem_query), sizeof(struct pciem_query), { 0, 0, 0 }, NOTHING },
	/* EINVAL where it could be made: the argument asks for an impossible queue. */
	{ "create", PCIEM_BRIDGE_CREATE, sizeof(struct pciem_bridge_create), sizeof(struct pciem_bridge_create),
	  { EINVAL, EBUSY, EBUSY }, NOTHING },
	{ "serve", PCIEM_SERVE, SIMPLE, { ENXIO, 0, ENOLINK }, NOTHING },
	{ "scan", PCIEM_SCAN, SIMPLE, { ENXIO, 0, ENOLINK }, EBUSY },
	{ "remove", PCIEM_REMOVE, SIMPLE, { ENXIO, 0, ENOLINK }, EBUSY },
	{ "wake", PCIEM_WAKE, sizeof(struct pciem_wake), sizeof(struct pciem_wake), { ENXIO, 0, ENOLINK }, NOTHING },
	{ "msi", PCIEM_MSI, sizeof(struct pciem_msi), sizeof(struct pciem_msi), { ENXIO, EINVAL, ENOLINK }, NOTHING },
	{ "intx", PCIEM_INTX, sizeof(struct pciem_intx), sizeof(struct pciem_intx), { ENXIO, 0, ENOLINK }, NOTHING },
	/* No bytes are asked for. */
	{ "ram", PCIEM_RAM, sizeof(struct pciem_ram), sizeof(struct pciem_ram), { ENXIO, EINVAL, ENOLINK }, NOTHING },
	{ "ram part", PCIEM_RAM_PART, sizeof(struct pciem_ram_part), sizeof(struct pciem_ram_part),
	  { ENXIO, EINVAL, ENOLINK }, NOTHING },
	/* Until the next signal, unless the queue has an entry. */
	{ "sleep", PCIEM_SLEEP, SIMPLE, { ENXIO, EINTR, ENOLINK }, 0 },
};

#define COMMANDS	(sizeof(commands) / sizeof(*commands))

static void expect(int got, int wanted, const struct command *command, enum state state, const char *what)
{
	bool ok = got == wanted || (state == BRIDGE && wanted == command->result[BRIDGE] && got == command->also);

	check(ok, "%s (%s), %s: %s%s%s", command->name, state_names[state], what, error_name(got), ok ? "" : ", not ",
	      ok ? "" : error_name(wanted));
}

/* A correct argument, so that it ends with the page. */
static void *argument(const struct command *command, uint32_t size)
{
	char *place = page + PAGE - (size > PAGE ? PAGE : size);

	memset(page, 0, PAGE);
	if (size >= sizeof(uint32_t))
		memcpy(place, &size, sizeof(size));
	if (command->number == PCIEM_BRIDGE_CREATE && size >= sizeof(struct pciem_bridge_create))
		((struct pciem_bridge_create *)place)->queue_entries = 65;
	if (command->number == PCIEM_MSI && size >= sizeof(struct pciem_msi))
		((struct pciem_msi *)place)->address = 0x1000;
	return place;
}

/* The size that stands in the struct is another one than that of the memory. */
static int call_with_size(int fd, const struct command *command, uint32_t memory, uint32_t size)
{
	void *place = argument(command, memory);

	memcpy(place, &size, sizeof(size));
	return call(fd, command->number, place);
}

static void sizes(int fd, enum state state)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		const int right = command->result[state];
		const uint32_t size = command->size;
		unsigned int wrong = 0;
		char *place;
		int got;

		expect(call(fd, command->number, argument(command, size)), right, command, state, "exact size");
		for (uint32_t few = 0; few < command->mandatory; few++)
			wrong += call_with_size(fd, command, size, few) != EINVAL;
		check(!wrong, "%s (%s), each size below %u is EINVAL: %u are not", command->name, state_names[state],
		      command->mandatory, wrong);
		expect(call_with_size(fd, command, 4, 0), EINVAL, command, state, "size 0 and no more memory");

		expect(call(fd, command->number, argument(command, size + 8)), right, command, state,
		       "longer, tail is zero");
		expect(call(fd, command->number, argument(command, PAGE)), right, command, state,
		       "a page, tail is zero");
		place = argument(command, size + 8);
		place[size + 7] = 1;
		expect(call(fd, command->number, place), E2BIG, command, state, "longer, last byte is not zero");
		place = argument(command, size + 8);
		place[size] = 1;
		expect(call(fd, command->number, place), E2BIG, command, state, "longer, next byte is not zero");
		got = call_with_size(fd, command, size, 0xffffffff);
		check(got == E2BIG || got == EFAULT, "%s (%s), size 0xffffffff: %s", command->name, state_names[state],
		      error_name(got));
		got = call_with_size(fd, command, size, 0x80000000);
		check(got == E2BIG || got == EFAULT, "%s (%s), size 0x80000000: %s", command->name, state_names[state],
		      error_name(got));
	}
}

static void pointers(int fd, enum state state)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		const uint32_t size = command->size;
		char *place;

		expect(call(fd, command->number, NULL), EFAULT, command, state, "null pointer");
		expect(call(fd, command->number, (void *)1), EFAULT, command, state, "pointer 1");
		expect(call(fd, command->number, (void *)0xffff888000001000), EFAULT, command, state, "kernel's memory");
		expect(call(fd, command->number, (void *)0x8000000000000000), EFAULT, command, state,
		       "no address at all");
		expect(call(fd, command->number, (void *)-1l), EFAULT, command, state, "pointer -1");
		expect(call(fd, command->number, page + PAGE), EFAULT, command, state, "memory that is not there");
		expect(call(fd, command->number, page + PAGE - 3), EFAULT, command, state, "a quarter of the size");
		if (size > 8) {
			memset(page, 0, PAGE);
			memcpy(page + PAGE - 8, &size, sizeof(size));
			expect(call(fd, command->number, page + PAGE - 8), EFAULT, command, state, "a half struct");
		}
		/* Misaligned is allowed on this machine, and no reason to fail. */
		place = page + 1;
		memmove(place, argument(command, size), size);
		expect(call(fd, command->number, place), command->result[state], command, state, "misaligned");
	}
	/* What is to be written back cannot be. */
	memmove(page, argument(&commands[0], commands[0].size), commands[0].size);
	mprotect(page, PAGE, PROT_READ);
	expect(call(fd, PCIEM_QUERY, page), EFAULT, &commands[0], state, "memory that can only be read");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

/* A field of a correct argument is set to something. */
static void field(int fd, enum state state, unsigned int which, size_t offset, uint64_t value, size_t width,
		  const char *what)
{
	const struct command *command = &commands[which];
	char *place = argument(command, command->size);
	int wanted = state == BRIDGE || which < 2 ? EINVAL : command->result[state];

	memcpy(place + offset, &value, width);
	/* A second one is refused when its argument is right. */
	if (which == 1)
		((struct pciem_bridge_create *)place)->queue_entries = 64;
	expect(call(fd, command->number, place), wanted, command, state, what);
}

#define FIELD(which, type, member, value)	\
	field(fd, state, which, offsetof(struct type, member), value, sizeof(((struct type *)0)->member), \
	      #member " = " #value)

static void values(int fd, enum state state)
{
	FIELD(0, pciem_query, reserved, 1);
	FIELD(0, pciem_query, reserved, 0x80000000);
	FIELD(1, pciem_bridge_create, reserved, 1);
	FIELD(1, pciem_bridge_create, flags, 2);
	FIELD(1, pciem_bridge_create, flags, 0x80000000);
	for (unsigned int which = 2; which <= 4; which++) {
		FIELD(which, pciem_simple, flags, 1);
		FIELD(which, pciem_simple, flags, 0x80000000);
	}
	FIELD(6, pciem_msi, address, 0);
	FIELD(6, pciem_msi, address, 0xffffffffffffffff);
	FIELD(6, pciem_msi, data, 0xffffffff);
	FIELD(7, pciem_intx, line, 4);
	FIELD(7, pciem_intx, line, 0xffffffff);
	FIELD(7, pciem_intx, level, 2);
	FIELD(7, pciem_intx, level, 0xffffffff);
	FIELD(5, pciem_wake, flags, 2);
	FIELD(5, pciem_wake, flags, 0x80000000);
	FIELD(5, pciem_wake, reserved, 1);
	FIELD(7, pciem_intx, reserved, 1);
	FIELD(8, pciem_ram, flags, 2);
	FIELD(8, pciem_ram, bytes, 0xffffffffffffffff);
	FIELD(8, pciem_ram, bytes, 0x4000000001);
	FIELD(8, pciem_ram, reserved, 1);
	FIELD(9, pciem_ram_part, flags, 2);
	FIELD(9, pciem_ram_part, bytes, 4096);
	FIELD(9, pciem_ram_part, base, 0xfffffffffffff000);
	FIELD(10, pciem_simple, flags, 1);
	FIELD(10, pciem_simple, flags, 0x80000000);
}

static void numbers(int fd, enum state state)
{
	struct pciem_query query = { .size = sizeof(query) };
	unsigned int wrong = 0, made = 0;

	for (unsigned int number = 0; number < 256; number++) {
		if (number >= PCIEM_CMD_QUERY && number <= PCIEM_CMD_SLEEP)
			continue;
		wrong += call(fd, _IO(PCIEM_IOC_MAGIC, number), &query) != ENOTTY;
		made++;
	}
	check(!wrong, "%u unknown numbers (%s) are ENOTTY: %u are not", made, state_names[state], wrong);
	wrong = made = 0;
	for (unsigned int i = 0; i < COMMANDS; i++) {
		unsigned int number = _IOC_NR(commands[i].number);
		const unsigned long others[] = {
			_IO(PCIEM_IOC_MAGIC - 1, number), _IO(0, number), _IO('T', number),
			_IOR(PCIEM_IOC_MAGIC, number, struct pciem_query),
			_IOW(PCIEM_IOC_MAGIC, number, struct pciem_query),
			_IOWR(PCIEM_IOC_MAGIC, number, struct pciem_query), _IOWR(PCIEM_IOC_MAGIC, number, int),
		};

		for (unsigned int j = 0; j < sizeof(others) / sizeof(*others); j++) {
			wrong += call(fd, others[j], &query) != ENOTTY;
			made++;
		}
	}
	check(!wrong, "%u of another magic, direction or size (%s) are ENOTTY: %u are not", made, state_names[state],
	      wrong);
}

/* What the query says, and that its reply does not go beyond the caller's struct. */
static void query(int fd)
{
	struct {
		struct pciem_query query;
		uint64_t behind;
	} reply = { .query.size = sizeof(reply.query), .behind = 0x1122334455667788 };

	check_errno(call(fd, PCIEM_QUERY, &reply), 0, "query");
	check(reply.query.size == sizeof(reply.query) && !reply.query.reserved && reply.behind == 0x1122334455667788,
	      "query: nothing but its members is written");
	check(reply.query.features & PCIEM_FEATURE_DMA_POOL && reply.query.features & PCIEM_FEATURE_MSI &&
		      reply.query.features & PCIEM_FEATURE_INTX && reply.query.features & PCIEM_FEATURE_RAM && reply.query.features < 1 << 5,
	      "query: features %#llx", reply.query.features);
	check(reply.query.max_queue_entries >= 64 && reply.query.msi_vectors && reply.query.max_pool_size >= 1 << 20 &&
		      reply.query.read_timeout_ms && reply.query.atomic_timeout_ms, "query: limits");
	reply.query = (struct pciem_query) { .size = sizeof(reply) };
	reply.behind = 0;
	check_errno(call(fd, PCIEM_QUERY, &reply), 0, "query, longer");
	check(reply.query.size == sizeof(reply) && !reply.behind, "query: the caller keeps its size");
}

static void beside_each_other(void)
{
	struct pciem_bridge_create create = { .size = sizeof(create) };
	int other = node_open(), fd = node_open();

	check_errno(call(other, PCIEM_BRIDGE_CREATE, &create), 0, "a bridge with all defaults");
	check_errno(bridge_create(fd, &create), 0, "a small bridge beside a large one");
	check(create.mem32_size == 1 << 20 && create.mem32_base + create.mem32_size <= 0xfec00000,
	      "its 32-bit window: %#llx", create.mem32_base);
	check(create.mem64_size == 1 << 20 && create.mem64_base >= 1ull << 32, "its 64-bit window: %#llx",
	      create.mem64_base);
	close(fd);
	close(other);
}

static void creation(void)
{
	static const struct {
		const char *text;
		struct pciem_bridge_create create;
	} bad[] = {
		{ "queue of 63", { .queue_entries = 63 } },
		{ "queue of 65", { .queue_entries = 65 } },
		{ "queue of 32", { .queue_entries = 32 } },
		{ "queue of 1", { .queue_entries = 1 } },
		{ "queue of 128 Ki", { .queue_entries = 1 << 17 } },
		{ "queue of 2 Gi", { .queue_entries = 1u << 31 } },
		{ "queue of 4 Gi - 1", { .queue_entries = ~0u } },
		{ "32-bit window of half a MiB", { .mem32_size = 1 << 19 } },
		{ "32-bit window of 3 MiB", { .mem32_size = 3 << 20 } },
		{ "32-bit window of 8 GiB", { .mem32_size = 1ull << 33 } },
		{ "32-bit window of all", { .mem32_size = ~0ull } },
		{ "64-bit window of a page", { .mem64_size = 4096 } },
		{ "64-bit window of 3 GiB", { .mem64_size = 3ull << 30 } },
		{ "64-bit window of all", { .mem64_size = ~0ull } },
		{ "pool of a page", { .pool_size = 4096 } },
		{ "pool of 3 MiB", { .pool_size = 3 << 20 } },
		{ "pool of 1 TiB", { .pool_size = 1ull << 40 } },
		{ "pool of all", { .pool_size = ~0ull } },
		{ "pool of 8 EiB", { .pool_size = 1ull << 63 } },
	};
	struct pciem_bridge_create create;
	int fd = node_open(), got;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		create = bad[i].create;
		create.size = sizeof(create);
		got = call(fd, PCIEM_BRIDGE_CREATE, &create);
		check(got == EINVAL, "create, %s: %s", bad[i].text, error_name(got));
	}
	create = (struct pciem_bridge_create) { .size = sizeof(create), .mem64_size = 1ull << 63 };
	got = call(fd, PCIEM_BRIDGE_CREATE, &create);
	check(!got && create.mem64_size < 1ull << 63, "a 64-bit window of 8 EiB becomes a smaller one: %s, %#llx",
	      error_name(got), create.mem64_size);
	check(create.size == sizeof(create) && create.queue_entries >= 64 && create.mem32_size >= 1 << 20 &&
		      create.pool_size >= 1 << 20 && create.queue_bytes && create.msi_address && !create.reserved &&
		      !create.direct_offset && !create.direct_bytes, "what was had is written back");
	check(create.slots_offset >= sizeof(struct pciem_queue_header) &&
		      create.slots_offset + create.slot_count * sizeof(struct pciem_slot) <= create.queue_bytes &&
		      create.entries_offset + create.queue_entries * sizeof(struct pciem_entry) <= create.queue_bytes,
	      "the parts of the queue area lie inside it");
	/* On x86 the 20 MiB below 4 GiB are the interrupt controllers', the clock's and the firmware's. */
	check(create.mem32_base + create.mem32_size <= 0xfec00000 && create.mem64_base >= 1ull << 32,
	      "windows at %#llx and %#llx", create.mem32_base, create.mem64_base);
	create = (struct pciem_bridge_create) { .size = sizeof(create) };
	check_errno(call(fd, PCIEM_BRIDGE_CREATE, &create), EBUSY, "create, a second time");
	close(fd);
}

/* A struct that is not there to be written back: then there is no half bridge either. */
static void lost_reply(void)
{
	struct pciem_bridge_create *create = (void *)page;
	struct pciem_simple simple = { .size = sizeof(simple) };
	int fd = node_open(), created, served;

	memset(page, 0, PAGE);
	create->size = sizeof(*create);
	mprotect(page, PAGE, PROT_READ);
	check_errno(call(fd, PCIEM_BRIDGE_CREATE, page), EFAULT, "create, the reply cannot be written");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	served = call(fd, PCIEM_SERVE, &simple);
	created = call(fd, PCIEM_BRIDGE_CREATE, page);
	check((served == ENXIO && !created) || (!served && created == EBUSY),
	      "then serve says %s, and create %s", error_name(served), error_name(created));
	close(fd);
}

/* Nobody takes what a scan asks for. */
static void take_down(int fd)
{
	struct pciem_simple simple = { .size = sizeof(simple) };
	struct pollfd poller = { .fd = fd };
	int ready;

	need(!call(fd, PCIEM_SCAN, &simple), "scan");
	ready = poll(&poller, 1, 20000);
	check(ready == 1 && poller.revents & POLLHUP && poller.revents & POLLERR, "link down: poll says %#x",
	      poller.revents);
}

static bool comes(const unsigned int *count)
{
	for (unsigned int i = 0; i < 2000; i++) {
		if (__atomic_load_n(count, __ATOMIC_ACQUIRE))
			return true;
		usleep(10000);
	}
	return false;
}

/* What was asked for above, many times, goes on in the kernel. */
static void come_to_an_end(struct served *served)
{
	struct pciem_simple simple = { .size = sizeof(simple) };
	int got = EBUSY;

	check(comes(&served->scanned), "a scan comes to its end");
	for (unsigned int i = 0; i < 2000 && got == EBUSY; i++) {
		got = call(served->fd, PCIEM_REMOVE, &simple);
		usleep(10000);
	}
	check_errno(got, 0, "then there can be a removal");
	check(comes(&served->removed), "it comes to its end as well");
}

int main(void)
{
	struct served served;
	int fd = node_open();
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(page != MAP_FAILED && !munmap(page + PAGE, PAGE), "memory");

	check(poll(&poller, 1, 0) == 1 && poller.revents & POLLERR, "poll without a bridge: %#x", poller.revents);
	query(fd);
	beside_each_other();
	creation();
	lost_reply();
	sizes(fd, NO_BRIDGE);
	pointers(fd, NO_BRIDGE);
	values(fd, NO_BRIDGE);
	numbers(fd, NO_BRIDGE);
	close(fd);

	served_open(&served);
	served_start(&served);
	query(served.fd);
	sizes(served.fd, BRIDGE);
	pointers(served.fd, BRIDGE);
	values(served.fd, BRIDGE);
	numbers(served.fd, BRIDGE);
	come_to_an_end(&served);
	served_stop(&served);
	served_close(&served);

	served_open(&served);
	take_down(served.fd);
	check(__atomic_load_n(&served.header->link, __ATOMIC_ACQUIRE) == PCIEM_LINK_DOWN, "link down: the header says so");
	sizes(served.fd, LINK_DOWN);
	pointers(served.fd, LINK_DOWN);
	values(served.fd, LINK_DOWN);
	numbers(served.fd, LINK_DOWN);
	served_close(&served);
	return checks_end(400);
}
