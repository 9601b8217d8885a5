/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The producer side of the transaction queue: a FIFO of entries and the completion slots, both in
 * memory that the process maps read-write. Nothing read back from there is trusted: `head` may only
 * go on, up to the tail, `state` is only matched with the tag.
 *
 * This file pair has no dependency on the rest of the module; the unit tests link it in user
 * space.
 */
#ifndef PCIEM_QUEUE_H
#define PCIEM_QUEUE_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/pciem.h>

#define PCIEM_SLOTS		256u	/* non-posted transactions in flight */
#define PCIEM_QUEUE_MIN		64u
#define PCIEM_QUEUE_DEFAULT	4096u
#define PCIEM_QUEUE_MAX		65536u
/* This part of the entries is for issuers that cannot wait for room. */
#define PCIEM_QUEUE_RESERVE	4u

struct pciem_queue {
	raw_spinlock_t lock;		/* head, tail, seq, busy, and the order of entries */
	void *area;			/* vmalloc_user(): header page, slots, entries */
	size_t bytes;
	struct pciem_queue_header *header;
	struct pciem_slot *slots;
	struct pciem_entry *entries;
	u32 mask;			/* entries - 1 */
	u32 head;			/* the last header->head that was seen and possible */
	u32 tail;			/* ours; header->tail is a copy for the process */
	u32 seq;
	u32 next_slot;			/* a slot is reused late, for the sake of late answers */
	DECLARE_BITMAP(busy, PCIEM_SLOTS);
	struct completion done[PCIEM_SLOTS];	/* sleepers */
};

/* `entries`: a power of two. Sleeps. -ENOMEM. */
int pciem_queue_init(struct pciem_queue *queue, u32 entries);
void pciem_queue_destroy(struct pciem_queue *queue);

/*
 * Append an entry; `urgent` may use the reserve. Any context, NMI excepted. Returns 0, or 1 when
 * the process sleeps and must be woken; -EAGAIN: full; -EPROTO: the process wrote an impossible
 * head.
 */
int pciem_queue_post(struct pciem_queue *queue, struct pciem_entry *entry, bool urgent);
/*
 * The same for a non-posted one: takes a completion slot and sets entry->tag. -EAGAIN also when no
 * slot is free.
 */
int pciem_queue_request(struct pciem_queue *queue, struct pciem_entry *entry, bool urgent);
/* Is the answer there? Then *data is it. Callable until pciem_queue_finish. */
bool pciem_queue_answered(struct pciem_queue *queue, u32 tag, u64 *data);
/* Say that the issuer goes to sleep on pciem_queue_done(). False: the answer came first. */
bool pciem_queue_sleep(struct pciem_queue *queue, u32 tag);
/* Give the slot back; a late answer finds another tag there and is ignored. */
void pciem_queue_finish(struct pciem_queue *queue, u32 tag);
struct completion *pciem_queue_done(struct pciem_queue *queue, u32 tag);
/* Does an entry wait for the process? */
bool pciem_queue_waiting(struct pciem_queue *queue);
/* How far the process has come: never goes back. Any context, NMI excepted. */
u32 pciem_queue_head(struct pciem_queue *queue);

#endif
