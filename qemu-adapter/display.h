/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the picture of a display card goes when the user does not say it. */
#ifndef PCIEM_QEMU_DISPLAY_H
#define PCIEM_QEMU_DISPLAY_H

#include "parser.h"

/* A card has been added: is it one with a picture? */
void display_note_device(Parser *parser, const char *type);
/* All cards have been added. */
OptionsAction display_make(Parser *parser);

#endif
