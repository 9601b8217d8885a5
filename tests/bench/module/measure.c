// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sort.h>

#include "bench.h"

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

u32 bench_percentile(u32 *samples, unsigned int count, unsigned int percent)
{
	sort(samples, count, sizeof(*samples), compare, NULL);
	return samples[min(count - 1, count * percent / 100)];
}

void bench_print(struct seq_file *out, const char *name, u32 *samples, unsigned int count)
{
	seq_printf(out, "%s p50 %u\n", name, bench_percentile(samples, count, 50));
	seq_printf(out, "%s p99 %u\n", name, bench_percentile(samples, count, 99));
}
