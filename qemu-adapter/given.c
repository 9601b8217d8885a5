/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "given.h"
#include "keyvals.h"

static GPtrArray *json_strings(const char *text)
{
    g_autoptr(GRegex) pair = g_regex_new(
        "\"([^\"\\\\]*)\"\\s*:\\s*\"([^\"\\\\]*)\"", G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    GPtrArray *keyvals = keyvals_parse("", false);

    g_regex_match(pair, text, 0, &match);
    while (g_match_info_matches(match)) {
        g_autofree char *key = g_match_info_fetch(match, 1);
        g_autofree char *value = g_match_info_fetch(match, 2);

        keyvals_add(keyvals, key, value);
        g_match_info_next(match, NULL);
    }
    return keyvals;
}

GPtrArray *given_keyvals(const char *text)
{
    return text[0] == '{' ? json_strings(text) : keyvals_parse(text, true);
}

const char *given_next(Parser *parser, const char *name, guint *at)
{
    while (*at < parser->user->len) {
        const char *argument = g_ptr_array_index(parser->user, (*at)++);
        const char *option = option_name(argument);
        bool wanted = g_strcmp0(option, name) == 0;

        if (option && parser->facts->option_takes_value(option)) {
            argument = g_ptr_array_index(parser->user, (*at)++);
        }
        if (wanted) {
            return argument;
        }
    }
    return NULL;
}

static bool has(const GPtrArray *keyvals, const char *key, const char *value)
{
    for (guint i = 0; i < keyvals->len; i++) {
        const KeyVal *keyval = g_ptr_array_index(keyvals, i);

        if (g_strcmp0(keyval->key, key) == 0 &&
            g_strcmp0(keyval->value, value) == 0) {
            return true;
        }
    }
    return false;
}

const char *given_find(Parser *parser, const char *name, const char *key,
                       const char *value)
{
    const char *text;
    guint at = 0;

    while ((text = given_next(parser, name, &at))) {
        g_autoptr(GPtrArray) keyvals = given_keyvals(text);

        if (has(keyvals, key, value)) {
            return text;
        }
    }
    return NULL;
}

bool given_global(Parser *parser, const char *type, const char *property)
{
    g_autofree char *key = g_strdup_printf("%s.%s", type, property);
    const char *text;
    guint at = 0;

    while ((text = given_next(parser, "global", &at))) {
        g_autoptr(GPtrArray) keyvals = given_keyvals(text);

        if (keyvals_find(keyvals, key) ||
            (has(keyvals, "driver", type) &&
             has(keyvals, "property", property))) {
            return true;
        }
    }
    return false;
}

char *given_free_id(Parser *parser, const char *name, const char *prefix,
                    unsigned int *made)
{
    char *id = NULL;

    do {
        g_free(id);
        id = g_strdup_printf("%s%u", prefix, (*made)++);
    } while (given_find(parser, name, "id", id));
    return id;
}
