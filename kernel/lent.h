/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that devices reach, as a process has it mapped: lent to it as long as the link is up.
 * Drivers take it for granted that a device that is gone writes to memory no more, but a process
 * that was only late goes on. So when the link is down it gets one page of nobody's everywhere.
 *
 * (What the process has had pinned before, for I/O of its own that is under way, stays so.)
 */
#ifndef PCIEM_LENT_H
#define PCIEM_LENT_H

#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/rwsem.h>

struct pciem_lent {
	struct rw_semaphore lock;	/* a page is mapped. Inside mmap locks; no I/O for memory */
	struct page *substitute;
	bool revoked;
	struct completion gone;		/* nobody reaches it any more */
	bool late;			/* somebody has waited for that in vain: nobody else does */
};

/* -ENOMEM. */
int pciem_lent_init(struct pciem_lent *lent);
/* No mapping is left. */
void pciem_lent_destroy(struct pciem_lent *lent);
/* The page for a fault: by `map`, which allocates nothing, as long as it is lent. Sleeps. */
vm_fault_t pciem_lent_fault(struct pciem_lent *lent, struct vm_fault *vmf,
			    vm_fault_t (*map)(struct vm_fault *vmf));
/* vm_insert_page() of the page at which the fault is. */
vm_fault_t pciem_lent_insert(struct vm_fault *vmf, struct page *page);
/* From now on faults get the substitute. Then zap what is mapped, and tell by pciem_lent_gone(). */
void pciem_lent_revoke(struct pciem_lent *lent);
void pciem_lent_gone(struct pciem_lent *lent);
/*
 * Until then, but for no longer than a second, and never again once that was too short. In a
 * preemptible context, whose state stays as it is unless it may `sleep`.
 */
void pciem_lent_wait(struct pciem_lent *lent, bool sleep);

#endif
