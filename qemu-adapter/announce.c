/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "announce.h"
#include "vnc_socket.h"

/* Standard output as it was: -daemonize puts nothing in its place. */
static int output = -1;

void announce_begin(void)
{
    output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

void announce(const Options *options)
{
    FILE *file = output < 0 ? NULL : fdopen(output, "w");

    if (file) {
        for (guint i = 0; i < options->notes->len; i++) {
            fprintf(file, "%s\n", (char *)g_ptr_array_index(options->notes, i));
        }
        fclose(file);
    }
    vnc_socket_hold();
}
