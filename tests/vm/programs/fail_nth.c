// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_nth: in each call of a bridge's life, what the kernel asks for (memory, the caller's memory) fails once: the first request of
 * the call, then the second, and so on until the call makes no more; of those that make many, every second one from the 64th on, every
 * third from the 128th on, and so forth (sooner where a call takes long). A call that fails must say why in a documented way and leave
 * nothing: the same call then succeeds, and now and then the rest of the bridge's life is lived as well.
 *
 * Needs CONFIG_FAULT_INJECTION with what fault_injection(5)'s debugfs has switched on, see memory-faults.test.
 */
#include "bridge.h"
#include "fuzz.h"

#define MOST	20000u		/* requests of one call */

struct life {
	int fd;
	struct pciem_bridge_create create;
	struct pciem_ram ram;
	void *queue, *pool, *memory;
};

static int life_open(struct life *life)
{
	life->fd = open(NODE, O_RDWR | O_CLOEXEC);
	return life->fd < 0 ? errno : 0;
}

static int life_query(struct life *life)
{
	struct pciem_query query = { .size = sizeof(query) };

	return call_once(life->fd, PCIEM_QUERY, &query);
}

static int life_create(struct life *life)
{
	return bridge_create(life->fd, &life->create);
}

static int life_map_queue(struct life *life)
{
	return try_map(life->fd, life->create.queue_offset, life->create.queue_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, &life->queue);
}

static int life_map_pool(struct life *life)
{
	return try_map(life->fd, life->create.pool_offset, life->create.pool_size, PROT_READ | PROT_WRITE, MAP_SHARED, &life->pool);
}

static int scratch;		/* a file */

/* What maps a page when it is first used cannot tell of a failure but by a signal; the kernel itself reads and writes it instead. */
static int life_touch(struct life *life)
{
	if (pwrite(scratch, life->queue, 8, 0) < 0 || pwrite(scratch, life->pool, 8, 0) < 0)
		return errno;
	return 0;
}

static int life_serve(struct life *life)
{
	struct pciem_simple simple = { .size = sizeof(simple) };

	return call_once(life->fd, PCIEM_SERVE, &simple);
}

static int life_ram(struct life *life)
{
	life->ram = (struct pciem_ram) { .size = sizeof(life->ram), .flags = PCIEM_RAM_ABOVE_4G, .bytes = 1 << 20 };
	return call_once(life->fd, PCIEM_RAM, &life->ram);
}

static int life_ram_part(struct life *life)
{
	struct pciem_ram_part part = { .size = sizeof(part), .flags = PCIEM_RAM_PART_IS_RAM, .base = life->ram.base, .bytes = PAGE };

	return call_once(life->fd, PCIEM_RAM_PART, &part);
}

static int life_map_ram(struct life *life)
{
	return try_map(life->fd, life->ram.offset + life->ram.base, life->ram.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, &life->memory);
}

static int life_intx(struct life *life)
{
	struct pciem_intx intx = { .size = sizeof(intx), .line = 1 };

	return call_once(life->fd, PCIEM_INTX, &intx);
}

static int life_scan(struct life *life)
{
	struct pciem_simple simple = { .size = sizeof(simple) };

	return call_once(life->fd, PCIEM_SCAN, &simple);
}

static int life_close(struct life *life)
{
	int error;

	if (life->queue)
		munmap(life->queue, life->create.queue_bytes);
	if (life->pool)
		munmap(life->pool, life->create.pool_size);
	if (life->memory)
		munmap(life->memory, life->ram.bytes);
	error = close(life->fd) < 0 ? errno : 0;
	*life = (struct life) { .fd = -1 };
	return error;
}

