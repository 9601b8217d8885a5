/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option arguments of the form first,key=value,... in which ",," stands for a
 * comma inside a value.
 */
#ifndef PCIEM_QEMU_KEYVALS_H
#define PCIEM_QEMU_KEYVALS_H

#include <glib.h>
#include <stdbool.h>

typedef struct KeyVal {
    char *key;   /* NULL: the first element, given without a key */
    char *value; /* NULL: a key alone */
} KeyVal;

/*
 * An array of KeyVal *, which g_ptr_array_unref() frees. @implied: the first
 * element may be a value without its key.
 */
GPtrArray *keyvals_parse(const char *text, bool implied);
char *keyvals_format(const GPtrArray *keyvals);
/* The last one counts, as in QEMU. */
KeyVal *keyvals_find(const GPtrArray *keyvals, const char *key);
const char *keyvals_get(const GPtrArray *keyvals, const char *key);
void keyvals_add(GPtrArray *keyvals, const char *key, const char *value);
void keyvals_remove(GPtrArray *keyvals, const char *key);

#endif
