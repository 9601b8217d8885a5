/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "display.h"
#include "given.h"
#include "keyvals.h"
#include "vnc_socket.h"

static bool display_given(Parser *parser)
{
    static const char *const names[] = { "display", "nographic", "spice",
                                         "vnc" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        guint at = 0;

        if (given_next(parser, names[i], &at)) {
            return true;
        }
    }
    return false;
}

static bool session_exists(void)
{
    static const char *const names[] = { "WAYLAND_DISPLAY", "DISPLAY" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = getenv(names[i]);

        if (value && *value) {
            return true;
        }
    }
    return false;
}

static OptionsAction make_vnc(Parser *parser)
{
    g_autoptr(GPtrArray) vnc = keyvals_parse("", true);
    g_autofree char *argument = NULL;
    g_autofree char *address = NULL;
    g_autofree char *path = NULL;
    guint at = 0;

    path = vnc_socket_make(given_next(parser, "daemonize", &at) != NULL);
    if (!path) {
        return parser_fail(parser,
                           "there is no directory for the socket of %s's VNC "
                           "server: set XDG_RUNTIME_DIR or TMPDIR to one of "
                           "your own with a short name, or say -display none",
                           parser->display);
    }
    address = g_strdup_printf("unix:%s", path);
    keyvals_add(vnc, NULL, address);
    argument = keyvals_format(vnc);
    parser_add(parser, "-vnc");
    parser_add(parser, argument);
    parser_note(parser, "display of %s: VNC on %s (vncviewer %s)",
                parser->display, address, path);
    return OPTIONS_RUN;
}

void display_note_device(Parser *parser, const char *type)
{
    /* QEMU shows the first card */
    if (!parser->display && parser->facts->device_is_display(type)) {
        parser->display = type;
    }
}

OptionsAction display_make(Parser *parser)
{
    const char *window;

    if (!parser->display || display_given(parser)) {
        return OPTIONS_RUN;
    }
    window = session_exists() ? parser->facts->window() : NULL;
    if (!window) {
        return make_vnc(parser);
    }
    parser_add(parser, "-display");
    parser_add(parser, window);
    return OPTIONS_RUN;
}
