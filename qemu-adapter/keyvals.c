/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "keyvals.h"

static void keyval_free(gpointer data)
{
    KeyVal *keyval = data;

    g_free(keyval->key);
    g_free(keyval->value);
    g_free(keyval);
}

/*
 * Take one element off the text: up to a single comma, with each pair of commas
 * made one.
 */
static char *take_element(const char **text)
{
    GString *element = g_string_new(NULL);
    const char *p = *text;

    for (; *p; p++) {
        if (*p == ',') {
            p++;
            if (*p != ',') {
                break;
            }
        }
        g_string_append_c(element, *p);
    }
    *text = p;
    return g_string_free(element, FALSE);
}

GPtrArray *keyvals_parse(const char *text, bool implied)
{
    GPtrArray *keyvals = g_ptr_array_new_with_free_func(keyval_free);

    while (*text) {
        g_autofree char *element = take_element(&text);
        KeyVal *keyval = g_new0(KeyVal, 1);
        char *equals = strchr(element, '=');

        if (equals) {
            keyval->key = g_strndup(element, equals - element);
            keyval->value = g_strdup(equals + 1);
        } else if (implied && keyvals->len == 0) {
            keyval->value = g_strdup(element);
        } else {
            keyval->key = g_strdup(element);
        }
        g_ptr_array_add(keyvals, keyval);
    }
    return keyvals;
}

static void append_escaped(GString *text, const char *value)
{
    for (; *value; value++) {
        if (*value == ',') {
            g_string_append_c(text, ',');
        }
        g_string_append_c(text, *value);
    }
}

char *keyvals_format(const GPtrArray *keyvals)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < keyvals->len; i++) {
        const KeyVal *keyval = g_ptr_array_index(keyvals, i);

        if (i) {
            g_string_append_c(text, ',');
        }
        if (keyval->key) {
            append_escaped(text, keyval->key);
        }
        if (keyval->key && keyval->value) {
            g_string_append_c(text, '=');
        }
        if (keyval->value) {
            append_escaped(text, keyval->value);
        }
    }
    return g_string_free(text, FALSE);
}

KeyVal *keyvals_find(const GPtrArray *keyvals, const char *key)
{
    for (guint i = keyvals->len; i > 0; i--) {
        KeyVal *keyval = g_ptr_array_index(keyvals, i - 1);

        if (g_strcmp0(keyval->key, key) == 0) {
            return keyval;
        }
    }
    return NULL;
}

const char *keyvals_get(const GPtrArray *keyvals, const char *key)
{
    KeyVal *keyval = keyvals_find(keyvals, key);

    return keyval ? keyval->value : NULL;
}

void keyvals_add(GPtrArray *keyvals, const char *key, const char *value)
{
    KeyVal *keyval = g_new0(KeyVal, 1);

    keyval->key = g_strdup(key);
    keyval->value = g_strdup(value);
    g_ptr_array_add(keyvals, keyval);
}

void keyvals_remove(GPtrArray *keyvals, const char *key)
{
    KeyVal *keyval;

    while ((keyval = keyvals_find(keyvals, key))) {
        g_ptr_array_remove(keyvals, keyval);
    }
}
