// SPDX-License-Identifier: GPL-2.0-only
/* Where pciem-qemu shows what a display card draws. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "announce.h"
#include "options_fake.h"
#include "vnc_socket.h"

/* The directory as $XDG_RUNTIME_DIR, and the path of the socket in it. */
static char *runtime_socket(void)
{
	setenv("XDG_RUNTIME_DIR", directory, 1);
	return g_strdup_printf("%s/pciem-qemu-%d.vnc", directory, getpid());
}

static void without_a_session_it_is_vnc(void **state)
{
	g_autofree char *path = runtime_socket();
	g_autofree char *expected = g_strdup_printf("-device screen,id=a -vnc unix:%s", path);

	assert_rewritten("pciem-qemu -device screen,id=a", expected);
	/* a session without a QEMU that can show windows */
	setenv("DISPLAY", ":0", 1);
	assert_rewritten("pciem-qemu -device screen,id=a", expected);
	/* and a variable that is there but empty */
	setenv("DISPLAY", "", 1);
	fake_window = "gtk";
	assert_rewritten("pciem-qemu -device screen,id=a", expected);
}

static void in_a_session_it_is_a_window(void **state)
{
	fake_window = "gtk";
	setenv("DISPLAY", ":0", 1);
	assert_rewritten("pciem-qemu -device screen", "-device screen -display gtk");
	unsetenv("DISPLAY");
	setenv("WAYLAND_DISPLAY", "wayland-0", 1);
	fake_window = "sdl";
	assert_rewritten("pciem-qemu -device edu -device screen", "-device edu -device screen -display sdl");
}

static void what_the_user_says_is_kept(void **state)
{
	static const char *const given[] = {
		"-display none", "-display vnc=:1", "-vnc :1", "-nographic", "-spice port=1", "--vnc :1",
	};

	fake_window = "gtk";
	setenv("DISPLAY", ":0", 1);
	for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
		g_autofree char *line = g_strdup_printf("pciem-qemu %s -device screen", given[i]);
		g_autofree char *expected = g_strdup_printf("%s -device screen", given[i]);

		assert_rewritten(line, expected);
	}
	/* the value of another option */
	assert_rewritten("pciem-qemu -name -vnc -device screen", "-name -vnc -device screen -display gtk");
}

static void other_devices_open_nothing(void **state)
{
	fake_window = "gtk";
	setenv("DISPLAY", ":0", 1);
	assert_rewritten("pciem-qemu -device edu", "-device edu");
	assert_rewritten("pciem-qemu -device screen,help", "-device screen,help");
	assert_rewritten("pciem-qemu -device {\"driver\":\"screen\"}", "-device {\"driver\":\"screen\"}");
}

static void the_address_is_told(void **state)
{
	g_autofree char *path = runtime_socket();
	g_autofree char *expected = g_strdup_printf("display of virtio-screen-pci: VNC on unix:%s (vncviewer %s)", path, path);
	Options options;

	assert_int_equal(parse(&options, "pciem-qemu -device virtio-screen -device screen"), OPTIONS_RUN);
	assert_int_equal(options.notes->len, 1);
	assert_string_equal(g_ptr_array_index(options.notes, 0), expected);
	options_free(&options);
	assert_int_equal(parse(&options, "pciem-qemu -device virtio-screen -display none"), OPTIONS_RUN);
	assert_int_equal(options.notes->len, 0);
	options_free(&options);
}

static void commas_in_the_directory_survive(void **state)
{
	g_autofree char *comma = g_build_filename(directory, "a,b", NULL);
	g_autofree char *expected = g_strdup_printf("-device screen -vnc unix:%s/a,,b/pciem-qemu-%d.vnc", directory, getpid());

	assert_int_equal(g_mkdir(comma, 0700), 0);
	setenv("XDG_RUNTIME_DIR", comma, 1);
	assert_rewritten("pciem-qemu -device screen", expected);
	g_rmdir(comma);
}

/* --- the socket's path, each time in a process that ends ---------------------------------------------------------------- */

