/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plays sound on this machine. */
#ifndef PCIEM_QEMU_SOUND_BACKEND_H
#define PCIEM_QEMU_SOUND_BACKEND_H

#include "options.h"

/* The kernel's sound cards, as links to where they are. */
#define SOUND_CARDS "/sys/class/sound"

/*
 * The argument of an -audiodev called @id. @silent: there is nothing to play
 * on. @cards: SOUND_CARDS, but for tests.
 */
char *sound_backend(const QemuFacts *facts, const char *cards, const char *id,
                    bool *silent);

#endif
