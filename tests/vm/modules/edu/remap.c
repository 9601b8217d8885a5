// SPDX-License-Identifier: GPL-2.0-only
/* One thread on each CPU maps the BAR, reads and unmaps it, over and over, while all others do the same. */
#include "edu.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#define ROUNDS	300u

struct mapper {
	struct edu *edu;
	unsigned int number, rounds, wrong, unmapped;
	struct completion done;
};

/* Of different kinds and sizes, so that page tables of every level come and go. */
static void __iomem *map(phys_addr_t start, unsigned int round)
{
	switch (round % 4) {
	case 0:
		return ioremap(start, PAGE_SIZE);
	case 1:
		return ioremap_wc(start, 1 << 20);
	case 2:
		return ioremap_uc(start, 3 * PAGE_SIZE);
	default:
		return ioremap(start, 1 << 20);
	}
}

static int map_and_unmap(void *argument)
{
	struct mapper *mapper = argument;
	phys_addr_t start = pci_resource_start(mapper->edu->pdev, 0);
	void __iomem *bar;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		/* Where two types of one range exclude each other there is none for the moment. */
		bar = map(start, mapper->number + i);
		if (bar) {
			if (i % 8 == 7)
				preempt_disable();
			mapper->wrong += readl(bar + EDU_ID) != EDU_ID_VALUE;
			if (i % 8 == 7)
				preempt_enable();
			iounmap(bar);
			mapper->rounds++;
		} else {
			mapper->unmapped++;
		}
		/* The mapping that was there all the time. */
		mapper->wrong += edu_read(mapper->edu, EDU_ID) != EDU_ID_VALUE;
		cond_resched();
	}
	complete(&mapper->done);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

void edu_remap(struct edu *edu, struct seq_file *out)
{
	struct task_struct **threads = kcalloc(nr_cpu_ids, sizeof(*threads), GFP_KERNEL);
	struct mapper *mappers = kcalloc(nr_cpu_ids, sizeof(*mappers), GFP_KERNEL);
	unsigned int cpu;

	if (!edu_check(out, threads && mappers, "memory"))
		goto free;
	for_each_online_cpu(cpu) {
		mappers[cpu] = (struct mapper) { .edu = edu, .number = cpu };
		init_completion(&mappers[cpu].done);
		threads[cpu] = kthread_create_on_cpu(map_and_unmap, &mappers[cpu], cpu, "remap/%u");
		if (!edu_check(out, !IS_ERR(threads[cpu]), "thread on CPU %u", cpu)) {
			threads[cpu] = NULL;
			break;
		}
		wake_up_process(threads[cpu]);
	}
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!threads[cpu])
			continue;
		/* Not stopped before it has begun: the process can keep its CPU busy for a while. */
		wait_for_completion(&mappers[cpu].done);
		kthread_stop(threads[cpu]);
		edu_check(out, !mappers[cpu].wrong && mappers[cpu].rounds > ROUNDS / 8,
			  "CPU %u: %u mappings, %u refused, %u wrong", cpu, mappers[cpu].rounds, mappers[cpu].unmapped,
			  mappers[cpu].wrong);
	}
	edu_check(out, edu_alive(edu, 5), "the device lives on");
free:
	kfree(mappers);
	kfree(threads);
}
