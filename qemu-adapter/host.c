/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "host.h"

PciemHost *pciem_host;
BridgeOptions pciem_bridge_options;

void pciem_device_address(PciemHost *host, PCIDevice *dev, char *address,
                          size_t size)
{
    snprintf(address, size, "%04x:%02x:%02x.%x", host->info->domain,
             pci_dev_bus_num(dev), PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn));
}

static AddressSpace *host_dma_address_space(PCIBus *bus, void *opaque,
                                            int devfn)
{
    PciemHost *host = opaque;

    return &host->dma_as;
}

static const PCIIOMMUOps host_iommu_ops = {
    .get_address_space = host_dma_address_space,
};

static void host_realize(DeviceState *dev, Error **errp)
{
    PciemHost *host = PCIEM_HOST(dev);
    PCIHostState *pci = PCI_HOST_BRIDGE(dev);
    Object *owner = OBJECT(dev);

    if (!bridge_create(host, errp)) {
        return;
    }
    memory_region_init(&host->memory, owner, "pciem-memory", UINT64_MAX);
    memory_region_init(&host->io, owner, "pciem-io", 64 * KiB);
    address_space_init(&host->memory_as, &host->memory, "pciem-memory");
    if (!dma_init(host, errp)) {
        return;
    }
    /*
     * pci_swizzle_map_irq_fn() counts pins from 0: line = (slot + pin) & 3, as
     * the kernel's bridge expects
     */
    pci->bus = pci_register_root_bus(
        dev, "pcie.0", irq_set_intx, pci_swizzle_map_irq_fn, host,
        &host->memory, &host->io, 0, PCI_NUM_PINS, TYPE_PCIE_BUS);
    pci_setup_iommu(pci->bus, &host_iommu_ops, host);
    qbus_set_hotplug_handler(BUS(pci->bus), owner);
    pciem_host = host;
}

static const char *host_root_bus_path(PCIHostState *host, PCIBus *bus)
{
    return "0000:00";
}

static void host_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "PCIe host bridge on the bus of this machine";
    dc->realize = host_realize;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_BRIDGE, dc->categories);
    PCI_HOST_BRIDGE_CLASS(klass)->root_bus_path = host_root_bus_path;
    hotplug_init(klass);
}

static const TypeInfo host_types[] = {
    {
        .name = TYPE_PCIEM_HOST,
        .parent = TYPE_PCIE_HOST_BRIDGE,
        .instance_size = sizeof(PciemHost),
        .class_init = host_class_init,
        .interfaces = (InterfaceInfo[]){ { TYPE_HOTPLUG_HANDLER }, {} },
    },
};

DEFINE_TYPES(host_types)
