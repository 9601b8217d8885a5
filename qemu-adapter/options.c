/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "keyvals.h"
#include "options.h"

/*
 * Options of QEMU that are about a computer around the devices. Here that
 * computer is this one.
 */
static const struct {
    const char *name;
    const char *why;
} refused[] = {
    { "m", "the memory is this machine's; the size of the DMA pool is -bridge "
           "pool=SIZE" },
    { "smp", "the CPUs are this machine's" },
    { "cpu", "the CPUs are this machine's" },
    { "kernel", "the kernel is this machine's" },
    { "shim", "the kernel is this machine's" },
    { "initrd", "the kernel is this machine's" },
    { "append", "the kernel is this machine's" },
    { "dtb", "the kernel is this machine's" },
    { "machine", "the machine is this one" },
    { "M", "the machine is this one" },
    { "accel", "no CPU is emulated" },
    { "enable-kvm", "no CPU is emulated" },
    { "icount", "no CPU is emulated" },
    { "semihosting", "no CPU is emulated" },
    { "semihosting-config", "no CPU is emulated" },
    { "plugin", "no CPU is emulated" },
    { "gdb",
      "no CPU is emulated; to debug pciem-qemu itself start it under gdb" },
    { "s",
      "no CPU is emulated; to debug pciem-qemu itself start it under gdb" },
    { "S", "there is no CPU that could be held back" },
    { "xen-domid", "no CPU is emulated" },
    { "xen-attach", "no CPU is emulated" },
    { "xen-domid-restrict", "no CPU is emulated" },
    { "bios", "there is no firmware" },
    { "pflash", "there is no firmware" },
    { "boot", "nothing is booted" },
    { "no-fd-bootchk", "nothing is booted" },
    { "option-rom",
      "nothing is booted; a ROM of a device is -device NAME,romfile=FILE" },
    { "acpitable", "there is no firmware" },
    { "smbios", "there is no firmware" },
    { "fw_cfg", "there is no firmware" },
    { "prom-env", "there is no firmware" },
    { "numa", "the memory is this machine's" },
    { "mem-path", "the memory is this machine's" },
    { "mem-prealloc", "the memory is this machine's" },
    { "hda", "say which device it is: -device nvme,drive=FILE" },
    { "hdb", "say which device it is: -device nvme,drive=FILE" },
    { "hdc", "say which device it is: -device nvme,drive=FILE" },
    { "hdd", "say which device it is: -device nvme,drive=FILE" },
    { "cdrom", "say which device it is: -device ahci,id=a -device "
               "ide-cd,bus=a.0,drive=FILE" },
    { "fda", "there is no floppy controller on PCI" },
    { "fdb", "there is no floppy controller on PCI" },
    { "sd",
      "say which device it is: -device sdhci-pci -device sd-card,drive=FILE" },
    { "mtdblock", "there is no flash memory" },
    { "net",
      "make a backend and a card: -netdev user,id=n -device e1000,netdev=n" },
    { "nic",
      "make a backend and a card: -netdev user,id=n -device e1000,netdev=n" },
    { "vga", "say which card it is: -device bochs-display" },
    { "usb", "say which controller it is: -device qemu-xhci" },
    { "usbdevice",
      "make a controller and a device: -device qemu-xhci -device usb-tablet" },
    { "preconfig", "the machine is this one" },
    { "incoming", "the drivers of the devices cannot move to another machine" },
    { "loadvm", "the drivers of the devices cannot go back in time" },
    { "only-migratable",
      "the drivers of the devices cannot move to another machine" },
    { "no-shutdown", "pciem-qemu ends when it is told to" },
    { "qtest", "it would take the place of this machine's driver" },
    { "qtest-log", "it would take the place of this machine's driver" },
};

/* Devices that cannot be made without a serial number. */
static const char *const needs_serial[] = { "nvme" };

typedef struct Parser {
    Options *options;
    const QemuFacts *facts;
    GPtrArray *user;     /* of char *: the options of QEMU, not yet rewritten */
    unsigned int drives; /* made so far */
    GHashTable *images;  /* paths of the images of those that can be written */
} Parser;

static OptionsAction fail(Parser *parser, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static OptionsAction fail(Parser *parser, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    parser->options->error = g_strdup_vprintf(format, ap);
    va_end(ap);
    return OPTIONS_ERROR;
}

/* "-name" and "--name" are the same. NULL: not an option. */
static const char *option_name(const char *argument)
{
    if (argument[0] != '-') {
        return NULL;
    }
    return argument + (argument[1] == '-' ? 2 : 1);
}

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
        return fail(parser, "-bridge %s has no value: see --help", key);
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
        return fail(parser,
                    "-bridge %s=%s is not a power of two such as 64M or 1G",
                    key, value);
    }
    if (strcmp(key, "queue") == 0) {
        if (!parse_number(value, 1 << 20, &number) || number & (number - 1) ||
            !number) {
            return fail(parser,
                        "-bridge queue=%s is not a power of two such as 1024",
                        value);
        }
        bridge->queue_entries = number;
    } else if (strcmp(key, "dma") == 0) {
        if (strcmp(value, "pool") != 0 && strcmp(value, "direct") != 0) {
            return fail(parser,
                        "-bridge dma=%s is neither pool (the devices see only "
                        "what a driver maps) nor direct "
                        "(they see all memory)",
                        value);
        }
        bridge->direct = strcmp(value, "direct") == 0;
    } else if (strcmp(key, "poll-us") == 0) {
        if (!parse_number(value, 1000000, &number)) {
            return fail(parser,
                        "-bridge poll-us=%s is not a number of microseconds "
                        "from 0 to 1000000",
                        value);
        }
        bridge->poll_ns = number * 1000;
    } else if (strcmp(key, "cpu") == 0) {
        if (!parse_number(value, 1 << 16, &number)) {
            return fail(parser, "-bridge cpu=%s is not the number of a CPU",
                        value);
        }
        bridge->cpu = number;
    } else {
        return fail(parser,
                    "-bridge has no key %s: it has node, pool, mem32, mem64, "
                    "queue, dma, poll-us and cpu",
                    key);
    }
    return OPTIONS_RUN;
}

