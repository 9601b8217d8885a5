/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

/* scsi disks are the deepest: ata1/host0/target0:0:0/0:0:0:0/block/sda */
#define DEPTH 8

/*
 * Subsystems by which a user knows a device, and where the nodes of each are.
 */
static const struct {
    const char *subsystem;
    const char *prefix; /* of the node's path; NULL: it has none */
    bool named;         /* its name is said even beside a node */
    bool early;         /* its name is there before its node */
} kinds[] = {
    { "block", "/dev/", false, false },
    { "net", NULL, true, false },
    { "nvme", NULL, true, true },
    { "drm", "/dev/dri/", true, false },
    { "sound", "/dev/snd/", true, true },
    { "input", "/dev/input/", false, false },
    { "tty", "/dev/", false, false },
    { "watchdog", "/dev/", false, false },
};

typedef struct Found {
    GString *names;
    GString *nodes;
    bool early; /* of a name in the list: a node is to come */
} Found;

static char *link_name(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);

    return target ? g_path_get_basename(target) : NULL;
}

static void append(GString *list, const char *prefix, const char *name)
{
    if (list->len) {
        g_string_append_c(list, ' ');
    }
    g_string_append_printf(list, "%s%s", prefix, name);
}

/*
 * The disk of an NVMe namespace with several paths is not below any one of
 * them: nvme0c1n1 is a path to nvme0n1.
 */
static char *disk_name(const char *name)
{
    unsigned int subsystem, controller, namespace;

    if (sscanf(name, "nvme%uc%un%u", &subsystem, &controller, &namespace) ==
        3) {
        return g_strdup_printf("nvme%un%u", subsystem, namespace);
    }
    return g_strdup(name);
}

/*
 * The nodes of a sound card or a display are many; the one that stands for it
 * is enough.
 */
static bool stands_for_device(const char *subsystem, const char *name)
{
    if (strcmp(subsystem, "sound") == 0) {
        return g_str_has_prefix(name, "controlC");
    }
    if (strcmp(subsystem, "drm") == 0) {
        return g_str_has_prefix(name, "card") && !strchr(name, '-');
    }
    if (strcmp(subsystem, "input") == 0) {
        return g_str_has_prefix(name, "event");
    }
    return true;
}

static void note(Found *found, const char *subsystem, const char *path,
                 const char *name)
{
    g_autofree char *partition = g_build_filename(path, "partition", NULL);
    g_autofree char *disk = NULL;

    if (access(partition, F_OK) == 0) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].subsystem, subsystem) != 0) {
            continue;
        }
        found->early |= kinds[i].early;
        if (strcmp(subsystem, "sound") == 0 && g_str_has_prefix(name, "card")) {
            append(found->names, "", name);
        } else if (stands_for_device(subsystem, name)) {
            disk = disk_name(name);
            if (kinds[i].named && strcmp(subsystem, "sound") != 0) {
                append(found->names, "", name);
            }
            if (kinds[i].prefix) {
                append(found->nodes, kinds[i].prefix, disk);
            }
        }
    }
}

static void search(Found *found, const char *path, int depth)
{
    DIR *directory = depth ? opendir(path) : NULL;
    struct dirent *entry;

    if (!directory) {
        return;
    }
    while ((entry = readdir(directory))) {
        g_autofree char *child = g_build_filename(path, entry->d_name, NULL);
        g_autofree char *link = g_build_filename(child, "subsystem", NULL);
        g_autofree char *subsystem = NULL;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') {
            continue;
        }
        subsystem = link_name(link);
        /* other functions behind a bridge have lines of their own */
        if (g_strcmp0(subsystem, "pci") == 0) {
            continue;
        }
        if (subsystem) {
            note(found, subsystem, child, entry->d_name);
        }
        search(found, child, depth - 1);
    }
    closedir(directory);
}

char *sysfs_driver(const char *address)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%s/driver",
                                            address);

    return link_name(path);
}

char *sysfs_describe(const char *address, const char *driver, bool *complete)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%s", address);
    Found found = { g_string_new(NULL), g_string_new(NULL), false };
    GString *text = g_string_new(NULL);

    search(&found, path, DEPTH);
    /* "nvme0" says "nvme" already */
    if (!g_str_has_prefix(found.names->str, driver)) {
        append(text, "", driver);
    }
    if (found.names->len) {
        append(text, "", found.names->str);
    }
    if (found.nodes->len) {
        g_string_append_printf(text, " (%s)", found.nodes->str);
    }
    *complete = found.nodes->len || (found.names->len && !found.early);
    g_string_free(found.names, TRUE);
    g_string_free(found.nodes, TRUE);
    return g_string_free(text, FALSE);
}
