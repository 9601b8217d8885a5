/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCIEM_QEMU_HELP_H
#define PCIEM_QEMU_HELP_H

#ifndef PCIEM_VERSION
#define PCIEM_VERSION "0.1"
#endif

extern const char help_text[];

#endif
