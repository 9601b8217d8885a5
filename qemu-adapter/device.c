/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -device: what a user may leave out is filled in. */
#include <stdlib.h>
#include <string.h>

#include "display.h"
#include "drive.h"
#include "given.h"
#include "keyvals.h"
#include "parser.h"
#include "sound.h"

/* Devices that cannot be made without a serial number. */
static const char *const needs_serial[] = { "nvme" };

/* One image, two drives that write to it. */
static bool image_taken(Parser *parser, const char *name, const char *drive)
{
    char *path = realpath(name, NULL);
    bool taken = false;

    if (path && !strstr(drive, ",read-only=on")) {
        taken = !g_hash_table_add(parser->images, g_strdup(path));
    }
    free(path);
    return taken;
}

/* The argument of the -drive or -blockdev that makes the drive @id, or NULL. */
static const char *find_drive(Parser *parser, const char *id)
{
    const char *text = given_find(parser, "drive", "id", id);

    return text ? text : given_find(parser, "blockdev", "node-name", id);
}

/* drive=NAME where no drive is called NAME: make one. */
static OptionsAction name_drive(Parser *parser, GPtrArray *device,
                                const char *type)
{
    KeyVal *drive = keyvals_find(device, "drive");
    g_autofree char *format = NULL;
    g_autofree char *argument = NULL;
    g_autofree char *id = NULL;

    if (!drive || !drive->value || find_drive(parser, drive->value)) {
        return OPTIONS_RUN;
    }
    if (!parser->facts->device_has_property(type, "format")) {
        format = g_strdup(keyvals_get(device, "format"));
        keyvals_remove(device, "format");
    }
    do {
        g_free(id);
        id = g_strdup_printf("pciem%u", parser->drives++);
    } while (find_drive(parser, id));
    argument = drive_argument(drive->value, id, format,
                              &parser->options->error);
    if (!argument) {
        return OPTIONS_ERROR;
    }
    if (image_taken(parser, drive->value, argument)) {
        return parser_fail(
            parser,
            "%s is given to two devices: each needs an image of its own",
            drive->value);
    }
    parser_add(parser, "-drive");
    parser_add(parser, argument);
    g_free(drive->value);
    drive->value = g_steal_pointer(&id);
    return OPTIONS_RUN;
}

/*
 * What tells the drive @name from others: its file, else all that was said
 * about it.
 */
static char *drive_identity(Parser *parser, const char *name)
{
    const char *text = find_drive(parser, name);
    g_autoptr(GPtrArray) keyvals = NULL;
    const char *file = NULL;

    if (text && text[0] != '{') {
        keyvals = keyvals_parse(text, true);
        file = keyvals_get(keyvals, "file");
    }
    return g_strdup(file ? file : text ? text : name);
}

static bool serial_taken(Parser *parser, const char *serial)
{
    for (guint i = 0; i < parser->options->argv->len; i++) {
        if (strstr(g_ptr_array_index(parser->options->argv, i), serial)) {
            return true;
        }
    }
    return false;
}

/* @name: what drive= said, or NULL. */
static void make_serial(Parser *parser, GPtrArray *device, const char *type,
                        const char *name)
{
    const char *id = keyvals_get(device, "id");
    g_autofree char *identity = name ? drive_identity(parser, name)
                                     : g_strdup(id ? id : "null-co");
    g_autofree char *serial = NULL;

    if (keyvals_find(device, "serial")) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(needs_serial); i++) {
        if (strcmp(type, needs_serial[i]) == 0) {
            serial = drive_serial(identity);
            while (serial_taken(parser, serial)) {
                char *next = drive_serial(serial);

                g_free(serial);
                serial = next;
            }
            keyvals_add(device, "serial", serial);
        }
    }
}

/*
 * QEMU counts its cards from the same address in every process, but all of them
 * are in this machine.
 */
static void make_mac(GPtrArray *device)
{
    guint32 random = g_random_int();
    g_autofree char *mac = NULL;

    if (keyvals_find(device, "mac")) {
        return;
    }
    mac = g_strdup_printf("52:54:00:%02x:%02x:%02x", random >> 16 & 0xff,
                          random >> 8 & 0xff, random & 0xff);
    keyvals_add(device, "mac", mac);
}

/*
 * A network card of which the user says no more: QEMU's own network, behind
 * which is all that this machine reaches.
 */
static void make_network(Parser *parser, GPtrArray *device)
{
    g_autofree char *argument = NULL;
    g_autofree char *id = NULL;

    if (keyvals_find(device, "netdev")) {
        return;
    }
    id = given_free_id(parser, "netdev", "pciem-net", &parser->networks);
    argument = g_strdup_printf("user,id=%s", id);
    parser_add(parser, "-netdev");
    parser_add(parser, argument);
    keyvals_add(device, "netdev", id);
}

const char *device_driver(const GPtrArray *device)
{
    const KeyVal *first = device->len ? g_ptr_array_index(device, 0) : NULL;
    const char *driver = keyvals_get(device, "driver");

    return driver || !first || first->key ? driver : first->value;
}

OptionsAction device_option(Parser *parser, const char *text)
{
    g_autoptr(GPtrArray) device = keyvals_parse(text, true);
    const char *driver = device_driver(device);
    g_autofree char *rewritten = NULL;
    g_autofree char *codec = NULL;
    g_autofree char *name = NULL;
    const char *type, *like;

    /*
     * JSON is for programs, which say all that they mean; help is QEMU's own.
     */
    if (!driver || text[0] == '{' || strcmp(driver, "help") == 0 ||
        strcmp(driver, "?") == 0) {
        parser_add(parser, "-device");
        parser_add(parser, text);
        return OPTIONS_RUN;
    }
    type = parser->facts->device_type(driver);
    if (!type) {
        like = parser->facts->device_like(driver);
        if (like) {
            return parser_fail(parser,
                               "there is no device called %s (is it %s?): "
                               "`pciem-qemu -device help` lists them all",
                               driver, like);
        }
        return parser_fail(parser,
                           "there is no device called %s: "
                           "`pciem-qemu -device help` lists them all",
                           driver);
    }
    if (keyvals_find(device, "help") || keyvals_find(device, "?")) {
        parser_add(parser, "-device");
        parser_add(parser, text);
        return OPTIONS_RUN;
    }
    name = g_strdup(keyvals_get(device, "drive"));
    if (parser->facts->device_has_property(type, "drive") &&
        name_drive(parser, device, type) != OPTIONS_RUN) {
        return OPTIONS_ERROR;
    }
    make_serial(parser, device, type, name);
    if (parser->facts->device_has_property(type, "netdev")) {
        make_network(parser, device);
    }
    if (parser->facts->device_has_property(type, "mac")) {
        make_mac(device);
    }
    sound_make_audiodev(parser, device, type);
    codec = sound_make_codec(parser, device, type, text);
    display_note_device(parser, type);
    rewritten = keyvals_format(device);
    parser_add(parser, "-device");
    parser_add(parser, rewritten);
    return codec ? device_option(parser, codec) : OPTIONS_RUN;
}
