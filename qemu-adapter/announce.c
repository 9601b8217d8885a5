/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "announce.h"
#include "vnc_socket.h"

void announce(const Options *options)
{
    for (guint i = 0; i < options->notes->len; i++) {
        puts(g_ptr_array_index(options->notes, i));
    }
    fflush(stdout);
    vnc_socket_hold();
}
