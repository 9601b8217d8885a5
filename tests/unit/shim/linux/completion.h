/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_COMPLETION_H
#define SHIM_COMPLETION_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct completion {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int done;
};

static inline void init_completion(struct completion *completion)
{
	pthread_mutex_init(&completion->mutex, NULL);
	pthread_cond_init(&completion->changed, NULL);
	completion->done = 0;
}

static inline void reinit_completion(struct completion *completion)
{
	pthread_mutex_lock(&completion->mutex);
	completion->done = 0;
	pthread_mutex_unlock(&completion->mutex);
}

static inline void complete(struct completion *completion)
{
	pthread_mutex_lock(&completion->mutex);
	completion->done++;
	pthread_cond_signal(&completion->changed);
	pthread_mutex_unlock(&completion->mutex);
}

/* False: it did not come within that time. */
static inline bool wait_for_completion_seconds(struct completion *completion, unsigned int seconds)
{
	struct timespec end;
	bool done;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += seconds;
	pthread_mutex_lock(&completion->mutex);
	while (!completion->done && !pthread_cond_timedwait(&completion->changed, &completion->mutex, &end))
		;
	done = completion->done;
	if (done)
		completion->done--;
	pthread_mutex_unlock(&completion->mutex);
	return done;
}

#endif
