// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts. The handler reads the status register, which the model has to answer, and acknowledges: in hard-interrupt context, or in a
 * thread of its own for a machine with one CPU, where nobody could answer a handler that spins.
 */
#include "edu.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>

#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX	PCI_IRQ_LEGACY
#endif

/* Long enough for an interrupt that must not come to come. */
#define NOTHING_COMES_MS	100
#define PATIENCE		(5 * HZ)

struct watch {
	struct edu *edu;
	int irq;
	struct completion done;
	unsigned int runs;	/* of the handler with a status */
	unsigned int empty;	/* without one: not ours */
	unsigned int ignore;	/* runs that shall not acknowledge */
	bool singly;		/* acknowledge one bit a run */
	u32 seen;		/* every status bit that was found */
	u32 last;
	bool hard;		/* all runs were in hard-interrupt context */
};

static irqreturn_t handle(int irq, void *argument)
{
	struct watch *watch = argument;
	u32 status = edu_read(watch->edu, EDU_IRQ_STATUS), ack = status;

	if (!in_hardirq())
		watch->hard = false;
	if (!status) {
		watch->empty++;
		return IRQ_NONE;
	}
	watch->runs++;
	watch->seen |= status;
	watch->last = status;
	if (watch->ignore) {
		watch->ignore--;
	} else {
		if (watch->singly)
			ack = status & -status;
		edu_write(watch->edu, EDU_IRQ_ACK, ack);
		/* The line is down when the handler returns, not some time later. */
		edu_read(watch->edu, EDU_IRQ_STATUS);
	}
	complete(&watch->done);
	return IRQ_HANDLED;
}

static void reset(struct watch *watch)
{
	watch->runs = watch->empty = watch->ignore = 0;
	watch->seen = watch->last = 0;
	watch->singly = false;
	watch->hard = true;
	reinit_completion(&watch->done);
}

/* Until `runs` runs have been, and a while for one too many. */
static bool expect(struct watch *watch, unsigned int runs)
{
	unsigned long end = jiffies + PATIENCE;

	while (READ_ONCE(watch->runs) < runs && time_before(jiffies, end))
		wait_for_completion_timeout(&watch->done, HZ / 10);
	msleep(NOTHING_COMES_MS);
	return READ_ONCE(watch->runs) == runs;
}

static bool begin(struct edu *edu, struct watch *watch, struct seq_file *out, unsigned int kind, bool threaded)
{
	int err = pci_alloc_irq_vectors(edu->pdev, 1, 1, kind);

	if (!edu_check(out, err == 1, "one vector: %d", err))
		return false;
	watch->edu = edu;
	watch->irq = pci_irq_vector(edu->pdev, 0);
	init_completion(&watch->done);
	reset(watch);
	edu_write(edu, EDU_IRQ_ACK, ~0u);
	err = threaded ? request_threaded_irq(watch->irq, NULL, handle, IRQF_ONESHOT, "pciem_edu_test", watch) :
			 request_irq(watch->irq, handle, kind == PCI_IRQ_INTX ? IRQF_SHARED : 0, "pciem_edu_test", watch);
	if (edu_check(out, !err, "handler for interrupt %d: %d", watch->irq, err))
		return true;
	pci_free_irq_vectors(edu->pdev);
	return false;
}

static void end(struct edu *edu, struct watch *watch)
{
	free_irq(watch->irq, watch);
	edu_write(edu, EDU_IRQ_ACK, ~0u);
	edu_write(edu, EDU_STATUS, 0);
	pci_free_irq_vectors(edu->pdev);
}

static void single(struct watch *watch, struct seq_file *out, bool threaded)
{
	unsigned int i, missing = 0;
	bool ok;

	reset(watch);
	edu_write(watch->edu, EDU_IRQ_RAISE, 0x5a5a);
	ok = expect(watch, 1);
	edu_check(out, ok && watch->last == 0x5a5a, "raised once: %u runs, status %#x", watch->runs,
		  watch->last);
	threaded = threaded || IS_ENABLED(CONFIG_PREEMPT_RT);
	edu_check(out, watch->hard == !threaded, "the handler ran in %s context", watch->hard ? "interrupt" : "thread");
	reset(watch);
	for (i = 0; i < 500; i++) {
		edu_write(watch->edu, EDU_IRQ_RAISE, i + 1);
		missing += !wait_for_completion_timeout(&watch->done, PATIENCE) || watch->last != i + 1;
		if (missing)
			break;
	}
	edu_check(out, !missing && watch->runs == 500, "raised 500 times, each handled: %u runs, status %#x", watch->runs,
		  watch->last);
	edu_check(out, !watch->empty, "no run without a status: %u", watch->empty);
}

/* The model computes on another thread than the one that serves us, and raises the interrupt from there. */
static void factorial(struct watch *watch, struct seq_file *out)
{
	u32 got;
	bool ok;

	reset(watch);
	edu_write(watch->edu, EDU_STATUS, EDU_STATUS_IRQ);
	edu_write(watch->edu, EDU_FACTORIAL, 10);
	ok = expect(watch, 1);
	edu_check(out, ok && watch->last == EDU_IRQ_FACTORIAL, "end of a factorial: %u runs, status %#x",
		  watch->runs, watch->last);
	got = edu_read(watch->edu, EDU_FACTORIAL);
	edu_check(out, got == 3628800, "its value is there: %u", got);
	edu_write(watch->edu, EDU_STATUS, 0);
}

