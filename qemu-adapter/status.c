/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After the start: a line on stdout for each function, once a driver is bound to it or when none has come. */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "host.h"
#include "sysfs.h"

#define POLL_MS 50
/* No driver after this time: say so. */
#define DRIVER_MS 5000
/* A driver makes its device nodes a little after it is bound. */
#define NODE_MS 1000

typedef struct Watch {
    PciemHost *host;
    QEMUTimer *timer;
    char address[PCIEM_ADDRESS_SIZE];
    char *name;
    int64_t started;
    int64_t bound;              /* 0: not yet */
} Watch;

static GHashTable *printed;     /* of addresses: a later scan is about what is new */

static void watch_free(Watch *watch)
{
    timer_free(watch->timer);
    g_free(watch->name);
    g_free(watch);
}

static void watch_poll(void *opaque)
{
    Watch *watch = opaque;
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    g_autofree char *driver = sysfs_driver(watch->address);
    g_autofree char *bound = NULL;
    bool complete = false;

    if (watch->host->state != BUS_PRESENT) {
        watch_free(watch);
        return;
    }
    if (driver) {
        bound = sysfs_describe(watch->address, driver, &complete);
        if (!watch->bound) {
            watch->bound = now;
        }
        complete |= now - watch->bound >= NODE_MS;
    }
    if (complete) {
        printf("%s  %s -> %s\n", watch->address, watch->name, bound);
    } else if (!driver && now - watch->started >= DRIVER_MS) {
        printf("%s  %s (no driver bound)\n", watch->address, watch->name);
    } else {
        timer_mod(watch->timer, now + POLL_MS);
        return;
    }
    fflush(stdout);
    watch_free(watch);
}

static void watch_function(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    PciemHost *host = opaque;
    const char *type = object_get_typename(OBJECT(dev));
    const char *id = DEVICE(dev)->id;
    Watch *watch = g_new0(Watch, 1);

    pciem_device_address(host, dev, watch->address, sizeof(watch->address));
    if (!g_hash_table_add(printed, g_strdup(watch->address))) {
        g_free(watch);
        return;
    }
    watch->host = host;
    watch->name = id ? g_strdup_printf("%s \"%s\"", type, id) : g_strdup(type);
    watch->started = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    watch->timer = timer_new_ms(QEMU_CLOCK_REALTIME, watch_poll, watch);
    watch_poll(watch);
}

static void watch_bus(PCIBus *bus, void *opaque)
{
    pci_for_each_device_under_bus(bus, watch_function, opaque);
}

void status_print(PciemHost *host)
{
    if (!printed) {
        printed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    pci_for_each_bus(pciem_root_bus(host), watch_bus, host);
}
