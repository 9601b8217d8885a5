/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_OFD_GETLK */
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drive.h"
#include "keyvals.h"

/*
 * QEMU's image locks: a byte a permission that is held, and a byte a permission
 * that others must not take.
 */
#define LOCK_WRITE_HELD 101
#define LOCK_WRITE_FORBIDDEN 201

static const char qcow2_magic[4] = { 'Q', 'F', 'I', '\xfb' };

bool drive_is_uri(const char *name)
{
    const char *p = name;

    if (!g_ascii_isalpha(*p)) {
        return false;
    }
    while (g_ascii_isalnum(*p) || strchr("+-._", *p)) {
        if (!*p) {
            return false;
        }
        p++;
    }
    return *p == ':' && access(name, F_OK) != 0;
}

static bool has_identity(const char *name)
{
    return !strstr(name, "null-co") && !strstr(name, "null-aio");
}

char *drive_serial(const char *name)
{
    g_autofree char *path = realpath(name, NULL);
    g_autofree char *unique = NULL;
    g_autofree char *digest = NULL;

    if (!path && !has_identity(name)) {
        unique = g_uuid_string_random();
    }
    if (path || unique) {
        name = path ? path : unique;
    }
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    return g_strndup(digest, 16);
}

/*
 * Raw or qcow2? Whoever writes through the device can put any bytes at the
 * start of a raw image. If they decided alone, a raw image could turn into a
 * qcow2 image at the next start, one whose header names any file of this
 * machine as its backing file. So the content never decides: the name (or a
 * format= of the user) does, and where the content contradicts it, the start is
 * refused until the user says which of the two is meant.
 */
static const char *image_format(const char *name, bool magic, char **error)
{
    bool named = g_str_has_suffix(name, ".qcow2");

    if (magic && !named) {
        *error = g_strdup_printf("%s begins like a qcow2 image but is not "
                                 "named .qcow2: if it is one, add format=qcow2 "
                                 "to the device; if it is a raw image into "
                                 "which such bytes were written, format=raw",
                                 name);
        return NULL;
    }
    if (!magic && named) {
        *error = g_strdup_printf("%s is named .qcow2 but is no qcow2 image: "
                                 "make one with `qemu-img create -f qcow2`, "
                                 "or add format=raw to the device",
                                 name);
        return NULL;
    }
    return named ? "qcow2" : "raw";
}

/* Byte @at is locked by another open file. */
static bool byte_locked(int fd, off_t at)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1
    };

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static char *busy_sentence(const char *name, int fd, bool read_only)
{
    if (!byte_locked(fd, LOCK_WRITE_FORBIDDEN) &&
        (read_only || !byte_locked(fd, LOCK_WRITE_HELD))) {
        return NULL;
    }
    return g_strdup_printf("%s is in use by another process that writes to it: "
                           "stop that process, or give another image",
                           name);
}

char *drive_busy(const char *name, bool read_only)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *sentence = NULL;

    if (fd >= 0) {
        sentence = busy_sentence(name, fd, read_only);
        close(fd);
    }
    return sentence;
}

/*
 * Open for reading and writing, or for reading when no more is allowed: -1 with
 * a sentence in @error.
 */
static int open_image(const char *name, bool *read_only, char **error)
{
    /*
     * A block device that is mounted or used otherwise by this machine cannot
     * be opened exclusively.
     */
    struct stat st;
    int flags = O_CLOEXEC | O_NONBLOCK;
    int fd;

    *read_only = false;
    if (stat(name, &st) == 0) {
        if (S_ISBLK(st.st_mode)) {
            flags |= O_EXCL;
        }
        /*
         * root may write to it all the same, but somebody has said that it is
         * not to be written to
         */
        *read_only = !(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
    }
    fd = open(name, (*read_only ? O_RDONLY : O_RDWR) | flags);
    if (fd < 0 && !*read_only &&
        (errno == EACCES || errno == EPERM || errno == EROFS)) {
        *read_only = true;
        fd = open(name, O_RDONLY | flags);
    }
    if (fd >= 0) {
        return fd;
    }
    switch (errno) {
    case ENOENT:
        *error = g_strdup_printf("there is no drive and no file called %s: "
                                 "make one with `truncate -s 1G %s`",
                                 name, name);
        break;
    case EISDIR:
        *error = g_strdup_printf("%s is a directory: give an image file, or "
                                 "fat:%s for its content as a FAT disk",
                                 name, name);
        break;
    case EBUSY:
        *error = g_strdup_printf(
            "%s is in use by this machine: unmount it first", name);
        break;
    default:
        *error = g_strdup_printf(
            "%s cannot be read (%s): check its permissions", name,
            g_strerror(errno));
    }
    return -1;
}

/*
 * File names with a colon, or that begin like an option, reach QEMU as a path.
 */
static char *file_argument(const char *name)
{
    if (name[0] == '/' || (!strchr(name, ':') && name[0] != '-')) {
        return g_strdup(name);
    }
    return g_strdup_printf("./%s", name);
}

/*
 * io_uring answers from the page cache without a change of thread; some systems
 * forbid it.
 */
static const char *asynchronous_io(void)
{
    struct io_uring_params params = { 0 };
    int fd = syscall(__NR_io_uring_setup, 1, &params);

    if (fd < 0) {
        return "threads";
    }
    close(fd);
    return "io_uring";
}

static char *file_drive(const char *name, const char *id, const char *format,
                        char **error)
{
    g_autoptr(GPtrArray) drive = keyvals_parse("if=none", false);
    g_autofree char *file = file_argument(name);
    char magic[sizeof(qcow2_magic)] = "";
    bool read_only;
    int fd;

    fd = open_image(name, &read_only, error);
    if (fd < 0) {
        return NULL;
    }
    *error = busy_sentence(name, fd, read_only);
    if (*error) {
        close(fd);
        return NULL;
    }
    if (pread(fd, magic, sizeof(magic), 0) < 0) {
        *error = g_strdup_printf(
            "%s cannot be read (%s): give a file or a block device", name,
            g_strerror(errno));
        close(fd);
        return NULL;
    }
    close(fd);
    if (!format) {
        format = image_format(
            name, memcmp(magic, qcow2_magic, sizeof(magic)) == 0, error);
    }
    if (!format) {
        return NULL;
    }
    keyvals_add(drive, "id", id);
    keyvals_add(drive, "file", file);
    keyvals_add(drive, "format", format);
    keyvals_add(drive, "aio", asynchronous_io());
    keyvals_add(drive, "discard", "unmap");
    /*
     * a full disk is an error for the driver to report; to stop the machine, as
     * QEMU would, would stop this one's driver
     */
    keyvals_add(drive, "werror", "report");
    if (read_only) {
        keyvals_add(drive, "read-only", "on");
    }
    return keyvals_format(drive);
}

static char *uri_drive(const char *name, const char *id, const char *format)
{
    g_autoptr(GPtrArray) drive = keyvals_parse("if=none", false);

    keyvals_add(drive, "id", id);
    keyvals_add(drive, "file", name);
    if (format || !g_str_has_prefix(name, "json:")) {
        keyvals_add(drive, "format", format ? format : "raw");
    }
    return keyvals_format(drive);
}

char *drive_argument(const char *name, const char *id, const char *format,
                     char **error)
{
    if (format && strcmp(format, "raw") != 0 && strcmp(format, "qcow2") != 0) {
        *error = g_strdup_printf("format=%s is neither raw nor qcow2: for "
                                 "other formats make the drive with -blockdev",
                                 format);
        return NULL;
    }
    return drive_is_uri(name) ? uri_drive(name, id, format)
                              : file_drive(name, id, format, error);
}
