/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has made of a function. Only names and links are read: an
 * attribute of a device may wait for its driver's probe, and that for us.
 */
#ifndef PCIEM_QEMU_SYSFS_H
#define PCIEM_QEMU_SYSFS_H

#include <stdbool.h>

/* The driver bound to the function, or NULL. */
char *sysfs_driver(const char *address);
/*
 * "nvme0 (/dev/nvme0n1)", "e1000 eth0". @complete: there is something a user
 * can use, so nothing to wait for.
 */
char *sysfs_describe(const char *address, const char *driver, bool *complete);

#endif
