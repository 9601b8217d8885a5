/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pciem-qemu: the device models of QEMU on the PCI bus of this machine. This
 * file stands in the place of QEMU's system/main.c; all else of QEMU is linked
 * as it is.
 */
#include "qemu/osdep.h"
#include "qemu-main.h"
#include "qemu-version.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "system/replay.h"
#include "system/runstate.h"
#include "system/system.h"
#include "announce.h"
#include "catalogue.h"
#include "help.h"
#include "host.h"
#include "memlock.h"
#include "options.h"
#include "threads.h"

/* Drivers that say goodbye to their devices have this long. */
#define REMOVAL_MS 10000

/*
 * Some displays of QEMU offer to run the main loop in a thread of its own; here
 * it stays in this one.
 */
int (*qemu_main)(void);

static void parse_command_line(int argc, char **argv, Options *options)
{
    g_autofree char *name = g_path_get_basename(argv[0]);

    /* the names of the devices are QEMU's types */
    module_call_init(MODULE_INIT_TRACE);
    module_call_init(MODULE_INIT_QOM);
    switch (options_parse(options, argc, argv, &catalogue)) {
    case OPTIONS_RUN:
        return;
    case OPTIONS_HELP:
        fputs(help_text, stdout);
        exit(EXIT_SUCCESS);
    case OPTIONS_VERSION:
        printf("pciem-qemu %s (QEMU " QEMU_FULL_VERSION ")\n", PCIEM_VERSION);
        exit(EXIT_SUCCESS);
    case OPTIONS_ERROR:
        fprintf(stderr, "%s: %s\n", name, options->error);
        exit(EXIT_FAILURE);
    }
}

/*
 * QEMU's own handler says on stderr that it was told to end; that it does is
 * enough. The second one cuts it short.
 */
static void terminate(int signal)
{
    qemu_system_killed(0, 0);
}

static void handle_signals(void)
{
    struct sigaction action = { .sa_handler = terminate };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void removal_too_long(void *opaque)
{
    bool *too_long = opaque;

    *too_long = true;
}

/*
 * Serve the drivers until they have let go of their devices, so that what they
 * hold back still reaches the images.
 */
static void remove_devices(PciemHost *host)
{
    bool too_long = false;
    QEMUTimer *timer = timer_new_ms(QEMU_CLOCK_REALTIME, removal_too_long,
                                    &too_long);

    bus_remove(host);
    timer_mod(timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + REMOVAL_MS);
    while (host->state == BUS_REMOVING && !too_long &&
           !qemu_shutdown_requested_get()) {
        main_loop_wait(false);
    }
    timer_free(timer);
    if (host->state == BUS_REMOVING) {
        error_report("the drivers have not let go of the devices: they are "
                     "taken away now");
    }
}

int main(int argc, char **argv)
{
    Options options;
    int status;

    parse_command_line(argc, argv, &options);
    pciem_bridge_options = options.bridge;
    memory_avoid_io();
    announce_begin();

    qemu_init(options.argv->len - 1, (char **)options.argv->pdata);
    announce(&options);
    if (options.bridge.cpu >= 0 && !threads_pin(options.bridge.cpu)) {
        error_report("-bridge cpu=%d: there is no such CPU, or it is not "
                     "allowed to this process",
                     options.bridge.cpu);
        exit(EXIT_FAILURE);
    }
    threads_set_apart();
    threads_prioritize();
    handle_signals();
    memory_lock();
    ram_init(pciem_host);
    bus_start(pciem_host);

    status = qemu_main_loop();

    remove_devices(pciem_host);
    threads_realtime(false);
    qemu_cleanup(status);
    pciem_close(pciem_host->link);
    bql_unlock();
    replay_mutex_unlock();
    exit(status);
}
