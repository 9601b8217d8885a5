/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "parser.h"

/*
 * Options of QEMU that are about a computer around the devices. Here that
 * computer is this one.
 */
static const struct {
    const char *name;
    const char *why;
} refused[] = {
    { "m", "the memory is this machine's; the size of the DMA pool is -bridge "
           "pool=SIZE" },
    { "smp", "the CPUs are this machine's" },
    { "cpu", "the CPUs are this machine's" },
    { "kernel", "the kernel is this machine's" },
    { "shim", "the kernel is this machine's" },
    { "initrd", "the kernel is this machine's" },
    { "append", "the kernel is this machine's" },
    { "dtb", "the kernel is this machine's" },
    { "machine", "the machine is this one" },
    { "M", "the machine is this one" },
    { "accel", "no CPU is emulated" },
    { "enable-kvm", "no CPU is emulated" },
    { "icount", "no CPU is emulated" },
    { "semihosting", "no CPU is emulated" },
    { "semihosting-config", "no CPU is emulated" },
    { "plugin", "no CPU is emulated" },
    { "gdb",
      "no CPU is emulated; to debug pciem-qemu itself start it under gdb" },
    { "s",
      "no CPU is emulated; to debug pciem-qemu itself start it under gdb" },
    { "S", "there is no CPU that could be held back" },
    { "xen-domid", "no CPU is emulated" },
    { "xen-attach", "no CPU is emulated" },
    { "xen-domid-restrict", "no CPU is emulated" },
    { "bios", "there is no firmware" },
    { "pflash", "there is no firmware" },
    { "boot", "nothing is booted" },
    { "no-fd-bootchk", "nothing is booted" },
    { "option-rom",
      "nothing is booted; a ROM of a device is -device NAME,romfile=FILE" },
    { "acpitable", "there is no firmware" },
    { "smbios", "there is no firmware" },
    { "fw_cfg", "there is no firmware" },
    { "prom-env", "there is no firmware" },
    { "numa", "the memory is this machine's" },
    { "mem-path", "the memory is this machine's" },
    { "mem-prealloc", "the memory is this machine's" },
    { "hda", "say which device it is: -device nvme,drive=FILE" },
    { "hdb", "say which device it is: -device nvme,drive=FILE" },
    { "hdc", "say which device it is: -device nvme,drive=FILE" },
    { "hdd", "say which device it is: -device nvme,drive=FILE" },
    { "cdrom", "say which device it is: -device ahci,id=a -device "
               "ide-cd,bus=a.0,drive=FILE" },
    { "fda", "there is no floppy controller on PCI" },
    { "fdb", "there is no floppy controller on PCI" },
    { "sd",
      "say which device it is: -device sdhci-pci -device sd-card,drive=FILE" },
    { "mtdblock", "there is no flash memory" },
    { "net",
      "make a backend and a card: -netdev user,id=n -device e1000,netdev=n" },
    { "nic",
      "make a backend and a card: -netdev user,id=n -device e1000,netdev=n" },
    { "vga", "say which card it is: -device bochs-display" },
    { "usb", "say which controller it is: -device qemu-xhci" },
    { "usbdevice",
      "make a controller and a device: -device qemu-xhci -device usb-tablet" },
    { "preconfig", "the machine is this one" },
    { "incoming", "the drivers of the devices cannot move to another machine" },
    { "loadvm", "the drivers of the devices cannot go back in time" },
    { "only-migratable",
      "the drivers of the devices cannot move to another machine" },
    { "no-shutdown", "pciem-qemu ends when it is told to" },
    { "qtest", "it would take the place of this machine's driver" },
    { "qtest-log", "it would take the place of this machine's driver" },
};

const char *option_refusal(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (strcmp(name, refused[i].name) == 0) {
            return refused[i].why;
        }
    }
    return NULL;
}
