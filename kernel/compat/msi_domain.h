/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI/MSI interrupt domain on top of one of ours: the API changed with Linux 6.16. */
#ifndef PCIEM_COMPAT_MSI_DOMAIN_H
#define PCIEM_COMPAT_MSI_DOMAIN_H

#include <linux/irqdomain.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <linux/irqchip/irq-msi-lib.h>
#define PCIEM_MSI_SELECT	msi_lib_irq_domain_select
#else
#define PCIEM_MSI_SELECT	NULL
#endif

/* `ops.select` must be PCIEM_MSI_SELECT. -ENOMEM. Sleeps. */
int pciem_msi_domain_create(struct fwnode_handle *fwnode, unsigned int vectors,
			    const struct irq_domain_ops *ops, void *host_data,
			    struct irq_domain **parent, struct irq_domain **msi);
void pciem_msi_domain_remove(struct irq_domain *parent, struct irq_domain *msi);

#endif
