// SPDX-License-Identifier: GPL-2.0-only
/* Accesses to the card, and its interrupt. */
#include <linux/kthread.h>
#include <linux/slab.h>

#include "bench.h"

#define WRITES		200	/* a batch; all batches together fit into the card's queue */
#define INTERRUPTS	1000

static u32 trap_read, trap_write;

/* The queue is emptied between the batches, so no write ever waits for room. */
int bench_posted_write(struct bench *bench, struct seq_file *out)
{
	void __iomem *sink = bench->registers + BENCH_SINK;
	u32 samples[BENCH_BATCHES];
	unsigned int batch, i;
	u64 start;

	for (batch = 0; batch < BENCH_BATCHES; batch++) {
		readl(bench->registers + BENCH_IDENT);
		start = ktime_get_ns();
		for (i = 0; i < WRITES; i++)
			writel(i, sink);
		samples[batch] = div_u64(ktime_get_ns() - start, WRITES);
	}
	bench_print(out, "posted_write", samples, BENCH_BATCHES);
	return 0;
}

static int reads(struct bench *bench, struct seq_file *out, const char *name, bool atomic)
{
	unsigned int i, count = atomic ? BENCH_SAMPLES : BENCH_SAMPLES / 2;
	unsigned long flags = 0;
	u32 *samples, value;
	int err = 0;
	u64 start;

	samples = kvmalloc_array(count, sizeof(*samples), GFP_KERNEL);
	if (!samples)
		return -ENOMEM;
	for (i = 0; i < count && !err; i++) {
		if (atomic)
			local_irq_save(flags);
		start = ktime_get_ns();
		value = readl(bench->registers + BENCH_IDENT);
		samples[i] = ktime_get_ns() - start;
		if (atomic)
			local_irq_restore(flags);
		if (value != BENCH_IDENT_VALUE)
			err = -EIO;
	}
	if (!err)
		bench_print(out, name, samples, count);
	kvfree(samples);
	return err;
}

int bench_read_sleeping(struct bench *bench, struct seq_file *out)
{
	return reads(bench, out, "read_sleeping", false);
}

struct reader {
	struct bench *bench;
	struct seq_file *out;
	struct completion over;
	int err;
};

static int read_in_kthread(void *data)
{
	struct reader *reader = data;

	reader->err = reads(reader->bench, reader->out, "read_kthread", false);
	kthread_complete_and_exit(&reader->over, 0);
}

/* Without an address space of the reader's own: between two of these an emulated CPU flushes its whole TLB. */
int bench_read_kthread(struct bench *bench, struct seq_file *out)
{
	struct reader reader = { .bench = bench, .out = out };
	struct task_struct *thread;

	init_completion(&reader.over);
	thread = kthread_create(read_in_kthread, &reader, "bench_read");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, raw_smp_processor_id());
	wake_up_process(thread);
	wait_for_completion(&reader.over);
	return reader.err;
}

int bench_read_atomic(struct bench *bench, struct seq_file *out)
{
	return reads(bench, out, "read_atomic", true);
}

/* From the card's call to our handler, and from our doorbell to our handler and to the woken thread. */
int bench_interrupt(struct bench *bench, struct seq_file *out)
{
	u32 *delivery, *handler, *thread;
	unsigned int i;
	int err = 0;
	u64 start;

	delivery = kvmalloc_array(3 * INTERRUPTS, sizeof(*delivery), GFP_KERNEL);
	if (!delivery)
		return -ENOMEM;
	handler = delivery + INTERRUPTS;
	thread = handler + INTERRUPTS;
	for (i = 0; i < INTERRUPTS; i++) {
		reinit_completion(&bench->interrupt);
		start = ktime_get_ns();
		writel(1, bench->registers + BENCH_RING);
		if (!wait_for_completion_timeout(&bench->interrupt, HZ)) {
			err = -ETIMEDOUT;
			break;
		}
		thread[i] = ktime_get_ns() - start;
		handler[i] = bench->interrupted - start;
		delivery[i] = bench->interrupted - READ_ONCE(bench->shared->rang);
	}
	if (!err) {
		bench_print(out, "interrupt", delivery, INTERRUPTS);
		bench_print(out, "doorbell_to_handler", handler, INTERRUPTS);
		bench_print(out, "doorbell_to_thread", thread, INTERRUPTS);
	}
	kvfree(delivery);
	return err;
}

/*
 * The bare trap: the link is down and the device not yet taken away, so an access faults, is decoded, finds its bridge and
 * ends there. Nothing is queued and nobody is asked.
 */
void bench_link_down(struct bench *bench)
{
	if (readl(bench->registers + BENCH_IDENT) != ~0u)
		return;		/* an orderly removal: the card still answers */
	trap_read = bench_batches(WRITES, readl(bench->registers + BENCH_IDENT));
	trap_write = bench_batches(WRITES, writel(_i, bench->registers + BENCH_SINK));
}

int bench_trap(struct bench *bench, struct seq_file *out)
{
	if (!trap_write)
		return -ENODATA;
	seq_printf(out, "trap_write p50 %u\ntrap_read p50 %u\n", trap_write, trap_read);
	return 0;
}
