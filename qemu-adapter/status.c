/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the start: a line on stdout for each function, once a driver is bound
 * to it or when none has come.
 *
 * A thread of its own looks and prints. Whoever reads stdout may be slow, and
 * the kernel's directories are locked while drivers come and go; the thread
 * that answers those drivers must wait for neither.
 */
#include "qemu/osdep.h"
#include "qemu/thread.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "host.h"
#include "sysfs.h"

#define POLL_US 50000
/* No driver after this time: say so. */
#define DRIVER_US (5 * G_USEC_PER_SEC)
/* The same while udev is at work: it may be loading the driver's module. */
#define UDEV_US (30 * G_USEC_PER_SEC)
/* udevd has this file as long as it has events. */
#define UDEV_QUEUE "/run/udev/queue"
/*
 * A driver makes its device nodes after it is bound, which can take long where
 * everything does; most kinds of devices have none.
 */
#define NODE_US (30 * G_USEC_PER_SEC)
#define NO_NODE_US (G_USEC_PER_SEC / 2)

typedef struct Function {
    char address[PCIEM_ADDRESS_SIZE];
    char *name;
    int64_t node_us;
    int64_t bound; /* when a driver was seen first; 0: not yet */
} Function;

static GHashTable *told; /* addresses: a later scan is about what is new */

static void function_free(gpointer data)
{
    Function *function = data;

    g_free(function->name);
    g_free(function);
}

static bool driver_can_come(int64_t waited_us)
{
    return waited_us < DRIVER_US ||
           (waited_us < UDEV_US && access(UDEV_QUEUE, F_OK) == 0);
}

/* True: there is nothing more to wait for, and the line is printed. */
static bool tell(Function *function, int64_t started)
{
    int64_t now = g_get_monotonic_time();
    g_autofree char *driver = sysfs_driver(function->address);
    g_autofree char *bound = NULL;
    bool complete = false;

    if (!driver) {
        if (driver_can_come(now - started)) {
            return false;
        }
        printf("%s  %s (no driver bound)\n", function->address, function->name);
    } else {
        if (!function->bound) {
            function->bound = now;
        }
        bound = sysfs_describe(function->address, driver, &complete);
        if (!complete && now - function->bound < function->node_us) {
            return false;
        }
        printf("%s  %s -> %s\n", function->address, function->name, bound);
    }
    fflush(stdout);
    return true;
}

static void *status_thread(void *opaque)
{
    GPtrArray *functions = opaque;
    int64_t started = g_get_monotonic_time();

    while (functions->len) {
        for (guint i = functions->len; i > 0; i--) {
            if (tell(g_ptr_array_index(functions, functions->len - i),
                     started)) {
                g_ptr_array_remove_index(functions, functions->len - i);
            }
        }
        g_usleep(POLL_US);
    }
    g_ptr_array_unref(functions);
    return NULL;
}

static bool makes_nodes(PCIDevice *dev)
{
    switch (pci_get_word(dev->config + PCI_CLASS_DEVICE) >> 8) {
    case PCI_BASE_CLASS_STORAGE:
    case PCI_BASE_CLASS_NETWORK:
    case PCI_BASE_CLASS_DISPLAY:
    case PCI_BASE_CLASS_MULTIMEDIA:
        return true;
    }
    return false;
}

static void add_function(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    GPtrArray *functions = opaque;
    const char *type = object_get_typename(OBJECT(dev));
    const char *id = DEVICE(dev)->id;
    Function *function = g_new0(Function, 1);

    pciem_device_address(pciem_host, dev, function->address,
                         sizeof(function->address));
    if (!g_hash_table_add(told, g_strdup(function->address))) {
        g_free(function);
        return;
    }
    function->name = id ? g_strdup_printf("%s \"%s\"", type, id)
                        : g_strdup(type);
    function->node_us = makes_nodes(dev) ? NODE_US : NO_NODE_US;
    g_ptr_array_add(functions, function);
}

static void add_bus(PCIBus *bus, void *opaque)
{
    pci_for_each_device_under_bus(bus, add_function, opaque);
}

void status_print(PciemHost *host)
{
    GPtrArray *functions = g_ptr_array_new_with_free_func(function_free);
    QemuThread thread;

    if (!told) {
        told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    pci_for_each_bus(pciem_root_bus(host), add_bus, functions);
    qemu_thread_create(&thread, "pciem-status", status_thread, functions,
                       QEMU_THREAD_DETACHED);
}

void status_forget(PciemHost *host, PCIDevice *dev)
{
    char address[PCIEM_ADDRESS_SIZE];

    pciem_device_address(host, dev, address, sizeof(address));
    g_hash_table_remove(told, address);
}
