// SPDX-License-Identifier: GPL-2.0-only
/*
 * mute scan|bar0|registers: a drive that takes every transaction from its queue, and from some moment on answers none.
 *
 *	scan		from the first configuration read on
 *	bar0		from the moment when the size of its BAR is asked for
 *	registers	from the first access to its registers on, which is the driver's
 *
 * Says "silent" at that moment and "link down" when the kernel has had enough; then it keeps its file open until it is
 * killed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pciem.h>

enum when { SCAN, BAR0, REGISTERS };

enum {
	COMMAND = 0x04,
	BAR = 0x10,
	CONFIG_BYTES = 64,
};

static unsigned char config[CONFIG_BYTES] = {
	[0x00] = 0x34, 0x12, 0xfe, 0x11,	/* 1234:11fe */
	[0x09] = 0x02, 0x08, 0x01,		/* an NVMe controller */
	[BAR] = 0x04,				/* 64 bits wide, 16 KiB */
};

static uint64_t config_read(uint64_t address, unsigned int size)
{
	uint64_t value = 0;

	if (address >= 0x1000)
		return ~0ull;
	if (address + size > CONFIG_BYTES)
		return 0;
	memcpy(&value, config + address, size);
	return value;
}

static void config_write(uint64_t address, unsigned int size, uint64_t value)
{
	if (size == 4 && address == BAR)
		value = (value & ~0x3fffull) | 0x04;
	else if (!(size == 2 && address == COMMAND) && !(size == 4 && address == BAR + 4))
		return;
	memcpy(config + address, &value, size);
}

static bool now_silent(enum when when, const struct pciem_transaction *t)
{
	switch (when) {
	case SCAN:
		return true;
	case BAR0:
		return t->kind == PCIEM_CONFIG_WRITE && t->address == BAR;
	default:
		return t->kind == PCIEM_MEMORY_READ || t->kind == PCIEM_MEMORY_WRITE;
	}
}

static void answer(struct pciem *bridge, const struct pciem_transaction *t)
{
	if (t->kind == PCIEM_CONFIG_READ) {
		pciem_complete(bridge, t, config_read(t->address, t->size));
	} else if (t->kind == PCIEM_CONFIG_WRITE) {
		config_write(t->address, t->size, t->data);
		pciem_complete(bridge, t, 0);
	}
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "mute: %s: %s\n", what, strerror(-error));
	return 1;
}

int main(int argc, char **argv)
{
	static const char *const moments[] = { "scan", "bar0", "registers" };
	struct pciem_transaction transaction;
	struct pciem *bridge;
	bool silent = false;
	enum when when;
	int error;

	for (when = SCAN; when <= REGISTERS; when++) {
		if (argc == 2 && !strcmp(argv[1], moments[when]))
			break;
	}
	if (when > REGISTERS)
		return fail("usage: mute scan|bar0|registers", 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	error = pciem_open(&bridge, NULL);
	if (error)
		return fail("/dev/pciem", error);
	error = pciem_create(bridge, NULL);
	if (!error)
		error = pciem_serve(bridge);
	if (!error)
		error = pciem_scan(bridge);
	if (error)
		return fail("bridge", error);

	for (;;) {
		error = pciem_next(bridge, &transaction);
		if (error < 0)
			break;
		if (!error) {
			pciem_wait(bridge, -1);
			continue;
		}
		if (!silent && now_silent(when, &transaction)) {
			silent = true;
			puts("silent");
		}
		if (!silent)
			answer(bridge, &transaction);
	}
	puts("link down");
	for (;;)
		pause();
}
