/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user has to know of what was chosen for them. */
#ifndef PCIEM_QEMU_ANNOUNCE_H
#define PCIEM_QEMU_ANNOUNCE_H

#include "options.h"

/* Before qemu_init(). */
void announce_begin(void);

/*
 * After qemu_init(): all of it works, and this is the process that stays. A
 * line each on standard output.
 */
void announce(const Options *options);

#endif
