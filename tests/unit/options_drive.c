// SPDX-License-Identifier: GPL-2.0-only
/* The drive that pciem-qemu makes of a file name: its format, whether it may be written, and who else uses it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "drive.h"
#include "options_fake.h"

#define QCOW2 "QFI\xfb\0\0\0\3"

static void assert_drive(const char *path, const char *format, const char *expected)
{
	g_autofree char *error = NULL;
	g_autofree char *drive = drive_argument(path, "d", format, &error);

	assert_null(error);
	assert_non_null(drive);
	if (!strstr(drive, expected))
		fail_msg("\"%s\" has no \"%s\"", drive, expected);
}

static void assert_no_drive(const char *path, const char *format, const char *expected)
{
	g_autofree char *error = NULL;
	g_autofree char *drive = drive_argument(path, "d", format, &error);

	assert_null(drive);
	assert_non_null(error);
	if (!strstr(error, expected))
		fail_msg("\"%s\" does not say \"%s\"", error, expected);
}

static void plain_files_are_raw(void **state)
{
	g_autofree char *path = image("plain.img", "boot", 4);
	g_autofree char *empty = image("empty.img", "", 0);

	assert_drive(path, NULL, ",format=raw,");
	assert_drive(empty, NULL, ",format=raw,");
	g_remove(path);
	g_remove(empty);
}

static void content_alone_makes_no_qcow2(void **state)
{
	/* whoever writes through the device can write this */
	g_autofree char *path = image("written.img", QCOW2, 8);

	assert_no_drive(path, NULL, "format=raw");
	assert_drive(path, "raw", ",format=raw,");
	assert_drive(path, "qcow2", ",format=qcow2,");
	g_remove(path);
}

static void the_name_makes_a_qcow2(void **state)
{
	g_autofree char *path = image("a.qcow2", QCOW2, 8);
	g_autofree char *wrong = image("b.qcow2", "boot", 4);

	assert_drive(path, NULL, ",format=qcow2,");
	assert_no_drive(wrong, NULL, "is no qcow2 image");
	assert_drive(wrong, "raw", ",format=raw,");
	g_remove(path);
	g_remove(wrong);
}

static void read_only_files_stay_so(void **state)
{
	g_autofree char *path = image("readonly.img", "boot", 4);

	assert_int_equal(chmod(path, 0444), 0);
	assert_drive(path, NULL, ",read-only=on");
	assert_int_equal(chmod(path, 0644), 0);
	g_remove(path);
}

static void directories_are_no_images(void **state)
{
	assert_no_drive(directory, NULL, "is a directory");
}

static void missing_files_are_named(void **state)
{
	assert_no_drive("/nonexistent/disk.img", NULL, "truncate -s 1G /nonexistent/disk.img");
}

static void locked_images_are_busy(void **state)
{
	/* as QEMU does it: writing is held, and forbidden to others */
	static const off_t bytes[] = { 101, 201 };
	g_autofree char *path = image("busy.img", "boot", 4);

	for (size_t i = 0; i < G_N_ELEMENTS(bytes); i++) {
		struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = bytes[i], .l_len = 1 };
		int fd = open(path, O_RDWR);

		assert_true(fd >= 0);
		assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
		assert_no_drive(path, NULL, "is in use by another process");
		close(fd);
		assert_drive(path, NULL, ",format=raw,");
	}
	g_remove(path);
}

static void names_with_a_colon_are_files(void **state)
{
	g_autofree char *path = image("a:b.img", "boot", 4);
	g_autofree char *before = g_get_current_dir();

	assert_int_equal(chdir(directory), 0);
	assert_false(drive_is_uri("a:b.img"));
	assert_drive("a:b.img", NULL, ",file=./a:b.img,");
	assert_int_equal(chdir(before), 0);
	g_remove(path);
}

static void uris_are_told_from_names(void **state)
{
	assert_true(drive_is_uri("null-co://"));
	assert_true(drive_is_uri("nbd:localhost:10809"));
	assert_true(drive_is_uri("nbd+unix:///x?socket=/y"));
	assert_true(drive_is_uri("json:{}"));
	assert_false(drive_is_uri("disk.img"));
	assert_false(drive_is_uri("/dev/disk/by-path/pci-0000:00"));
	assert_false(drive_is_uri(""));
	assert_false(drive_is_uri("://"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_files_are_raw),
		cmocka_unit_test(content_alone_makes_no_qcow2),
		cmocka_unit_test(the_name_makes_a_qcow2),
		cmocka_unit_test(read_only_files_stay_so),
		cmocka_unit_test(directories_are_no_images),
		cmocka_unit_test(missing_files_are_named),
		cmocka_unit_test(locked_images_are_busy),
		cmocka_unit_test(names_with_a_colon_are_files),
		cmocka_unit_test(uris_are_told_from_names),
	};

	return cmocka_run_group_tests(tests, fake_set_up, fake_tear_down);
}
