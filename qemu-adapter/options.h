/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of pciem-qemu: what is ours is taken out, what makes no
 * sense without a CPU is refused, and the rest becomes the command line that
 * QEMU sees. Plain C on glib: nothing of QEMU is needed, so that a unit test
 * can link it.
 */
#ifndef PCIEM_QEMU_OPTIONS_H
#define PCIEM_QEMU_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What has to be asked of QEMU. The unit test answers from a table. */
typedef struct QemuFacts {
    /*
     * Does -NAME take a value? Unknown options: false; QEMU itself complains
     * about them.
     */
    bool (*option_takes_value)(const char *name);
    /*
     * The type behind a device name or an alias of it; NULL when there is none.
     */
    const char *(*device_type)(const char *name);
    bool (*device_has_property)(const char *type, const char *property);
    /* An existing name that is close to a mistyped one, or NULL. */
    const char *(*device_like)(const char *name);
    /* Does it have a picture to show? */
    bool (*device_is_display)(const char *type);
    /* Can -audiodev NAME be given? */
    bool (*audio_driver_exists)(const char *name);
    /* The -display that opens a window, or NULL. */
    const char *(*window)(void);
} QemuFacts;

/* -bridge. Zero means the default of libpciem, but for the last two. */
typedef struct BridgeOptions {
    char *node;
    uint64_t pool_size;
    uint64_t mem32_size;
    uint64_t mem64_size;
    uint64_t ram_size; /* 0: what the devices need */
    bool no_ram;
    unsigned int queue_entries;
    bool direct;
    int64_t poll_ns; /* BRIDGE_POLL_NS unless given; 0: never poll */
    int cpu;         /* -1: any */
} BridgeOptions;

#define BRIDGE_POLL_NS 100000

typedef enum OptionsAction {
    OPTIONS_RUN, /* argv is QEMU's command line */
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_ERROR, /* error is one sentence for stderr; exit status 1 */
} OptionsAction;

typedef struct Options {
    GPtrArray *argv;  /* of char *, NULL at the end */
    GPtrArray *notes; /* of char *: lines for announce() */
    BridgeOptions bridge;
    char *error;
} Options;

OptionsAction options_parse(Options *options, int argc, char **argv,
                            const QemuFacts *facts);
void options_free(Options *options);

#endif
