/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCIEM_QEMU_NETWORK_H
#define PCIEM_QEMU_NETWORK_H

/* The argument of a -netdev, as QEMU gets it; g_free() it. */
char *network_argument(const char *text);

#endif
