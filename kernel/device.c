// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <linux/pci.h>

#include "bars.h"
#include "bridge.h"
#include "dma.h"
#include "link.h"

/* pci_release_dev(); the same for every device, not exported. */
static void (*pci_release)(struct device *dev);

/*
 * A pci_dev can outlive its removal: an open file of the driver's holds it. Its bus still points
 * into the bridge, and a driver may free DMA memory late. So it pins the bridge until it is
 * released.
 */
static void release(struct device *dev)
{
	struct pciem_bridge *bridge = pciem_bridge_of_bus(to_pci_dev(dev)->bus);

	pci_release(dev);
	pciem_bridge_put(bridge);
}

static void adopt(struct pci_dev *dev, struct pciem_bridge *bridge)
{
	pciem_bridge_get(bridge);
	WRITE_ONCE(pci_release, dev->dev.release);
	dev->dev.release = release;
	/*
	 * INTx routing is ours (pciem_intx_map, which gets the pin from configuration space):
	 * without this the ACPI code looks for it in the firmware's tables, and warns.
	 */
	dev->pin = 0;
	pciem_dma_adopt(bridge, &dev->dev);
	pciem_bars_place(bridge, dev);
	/* Found by another's scan, too late to be among those that the teardown marks. */
	if (pciem_link_is_down(bridge))
		WRITE_ONCE(dev->error_state, pci_channel_io_perm_failure);
}

static int notify(struct notifier_block *block, unsigned long action, void *data)
{
	struct pci_dev *dev = to_pci_dev(data);
	struct pciem_bridge *bridge = pciem_bridge_of(dev);

	if (action == BUS_NOTIFY_ADD_DEVICE && bridge)
		adopt(dev, bridge);
	return NOTIFY_DONE;
}

/* Late: after an IOMMU driver has looked at the device. */
static struct notifier_block notifier = { .notifier_call = notify, .priority = INT_MIN };

int pciem_device_init(void)
{
	return bus_register_notifier(&pci_bus_type, &notifier);
}

void pciem_device_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &notifier);
}
