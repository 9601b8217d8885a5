/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "display.h"
#include "drive.h"
#include "keyvals.h"
#include "network.h"
#include "options.h"
#include "parser.h"

OptionsAction parser_fail(Parser *parser, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    parser->options->error = g_strdup_vprintf(format, ap);
    va_end(ap);
    return OPTIONS_ERROR;
}

const char *option_name(const char *argument)
{
    if (argument[0] != '-') {
        return NULL;
    }
    return argument + (argument[1] == '-' ? 2 : 1);
}

void parser_add(Parser *parser, const char *argument)
{
    g_ptr_array_add(parser->options->argv, g_strdup(argument));
}

void parser_note(Parser *parser, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_ptr_array_add(parser->options->notes, g_strdup_vprintf(format, ap));
    va_end(ap);
}

/* First pass: take out what is ours, refuse what makes no sense. */
static OptionsAction sort_options(Parser *parser, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = option_name(argv[i]);
        OptionsAction action;
        const char *why;

        if (!name) {
            return parser_fail(
                parser,
                "%s is not an option: to make it a disk say -device "
                "nvme,drive=%s",
                argv[i], argv[i]);
        }
        if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) {
            return OPTIONS_HELP;
        }
        if (strcmp(name, "version") == 0) {
            return OPTIONS_VERSION;
        }
        why = option_refusal(name);
        if (why) {
            return parser_fail(parser, "-%s makes no sense here: %s", name,
                               why);
        }
        if (strcmp(name, "bridge") == 0) {
            if (++i == argc) {
                return parser_fail(parser, "-bridge needs a value: see --help");
            }
            action = bridge_option(parser, argv[i]);
            if (action != OPTIONS_RUN) {
                return action;
            }
            continue;
        }
        g_ptr_array_add(parser->user, argv[i]);
        if (parser->facts->option_takes_value(name)) {
            if (++i == argc) {
                return parser_fail(parser, "-%s needs a value: see --help",
                                   name);
            }
            g_ptr_array_add(parser->user, argv[i]);
        }
    }
    return OPTIONS_RUN;
}

/*
 * A -drive or -blockdev of the user: QEMU's word for an image in use is not one
 * that a user understands.
 */
static bool drive_free(Parser *parser, const char *name, const char *text)
{
    const char *key = strcmp(name, "drive") == 0 ? "file" : "filename";
    g_autoptr(GPtrArray) keyvals = NULL;
    const char *file = NULL;

    if (text[0] != '{') {
        keyvals = keyvals_parse(text, true);
        file = keyvals_get(keyvals, key);
    }
    if (file && !drive_is_uri(file) && !keyvals_get(keyvals, "locking") &&
        !keyvals_get(keyvals, "file.locking")) {
        parser->options->error = drive_busy(
            file, g_strcmp0(keyvals_get(keyvals, "read-only"), "on") == 0);
    }
    return !parser->options->error;
}

/* Second pass: what QEMU sees. */
static OptionsAction rewrite_options(Parser *parser, const char *program)
{
    /*
     * Before the user's options, so that theirs win where the last one counts.
     * A VNC server needs keymaps, which Debian's qemu-system-data has.
     */
    static const char *const ours[] = {
        "-machine", "pciem", "-accel", "pciem", "-nodefaults",
        "-display", "none", "-L", "/usr/share/qemu",
    };

    parser_add(parser, program);
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        parser_add(parser, ours[i]);
    }
    for (guint i = 0; i < parser->user->len; i++) {
        const char *argument = g_ptr_array_index(parser->user, i);
        const char *name = option_name(argument);

        if (g_strcmp0(name, "device") == 0) {
            if (device_option(parser, g_ptr_array_index(parser->user, ++i)) !=
                OPTIONS_RUN) {
                return OPTIONS_ERROR;
            }
            continue;
        }
        if ((g_strcmp0(name, "drive") == 0 ||
             g_strcmp0(name, "blockdev") == 0) &&
            !drive_free(parser, name, g_ptr_array_index(parser->user, i + 1))) {
            return OPTIONS_ERROR;
        }
        parser_add(parser, argument);
        if (g_strcmp0(name, "netdev") == 0) {
            g_autofree char *netdev =
                network_argument(g_ptr_array_index(parser->user, ++i));

            parser_add(parser, netdev);
        } else if (name && parser->facts->option_takes_value(name)) {
            parser_add(parser, g_ptr_array_index(parser->user, ++i));
        }
    }
    if (display_make(parser) != OPTIONS_RUN) {
        return OPTIONS_ERROR;
    }
    g_ptr_array_add(parser->options->argv, NULL);
    return OPTIONS_RUN;
}

OptionsAction options_parse(Options *options, int argc, char **argv,
                            const QemuFacts *facts)
{
    Parser parser = { .options = options, .facts = facts };
    OptionsAction action;

    memset(options, 0, sizeof(*options));
    options->argv = g_ptr_array_new_with_free_func(g_free);
    options->notes = g_ptr_array_new_with_free_func(g_free);
    options->bridge.poll_ns = BRIDGE_POLL_NS;
    options->bridge.cpu = -1;
    if (argc < 2) {
        return parser_fail(
            &parser,
            "no device is given: try -device nvme,drive=disk.img, or --help");
    }
    parser.user = g_ptr_array_new();
    parser.images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          NULL);
    action = sort_options(&parser, argc, argv);
    if (action == OPTIONS_RUN) {
        action = rewrite_options(&parser, argv[0]);
    }
    g_ptr_array_unref(parser.user);
    g_hash_table_unref(parser.images);
    g_free(parser.audiodev);
    return action;
}

void options_free(Options *options)
{
    g_ptr_array_unref(options->argv);
    g_ptr_array_unref(options->notes);
    g_free(options->bridge.node);
    g_free(options->error);
}
