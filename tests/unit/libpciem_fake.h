/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's part of <linux/pciem.h>, played in this process behind the library's system calls
 * (libpciem/src/sys.h). The shared area is ordinary memory that both sides address directly, so
 * that a thread sanitizer sees them meet.
 */
#ifndef LIBPCIEM_FAKE_H
#define LIBPCIEM_FAKE_H

/* cmocka wants these five in this order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/pciem.h>
#include <pciem.h>
#include <pthread.h>
#include <string.h>

#define FAKE_FD			77
#define FAKE_ENTRIES		64u
#define FAKE_SLOTS		16u
#define FAKE_POOL_BASE		0x10000000u
#define FAKE_POOL_BYTES		0x10000u
#define FAKE_DIRECT_BYTES	0x20000u

#define FAKE_QUEUE_OFFSET	0x0u
#define FAKE_QUEUE_BYTES	0x4000u
#define FAKE_POOL_OFFSET	0x100000000u
#define FAKE_DIRECT_OFFSET	0x8000000000u

struct fake {
	/* Set these before the call that they are about. */
	int open_error, query_error, create_error, command_error;
	int map_error;			/* of the map number map_error_at, counted from 1 */
	unsigned int map_error_at;
	unsigned int cpus;
	struct pciem_query query_reply;
	struct pciem_bridge_create create_reply;
	uint32_t first_index;		/* where head and tail start */

	/* What the library did. */
	const char *opened;
	uint32_t wake_flags;	/* of the header at the last PCIEM_WAKE */
	unsigned int opens, closes, maps, unmaps, polls, commands, wakes;
	bool no_huge_pages;
	unsigned long command;		/* the last ioctl and its argument */
	union {
		uint32_t size;
		struct pciem_query query;
		struct pciem_bridge_create create;
		struct pciem_simple simple;
		struct pciem_wake wake;
		struct pciem_msi msi;
		struct pciem_intx intx;
		struct pciem_ram ram;
		struct pciem_ram_part ram_part;
	} argument;
	struct pciem_ram ram_reply;
	void *mapped_over;	/* NULL: the last mapping could go anywhere */
	uint64_t mapped_offset;
	size_t mapped_bytes;
	uint32_t poll_flags;		/* header flags at the time of the last poll */

	/*
	 * Time. Not real: it passes only in the clock (clock_step for each look) and in poll. At
	 * arrival_at, when not 0, a posted write arrives; a sleeping thread sees it wakeup_ns
	 * later.
	 */
	bool real_time;
	uint64_t now, clock_step, arrival_at, wakeup_ns, slept_ns;
	unsigned int clock_looks;
	int poll_result;		/* when not 0, what the next poll returns, at once */

	/* The shared area. */
	struct pciem_queue_header *header;
	struct pciem_entry *entries;
	struct pciem_slot *slots;
	unsigned char *pool;

	pthread_mutex_t lock;		/* the wait queue behind poll */
	pthread_cond_t readable;
};

extern struct fake fake;

/* cmocka set-up and tear-down: a fresh kernel; and the same with a bridge on it. */
int fake_start(void **state);
int fake_start_bridge(void **state);
int fake_stop(void **state);

/* The kernel's side of the queue; false when it is full. */
bool fake_produce(const struct pciem_entry *entry);
bool fake_write(uint64_t address, uint64_t data);
void fake_link_down(void);

/* The issuer's side of a slot: makes `tag` current in it, in that phase. */
struct pciem_slot *fake_issue(uint32_t tag, uint32_t phase);
/*
 * Announce a sleep (unless answered meanwhile) and sleep until PCIEM_WAKE comes with the answer in
 * the slot.
 */
void fake_sleep_for_answer(struct pciem_slot *slot, uint32_t tag);

#endif
