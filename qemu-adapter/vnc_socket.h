/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A path for the socket of a VNC server to which nobody but this user can
 * connect. QEMU leaves its socket behind; the process takes it away as it
 * exits.
 */
#ifndef PCIEM_QEMU_VNC_SOCKET_H
#define PCIEM_QEMU_VNC_SOCKET_H

#include <stdbool.h>

/*
 * NULL: there is no directory for it. @daemonize: this process will exit while
 * another one serves.
 */
char *vnc_socket_make(bool daemonize);

/* This process is the one that serves. */
void vnc_socket_hold(void);

#endif
