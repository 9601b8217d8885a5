/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_BARS_H
#define PCIEM_BARS_H

#include <linux/pci.h>

struct pciem_bridge;

/*
 * Give the prefetchable BARs of a new function of the root bus their addresses in the bridge's
 * prefetchable windows, as far as there is room. The PCI core may not: what firmware has called
 * RAM at boot it keeps BARs out of, on most machines. With pci_lock_rescan_remove held. Sleeps.
 */
void pciem_bars_place(struct pciem_bridge *bridge, struct pci_dev *dev);

#endif
