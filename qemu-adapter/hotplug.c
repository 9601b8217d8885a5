/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_add and device_del on the root bus. (Slots of PCIe root ports and of
 * hot-plug bridges are their models' own: the kernel's pciehp and shpchp
 * drivers work them.)
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "hw/hotplug.h"
#include "hw/pci/pci_device.h"
#include "migration/vmstate.h"
#include "host.h"

typedef struct Removal {
    PciemHost *host;
    PCIDevice *dev;
    char path[64];
    int error;
} Removal;

static void hotplug_plug(HotplugHandler *handler, DeviceState *dev,
                         Error **errp)
{
    /* virtual functions are found by the driver of the one that makes them */
    if (dev->hotplugged && !pci_is_vf(PCI_DEVICE(dev))) {
        bus_scan(PCIEM_HOST(handler));
    }
}

static int forget_name(Object *child, void *opaque)
{
    MemoryRegion *mr = (MemoryRegion *)object_dynamic_cast(child,
                                                           TYPE_MEMORY_REGION);

    if (mr && mr->ram_block) {
        vmstate_unregister_ram(mr, opaque);
    }
    return 0;
}

/*
 * Some models are never freed: a region counts as a user of its owner as long
 * as it lies in another, which may be the same owner's. Their RAM must not keep
 * its name, or QEMU aborts when the next device at that address is made.
 */
static void hotplug_unplug(HotplugHandler *handler, DeviceState *dev,
                           Error **errp)
{
    status_forget(PCIEM_HOST(handler), PCI_DEVICE(dev));
    qdev_unrealize(dev);
    object_child_foreach(OBJECT(dev), forget_name, dev);
}

static void removal_done(void *opaque)
{
    Removal *removal = opaque;
    DeviceState *dev = DEVICE(removal->dev);

    if (removal->error && removal->error != ENOENT) {
        error_report("the kernel keeps %s (%s): the device stays",
                     removal->path, g_strerror(removal->error));
        dev->pending_deleted_event = false;
    } else {
        hotplug_handler_unplug(HOTPLUG_HANDLER(removal->host), dev,
                               &error_abort);
        object_unparent(OBJECT(dev));
    }
    object_unref(OBJECT(dev));
    g_free(removal);
}

/*
 * The driver says goodbye to its device while the kernel removes it, so
 * somebody must serve it meanwhile: not here.
 */
static void *removal_thread(void *opaque)
{
    Removal *removal = opaque;
    int fd = open(removal->path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "1", 1) != 1) {
        removal->error = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    aio_bh_schedule_oneshot(qemu_get_aio_context(), removal_done, removal);
    return NULL;
}

static void hotplug_unplug_request(HotplugHandler *handler, DeviceState *dev,
                                   Error **errp)
{
    PciemHost *host = PCIEM_HOST(handler);
    char address[PCIEM_ADDRESS_SIZE];
    Removal *removal;
    QemuThread thread;

    if (dev->pending_deleted_event) {
        error_setg(errp, "%s is being removed already", dev->id);
        return;
    }
    dev->pending_deleted_event = true;
    removal = g_new0(Removal, 1);
    removal->host = host;
    removal->dev = PCI_DEVICE(dev);
    object_ref(OBJECT(dev));
    pciem_device_address(host, removal->dev, address, sizeof(address));
    snprintf(removal->path, sizeof(removal->path),
             "/sys/bus/pci/devices/%s/remove", address);
    qemu_thread_create(&thread, "pciem-remove", removal_thread, removal,
                       QEMU_THREAD_DETACHED);
}

void hotplug_init(ObjectClass *klass)
{
    HotplugHandlerClass *hc = HOTPLUG_HANDLER_CLASS(klass);

    hc->plug = hotplug_plug;
    hc->unplug = hotplug_unplug;
    hc->unplug_request = hotplug_unplug_request;
}
