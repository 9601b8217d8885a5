// SPDX-License-Identifier: GPL-2.0-only
/* What pciem-qemu adds to sound cards: codecs, and something that plays. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "options_fake.h"
#include "sound_backend.h"

#define NONE "-audiodev none,id=pciem-sound0 "

static void a_controller_without_codec_gets_one(void **state)
{
	assert_rewritten("pciem-qemu -device intel-hda", "-device intel-hda,id=pciem-hda0 " NONE
			 "-device hda-duplex,bus=pciem-hda0.0,audiodev=pciem-sound0");
	assert_rewritten("pciem-qemu -device ich9-intel-hda,id=a", "-device ich9-intel-hda,id=a " NONE
			 "-device hda-duplex,bus=a.0,audiodev=pciem-sound0");
	assert_rewritten("pciem-qemu -device edu,id=pciem-hda0 -device intel-hda",
			 "-device edu,id=pciem-hda0 -device intel-hda,id=pciem-hda1 " NONE
			 "-device hda-duplex,bus=pciem-hda1.0,audiodev=pciem-sound0");
}

static void two_controllers_get_a_codec_each(void **state)
{
	assert_rewritten("pciem-qemu -device intel-hda -device intel-hda",
			 "-device intel-hda,id=pciem-hda0 " NONE
			 "-device hda-duplex,bus=pciem-hda0.0,audiodev=pciem-sound0 "
			 "-device intel-hda,id=pciem-hda1 -device hda-duplex,bus=pciem-hda1.0,audiodev=pciem-sound0");
}

static void a_codec_with_bus_is_that_controllers(void **state)
{
	assert_rewritten("pciem-qemu -device intel-hda,id=a -device hda-output,bus=a.0,audiodev=x",
			 "-device intel-hda,id=a -device hda-output,bus=a.0,audiodev=x");
	assert_rewritten("pciem-qemu -device intel-hda,id=a -device intel-hda,id=b -device hda-output,bus=a.0,audiodev=x",
			 "-device intel-hda,id=a -device intel-hda,id=b " NONE
			 "-device hda-duplex,bus=b.0,audiodev=pciem-sound0 -device hda-output,bus=a.0,audiodev=x");
	assert_rewritten("pciem-qemu -device intel-hda,id=a -device {\"driver\":\"hda-output\",\"bus\":\"a.0\"}",
			 "-device intel-hda,id=a -device {\"driver\":\"hda-output\",\"bus\":\"a.0\"}");
}

static void a_codec_without_bus_is_the_last_controllers(void **state)
{
	assert_rewritten("pciem-qemu -device intel-hda -device hda-output,audiodev=x",
			 "-device intel-hda -device hda-output,audiodev=x");
	assert_rewritten("pciem-qemu -device intel-hda,id=a -device hda-output,audiodev=x -device intel-hda,id=b",
			 "-device intel-hda,id=a -device hda-output,audiodev=x -device intel-hda,id=b " NONE
			 "-device hda-duplex,bus=b.0,audiodev=pciem-sound0");
	assert_rewritten("pciem-qemu -device intel-hda,id=a -device intel-hda,id=b -device hda-output,audiodev=x",
			 "-device intel-hda,id=a " NONE "-device hda-duplex,bus=a.0,audiodev=pciem-sound0 "
			 "-device intel-hda,id=b -device hda-output,audiodev=x");
}

static void buses_that_qemu_counts_keep_their_numbers(void **state)
{
	/* an id for the first controller would make hda.1 the name of no bus */
	assert_rewritten("pciem-qemu -device intel-hda -device intel-hda -device hda-output,bus=hda.1,audiodev=x",
			 "-device intel-hda -device intel-hda -device hda-output,bus=hda.1,audiodev=x");
	/* but this is the name of the user's own */
	assert_rewritten("pciem-qemu -device intel-hda,id=hda -device intel-hda -device hda-output,bus=hda.0,audiodev=x",
			 "-device intel-hda,id=hda -device intel-hda,id=pciem-hda0 " NONE
			 "-device hda-duplex,bus=pciem-hda0.0,audiodev=pciem-sound0 "
			 "-device hda-output,bus=hda.0,audiodev=x");
}

