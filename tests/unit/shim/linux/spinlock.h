/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutexes: a thread that holds a lock can lose its CPU here, and the others must not burn theirs. */
#ifndef SHIM_SPINLOCK_H
#define SHIM_SPINLOCK_H

#include <pthread.h>

typedef struct {
	pthread_mutex_t mutex;
} raw_spinlock_t;
typedef raw_spinlock_t spinlock_t;

#define raw_spin_lock_init(lock)	pthread_mutex_init(&(lock)->mutex, NULL)
#define raw_spin_lock_irqsave(lock, flags)								\
	do {												\
		(flags) = 0;										\
		pthread_mutex_lock(&(lock)->mutex);							\
	} while (0)
#define raw_spin_unlock_irqrestore(lock, flags)								\
	do {												\
		(void)(flags);										\
		pthread_mutex_unlock(&(lock)->mutex);							\
	} while (0)
#define spin_lock_init(lock)			raw_spin_lock_init(lock)
#define spin_lock_irqsave(lock, flags)		raw_spin_lock_irqsave(lock, flags)
#define spin_unlock_irqrestore(lock, flags)	raw_spin_unlock_irqrestore(lock, flags)

#endif
