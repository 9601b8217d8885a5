// SPDX-License-Identifier: GPL-2.0-only
#include "queue.h"

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#define SLOTS_OFFSET	PAGE_SIZE
#define ENTRIES_OFFSET	(SLOTS_OFFSET + PAGE_ALIGN(PCIEM_SLOTS * sizeof(struct pciem_slot)))
#define TAG_MASK	((1u << 30) - 1)

static inline u32 slot_of(u32 tag)
{
	return tag & (PCIEM_SLOTS - 1);
}

int pciem_queue_init(struct pciem_queue *queue, u32 entries)
{
	unsigned int i;

	queue->bytes = ENTRIES_OFFSET + PAGE_ALIGN(entries * sizeof(struct pciem_entry));
	queue->area = vmalloc_user(queue->bytes);
	if (!queue->area)
		return -ENOMEM;
	raw_spin_lock_init(&queue->lock);
	queue->header = queue->area;
	queue->slots = queue->area + SLOTS_OFFSET;
	queue->entries = queue->area + ENTRIES_OFFSET;
	queue->mask = entries - 1;
	queue->head = 0;
	queue->tail = 0;
	queue->seq = 0;
	queue->next_slot = 0;
	bitmap_zero(queue->busy, PCIEM_SLOTS);
	for (i = 0; i < PCIEM_SLOTS; i++)
		init_completion(&queue->done[i]);
	return 0;
}

void pciem_queue_destroy(struct pciem_queue *queue)
{
	vfree(queue->area);
}

/* With the lock held. -EPROTO: it has gone back, or beyond the tail. */
static int look_at_head(struct pciem_queue *queue)
{
	/* Pairs with the process's release of head: it has copied the entry out. */
	u32 head = smp_load_acquire(&queue->header->head);

	if (head - queue->head > queue->tail - queue->head)
		return -EPROTO;
	queue->head = head;
	return 0;
}

/* With the lock held. */
static int room(struct pciem_queue *queue, bool urgent)
{
	u32 size = queue->mask + 1;
	u32 limit = urgent ? size : size - size / PCIEM_QUEUE_RESERVE;
	int err = look_at_head(queue);

	if (err)
		return err;
	return queue->tail - queue->head < limit ? 0 : -EAGAIN;
}

/* With the lock held. */
static void append(struct pciem_queue *queue, const struct pciem_entry *entry)
{
	queue->entries[queue->tail & queue->mask] = *entry;
	queue->tail++;
	/* The process loads tail with acquire, then the entry. */
	smp_store_release(&queue->header->tail, queue->tail);
}

static int sleeps(struct pciem_queue *queue)
{
	/* We store tail, then look at the flag; the process sets the flag, then looks at tail. */
	smp_mb();
	return READ_ONCE(queue->header->flags) & PCIEM_QUEUE_NEED_WAKEUP ? 1 : 0;
}

int pciem_queue_post(struct pciem_queue *queue, struct pciem_entry *entry, bool urgent)
{
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&queue->lock, flags);
	err = room(queue, urgent);
	if (!err)
		append(queue, entry);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	return err ?: sleeps(queue);
}

int pciem_queue_request(struct pciem_queue *queue, struct pciem_entry *entry, bool urgent)
{
	unsigned long flags;
	u32 slot;
	int err;

	raw_spin_lock_irqsave(&queue->lock, flags);
	err = room(queue, urgent);
	if (err)
		goto unlock;
	slot = find_next_zero_bit(queue->busy, PCIEM_SLOTS, queue->next_slot);
	if (slot >= PCIEM_SLOTS)
		slot = find_first_zero_bit(queue->busy, PCIEM_SLOTS);
	if (slot >= PCIEM_SLOTS) {
		err = -EAGAIN;
		goto unlock;
	}
	__set_bit(slot, queue->busy);
	queue->next_slot = (slot + 1) % PCIEM_SLOTS;
	entry->tag = (++queue->seq * PCIEM_SLOTS + slot) & TAG_MASK;
	reinit_completion(&queue->done[slot]);
	WRITE_ONCE(queue->slots[slot].state, entry->tag << 2 | PCIEM_PHASE_PENDING);
	append(queue, entry);
unlock:
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	return err ?: sleeps(queue);
}

bool pciem_queue_answered(struct pciem_queue *queue, u32 tag, u64 *data)
{
	struct pciem_slot *slot = &queue->slots[slot_of(tag)];

	/* The process stores data, then state. */
	if (smp_load_acquire(&slot->state) != (tag << 2 | PCIEM_PHASE_DONE))
		return false;
	*data = READ_ONCE(slot->data);
	return true;
}

bool pciem_queue_sleep(struct pciem_queue *queue, u32 tag)
{
	u32 pending = tag << 2 | PCIEM_PHASE_PENDING;

	return cmpxchg(&queue->slots[slot_of(tag)].state, pending,
		       tag << 2 | PCIEM_PHASE_SLEEPING) == pending;
}

void pciem_queue_finish(struct pciem_queue *queue, u32 tag)
{
	u32 slot = slot_of(tag);
	unsigned long flags;

	raw_spin_lock_irqsave(&queue->lock, flags);
	/* No tag has phase 3: an answer that is still under way must not match. */
	WRITE_ONCE(queue->slots[slot].state, ~0u);
	__clear_bit(slot, queue->busy);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

struct completion *pciem_queue_done(struct pciem_queue *queue, u32 tag)
{
	return &queue->done[slot_of(tag)];
}

u32 pciem_queue_head(struct pciem_queue *queue)
{
	unsigned long flags;
	u32 head;

	raw_spin_lock_irqsave(&queue->lock, flags);
	look_at_head(queue);
	head = queue->head;
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	return head;
}

bool pciem_queue_waiting(struct pciem_queue *queue)
{
	return READ_ONCE(queue->tail) != READ_ONCE(queue->header->head);
}