static void cards_share_what_plays(void **state)
{
	assert_rewritten("pciem-qemu -device AC97 -device AC97,id=b",
			 NONE "-device AC97,audiodev=pciem-sound0 -device AC97,id=b,audiodev=pciem-sound0");
	assert_rewritten("pciem-qemu -device intel-hda -device hda-output",
			 "-device intel-hda " NONE "-device hda-output,audiodev=pciem-sound0");
}

static void the_first_audiodev_of_the_user_is_taken(void **state)
{
	assert_rewritten("pciem-qemu -audiodev wav,id=u -device AC97", "-audiodev wav,id=u -device AC97,audiodev=u");
	assert_rewritten("pciem-qemu -device AC97 -audiodev wav,id=u -audiodev wav,id=v",
			 "-device AC97,audiodev=u -audiodev wav,id=u -audiodev wav,id=v");
	assert_rewritten("pciem-qemu -audiodev {\"driver\":\"wav\",\"id\":\"j\"} -device intel-hda,id=a",
			 "-audiodev {\"driver\":\"wav\",\"id\":\"j\"} -device intel-hda,id=a "
			 "-device hda-duplex,bus=a.0,audiodev=j");
	assert_rewritten("pciem-qemu -audio wav,model=es1370 -device AC97",
			 "-audio wav,model=es1370 -device AC97,audiodev=audiodev0");
	assert_rewritten("pciem-qemu -audio wav,model=es1370,id=m -device AC97",
			 "-audio wav,model=es1370,id=m -device AC97,audiodev=m");
}

static void what_the_user_says_is_kept(void **state)
{
	assert_rewritten("pciem-qemu -device AC97,audiodev=x", "-device AC97,audiodev=x");
	/* QEMU's own default for cards */
	assert_rewritten("pciem-qemu -audio wav -device AC97", "-audio wav -device AC97");
	assert_rewritten("pciem-qemu -device AC97 -global AC97.audiodev=x", "-device AC97 -global AC97.audiodev=x");
	assert_rewritten("pciem-qemu -device AC97 -global driver=AC97,property=audiodev,value=x",
			 "-device AC97 -global driver=AC97,property=audiodev,value=x");
	assert_rewritten("pciem-qemu -global hda-duplex.audiodev=x -device AC97",
			 "-global hda-duplex.audiodev=x " NONE "-device AC97,audiodev=pciem-sound0");
}

static void help_and_json_pass(void **state)
{
	assert_rewritten("pciem-qemu -device intel-hda,help", "-device intel-hda,help");
	assert_rewritten("pciem-qemu -device AC97,help", "-device AC97,help");
	assert_rewritten("pciem-qemu -device {\"driver\":\"intel-hda\"}", "-device {\"driver\":\"intel-hda\"}");
	assert_rewritten("pciem-qemu -device edu", "-device edu");
}

static unsigned int notes(const char *line, const char *expected)
{
	Options options;
	unsigned int count;

	assert_int_equal(parse(&options, line), OPTIONS_RUN);
	count = options.notes->len;
	for (unsigned int i = 0; i < count; i++)
		assert_non_null(strstr(g_ptr_array_index(options.notes, i), expected));
	options_free(&options);
	return count;
}

static void silence_is_told_once(void **state)
{
	assert_int_equal(notes("pciem-qemu -device AC97 -device intel-hda", "sound: silent, "), 1);
	assert_int_equal(notes("pciem-qemu -device AC97 -audiodev none,id=u", ""), 0);
	assert_int_equal(notes("pciem-qemu -device edu", ""), 0);
	fake_audio_drivers = " pa ";
	setenv("PULSE_SERVER", "host", 1);
	assert_int_equal(notes("pciem-qemu -device AC97", ""), 0);
}

/* --- what plays --------------------------------------------------------------------------------------------------------- */

static void assert_backend(const char *expected)
{
	bool silent;
	g_autofree char *backend = sound_backend(&fake_qemu, directory, "s", &silent);

	assert_string_equal(backend, expected);
	assert_int_equal(silent, g_str_has_prefix(expected, "none,"));
}

