// SPDX-License-Identifier: GPL-2.0-only
#include "msi_domain.h"

#include <linux/errno.h>
#include <linux/irq.h>
#include <linux/msi.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)

static const struct msi_parent_ops parent_ops = {
	.supported_flags = MSI_GENERIC_FLAGS_MASK | MSI_FLAG_PCI_MSIX | MSI_FLAG_MULTI_PCI_MSI,
	.required_flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS |
			  MSI_FLAG_PCI_MSI_MASK_PARENT,
	.chip_flags = MSI_CHIP_FLAG_SET_ACK,
	.bus_select_token = DOMAIN_BUS_PCI_MSI,
	.prefix = "PCIem-",
	.init_dev_msi_info = msi_lib_init_dev_msi_info,
};

int pciem_msi_domain_create(struct fwnode_handle *fwnode, unsigned int vectors,
			    const struct irq_domain_ops *ops, void *host_data,
			    struct irq_domain **parent, struct irq_domain **msi)
{
	struct irq_domain_info info = {
		.fwnode = fwnode,
		.size = vectors,
		.ops = ops,
		.host_data = host_data,
	};

	*parent = *msi = msi_create_parent_irq_domain(&info, &parent_ops);
	return *parent ? 0 : -ENOMEM;
}

void pciem_msi_domain_remove(struct irq_domain *parent, struct irq_domain *msi)
{
	irq_domain_remove(parent);
}

#else

static struct irq_chip chip = {
	.name = "PCIem-MSI",
	.irq_ack = irq_chip_ack_parent,
	.irq_mask = pci_msi_mask_irq,
	.irq_unmask = pci_msi_unmask_irq,
};

static struct msi_domain_info info = {
	.flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS | MSI_FLAG_PCI_MSIX |
		 MSI_FLAG_MULTI_PCI_MSI,
	.chip = &chip,
};

int pciem_msi_domain_create(struct fwnode_handle *fwnode, unsigned int vectors,
			    const struct irq_domain_ops *ops, void *host_data,
			    struct irq_domain **parent, struct irq_domain **msi)
{
	*parent = irq_domain_create_linear(fwnode, vectors, ops, host_data);
	if (!*parent)
		return -ENOMEM;
	*msi = pci_msi_create_irq_domain(fwnode, &info, *parent);
	if (!*msi) {
		irq_domain_remove(*parent);
		return -ENOMEM;
	}
	return 0;
}

void pciem_msi_domain_remove(struct irq_domain *parent, struct irq_domain *msi)
{
	irq_domain_remove(msi);
	irq_domain_remove(parent);
}

#endif
