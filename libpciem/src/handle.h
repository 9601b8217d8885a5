/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PCIEM_HANDLE_H
#define PCIEM_HANDLE_H

/* The library is built with hidden symbols; what pciem.h declares is the exception. */
#pragma GCC visibility push(default)
#include <pciem.h>
#pragma GCC visibility pop

#include <errno.h>
#include <linux/pciem.h>
#include <stdalign.h>

#include "polling.h"

#define PCIEM_CACHE_LINE	64

struct pciem {
	int fd;

	/* Set by pciem_create and constant from then on. header is NULL before. */
	struct pciem_queue_header *header;	/* first byte of the queue area */
	const struct pciem_entry *entries;
	struct pciem_slot *slots;
	unsigned char *slot_locks;		/* see complete.c */
	uint32_t entry_mask;
	uint32_t slot_mask;
	size_t queue_bytes;
	unsigned char *memory;			/* the pool, or all of physical RAM when direct */
	uint64_t memory_base;			/* bus address of its first byte */
	uint64_t memory_bytes;
	uint64_t direct_offset;
	uint64_t ram_offset;			/* mmap offset of bus address 0 in prefetchable windows */
	bool ram_made;
	struct pciem_info info;

	/* Of the consuming thread; on a line of its own, as every transaction writes it. */
	alignas(PCIEM_CACHE_LINE) uint32_t head;	/* ours: the shared one is only stored */
	struct polling polling;
	int issuer_is_here;	/* the kernel said: the last issuer waits for the caller's CPU */
};

static inline bool pciem_created(const struct pciem *handle)
{
	return handle->header;
}

#endif