/* A server that listens in the directory, and its path. */
static int serve(const char *name, char **path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*path = g_build_filename(directory, name, NULL);
	g_strlcpy(address.sun_path, *path, sizeof(address.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void pipewire_comes_first(void **state)
{
	g_autofree char *path = NULL;
	int fd = serve("pipewire-0", &path);

	fake_audio_drivers = " pipewire pa ";
	setenv("PULSE_SERVER", "host", 1);
	assert_backend("pa,id=s,server=host");
	setenv("XDG_RUNTIME_DIR", directory, 1);
	assert_backend("pipewire,id=s");
	setenv("PIPEWIRE_RUNTIME_DIR", "/nonexistent", 1);
	assert_backend("pa,id=s,server=host");
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	setenv("PIPEWIRE_RUNTIME_DIR", directory, 1);
	assert_backend("pipewire,id=s");
	fake_audio_drivers = " pa ";
	assert_backend("pa,id=s,server=host");
	fake_audio_drivers = " none ";
	assert_backend("none,id=s");
	close(fd);
	g_remove(path);
}

static void servers_that_are_gone_play_nothing(void **state)
{
	g_autofree char *path = NULL;
	int fd = serve("pipewire-0", &path);

	fake_audio_drivers = " pipewire ";
	setenv("XDG_RUNTIME_DIR", directory, 1);
	assert_backend("pipewire,id=s");
	close(fd);
	assert_backend("none,id=s");
	g_remove(path);
}

static void pulse_serves_its_own_user(void **state)
{
	g_autofree char *pulse = g_build_filename(directory, "pulse", NULL);
	g_autofree char *expected = g_strdup_printf("pa,id=s,server=unix:%s/native", pulse);
	g_autofree char *path = NULL;
	int fd;

	assert_int_equal(g_mkdir(pulse, 0700), 0);
	fd = serve("pulse/native", &path);
	fake_audio_drivers = " pa ";
	assert_backend("none,id=s");
	setenv("XDG_RUNTIME_DIR", directory, 1);
	assert_backend(expected);
	setenv("PULSE_SERVER", "unix:/a,b", 1);
	assert_backend("pa,id=s,server=unix:/a,,b");
	unsetenv("PULSE_SERVER");
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, -1), 0);
		assert_backend("none,id=s");
	}
	close(fd);
	g_remove(path);
	g_rmdir(pulse);
}

static void emulated_cards_play_nothing(void **state)
{
	g_autofree char *parent = g_build_filename(directory, "pciem.0", NULL);
	g_autofree char *ours = g_build_filename(parent, "card0", NULL);
	g_autofree char *real = g_build_filename(directory, "real", NULL);
	g_autofree char *link = g_build_filename(directory, "card0", NULL);

	assert_int_equal(g_mkdir(parent, 0700), 0);
	assert_int_equal(g_mkdir(ours, 0700), 0);
	assert_int_equal(g_mkdir(real, 0700), 0);
	fake_audio_drivers = " alsa ";
	/* links that are no cards, such as "seq", are not enough */
	assert_backend("none,id=s");
	assert_int_equal(symlink(ours, link), 0);
	assert_backend("none,id=s");
	g_remove(link);
	assert_int_equal(symlink(real, link), 0);
	assert_backend("alsa,id=s");
	fake_audio_drivers = " pa ";
	assert_backend("none,id=s");
	g_remove(link);
	g_rmdir(real);
	g_rmdir(ours);
	g_rmdir(parent);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_controller_without_codec_gets_one, fake_reset),
		cmocka_unit_test_setup(two_controllers_get_a_codec_each, fake_reset),
		cmocka_unit_test_setup(a_codec_with_bus_is_that_controllers, fake_reset),
		cmocka_unit_test_setup(a_codec_without_bus_is_the_last_controllers, fake_reset),
		cmocka_unit_test_setup(buses_that_qemu_counts_keep_their_numbers, fake_reset),
		cmocka_unit_test_setup(cards_share_what_plays, fake_reset),
		cmocka_unit_test_setup(the_first_audiodev_of_the_user_is_taken, fake_reset),
		cmocka_unit_test_setup(what_the_user_says_is_kept, fake_reset),
		cmocka_unit_test_setup(help_and_json_pass, fake_reset),
		cmocka_unit_test_setup(silence_is_told_once, fake_reset),
		cmocka_unit_test_setup(pipewire_comes_first, fake_reset),
		cmocka_unit_test_setup(servers_that_are_gone_play_nothing, fake_reset),
		cmocka_unit_test_setup(pulse_serves_its_own_user, fake_reset),
		cmocka_unit_test_setup(emulated_cards_play_nothing, fake_reset),
	};

	return cmocka_run_group_tests(tests, fake_set_up, fake_tear_down);
}
