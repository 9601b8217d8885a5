// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel's own means cost, without any of ours. */
#include <linux/kthread.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define ROUNDS	100

struct game {
	struct completion ball, back, over;
	u32 samples[BENCH_BATCHES];
};

static int serve(void *data)
{
	struct game *game = data;
	unsigned int batch, round;
	u64 start;

	for (batch = 0; batch < BENCH_BATCHES; batch++) {
		start = ktime_get_ns();
		for (round = 0; round < ROUNDS; round++) {
			complete(&game->ball);
			wait_for_completion(&game->back);
		}
		game->samples[batch] = div_u64(ktime_get_ns() - start, ROUNDS);
	}
	/* Leaves this module before whoever waits can unload it. */
	kthread_complete_and_exit(&game->over, 0);
}

static int answer(void *data)
{
	struct game *game = data;
	unsigned int i;

	for (i = 0; i < BENCH_BATCHES * ROUNDS; i++) {
		wait_for_completion(&game->ball);
		complete(&game->back);
	}
	kthread_complete_and_exit(&game->over, 0);
}

/* Between two kernel threads on the reader's CPU. */
int bench_completion(struct bench *bench, struct seq_file *out)
{
	unsigned int cpu = raw_smp_processor_id();
	struct task_struct *a, *b;
	static struct game game;

	init_completion(&game.ball);
	init_completion(&game.back);
	init_completion(&game.over);
	a = kthread_create(serve, &game, "bench_serve");
	if (IS_ERR(a))
		return PTR_ERR(a);
	b = kthread_create(answer, &game, "bench_answer");
	if (IS_ERR(b)) {
		kthread_stop(a);	/* has never run, and now never will */
		return PTR_ERR(b);
	}
	kthread_bind(a, cpu);
	kthread_bind(b, cpu);
	wake_up_process(b);
	wake_up_process(a);
	wait_for_completion(&game.over);
	wait_for_completion(&game.over);
	bench_print(out, "pingpong_completion_one_cpu", game.samples, BENCH_BATCHES);
	return 0;
}

/* A fault of kernel code that the kernel itself repairs: the guard page behind a vmalloc area. */
int bench_fault(struct bench *bench, struct seq_file *out)
{
	u8 *area = vmalloc(PAGE_SIZE), byte;

	if (!area)
		return -ENOMEM;
	seq_printf(out, "fault p50 %u\n",
		   bench_batches(200, get_kernel_nofault(byte, area + PAGE_SIZE)));
	vfree(area);
	return 0;
}
