/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of a bridge. One numbering, "source": 0 .. PCIEM_VECTORS - 1 are message-signalled
 * vectors (the source is the message data), the four after them the INTx lines.
 */
#ifndef PCIEM_IRQ_H
#define PCIEM_IRQ_H

#include <linux/bitmap.h>
#include <linux/irq_work.h>
#include <linux/irqdomain.h>
#include <linux/pci.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define PCIEM_VECTORS		2048u	/* power of two */
#define PCIEM_INTX_LINES	4u
#define PCIEM_SOURCES		(PCIEM_VECTORS + PCIEM_INTX_LINES)
/*
 * Where devices write messages. x86 puts its own there, so no RAM and no BAR of anybody has this
 * address; below 4 GiB for devices that cannot do 64-bit messages.
 */
#define PCIEM_MSI_ADDRESS	0xfee00000u

struct pciem_bridge;

/* What is on its way to the handlers on one CPU. */
struct pciem_delivery {
	call_single_data_t csd;		/* from another CPU */
	struct irq_work work;		/* to hard-interrupt context on this CPU */
	struct work_struct defer;	/* waits for the process to leave this CPU */
	struct task_struct *worker;	/* NULL, or what runs `defer` now */
	struct pciem_irqs *irqs;
	int cpu;
	unsigned long sent;		/* bit 0: the csd is on its way */
	DECLARE_BITMAP(pending, PCIEM_SOURCES);
};

struct pciem_irqs {
	struct fwnode_handle *fwnode;
	struct irq_domain *vectors;	/* hwirq = message data */
	struct irq_domain *msi;		/* on top of `vectors`: what devices see */
	struct irq_domain *intx;	/* hwirq = line */
	struct pciem_delivery __percpu *delivery;
	bool live;			/* RCU: raise may be used */
	raw_spinlock_t lock;		/* used; levels */
	DECLARE_BITMAP(used, PCIEM_VECTORS);
	u8 asserted, masked;		/* bit a line */
	int cpu[PCIEM_SOURCES];		/* effective affinity */
	DECLARE_BITMAP(reads, PCIEM_SOURCES);	/* handlers wait for the process */
};

/* Sleeps. -ENOMEM. */
int pciem_irq_init(struct pciem_bridge *bridge);
/* With every device gone: nothing is delivered any more when this returns. Sleeps. */
void pciem_irq_destroy(struct pciem_bridge *bridge);

/*
 * An interrupt to the handlers of a source, soon, on its CPU or another one that does not run the
 * process (irq_deliver.c). Several before the handler runs are one. Any context but NMI. -ENOLINK
 * after pciem_irq_destroy has begun.
 */
int pciem_irq_raise(struct pciem_bridge *bridge, unsigned int source);
/* The caller waits for the process; it may be a handler that pciem_irq_fire() runs. Any context. */
void pciem_irq_note_wait(void);
int pciem_delivery_init(struct pciem_irqs *irqs);
void pciem_delivery_destroy(struct pciem_irqs *irqs);
/* Run the handlers of a source. Hard-interrupt context. */
void pciem_irq_fire(struct pciem_irqs *irqs, unsigned int source);

/* irq_chip.irq_set_affinity of both kinds; the source is the hwirq plus `first`. */
int pciem_irq_set_cpu(struct pciem_irqs *irqs, struct irq_data *data, unsigned int first,
		      const struct cpumask *mask);

/* Message-signalled. -EINVAL: nothing is there. */
int pciem_msi_init(struct pciem_irqs *irqs);
void pciem_msi_destroy(struct pciem_irqs *irqs);
int pciem_msi_raise(struct pciem_bridge *bridge, u64 address, u32 data);

/* INTx. `line` has been checked. */
int pciem_intx_init(struct pciem_irqs *irqs);
void pciem_intx_destroy(struct pciem_irqs *irqs);
int pciem_intx_set(struct pciem_bridge *bridge, unsigned int line, bool level);
/* Asserted and not masked? Any context. */
bool pciem_intx_active(struct pciem_irqs *irqs, unsigned int line);
/* pci_host_bridge.map_irq */
int pciem_intx_map(const struct pci_dev *dev, u8 slot, u8 pin);

#endif
