/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user has given: questions about the options not yet rewritten. */
#ifndef PCIEM_QEMU_GIVEN_H
#define PCIEM_QEMU_GIVEN_H

#include "parser.h"

/*
 * The argument of the next option called @name, or the option itself where it
 * takes none; NULL when there are no more. @at begins as 0.
 */
const char *given_next(Parser *parser, const char *name, guint *at);

/* The argument of the first option called @name that has @key=@value. */
const char *given_find(Parser *parser, const char *name, const char *key,
                       const char *value);

/* A -global gives the devices of @type this property. */
bool given_global(Parser *parser, const char *type, const char *property);

/* An id "@prefixN" that no option called @name uses; @made counts them. */
char *given_free_id(Parser *parser, const char *name, const char *prefix,
                    unsigned int *made);

/*
 * What an argument consists of. Of JSON: all that is a string, at whatever
 * depth.
 */
GPtrArray *given_keyvals(const char *text);

#endif
