/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words shared with the kernel. <linux/pciem.h> declares them as plain integers, since the kernel
 * has atomics of its own; these are the accesses of the C11 memory model to such plain integers.
 */
#ifndef PCIEM_SHARED_H
#define PCIEM_SHARED_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t load_acquire(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Exactly one load: what was checked is what is used. */
#define load_once(lvalue)	__atomic_load_n(&(lvalue), __ATOMIC_RELAXED)
#define store_once(lvalue, value)	__atomic_store_n(&(lvalue), (value), __ATOMIC_RELAXED)

static inline void store_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* On failure `expected` becomes what was found there. */
static inline bool compare_exchange_release(uint32_t *word, uint32_t *expected, uint32_t value)
{
	return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
}

static inline void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Between two looks at a shared word: lets the other hyperthread run and saves power. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ __volatile__("yield" ::: "memory");
#elif defined(__riscv)
	__asm__ __volatile__(".4byte 0x100000f" ::: "memory");	/* pause, Zihintpause */
#else
	__asm__ __volatile__("" ::: "memory");
#endif
}

#endif
