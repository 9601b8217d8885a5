/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of the device models, on their way to the kernel. */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "host.h"

void irq_set_intx(void *opaque, int line, int level)
{
    PciemHost *host = opaque;

    /* a link that is down has nobody to interrupt */
    pciem_intx(host->link, line, level);
}

/*
 * A message-signalled interrupt is a memory write of the device to the address
 * that the driver's kernel has put into the device's MSI capability or MSI-X
 * table. So it needs nothing but a register at that address of the DMA space.
 */
static void irq_msi_write(void *opaque, hwaddr offset, uint64_t data,
                          unsigned size)
{
    PciemHost *host = opaque;
    int ret = pciem_msi(host->link, host->info->msi_address + offset, data);

    if (ret == -EINVAL) {
        warn_report_once("a device sent an interrupt message (0x%" PRIx64
                         ") that nobody asked for",
                         data);
    }
}

static uint64_t irq_msi_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

const MemoryRegionOps irq_msi_ops = {
    .read = irq_msi_read,
    .write = irq_msi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};