static u16 pci_status(struct edu *edu)
{
	u16 status = 0;

	pci_read_config_word(edu->pdev, PCI_STATUS, &status);
	return status;
}

static void level(struct watch *watch, struct seq_file *out)
{
	struct edu *edu = watch->edu;
	bool ok;

	reset(watch);
	watch->ignore = 3;
	edu_write(edu, EDU_IRQ_RAISE, 1);
	ok = expect(watch, 4);
	edu_check(out, ok, "runs again until acknowledged, the fourth time: %u runs", watch->runs);

	reset(watch);
	watch->singly = true;
	edu_write(edu, EDU_IRQ_RAISE, 0x111);
	ok = expect(watch, 3);
	edu_check(out, ok && watch->seen == 0x111 && watch->last == 0x100,
		  "the line goes down with the last of three causes: %u runs, last status %#x", watch->runs, watch->last);

	reset(watch);
	disable_irq(watch->irq);
	edu_write(edu, EDU_IRQ_RAISE, 2);
	msleep(NOTHING_COMES_MS);
	edu_check(out, !watch->runs, "disabled: %u runs", watch->runs);
	edu_check(out, pci_status(edu) & PCI_STATUS_INTERRUPT, "configuration space says that it is asserted");
	enable_irq(watch->irq);
	ok = expect(watch, 1);
	edu_check(out, ok && watch->last == 2, "enabled again, still asserted: %u runs", watch->runs);
	edu_check(out, !(pci_status(edu) & PCI_STATUS_INTERRUPT), "configuration space says that it is not");

	reset(watch);
	disable_irq(watch->irq);
	edu_write(edu, EDU_IRQ_RAISE, 4);
	msleep(NOTHING_COMES_MS);
	edu_write(edu, EDU_IRQ_ACK, 4);
	edu_read(edu, EDU_ID);
	enable_irq(watch->irq);
	ok = expect(watch, 0);
	edu_check(out, ok && !watch->empty,
		  "a line that went down while disabled is forgotten: %u runs, %u empty", watch->runs, watch->empty);

	reset(watch);
	pci_intx(edu->pdev, 0);
	edu_write(edu, EDU_IRQ_RAISE, 8);
	msleep(NOTHING_COMES_MS);
	edu_check(out, !watch->runs, "switched off in the command register: %u runs", watch->runs);
	pci_intx(edu->pdev, 1);
	ok = expect(watch, 1);
	edu_check(out, ok && watch->last == 8, "switched on again: %u runs", watch->runs);
}

static void edge(struct watch *watch, struct seq_file *out)
{
	struct edu *edu = watch->edu;
	bool ok;

	reset(watch);
	watch->ignore = 2;
	edu_write(edu, EDU_IRQ_RAISE, 1);
	ok = expect(watch, 1);
	edu_check(out, ok, "a message is one run, acknowledged or not: %u runs", watch->runs);
	edu_write(edu, EDU_IRQ_RAISE, 2);
	ok = expect(watch, 2);
	edu_check(out, ok && watch->last == 3, "another message, another run: %u runs, status %#x",
		  watch->runs, watch->last);
	edu_write(edu, EDU_IRQ_ACK, 3);

	reset(watch);
	disable_irq(watch->irq);
	edu_write(edu, EDU_IRQ_RAISE, 4);
	msleep(NOTHING_COMES_MS);
	edu_check(out, !watch->runs, "disabled: %u runs", watch->runs);
	enable_irq(watch->irq);
	ok = expect(watch, 1);
	edu_check(out, ok && watch->last == 4, "a message that came while disabled is not lost: %u runs",
		  watch->runs);
}

static void affinity(struct watch *watch, struct seq_file *out)
{
	unsigned int cpu, missing = 0, cpus = 0;

	for_each_online_cpu(cpu) {
		reset(watch);
		missing += irq_set_affinity(watch->irq, cpumask_of(cpu)) != 0;
		edu_write(watch->edu, EDU_IRQ_RAISE, 1);
		missing += !wait_for_completion_timeout(&watch->done, PATIENCE);
		cpus++;
	}
	edu_check(out, !missing, "sent to each of %u CPUs in turn: %u missing", cpus, missing);
}

static void interrupts(struct edu *edu, struct seq_file *out, unsigned int kind, bool threaded)
{
	struct watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!edu_check(out, watch, "memory"))
		return;
	if (begin(edu, watch, out, kind, threaded)) {
		edu_check(out, !!edu->pdev->msi_enabled == (kind == PCI_IRQ_MSI), "MSI is %s",
			  edu->pdev->msi_enabled ? "on" : "off");
		single(watch, out, threaded);
		factorial(watch, out);
		if (kind == PCI_IRQ_INTX)
			level(watch, out);
		else
			edge(watch, out);
		affinity(watch, out);
		end(edu, watch);
	}
	kfree(watch);
}

void edu_intx(struct edu *edu, struct seq_file *out)
{
	interrupts(edu, out, PCI_IRQ_INTX, false);
}

void edu_msi(struct edu *edu, struct seq_file *out)
{
	interrupts(edu, out, PCI_IRQ_MSI, false);
}

void edu_intx_threaded(struct edu *edu, struct seq_file *out)
{
	interrupts(edu, out, PCI_IRQ_INTX, true);
}

void edu_msi_threaded(struct edu *edu, struct seq_file *out)
{
	interrupts(edu, out, PCI_IRQ_MSI, true);
}
