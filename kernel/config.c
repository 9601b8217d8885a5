// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration cycles. x86 does these without pci_lock (CONFIG_PCI_LOCKLESS_CONFIG), so a
 * driver's access may sleep; one from user space comes under pci_lock with interrupts off and
 * spins.
 */
#include "root.h"

#include "bridge.h"
#include "link.h"
#include "request.h"

static u64 ecam(struct pci_bus *bus, unsigned int devfn, int reg)
{
	return (u64)bus->number << 20 | devfn << 12 | reg;
}

static bool reachable(struct pciem_bridge *bridge, int reg, int size)
{
	if (pciem_link_is_down(bridge)) {
		pciem_request_gone(bridge);
		return false;
	}
	return reg >= 0 && reg + size <= PCI_CFG_SPACE_EXP_SIZE;
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int reg, int size, u32 *value)
{
	struct pciem_bridge *bridge = pciem_bridge_of_bus(bus);

	if (!reachable(bridge, reg, size)) {
		PCI_SET_ERROR_RESPONSE(value);
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*value = pciem_request(bridge, PCIEM_OP_CFG_READ, ecam(bus, devfn, reg), size, 0);
	return PCIBIOS_SUCCESSFUL;
}

/* Non-posted on the wire (PCIe 6.0, 2.1.1.3): when it returns, the device has seen it. */
static int config_write(struct pci_bus *bus, unsigned int devfn, int reg, int size, u32 value)
{
	struct pciem_bridge *bridge = pciem_bridge_of_bus(bus);

	if (!reachable(bridge, reg, size))
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (size < 4)
		value &= (1U << (8 * size)) - 1;
	pciem_request(bridge, PCIEM_OP_CFG_WRITE, ecam(bus, devfn, reg), size, value);
	return PCIBIOS_SUCCESSFUL;
}

struct pci_ops pciem_config_ops = {
	.read = config_read,
	.write = config_write,
};

struct pciem_bridge *pciem_bridge_of_bus(struct pci_bus *bus)
{
	struct pci_sysdata *sysdata = bus->sysdata;

	return container_of(sysdata, struct pciem_bridge, root.sysdata);
}

struct pciem_bridge *pciem_bridge_of(struct pci_dev *dev)
{
	return dev->bus->ops == &pciem_config_ops ? pciem_bridge_of_bus(dev->bus) : NULL;
}
