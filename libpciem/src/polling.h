/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long pciem_wait looks at the queue before it sleeps. Sleeping and being woken costs some tens
 * of microseconds; looking costs a CPU. So the time to look grows when a slightly longer look would
 * have seen the arrival, and shrinks when nothing came for long.
 */
#ifndef PCIEM_POLLING_H
#define PCIEM_POLLING_H

#include <stdint.h>

#define PCIEM_POLLING_DEFAULT_NS	50000

struct polling {
	uint64_t limit;		/* the window never exceeds it; 0: never look */
	uint64_t window;	/* nanoseconds to look in the next wait */
	unsigned int skip;	/* waits in which not to look at all */
	unsigned int backoff;	/* waits to skip when looking proves useless once more */
};

void pciem_polling_init(struct polling *polling, uint64_t limit);
/* Nanoseconds to look in the wait that begins now. */
uint64_t pciem_polling_window(const struct polling *polling);
/* An arrival was seen while looking. */
void pciem_polling_caught(struct polling *polling);
/* The thread had to sleep, and was back `waited` nanoseconds after the wait began. */
void pciem_polling_missed(struct polling *polling, uint64_t waited);

#endif
