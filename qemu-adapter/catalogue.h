/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's answers to what the command line asks (options.h). */
#ifndef PCIEM_QEMU_CATALOGUE_H
#define PCIEM_QEMU_CATALOGUE_H

#include "options.h"

extern const QemuFacts catalogue;

#endif