/* What vnc_socket_make() says in a process with this environment and umask, where others may do so much in its directory. */
static char *place(const char *runtime, mode_t mask, mode_t *directory_mode)
{
	char path[PATH_MAX] = "";
	int ends[2], status;
	struct stat st;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		g_autofree char *made = NULL, *parent = NULL;

		umask(mask);
		setenv("XDG_RUNTIME_DIR", runtime, 1);
		made = vnc_socket_make(false);
		parent = g_path_get_dirname(made);
		if (!g_file_set_contents(made, "", 0, NULL) || stat(parent, &st) != 0)
			_exit(1);
		/* the name without what differs each time, and the mode */
		dprintf(ends[1], "%s %o", made, st.st_mode & 0777);
		exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], path, sizeof(path) - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	/* with any status: it may have inherited the leaks of a test that failed */
	assert_true(WIFEXITED(status));
	*directory_mode = strtol(strchr(path, ' '), NULL, 8);
	*strchr(path, ' ') = '\0';
	/* taken away, and with it a directory that was made for it */
	assert_int_not_equal(access(path, F_OK), 0);
	if (g_str_has_prefix(path, "/tmp/pciem-qemu-")) {
		g_autofree char *parent = g_path_get_dirname(path);

		assert_int_not_equal(access(parent, F_OK), 0);
	}
	return g_strdup(path);
}

static void only_this_user_enters(void **state)
{
	g_autofree char *own = NULL, *open = NULL, *missing = NULL, *masked = NULL, *relative = NULL;
	mode_t mode;

	own = place(directory, 022, &mode);
	assert_true(g_str_has_prefix(own, directory));
	assert_int_equal(mode, 0700);

	assert_int_equal(chmod(directory, 0755), 0);
	open = place(directory, 022, &mode);
	assert_false(g_str_has_prefix(open, directory));
	assert_int_equal(chmod(directory, 0700), 0);

	missing = place("/nonexistent", 022, &mode);
	if (geteuid() == 0 && access("/run", W_OK) == 0) {
		assert_true(g_str_has_prefix(missing, "/run/pciem-qemu-"));
	} else {
		assert_true(g_str_has_prefix(missing, "/tmp/pciem-qemu-"));
		assert_int_equal(mode, 0700);
	}
	/* all may enter /run, so there the socket itself has to keep them out */
	masked = place("/nonexistent", 0, &mode);
	assert_true(g_str_has_prefix(masked, "/tmp/pciem-qemu-"));
	assert_int_equal(mode, 0700);

	/* a daemon goes elsewhere */
	assert_int_equal(chdir(directory), 0);
	relative = place(".", 022, &mode);
	assert_int_equal(chdir("/"), 0);
	assert_true(relative[0] == '/');
}

static void long_directories_are_passed_by(void **state)
{
	g_autofree char *name = g_strnfill(100, 'x');
	g_autofree char *deep = g_build_filename(directory, name, NULL);
	g_autofree char *path = NULL;
	mode_t mode;

	assert_int_equal(g_mkdir(deep, 0700), 0);
	path = place(deep, 022, &mode);
	assert_false(g_str_has_prefix(path, deep));
	g_rmdir(deep);
}

static void the_daemon_takes_the_socket_away(void **state)
{
	g_autofree char *note = g_build_filename(directory, "path", NULL);
	g_autofree char *path = NULL;
	int ends[2], status;
	pid_t child;
	char byte;

	assert_int_equal(pipe(ends), 0);
	setenv("XDG_RUNTIME_DIR", directory, 1);
	child = fork();
	if (child == 0) {
		g_autofree char *made = vnc_socket_make(true);
		Options options = { .notes = g_ptr_array_new() };

		close(ends[1]);
		if (!g_file_set_contents(made, "", 0, NULL) || !g_file_set_contents(note, made, -1, NULL))
			_exit(1);
		if (fork() == 0) {
			announce(&options);
			/* until the test has looked */
			if (read(ends[0], &byte, 1) != 1)
				_exit(1);
		}
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(g_file_get_contents(note, &path, NULL, NULL));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(write(ends[1], "", 1), 1);
	for (int i = 0; i < 500 && access(path, F_OK) == 0; i++)
		g_usleep(10000);
	assert_int_not_equal(access(path, F_OK), 0);
	close(ends[0]);
	close(ends[1]);
	g_remove(note);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_session_it_is_vnc, fake_reset),
		cmocka_unit_test_setup(in_a_session_it_is_a_window, fake_reset),
		cmocka_unit_test_setup(what_the_user_says_is_kept, fake_reset),
		cmocka_unit_test_setup(other_devices_open_nothing, fake_reset),
		cmocka_unit_test_setup(the_address_is_told, fake_reset),
		cmocka_unit_test_setup(commas_in_the_directory_survive, fake_reset),
		cmocka_unit_test_setup(only_this_user_enters, fake_reset),
		cmocka_unit_test_setup(long_directories_are_passed_by, fake_reset),
		cmocka_unit_test_setup(the_daemon_takes_the_socket_away, fake_reset),
	};

	return cmocka_run_group_tests(tests, fake_set_up, fake_tear_down);
}
