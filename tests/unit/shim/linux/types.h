/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The little of the kernel that queue.c and pool_alloc.c use, for a program in user space. Put before the system's include path.
 * Everything that more than one CPU may touch is an atomic here, so that the thread sanitizer knows it.
 */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H

#include_next <linux/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define READ_ONCE(x)			__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)		__atomic_store_n(&(x), (value), __ATOMIC_RELAXED)
#define smp_load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, value)	__atomic_store_n((p), (value), __ATOMIC_RELEASE)
#define smp_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)

#define cmpxchg(p, old, new)										\
	({												\
		__typeof__(*(p)) __old = (old);								\
		__atomic_compare_exchange_n((p), &__old, (new), false, __ATOMIC_SEQ_CST,		\
					    __ATOMIC_SEQ_CST);						\
		__old;											\
	})

#endif
