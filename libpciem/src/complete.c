// SPDX-License-Identifier: LGPL-2.1-or-later
/* Answering non-posted transactions. */
#include <sched.h>

#include "handle.h"
#include "shared.h"
#include "sys.h"

#define PHASE_BITS	2
#define PHASE_MASK	((1u << PHASE_BITS) - 1)

/*
 * Between the look at the tag and the store of the data the issuer can reach its deadline and the
 * slot can go to another tag. The exchange of the state then fails and nothing is lost, unless
 * another thread has just answered that other tag: our late store would replace its data. Hence a
 * lock for each slot. It is contended only in that case, so it is a byte and not a mutex.
 */
static void lock_slot(unsigned char *lock)
{
	while (__atomic_test_and_set(lock, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock_slot(unsigned char *lock)
{
	__atomic_clear(lock, __ATOMIC_RELEASE);
}

/* Returns the phase that the issuer was in, or a negative errno. */
static int answer(struct pciem_slot *slot, uint32_t tag, uint64_t data)
{
	uint32_t state = load_acquire(&slot->state);

	do {
		uint32_t phase = state & PHASE_MASK;

		/* Another tag's, or answered already: nobody waits for this any more. */
		if (state >> PHASE_BITS != tag ||
		    (phase != PCIEM_PHASE_PENDING && phase != PCIEM_PHASE_SLEEPING))
			return -ESTALE;
		store_once(slot->data, data);
		/* Fails when the issuer went to sleep or gave up meanwhile. */
	} while (!compare_exchange_release(&slot->state, &state,
					   tag << PHASE_BITS | PCIEM_PHASE_DONE));
	return (int)(state & PHASE_MASK);
}

static bool wants_answer(const struct pciem_transaction *transaction)
{
	return transaction->kind == PCIEM_CONFIG_READ || transaction->kind == PCIEM_CONFIG_WRITE ||
	       transaction->kind == PCIEM_MEMORY_READ;
}

/* The phase that the issuer was in, which is asleep still when it was; or a negative errno. */
static int deliver(struct pciem *handle, const struct pciem_transaction *transaction, uint64_t data)
{
	uint32_t index;
	int phase;

	if (!pciem_created(handle))
		return -ENXIO;
	if (!wants_answer(transaction))
		return -EINVAL;
	if (!pciem_link_up(handle))
		return -ENOLINK;

	index = transaction->tag & handle->slot_mask;
	lock_slot(&handle->slot_locks[index]);
	phase = answer(&handle->slots[index], transaction->tag, data);
	unlock_slot(&handle->slot_locks[index]);
	return phase;
}

static int wake(struct pciem *handle, uint32_t tag, uint32_t flags)
{
	struct pciem_wake wake = { .size = sizeof(wake), .tag = tag, .flags = flags };

	return pciem_sys_ioctl(handle->fd, PCIEM_WAKE, &wake);
}

int pciem_complete(struct pciem *handle, const struct pciem_transaction *transaction, uint64_t data)
{
	int phase = deliver(handle, transaction, data);
	int ret;

	if (phase != PCIEM_PHASE_SLEEPING)
		return phase < 0 ? phase : 0;
	ret = wake(handle, transaction->tag, 0);
	if (ret == 1)
		store_once(handle->issuer_is_here, 1);
	return ret;
}

int pciem_complete_and_wait(struct pciem *handle, const struct pciem_transaction *transaction,
			    uint64_t data)
{
	int phase = deliver(handle, transaction, data);
	int ret;

	if (phase < 0 && phase != -ESTALE)
		return phase;
	if (phase == PCIEM_PHASE_SLEEPING) {
		/* Only then may the one call sleep. */
		bool empty = pciem_arm(handle) == 0;

		ret = wake(handle, transaction->tag, empty ? PCIEM_WAKE_AND_SLEEP : 0);
		pciem_disarm(handle);
		if (ret < 0)
			return ret;
	}
	return pciem_wait(handle, -1);
}