static OptionsAction bridge_option(Parser *parser, const char *text)
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

/* First pass: take out what is ours, refuse what makes no sense. */
static OptionsAction sort_options(Parser *parser, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = option_name(argv[i]);
        OptionsAction action;

        if (!name) {
            return fail(parser,
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
        for (size_t r = 0; r < G_N_ELEMENTS(refused); r++) {
            if (strcmp(name, refused[r].name) == 0) {
                return fail(parser, "-%s makes no sense here: %s", name,
                            refused[r].why);
            }
        }
        if (strcmp(name, "bridge") == 0) {
            if (++i == argc) {
                return fail(parser, "-bridge needs a value: see --help");
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
                return fail(parser, "-%s needs a value: see --help", name);
            }
            g_ptr_array_add(parser->user, argv[i]);
        }
    }
    return OPTIONS_RUN;
}

/* The text of the -drive or -blockdev that makes the drive @id, or NULL. */
static const char *find_drive(Parser *parser, const char *id)
{
    for (guint i = 0; i + 1 < parser->user->len; i++) {
        const char *name = option_name(g_ptr_array_index(parser->user, i));
        const char *text = g_ptr_array_index(parser->user, i + 1);
        const char *key;

        if (g_strcmp0(name, "drive") == 0) {
            key = "id";
        } else if (g_strcmp0(name, "blockdev") == 0) {
            key = "node-name";
        } else {
            continue;
        }
        if (text[0] == '{') {
            g_autofree char *quoted = g_strdup_printf("\"%s\"", id);

            if (strstr(text, quoted)) {
                return text;
            }
        } else {
            g_autoptr(GPtrArray) keyvals = keyvals_parse(text, true);

            if (g_strcmp0(keyvals_get(keyvals, key), id) == 0) {
                return text;
            }
        }
    }
    return NULL;
}

static void add_argument(Parser *parser, const char *argument)
{
    g_ptr_array_add(parser->options->argv, g_strdup(argument));
}

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
        return fail(
            parser,
            "%s is given to two devices: each needs an image of its own",
            drive->value);
    }
    add_argument(parser, "-drive");
    add_argument(parser, argument);
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

static OptionsAction device_option(Parser *parser, const char *text)
{
    g_autoptr(GPtrArray) device = keyvals_parse(text, true);
    const KeyVal *first = device->len ? g_ptr_array_index(device, 0) : NULL;
    g_autofree char *rewritten = NULL;
    g_autofree char *name = NULL;
    const char *driver, *type, *like;

    driver = keyvals_get(device, "driver");
    if (!driver && first && !first->key) {
        driver = first->value;
    }
    /*
     * JSON is for programs, which say all that they mean; help is QEMU's own.
     */
    if (!driver || text[0] == '{' || strcmp(driver, "help") == 0 ||
        strcmp(driver, "?") == 0) {
        add_argument(parser, "-device");
        add_argument(parser, text);
        return OPTIONS_RUN;
    }
    type = parser->facts->device_type(driver);
    if (!type) {
        like = parser->facts->device_like(driver);
        if (like) {
            return fail(parser,
                        "there is no device called %s (is it %s?): "
                        "`pciem-qemu -device help` lists them all",
                        driver, like);
        }
        return fail(parser,
                    "there is no device called %s: "
                    "`pciem-qemu -device help` lists them all",
                    driver);
    }
    if (keyvals_find(device, "help") || keyvals_find(device, "?")) {
        add_argument(parser, "-device");
        add_argument(parser, text);
        return OPTIONS_RUN;
    }
    name = g_strdup(keyvals_get(device, "drive"));
    if (parser->facts->device_has_property(type, "drive") &&
        name_drive(parser, device, type) != OPTIONS_RUN) {
        return OPTIONS_ERROR;
    }
    make_serial(parser, device, type, name);
    rewritten = keyvals_format(device);
    add_argument(parser, "-device");
    add_argument(parser, rewritten);
    return OPTIONS_RUN;
}

/* Second pass: what QEMU sees. */
static OptionsAction rewrite_options(Parser *parser, const char *program)
{
    /*
     * Before the user's options, so that theirs win where the last one counts.
     */
    static const char *const ours[] = {
        "-machine", "pciem", "-accel", "pciem", "-nodefaults",
        "-display", "none",
    };

    add_argument(parser, program);
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        add_argument(parser, ours[i]);
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
        add_argument(parser, argument);
        if (name && parser->facts->option_takes_value(name)) {
            add_argument(parser, g_ptr_array_index(parser->user, ++i));
        }
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
    options->bridge.poll_ns = BRIDGE_POLL_NS;
    options->bridge.cpu = -1;
    if (argc < 2) {
        return fail(
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
    return action;
}

void options_free(Options *options)
{
    g_ptr_array_unref(options->argv);
    g_free(options->bridge.node);
    g_free(options->error);
}
