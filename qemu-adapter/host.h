/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI host bridge whose CPU side is the kernel's bridge: what the drivers
 * of this machine do arrives through libpciem (bus.c), what the device models
 * do leaves through it (irq.c, dma.c).
 *
 * All of it belongs to the thread of QEMU's main loop, under the BQL.
 */
#ifndef PCIEM_QEMU_HOST_H
#define PCIEM_QEMU_HOST_H

#include "exec/memory.h"
#include "hw/pci/pcie_host.h"
#include "pciem.h"
#include "options.h"

#define TYPE_PCIEM_HOST "pciem-host"
OBJECT_DECLARE_SIMPLE_TYPE(PciemHost, PCIEM_HOST)

/* Where the devices stand in the eyes of the kernel. */
typedef enum PciemState {
    BUS_SCANNING,
    BUS_PRESENT,
    BUS_REMOVING,
    BUS_REMOVED,
    BUS_LINK_DOWN,
} PciemState;

typedef struct BusPolling {
    Notifier notifier;
    bool armed;
    int64_t limit_ns;      /* longest polling before a sleep */
    int64_t after_read_ns; /* the same after a read */
    int64_t now_ns;        /* present polling; adapts between 0 and limit_ns */
    int64_t last_work_ns;  /* clock when there was something to do last */
    bool read;             /* a read was carried out just now */
    int64_t read_until_ns; /* poll until then because of it */
    int64_t realtime_until_ns;
    bool issuer_is_here;   /* a driver waits for this CPU: do not poll on it */
} BusPolling;

struct PciemHost {
    PCIExpressHost parent_obj;

    struct pciem *link;
    const struct pciem_info *info;

    MemoryRegion memory; /* PCI memory space; bus addresses */
    MemoryRegion io;     /* PCI port space; the kernel has no window for it */
    AddressSpace memory_as;

    MemoryRegion dma;       /* what a device can reach */
    MemoryRegion dma_peers; /* the BARs of the other devices */
    MemoryRegion dma_msi;
    unsigned int dma_ram_count; /* the pool is one, direct bridges have more */
    AddressSpace dma_as;

    MemoryListener ram_listener;
    struct pciem_ram_window ram[2]; /* below and above 4 GiB; size 0: none */
    GPtrArray *ram_parts;           /* of RamPart */

    PciemState state;
    bool scan_again;
    BusPolling polling;
};

/* The one bridge of this process; NULL before the machine is made. */
extern PciemHost *pciem_host;
/* Its options, set before the machine is made. */
extern BridgeOptions pciem_bridge_options;

static inline PCIBus *pciem_root_bus(PciemHost *host)
{
    return PCI_HOST_BRIDGE(host)->bus;
}

/*
 * "10000:00:01.0", as the kernel calls the function. @size: at least
 * PCIEM_ADDRESS_SIZE.
 */
#define PCIEM_ADDRESS_SIZE 24
void pciem_device_address(PciemHost *host, PCIDevice *dev, char *address,
                          size_t size);

/* bridge.c */
bool bridge_create(PciemHost *host, Error **errp);

/* dma.c */
bool dma_init(PciemHost *host, Error **errp);

/* irq.c */
void irq_set_intx(void *opaque, int line, int level);
extern const MemoryRegionOps irq_msi_ops;

/* ram.c */
void ram_init(PciemHost *host);

/* bus.c */
void bus_start(PciemHost *host);
void bus_scan(PciemHost *host);
void bus_remove(PciemHost *host);

/* status.c */
void status_print(PciemHost *host);
/* The function is gone: another one may come in its place. */
void status_forget(PciemHost *host, PCIDevice *dev);

/* hotplug.c */
void hotplug_init(ObjectClass *klass);

#endif
