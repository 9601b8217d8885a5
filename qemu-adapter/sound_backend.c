/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keyvals.h"
#include "sound_backend.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/*
 * A socket that nobody answers any more is not enough: QEMU ends when it cannot
 * connect.
 */
static bool answers(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    bool connected;
    int fd;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >=
        sizeof(address.sun_path)) {
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return connected;
}

static bool pipewire_answers(void)
{
    const char *directory = environment("PIPEWIRE_RUNTIME_DIR");
    g_autofree char *path = NULL;

    if (!directory) {
        directory = environment("XDG_RUNTIME_DIR");
    }
    path = g_build_filename(directory ? directory : "", "pipewire-0", NULL);
    return directory && answers(path);
}

/*
 * For -audiodev's server=, or NULL. Without server= QEMU would look for a file
 * that a server which systemd starts on demand has not made yet.
 */
static char *pulse_server(void)
{
    const char *server = environment("PULSE_SERVER");
    const char *directory = environment("XDG_RUNTIME_DIR");
    g_autofree char *path = NULL;
    struct stat st;

    if (server) {
        return g_strdup(server);
    }
    path = g_build_filename(directory ? directory : "", "pulse", "native",
                            NULL);
    /* it serves one user, and root is another */
    if (!directory || stat(path, &st) != 0 || st.st_uid != geteuid() ||
        !answers(path)) {
        return NULL;
    }
    return g_strdup_printf("unix:%s", path);
}

/* A card that is not emulated: another pciem-qemu's would play on itself. */
static bool card_exists(const char *cards)
{
    g_autoptr(GDir) directory = g_dir_open(cards, 0, NULL);
    bool exists = false;
    const char *name;

    while (directory && !exists && (name = g_dir_read_name(directory))) {
        g_autofree char *link = g_build_filename(cards, name, NULL);
        char *path = realpath(link, NULL);

        exists = path && g_str_has_prefix(name, "card") &&
                 !strstr(path, "/pciem");
        free(path);
    }
    return exists;
}

char *sound_backend(const QemuFacts *facts, const char *cards, const char *id,
                    bool *silent)
{
    g_autoptr(GPtrArray) backend = keyvals_parse("", true);
    g_autofree char *server = NULL;
    const char *driver = "none";

    if (facts->audio_driver_exists("pipewire") && pipewire_answers()) {
        driver = "pipewire";
    } else if (facts->audio_driver_exists("pa") && (server = pulse_server())) {
        driver = "pa";
    } else if (facts->audio_driver_exists("alsa") && card_exists(cards)) {
        driver = "alsa";
    }
    *silent = strcmp(driver, "none") == 0;
    keyvals_add(backend, NULL, driver);
    keyvals_add(backend, "id", id);
    if (server) {
        keyvals_add(backend, "server", server);
    }
    return keyvals_format(backend);
}