static const struct step {
	const char *name;
	int (*run)(struct life *life);
	bool once;			/* a failure is the end of it */
	bool ram;			/* of the window with memory behind it, which takes long to have */
} steps[] = {
	{ .name = "open", .run = life_open },
	{ .name = "PCIEM_QUERY", .run = life_query },
	{ .name = "PCIEM_BRIDGE_CREATE", .run = life_create },
	{ .name = "mmap of the queue", .run = life_map_queue },
	{ .name = "mmap of the pool", .run = life_map_pool },
	{ .name = "first access", .run = life_touch },
	{ .name = "PCIEM_SERVE", .run = life_serve },
	{ .name = "PCIEM_RAM", .run = life_ram, .ram = true },
	{ .name = "PCIEM_RAM_PART", .run = life_ram_part, .ram = true },
	{ .name = "mmap of the RAM", .run = life_map_ram, .ram = true },
	{ .name = "PCIEM_INTX", .run = life_intx },
	{ .name = "PCIEM_SCAN", .run = life_scan },
	{ .name = "munmap and close", .run = life_close, .once = true },
};
#define STEPS	(sizeof(steps) / sizeof(*steps))

static int fail_nth;

/* n == 0: nothing fails. */
static void arm(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	need(pwrite(fail_nth, text, (size_t)length, 0) == length, "fail-nth");
}

/* Has it failed? If not, to ask or to end it can. */
static bool disarm(void)
{
	char text[16] = "";
	ssize_t length = pread(fail_nth, text, sizeof(text) - 1, 0);

	if (length < 0 || pwrite(fail_nth, "0", 1, 0) < 0) {
		need(errno == EFAULT, "fail-nth");
		arm(0);
		return false;
	}
	return !atoi(text);
}

/* Memory that belongs to a bridge that is just ending is not free yet, nor is its place. */
static bool run_in_the_end(const struct step *step, struct life *life)
{
	int error = 0;

	for (unsigned int i = 0; i < 500; i++) {
		error = step->run(life);
		if (error != ENOMEM && error != ENOSPC)
			break;
		usleep(10000);
	}
	if (error)
		fprintf(stderr, "%s, undisturbed: %s\n", step->name, error_name(error));
	return !error;
}

/* One life, in which the n-th request of `victim` fails; false: it makes fewer. */
static bool live(unsigned int victim, unsigned int n, unsigned int *errors, bool *fine)
{
	struct life life = { .fd = -1 };
	bool failed = false;
	int error;

	for (unsigned int i = 0; i < STEPS && *fine; i++) {
		bool done = false;

		if (steps[i].ram && !steps[victim].ram && n % 8 != 1)
			continue;
		if (i == victim) {
			arm(n);
			error = steps[i].run(&life);
			failed = disarm();
			*errors += error != 0;
			if (!is_documented(error) || (error && !failed)) {
				*fine = check(false, "%s, request %u: %s", steps[i].name, n, error_name(error));
				break;
			}
			done = !error || steps[i].once;
		}
		if (!done && !run_in_the_end(&steps[i], &life))
			*fine = check(false, "%s after request %u of %s failed", steps[i].name, n, steps[victim].name);
		if (i == victim && n % 8 != 1)
			break;
	}
	if (life.fd >= 0)
		life_close(&life);
	return failed;
}

int main(void)
{
	unsigned int requests = 0;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	need(fail_nth >= 0, "/proc/thread-self/fail-nth");
	scratch = memfd_create("scratch", MFD_CLOEXEC);
	need(scratch >= 0 && !ftruncate(scratch, PAGE) && pwrite(scratch, "", 1, 0) == 1, "memfd");
	for (unsigned int victim = 0; victim < STEPS; victim++) {
		unsigned int n = 1, lives = 0, errors = 0;
		bool fine = true;

		for (; n < MOST && live(victim, n, &errors, &fine) && fine; n += 1 + n / (steps[victim].ram ? 4 : 64))
			lives++;
		check(fine && n < MOST, "%s: fewer than %u requests, of which %u failed; %u errors", steps[victim].name, n + 1, lives,
		      errors);
		requests += lives;
	}
	check(requests > 100, "%u failures in all", requests);
	return checks_end(STEPS + 1);
}
