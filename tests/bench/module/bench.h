/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver of the benchmark card (../registers.h). Reading a file in /sys/kernel/debug/pciem_bench runs a measurement,
 * on the CPU of the reader, and gives "NAME STATISTIC NANOSECONDS" lines.
 */
#ifndef PCIEM_BENCH_H
#define PCIEM_BENCH_H

#include <linux/completion.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "../registers.h"

struct bench {
	struct pci_dev *pdev;
	void __iomem *registers;
	struct bench_shared *shared;	/* coherent */
	dma_addr_t shared_bus;
	struct completion interrupt;
	u64 interrupted;		/* ktime_get_ns() in the handler */
};

/* A measurement prints its figures. 0 or a negative errno. */
typedef int (*bench_measurement)(struct bench *bench, struct seq_file *out);

int bench_posted_write(struct bench *bench, struct seq_file *out);
int bench_read_sleeping(struct bench *bench, struct seq_file *out);
int bench_read_kthread(struct bench *bench, struct seq_file *out);
int bench_read_atomic(struct bench *bench, struct seq_file *out);
int bench_interrupt(struct bench *bench, struct seq_file *out);
int bench_dma(struct bench *bench, struct seq_file *out);
/* These need no card. */
int bench_completion(struct bench *bench, struct seq_file *out);
int bench_fault(struct bench *bench, struct seq_file *out);
/* With the link down: how long an access takes that ends in the trap. Called at removal, printed later. */
void bench_link_down(struct bench *bench);
int bench_trap(struct bench *bench, struct seq_file *out);

#define BENCH_BATCHES	51
#define BENCH_SAMPLES	4000

/* Sorted in place. A percentile of so many samples. */
u32 bench_percentile(u32 *samples, unsigned int count, unsigned int percent);
/* p50 and p99. */
void bench_print(struct seq_file *out, const char *name, u32 *samples, unsigned int count);

/*
 * Nanoseconds of one STATEMENT, as the median of batches of COUNT: a batch in which the (virtual) machine did something else
 * does not count, and neither does reading the clock.
 */
#define bench_batches(count, statement)						\
({										\
	u32 _samples[BENCH_BATCHES];						\
	unsigned int _batch, _i;						\
	u64 _start;								\
										\
	for (_batch = 0; _batch < BENCH_BATCHES; _batch++) {			\
		_start = ktime_get_ns();					\
		for (_i = 0; _i < (count); _i++)				\
			statement;						\
		_samples[_batch] = div_u64(ktime_get_ns() - _start, count);	\
	}									\
	bench_percentile(_samples, BENCH_BATCHES, 50);				\
})

#endif
