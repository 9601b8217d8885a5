/* SPDX-License-Identifier: GPL-2.0-only */
/* The root bus: how the PCI core sees a bridge. */
#ifndef PCIEM_ROOT_H
#define PCIEM_ROOT_H

#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

struct pciem_bridge;

struct pciem_root {
	struct pci_sysdata sysdata;	/* what the arch finds behind pci_bus.sysdata */
	struct resource busn;
	u32 domain;
	/* NULL: nothing scanned. Changed with both `lock` and pci_lock_rescan_remove held. */
	struct pci_bus *bus;
	struct mutex lock;		/* bus */
	struct work_struct scan, remove;
	unsigned long busy;		/* bit 0: scan or remove is under way */
};

/* Takes a domain number. -ENOSPC. */
int pciem_root_init(struct pciem_bridge *bridge);
void pciem_root_destroy(struct pciem_bridge *bridge);
/* ACPI segments end below; numbers from here on are for software bridges. */
#define PCIEM_DOMAIN_FIRST	0x10000
/* Queue the work; -EBUSY while either is under way. The result comes as a notice in the queue. */
int pciem_root_scan(struct pciem_bridge *bridge);
int pciem_root_remove(struct pciem_bridge *bridge);
/* For the teardown, with the link down: wait for the works, then take everything away. Sleeps. */
void pciem_root_teardown(struct pciem_bridge *bridge);

/* Configuration accesses (config.c). */
extern struct pci_ops pciem_config_ops;
struct pciem_bridge *pciem_bridge_of_bus(struct pci_bus *bus);
/* The bridge above a device, or NULL when it is not ours. */
struct pciem_bridge *pciem_bridge_of(struct pci_dev *dev);

#endif
