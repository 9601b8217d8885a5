// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A whole PCI device in one file: one function with one 32-bit BAR of four registers.
 *
 *	offset	name		access
 *	0x00	IDENT		read only	0x53435254
 *	0x04	SCRATCH		read/write	keeps what was written; 0 after start
 *	0x08	DOORBELL	write only	any write sends the MSI; reads as 0
 *	0x0c	RINGS		read only	how often the doorbell was rung
 *
 * Registers are 32 bits wide; any other access writes nothing and reads all ones. Nothing of the
 * kernel's is needed but the module: run this as root, then `lspci -vd 1234:11ff`. Ctrl-C takes the
 * device out again.
 *
 * The file has three layers, top down: configuration space, registers, and the loop that serves the
 * bridge. The first two know nothing of PCIem but its interrupt call: they are what a data sheet
 * says.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <pciem.h>

#define ALL_ONES	UINT64_MAX	/* what a read gets where nothing answers */

/*
 * Configuration space is two arrays: the value of every byte, and which of its bits software can
 * write. A BAR needs nothing more: software finds its size by writing ones and seeing which bits
 * stay zero.
 */
enum {
	COMMAND = 0x04,
	BAR0 = 0x10,
	MSI = 0x40,			/* our only capability */
	MSI_CONTROL = MSI + 2,
	MSI_ADDRESS = MSI + 4,
	MSI_DATA = MSI + 12,
	CONFIG_BYTES = 256,
};

#define COMMAND_MEMORY		0x0002	/* the BAR answers */
#define COMMAND_MASTER		0x0004	/* it may write to memory; an MSI is such a write */
#define MSI_ENABLE		0x0001
#define MSI_64BIT		0x0080
#define BAR0_BYTES		0x1000u

static unsigned char config[CONFIG_BYTES], writable[CONFIG_BYTES];

static uint64_t get(const unsigned char *bytes, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[offset + size];
	return value;
}

static void put(unsigned char *bytes, unsigned int offset, unsigned int size, uint64_t value)
{
	for (; size--; value >>= 8)
		bytes[offset++] = (unsigned char)value;
}

