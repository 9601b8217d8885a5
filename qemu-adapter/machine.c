/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is one PCIe host bridge: its CPU, memory and firmware are
 * those of the computer it runs on.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/accel.h"
#include "qemu/error-report.h"
#include "hw/boards.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_device.h"
#include "hw/sysbus.h"
#include "system/accel-ops.h"
#include "system/reset.h"
#include "host.h"

static GlobalProperty machine_compat_props[] = {
    /* An option ROM is code for the firmware of a PC. */
    { TYPE_PCI_DEVICE, "romfile", "" },
    /*
     * Memory of this machine is reached through its DMA API only, which virtio
     * drivers bypass unless told so.
     */
    { "virtio-device", "iommu_platform", "on" },
    /* (virtio-*-pci-transitional and its kind have no such choice) */
    { "virtio-pci", "disable-legacy", "on", .optional = true },
    { "virtio-pci", "disable-modern", "off", .optional = true },
};

static void machine_init(MachineState *machine)
{
    /* the address of a message-signalled interrupt is a real one here */
    msi_nonbroken = true;
    sysbus_realize_and_unref(SYS_BUS_DEVICE(qdev_new(TYPE_PCIEM_HOST)),
                             &error_fatal);
}

/*
 * Devices ask for a reset of the whole machine (a watchdog that has expired,
 * say). This machine does not restart because of that, and its drivers would
 * not know that their devices have: so it happens once, when the devices are
 * new.
 */
static void machine_reset(MachineState *machine, ResetType type)
{
    static bool done;

    if (done) {
        warn_report("a reset of the machine was asked for: ignored, the "
                    "drivers keep their devices");
        return;
    }
    done = true;
    qemu_devices_reset(type);
}

static void machine_class_init(ObjectClass *klass, void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);

    mc->desc = "Devices on the PCI bus of this machine";
    mc->init = machine_init;
    mc->reset = machine_reset;
    mc->max_cpus = 1;
    mc->default_cpu_type = NULL;
    mc->default_ram_size = 0;
    mc->no_serial = 1;
    mc->no_parallel = 1;
    mc->no_floppy = 1;
    mc->no_cdrom = 1;
    compat_props_add(mc->compat_props, machine_compat_props,
                     G_N_ELEMENTS(machine_compat_props));
}

/*
 * The accelerator runs the virtual clock of the device models in real time;
 * QEMU's only other one that does without a CPU, qtest, stops it.
 */
static bool accel_allowed;

static int accel_init(MachineState *machine)
{
    return 0;
}

static void accel_class_init(ObjectClass *klass, void *data)
{
    AccelClass *ac = ACCEL_CLASS(klass);

    ac->name = "pciem";
    ac->init_machine = accel_init;
    ac->allowed = &accel_allowed;
}

static void accel_create_vcpu(CPUState *cpu)
{
    g_assert_not_reached();
}

static void accel_ops_class_init(ObjectClass *klass, void *data)
{
    ACCEL_OPS_CLASS(klass)->create_vcpu_thread = accel_create_vcpu;
}

static const TypeInfo machine_types[] = {
    {
        .name = MACHINE_TYPE_NAME("pciem"),
        .parent = TYPE_MACHINE,
        .class_init = machine_class_init,
    },
    {
        .name = ACCEL_CLASS_NAME("pciem"),
        .parent = TYPE_ACCEL,
        .class_init = accel_class_init,
    },
    {
        .name = ACCEL_OPS_NAME("pciem"),
        .parent = TYPE_ACCEL_OPS,
        .class_init = accel_ops_class_init,
        .abstract = true,
    },
};

DEFINE_TYPES(machine_types)
