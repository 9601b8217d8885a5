// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: four level-triggered lines, shared by the functions below the root bus. A line interrupts
 * while it is asserted and not masked: on the edge, and again when it is unmasked and still
 * asserted.
 */
#include "irq.h"

#include <linux/irq.h>

#include "bridge.h"
#include "compat/irq_move.h"
#include "link.h"
#include "trace.h"

/*
 * Once the link is down no line is asserted: nobody is left to lower it, and a driver that reads
 * all ones takes every interrupt for its own.
 */
bool pciem_intx_active(struct pciem_irqs *irqs, unsigned int line)
{
	return READ_ONCE(irqs->asserted) & ~READ_ONCE(irqs->masked) & BIT(line) &&
	       !pciem_link_is_down(container_of(irqs, struct pciem_bridge, irqs));
}

/* Set one bit of a state byte; returns whether the line is now asserted and not masked. */
static bool update(struct pciem_irqs *irqs, u8 *state, unsigned int line, bool set)
{
	unsigned long flags;
	bool active;

	raw_spin_lock_irqsave(&irqs->lock, flags);
	if (set)
		*state |= BIT(line);
	else
		*state &= ~BIT(line);
	active = pciem_intx_active(irqs, line);
	raw_spin_unlock_irqrestore(&irqs->lock, flags);
	return active;
}

static void raise_line(struct pciem_irqs *irqs, unsigned int line)
{
	pciem_irq_raise(container_of(irqs, struct pciem_bridge, irqs), PCIEM_VECTORS + line);
}

static void mask(struct irq_data *data)
{
	struct pciem_irqs *irqs = irq_data_get_irq_chip_data(data);

	update(irqs, &irqs->masked, data->hwirq, true);
}

static void unmask(struct irq_data *data)
{
	struct pciem_irqs *irqs = irq_data_get_irq_chip_data(data);

	if (update(irqs, &irqs->masked, data->hwirq, false))
		raise_line(irqs, data->hwirq);
}

static int set_affinity(struct irq_data *data, const struct cpumask *cpus, bool force)
{
	return pciem_irq_set_cpu(irq_data_get_irq_chip_data(data), data, PCIEM_VECTORS, cpus);
}

static struct irq_chip chip = {
	.name = "PCIem-INTx",
	.irq_mask = mask,
	.irq_unmask = unmask,
	.irq_set_affinity = set_affinity,
};

static int map(struct irq_domain *domain, unsigned int virq, irq_hw_number_t line)
{
	struct pciem_irqs *irqs = domain->host_data;

	irqs->cpu[PCIEM_VECTORS + line] = cpumask_first(cpu_online_mask);
	irq_set_chip_data(virq, irqs);
	irq_set_chip_and_handler(virq, &chip, handle_level_irq);
	irq_set_status_flags(virq, IRQ_LEVEL);
	pciem_irq_move_at_once(virq);
	return 0;
}

static const struct irq_domain_ops ops = { .map = map };

int pciem_intx_init(struct pciem_irqs *irqs)
{
	irqs->masked = BIT(PCIEM_INTX_LINES) - 1;
	irqs->intx = irq_domain_create_linear(irqs->fwnode, PCIEM_INTX_LINES, &ops, irqs);
	return irqs->intx ? 0 : -ENOMEM;
}

void pciem_intx_destroy(struct pciem_irqs *irqs)
{
	unsigned int line;

	for (line = 0; line < PCIEM_INTX_LINES; line++)
		irq_dispose_mapping(irq_find_mapping(irqs->intx, line));
	irq_domain_remove(irqs->intx);
}

int pciem_intx_set(struct pciem_bridge *bridge, unsigned int line, bool level)
{
	trace_pciem_intx(bridge->root.domain, line, level);
	if (!update(&bridge->irqs, &bridge->irqs.asserted, line, level) || !level)
		return 0;
	return pciem_irq_raise(bridge, PCIEM_VECTORS + line);
}

int pciem_intx_map(const struct pci_dev *dev, u8 slot, u8 pin)
{
	struct pciem_bridge *bridge = pciem_bridge_of_bus(dev->bus);

	return irq_create_mapping(bridge->irqs.intx, (slot + pin - 1) % PCIEM_INTX_LINES);
}
