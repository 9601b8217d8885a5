// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "options_fake.h"

const char *fake_audio_drivers;
const char *fake_window;
char directory[] = "/tmp/options.XXXXXX";

static bool option_takes_value(const char *name)
{
	static const char *const names[] = {
		"device", "drive", "blockdev", "object", "netdev", "monitor", "display", "name", "append", "audiodev",
		"audio", "global", "vnc", "spice",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static const char *device_type(const char *name)
{
	static const char *const names[] = {
		"nvme", "edu", "e1000", "card", "virtio-blk-pci", "odd", "intel-hda", "ich9-intel-hda", "hda-duplex",
		"hda-output", "AC97", "screen", "virtio-screen-pci",
	};

	if (strcmp(name, "virtio-blk") == 0)
		name = "virtio-blk-pci";
	if (strcmp(name, "virtio-screen") == 0)
		name = "virtio-screen-pci";
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

static bool device_has_property(const char *type, const char *property)
{
	if (strcmp(property, "drive") == 0)
		return strcmp(type, "nvme") == 0 || strcmp(type, "virtio-blk-pci") == 0 || strcmp(type, "odd") == 0;
	if (strcmp(property, "netdev") == 0)
		return strcmp(type, "e1000") == 0 || strcmp(type, "card") == 0;
	if (strcmp(property, "mac") == 0)
		return strcmp(type, "card") == 0;
	if (strcmp(property, "audiodev") == 0)
		return strcmp(type, "AC97") == 0 || g_str_has_prefix(type, "hda-");
	return strcmp(property, "format") == 0 && strcmp(type, "odd") == 0;
}

static const char *device_like(const char *name)
{
	return strcmp(name, "nmve") == 0 ? "nvme" : NULL;
}

static bool device_is_display(const char *type)
{
	return strstr(type, "screen") != NULL;
}

static bool audio_driver_exists(const char *name)
{
	g_autofree char *word = g_strdup_printf(" %s ", name);

	return strstr(fake_audio_drivers, word) != NULL;
}

static const char *window(void)
{
	return fake_window;
}

const QemuFacts fake_qemu = {
	.option_takes_value = option_takes_value,
	.device_type = device_type,
	.device_has_property = device_has_property,
	.device_like = device_like,
	.device_is_display = device_is_display,
	.audio_driver_exists = audio_driver_exists,
	.window = window,
};

int fake_reset(void **state)
{
	static const char *const names[] = {
		"DISPLAY", "WAYLAND_DISPLAY", "PULSE_SERVER", "PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR",
		"TMPDIR",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		unsetenv(names[i]);
	fake_audio_drivers = "";
	fake_window = NULL;
	return 0;
}

int fake_set_up(void **state)
{
	fake_reset(state);
	return g_mkdtemp(directory) ? 0 : -1;
}

int fake_tear_down(void **state)
{
	return g_rmdir(directory);
}

char *image(const char *name, const char *content, size_t length)
{
	char *path = g_build_filename(directory, name, NULL);

	assert_true(g_file_set_contents(path, content, length, NULL));
	return path;
}

OptionsAction parse(Options *options, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);

	return options_parse(options, g_strv_length(words), words, &fake_qemu);
}

char *rewritten(const char *line)
{
	static const char before[] =
		"pciem-qemu -machine pciem -accel pciem -nodefaults -display none -L /usr/share/qemu";
	Options options;
	char *text, *rest;

	assert_int_equal(parse(&options, line), OPTIONS_RUN);
	assert_null(options.error);
	assert_null(g_ptr_array_index(options.argv, options.argv->len - 1));
	text = g_strjoinv(" ", (char **)options.argv->pdata);
	assert_true(g_str_has_prefix(text, before));
	rest = g_strdup(text + strlen(before) + (text[strlen(before)] == ' '));
	g_free(text);
	options_free(&options);
	return rest;
}

void assert_rewritten(const char *line, const char *expected)
{
	g_autofree char *text = rewritten(line);

	assert_string_equal(text, expected);
}

void assert_refused(const char *line, const char *expected)
{
	Options options;

	assert_int_equal(parse(&options, line), OPTIONS_ERROR);
	assert_non_null(options.error);
	if (!strstr(options.error, expected))
		fail_msg("\"%s\" does not say \"%s\"", options.error, expected);
	assert_null(strchr(options.error, '\n'));
	options_free(&options);
}
