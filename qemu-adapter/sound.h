/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sound cards of which the user says no more than their name. */
#ifndef PCIEM_QEMU_SOUND_H
#define PCIEM_QEMU_SOUND_H

#include "parser.h"

/* audiodev= for a card that has none. */
void sound_make_audiodev(Parser *parser, GPtrArray *device, const char *type);

/*
 * The -device argument of the codec that the HDA controller @device needs, as
 * the user gives it none; else NULL. @text: the controller as the user gave it.
 */
char *sound_make_codec(Parser *parser, GPtrArray *device, const char *type,
                       const char *text);

#endif