static void config_reset(void)
{
	put(config, 0x00, 2, 0x1234);		/* vendor: emulators' test devices */
	put(config, 0x02, 2, 0x11ff);		/* device */
	put(config, 0x06, 2, 0x0010);		/* status: there is a capability list */
	put(config, 0x08, 4, 0xff000001);	/* class: none of the defined ones; revision 1 */
	put(config, 0x2c, 4, 0x11ff1234);	/* subsystem: the same ids once more */
	put(config, 0x34, 1, MSI);
	put(config, MSI, 2, 0x0005);		/* an MSI capability, the last of the list */
	put(config, MSI_CONTROL, 2, MSI_64BIT);

	put(writable, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	put(writable, BAR0, 4, ~(BAR0_BYTES - 1));
	put(writable, 0x3c, 1, 0xff);		/* interrupt line: a note of software to itself */
	put(writable, MSI_CONTROL, 2, MSI_ENABLE);
	put(writable, MSI_ADDRESS, 8, ~3ull);
	put(writable, MSI_DATA, 2, 0xffff);
}

/*
 * The address is bus << 20 | device << 15 | function << 12 | register. We are function 0 of device
 * 0 on bus 0.
 */
static bool config_ours(const struct pciem_transaction *t)
{
	return t->address + t->size <= 0x1000;
}

static uint64_t config_read(const struct pciem_transaction *t)
{
	if (!config_ours(t))
		return ALL_ONES;		/* nobody there: an empty slot of the scan */
	if (t->address + t->size > CONFIG_BYTES)
		return 0;			/* extended space, of which we have none */
	return get(config, (unsigned int)t->address, t->size);
}

static void config_write(const struct pciem_transaction *t)
{
	if (!config_ours(t) || t->address + t->size > CONFIG_BYTES)
		return;
	for (unsigned int i = 0; i < t->size; i++) {
		unsigned int at = (unsigned int)t->address + i;
		unsigned char mask = writable[at];

		config[at] = (unsigned char)((config[at] & ~mask) | (t->data >> 8 * i & mask));
	}
}

/* The registers. */

enum {
	IDENT = 0x00,
	SCRATCH = 0x04,
	DOORBELL = 0x08,
	RINGS = 0x0c,
};

static uint32_t scratch, rings;

static void ring(struct pciem *bridge)
{
	rings++;
	if (!(get(config, COMMAND, 2) & COMMAND_MASTER) ||
	    !(get(config, MSI_CONTROL, 2) & MSI_ENABLE))
		return;
	/* The driver's kernel wrote address and data there; sending both back is all an MSI is. */
	pciem_msi(bridge, get(config, MSI_ADDRESS, 8), (uint32_t)get(config, MSI_DATA, 2));
}

/*
 * The register that a transaction is for, or -1. The BAR may move at any time: look where it is
 * now.
 */
static int register_of(const struct pciem_transaction *t)
{
	uint64_t offset = t->address - get(config, BAR0, 4);

	if (!(get(config, COMMAND, 2) & COMMAND_MEMORY) || offset >= BAR0_BYTES)
		return -1;
	return t->size == 4 && !(offset & 3) ? (int)offset : -1;
}

static uint64_t register_read(const struct pciem_transaction *t)
{
	switch (register_of(t)) {
	case IDENT:
		return 0x53435254;
	case SCRATCH:
		return scratch;
	case DOORBELL:
		return 0;
	case RINGS:
		return rings;
	default:
		return ALL_ONES;
	}
}

static void register_write(struct pciem *bridge, const struct pciem_transaction *t)
{
	switch (register_of(t)) {
	case SCRATCH:
		scratch = (uint32_t)t->data;
		break;
	case DOORBELL:
		ring(bridge);
		break;
	}
}

/*
 * Serving the bridge.
 *
 * Drivers say goodbye to their devices during a removal, so we go on serving until it is through.
 * It cannot begin while the scan is under way; then the end of the scan begins it.
 */
static bool stopping;

static void stop(struct pciem *bridge)
{
	stopping = true;
	pciem_remove(bridge);
}

/* False: the devices are gone and we can go too. */
static bool serve(struct pciem *bridge, const struct pciem_transaction *t)
{
	switch (t->kind) {
	case PCIEM_CONFIG_READ:
		pciem_complete(bridge, t, config_read(t));
		break;
	case PCIEM_CONFIG_WRITE:
		/* Non-posted: the issuer waits until the write has taken effect. */
		config_write(t);
		pciem_complete(bridge, t, 0);
		break;
	case PCIEM_MEMORY_READ:
		pciem_complete(bridge, t, register_read(t));
		break;
	case PCIEM_MEMORY_WRITE:
		register_write(bridge, t);
		break;
	case PCIEM_SCANNED:
		if (t->status)
			fprintf(stderr, "scratch: scan: %s\n", strerror(-t->status));
		else
			printf("%x:00:00.0 is there\n", pciem_info(bridge)->domain);
		fflush(stdout);
		if (stopping)
			stop(bridge);
		break;
	case PCIEM_REMOVED:
		return false;
	}
	return true;
}

/*
 * Take everything that waits, then sleep. A card that waits for nothing but the bridge would call
 * pciem_wait here; this one also wants its signals, so it shows the event loop: arm, poll, disarm.
 */
static int run(struct pciem *bridge, int signals)
{
	struct pollfd files[] = {
		{ .fd = pciem_fd(bridge), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};

	for (;;) {
		struct pciem_transaction transaction;
		struct signalfd_siginfo signal;
		int state;

		while ((state = pciem_next(bridge, &transaction)) == 1) {
			if (!serve(bridge, &transaction))
				return 0;
		}
		if (!state)
			state = pciem_arm(bridge);
		if (state < 0)
			return state;
		if (state > 0)
			continue;
		poll(files, 2, -1);
		pciem_disarm(bridge);
		if (files[1].revents && read(signals, &signal, sizeof(signal)) > 0)
			stop(bridge);
	}
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "scratch: %s: %s\n", what, strerror(-error));
	return 1;
}

int main(void)
{
	struct pciem *bridge;
	sigset_t ending;
	int error, signals;

	/* Before anything can fail: an interrupted start must not leave half a device. */
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	signals = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return fail("signalfd", -errno);

	config_reset();
	error = pciem_open(&bridge, NULL);
	if (error == -ENOENT)
		fprintf(stderr, "scratch: load the module first: modprobe pciem\n");
	if (error)
		return fail("/dev/pciem", error);

	error = pciem_create(bridge, NULL);
	if (!error)
		error = pciem_serve(bridge);
	if (!error)
		error = pciem_scan(bridge);
	if (!error)
		error = run(bridge, signals);
	pciem_close(bridge);
	close(signals);
	return error ? fail("bridge", error) : 0;
}
