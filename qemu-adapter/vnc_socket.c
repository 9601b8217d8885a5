/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vnc_socket.h"

static char *socket_path;
static char *own_directory; /* made for the socket alone; else NULL */
static pid_t holder;        /* the process that takes it away; 0: none */

static void take_away(void)
{
    if (getpid() != holder) {
        return;
    }
    unlink(socket_path);
    if (own_directory) {
        rmdir(own_directory);
    }
}

/* @others: what others must not be allowed to do in it. */
static bool is_own(const char *directory, mode_t others)
{
    struct stat st;

    return directory && directory[0] == '/' && stat(directory, &st) == 0 &&
           S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & others) && access(directory, W_OK | X_OK) == 0;
}

/* To connect to a socket is to write to it. */
static bool files_are_own(void)
{
    mode_t mask = umask(077);

    umask(mask);
    return (mask & 022) == 022;
}

static char *path_in(const char *directory)
{
    g_autofree char *name = g_strdup_printf("pciem-qemu-%d.vnc", getpid());
    char *path = g_build_filename(directory, name, NULL);

    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

static char *choose_path(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *path = NULL;

    if (is_own(runtime, 077)) {
        path = path_in(runtime);
    }
    if (!path && geteuid() == 0 && is_own("/run", 022) && files_are_own()) {
        path = path_in("/run");
    }
    if (!path) {
        own_directory = g_dir_make_tmp("pciem-qemu-XXXXXX", NULL);
        path = own_directory ? path_in(own_directory) : NULL;
        if (own_directory && !path) {
            rmdir(own_directory);
            g_clear_pointer(&own_directory, g_free);
        }
    }
    return path;
}

char *vnc_socket_make(bool daemonize)
{
    g_clear_pointer(&socket_path, g_free);
    g_clear_pointer(&own_directory, g_free);
    socket_path = choose_path();
    if (!socket_path) {
        return NULL;
    }
    holder = daemonize ? 0 : getpid();
    atexit(take_away);
    return g_strdup(socket_path);
}

void vnc_socket_hold(void)
{
    if (socket_path) {
        holder = getpid();
    }
}
