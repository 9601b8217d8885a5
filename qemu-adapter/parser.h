/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of options.c: what its parts share. */
#ifndef PCIEM_QEMU_PARSER_H
#define PCIEM_QEMU_PARSER_H

#include "options.h"

typedef struct Parser {
    Options *options;
    const QemuFacts *facts;
    GPtrArray *user;     /* of char *: the options of QEMU, not yet rewritten */
    unsigned int drives; /* made so far */
    unsigned int networks;    /* the same */
    unsigned int controllers; /* ids for HDA controllers, the same */
    GHashTable *images;  /* paths of the images of those that can be written */
    char *audiodev;      /* the id for cards that have none; NULL: not yet */
    const char *display; /* the type of the first display card, or NULL */
} Parser;

/* One sentence about what is wrong. Returns OPTIONS_ERROR. */
OptionsAction parser_fail(Parser *parser, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* A word of QEMU's command line. */
void parser_add(Parser *parser, const char *argument);
/* A line for the user, once all of it works. */
void parser_note(Parser *parser, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* "-name" and "--name" are the same. NULL: not an option. */
const char *option_name(const char *argument);

/* Why an option of QEMU makes no sense here, or NULL. */
const char *option_refusal(const char *name);
/* The argument of a -bridge. */
OptionsAction bridge_option(Parser *parser, const char *text);
/*
 * The argument of a -device, and what it needs: a -drive, a -netdev, an
 * -audiodev, a codec.
 */
OptionsAction device_option(Parser *parser, const char *text);
/* The DEVICE of a -device that has been taken apart, or NULL. */
const char *device_driver(const GPtrArray *device);

#endif
