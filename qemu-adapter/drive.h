/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drive made from the name of a file or a URI that was given to a device as
 * drive=NAME.
 */
#ifndef PCIEM_QEMU_DRIVE_H
#define PCIEM_QEMU_DRIVE_H

#include <glib.h>
#include <stdbool.h>

/*
 * The argument of a -drive that gives @name the id @id; NULL and one sentence
 * in @error when it cannot be used.
 * @format: "raw", "qcow2" or NULL, see image_format() for what is chosen then.
 */
char *drive_argument(const char *name, const char *id, const char *format,
                     char **error);

/*
 * A sentence when another process uses the image in a way that excludes us,
 * else NULL.
 */
char *drive_busy(const char *name, bool read_only);

/* Looks like "scheme:..." and no file is called so. */
bool drive_is_uri(const char *name);

/*
 * 16 hexadecimal digits for a device that must have a serial number: the same
 * for the same file at every start. Drives without any identity (null-co:// and
 * the like) get a new one each time, because a host that sees one serial number
 * twice takes both for paths to one disk.
 */
char *drive_serial(const char *name);

#endif
