// SPDX-License-Identifier: GPL-2.0-only
#include "irq.h"

#include <linux/irq.h>
#include <linux/log2.h>
#include <linux/msi.h>

#include "bridge.h"
#include "compat/irq_move.h"
#include "compat/msi_domain.h"
#include "trace.h"

static void compose(struct irq_data *data, struct msi_msg *message)
{
	message->address_hi = 0;
	message->address_lo = PCIEM_MSI_ADDRESS;
	message->data = data->hwirq;
}

static int set_affinity(struct irq_data *data, const struct cpumask *mask, bool force)
{
	return pciem_irq_set_cpu(irq_data_get_irq_chip_data(data), data, 0, mask);
}

/*
 * One that came while it was disabled. Without this the core would run the handlers from a tasklet,
 * wherever that happens to be.
 */
static int retrigger(struct irq_data *data)
{
	struct pciem_irqs *irqs = irq_data_get_irq_chip_data(data);

	return !pciem_irq_raise(container_of(irqs, struct pciem_bridge, irqs), data->hwirq);
}

/* Masking is the device's: in its MSI-X table, or in its MSI capability. */
static void nothing(struct irq_data *data)
{
}

static struct irq_chip chip = {
	.name = "PCIem",
	.irq_compose_msi_msg = compose,
	.irq_set_affinity = set_affinity,
	.irq_ack = nothing,
	.irq_mask = nothing,
	.irq_unmask = nothing,
	.irq_retrigger = retrigger,
};

static int alloc(struct irq_domain *domain, unsigned int virq, unsigned int count, void *arg)
{
	struct pciem_irqs *irqs = domain->host_data;
	unsigned long first, flags;
	unsigned int i;

	/*
	 * Several MSI vectors differ in the low bits of the data only: naturally aligned (PCI 3.0,
	 * 6.8.1.6).
	 */
	raw_spin_lock_irqsave(&irqs->lock, flags);
	first = bitmap_find_next_zero_area(irqs->used, PCIEM_VECTORS, 0, count,
					   roundup_pow_of_two(count) - 1);
	if (first < PCIEM_VECTORS)
		bitmap_set(irqs->used, first, count);
	raw_spin_unlock_irqrestore(&irqs->lock, flags);
	if (first >= PCIEM_VECTORS)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		irqs->cpu[first + i] = cpumask_first(cpu_online_mask);
		irq_domain_set_info(domain, virq + i, first + i, &chip, irqs, handle_edge_irq,
				    NULL, NULL);
		pciem_irq_move_at_once(virq + i);
	}
	return 0;
}

static void release(struct irq_domain *domain, unsigned int virq, unsigned int count)
{
	struct irq_data *data = irq_domain_get_irq_data(domain, virq);
	struct pciem_irqs *irqs = domain->host_data;
	unsigned int first = data->hwirq, i;
	unsigned long flags;

	for (i = 0; i < count; i++)
		irq_domain_reset_irq_data(irq_domain_get_irq_data(domain, virq + i));
	raw_spin_lock_irqsave(&irqs->lock, flags);
	bitmap_clear(irqs->used, first, count);
	raw_spin_unlock_irqrestore(&irqs->lock, flags);
}

static const struct irq_domain_ops ops = {
	.alloc = alloc,
	.free = release,
	.select = PCIEM_MSI_SELECT,
};

int pciem_msi_init(struct pciem_irqs *irqs)
{
	return pciem_msi_domain_create(irqs->fwnode, PCIEM_VECTORS, &ops, irqs, &irqs->vectors,
				       &irqs->msi);
}

void pciem_msi_destroy(struct pciem_irqs *irqs)
{
	pciem_msi_domain_remove(irqs->vectors, irqs->msi);
}

int pciem_msi_raise(struct pciem_bridge *bridge, u64 address, u32 data)
{
	if (address != PCIEM_MSI_ADDRESS || data >= PCIEM_VECTORS ||
	    !test_bit(data, bridge->irqs.used))
		return -EINVAL;
	trace_pciem_msi(bridge->root.domain, data);
	return pciem_irq_raise(bridge, data);
}
