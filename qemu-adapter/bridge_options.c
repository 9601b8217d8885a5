/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -bridge KEY=VALUE,... */
#include <string.h>

#include "keyvals.h"
#include "parser.h"

static bool parse_size(const char *text, uint64_t *size)
{
    char *end;
    uint64_t value;
    int shift = 0;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    value = g_ascii_strtoull(text, &end, 0);
    switch (g_ascii_toupper(*end)) {
    case 'T':
        shift += 10;
        /* fall through */
    case 'G':
        shift += 10;
        /* fall through */
    case 'M':
        shift += 10;
        /* fall through */
    case 'K':
        shift += 10;
        end++;
    }
    if (*end || !value || value > UINT64_MAX >> shift) {
        return false;
    }
    *size = value << shift;
    return (*size & (*size - 1)) == 0;
}

static bool parse_number(const char *text, int64_t limit, int64_t *number)
{
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    *number = g_ascii_strtoll(text, &end, 0);
    return !*end && *number <= limit;
}

static OptionsAction bridge_key(Parser *parser, const char *key,
                                const char *value)
{
    BridgeOptions *bridge = &parser->options->bridge;
    uint64_t *size = NULL;
    int64_t number;

    if (!value) {
        return parser_fail(parser, "-bridge %s has no value: see --help", key);
    } else if (strcmp(key, "node") == 0) {
        g_free(bridge->node);
        bridge->node = g_strdup(value);
        return OPTIONS_RUN;
    } else if (strcmp(key, "pool") == 0) {
        size = &bridge->pool_size;
    } else if (strcmp(key, "mem32") == 0) {
        size = &bridge->mem32_size;
    } else if (strcmp(key, "mem64") == 0) {
        size = &bridge->mem64_size;
    }
    if (size) {
        if (parse_size(value, size)) {
            return OPTIONS_RUN;
        }
        return parser_fail(
            parser, "-bridge %s=%s is not a power of two such as 64M or 1G",
            key, value);
    }
    if (strcmp(key, "queue") == 0) {
        if (!parse_number(value, 1 << 20, &number) || number & (number - 1) ||
            !number) {
            return parser_fail(
                parser, "-bridge queue=%s is not a power of two such as 1024",
                value);
        }
        bridge->queue_entries = number;
    } else if (strcmp(key, "dma") == 0) {
        if (strcmp(value, "pool") != 0 && strcmp(value, "direct") != 0) {
            return parser_fail(
                parser,
                "-bridge dma=%s is neither pool (the devices see only "
                "what a driver maps) nor direct "
                "(they see all memory)",
                value);
        }
        bridge->direct = strcmp(value, "direct") == 0;
    } else if (strcmp(key, "poll-us") == 0) {
        if (!parse_number(value, 1000000, &number)) {
            return parser_fail(
                parser,
                "-bridge poll-us=%s is not a number of microseconds "
                "from 0 to 1000000",
                value);
        }
        bridge->poll_ns = number * 1000;
    } else if (strcmp(key, "cpu") == 0) {
        if (!parse_number(value, 1 << 16, &number)) {
            return parser_fail(
                parser, "-bridge cpu=%s is not the number of a CPU", value);
        }
        bridge->cpu = number;
    } else if (strcmp(key, "ram") == 0) {
        bridge->no_ram = strcmp(value, "off") == 0;
        if (!bridge->no_ram && !parse_size(value, &bridge->ram_size)) {
            return parser_fail(
                parser,
                "-bridge ram=%s is neither off nor a power of two such as 256M",
                value);
        }
    } else {
        return parser_fail(
            parser,
            "-bridge has no key %s: it has node, pool, mem32, mem64, ram, "
            "queue, dma, poll-us and cpu",
            key);
    }
    return OPTIONS_RUN;
}

OptionsAction bridge_option(Parser *parser, const char *text)
{
    g_autoptr(GPtrArray) keyvals = keyvals_parse(text, false);

    for (guint i = 0; i < keyvals->len; i++) {
        const KeyVal *keyval = g_ptr_array_index(keyvals, i);

        if (g_strcmp0(keyval->key, "help") == 0) {
            return OPTIONS_HELP;
        }
        if (bridge_key(parser, keyval->key, keyval->value) != OPTIONS_RUN) {
            return OPTIONS_ERROR;
        }
    }
    return OPTIONS_RUN;
}
