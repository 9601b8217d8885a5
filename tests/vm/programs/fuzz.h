/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs that do things at random: the same seed does the same things again. */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Never 0 after this. */
static inline uint64_t seed_of(uint64_t seed, unsigned int part)
{
	return (seed * 0x9e3779b97f4a7c15 + part) | 1;
}

static inline uint64_t random_of(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* True once in `times`. */
static inline bool seldom(uint64_t *seed, unsigned int times)
{
	return !(random_of(seed) % times);
}

/* Numbers that are more interesting than most. */
static inline uint64_t value_of(uint64_t *seed)
{
	static const uint64_t known[] = { 0, 1, 2, 4, 64, 0x40, 4096, 1 << 20, 1 << 24, 0xfee00000, ~0ull, 0xffffffff,
					  0x80000000, 1ull << 32, 1ull << 63 };
	uint64_t drawn = random_of(seed);

	switch (drawn & 3) {
	case 0:
		return known[(drawn >> 8) % (sizeof(known) / sizeof(*known))];
	case 1:
		return 1ull << (drawn >> 8 & 63);
	case 2:
		return drawn >> 8 & 0xff;
	default:
		return random_of(seed);
	}
}

/* Does <linux/pciem.h> name it? EBADF is from before us: somebody else has just closed that file. */
static inline bool is_documented(int error)
{
	static const int errors[] = { 0, EINVAL, E2BIG, EFAULT, ENOTTY, ENXIO, EBUSY, ENOLINK, EPERM, ENOMEM, ENOSPC,
				      EOPNOTSUPP, EINTR, EBADF };

	for (unsigned int i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (error == errors[i])
			return true;
	}
	return false;
}

#endif
