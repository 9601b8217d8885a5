// SPDX-License-Identifier: GPL-2.0-only
#include "irq.h"

#include <linux/cpumask.h>
#include <linux/irq.h>

#include "bridge.h"

int pciem_irq_set_cpu(struct pciem_irqs *irqs, struct irq_data *data, unsigned int first,
		      const struct cpumask *mask)
{
	unsigned int cpu = cpumask_any_and_distribute(mask, cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	WRITE_ONCE(irqs->cpu[first + data->hwirq], cpu);
	irq_data_update_effective_affinity(data, cpumask_of(cpu));
	/* The message does not say the CPU, so none has to be written to the device. */
	return IRQ_SET_MASK_OK_DONE;
}

void pciem_irq_fire(struct pciem_irqs *irqs, unsigned int source)
{
	/* -EINVAL: freed since it was raised, as a late message on hardware can be. */
	if (source < PCIEM_VECTORS)
		generic_handle_domain_irq(irqs->vectors, source);
	else if (pciem_intx_active(irqs, source - PCIEM_VECTORS))
		generic_handle_domain_irq(irqs->intx, source - PCIEM_VECTORS);
}

int pciem_irq_init(struct pciem_bridge *bridge)
{
	struct pciem_irqs *irqs = &bridge->irqs;
	int err = -ENOMEM;

	raw_spin_lock_init(&irqs->lock);
	/* Of a line that is shared every handler has to ask its device. */
	bitmap_set(irqs->reads, PCIEM_VECTORS, PCIEM_INTX_LINES);
	irqs->fwnode = irq_domain_alloc_named_id_fwnode("PCIem", bridge->root.domain);
	if (!irqs->fwnode)
		return err;
	err = pciem_delivery_init(irqs);
	if (err)
		goto free_fwnode;
	err = pciem_msi_init(irqs);
	if (err)
		goto destroy_delivery;
	err = pciem_intx_init(irqs);
	if (err)
		goto destroy_msi;
	WRITE_ONCE(irqs->live, true);
	return 0;

destroy_msi:
	pciem_msi_destroy(irqs);
destroy_delivery:
	pciem_delivery_destroy(irqs);
free_fwnode:
	irq_domain_free_fwnode(irqs->fwnode);
	return err;
}

void pciem_irq_destroy(struct pciem_bridge *bridge)
{
	struct pciem_irqs *irqs = &bridge->irqs;

	WRITE_ONCE(irqs->live, false);
	synchronize_rcu();
	pciem_delivery_destroy(irqs);
	pciem_intx_destroy(irqs);
	pciem_msi_destroy(irqs);
	irq_domain_free_fwnode(irqs->fwnode);
}
