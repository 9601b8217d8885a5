/* SPDX-License-Identifier: GPL-2.0-only */
/* Bit by bit, so that it is right by looking at it. */
#ifndef SHIM_BITMAP_H
#define SHIM_BITMAP_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BITS_PER_LONG		(8 * sizeof(long))
#define BITS_TO_LONGS(bits)	(((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

static inline unsigned long *bitmap_zalloc(unsigned long bits, int flags)
{
	(void)flags;
	return calloc(BITS_TO_LONGS(bits), sizeof(long));
}

static inline void bitmap_free(unsigned long *map)
{
	free(map);
}

static inline void bitmap_zero(unsigned long *map, unsigned long bits)
{
	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(long));
}

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= 1ul << bit % BITS_PER_LONG;
}

static inline void __clear_bit(unsigned long bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] &= ~(1ul << bit % BITS_PER_LONG);
}

static inline void bitmap_set(unsigned long *map, unsigned long first, unsigned long count)
{
	while (count--)
		__set_bit(first++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned long first, unsigned long count)
{
	while (count--)
		__clear_bit(first++, map);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map, unsigned long end, unsigned long bit)
{
	while (bit < end && test_bit(bit, map))
		bit++;
	return bit < end ? bit : end;
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long end)
{
	return find_next_zero_bit(map, end, 0);
}

/* Where `count` clear bits begin at or after `from`, at a multiple of align_mask + 1; beyond `end` - `count`: nowhere. */
static inline unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long end, unsigned long from,
						       unsigned long count, unsigned long align_mask)
{
	unsigned long first = (from + align_mask) & ~align_mask, bit;

	for (; first + count <= end; first += align_mask + 1) {
		for (bit = first; bit < first + count && !test_bit(bit, map); bit++)
			;
		if (bit == first + count)
			return first;
	}
	return end + 1;
}

#endif
