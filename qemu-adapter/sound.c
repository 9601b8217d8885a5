/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "given.h"
#include "keyvals.h"
#include "sound.h"
#include "sound_backend.h"

/* The id that QEMU gives an -audio without one. */
#define QEMU_AUDIO_ID "audiodev0"

static bool is_controller(const char *type)
{
    return g_strcmp0(type, "intel-hda") == 0 ||
           g_strcmp0(type, "ich9-intel-hda") == 0;
}

static bool is_codec(const char *type)
{
    return type && g_str_has_prefix(type, "hda-");
}

/* Is @bus, as a codec of the user names it, that of the controller @id? */
static bool bus_is_of(Parser *parser, const char *bus, const char *id)
{
    g_autofree char *own = NULL;

    if (id) {
        own = g_strdup_printf("%s.0", id);
        return strcmp(bus, own) == 0;
    }
    /*
     * QEMU counts the buses of controllers without an id. Whoever counts along
     * has an order in mind that an id of ours would change.
     */
    return g_str_has_prefix(bus, "hda.") &&
           !given_find(parser, "device", "id", "hda");
}

static bool codec_given(Parser *parser, const char *text, const char *id)
{
    const char *other;
    bool last = false;
    guint at = 0;

    while ((other = given_next(parser, "device", &at))) {
        g_autoptr(GPtrArray) device = given_keyvals(other);
        const char *driver = device_driver(device);
        const char *bus = keyvals_get(device, "bus");

        if (is_controller(driver)) {
            last = other == text;
        } else if (is_codec(driver)) {
            /* QEMU puts one without bus= behind the last controller */
            if (bus ? bus_is_of(parser, bus, id) : last) {
                return true;
            }
        }
    }
    return false;
}

char *sound_make_codec(Parser *parser, GPtrArray *device, const char *type,
                       const char *text)
{
    g_autofree char *id = NULL;

    if (!is_controller(type) ||
        codec_given(parser, text, keyvals_get(device, "id"))) {
        return NULL;
    }
    if (!keyvals_find(device, "id")) {
        id = given_free_id(parser, "device", "pciem-hda", &parser->controllers);
        keyvals_add(device, "id", id);
    }
    return g_strdup_printf("hda-duplex,bus=%s.0", keyvals_get(device, "id"));
}

/* An -audio without a model is what QEMU gives cards without audiodev=. */
static bool default_given(Parser *parser)
{
    const char *text;
    guint at = 0;

    while ((text = given_next(parser, "audio", &at))) {
        g_autoptr(GPtrArray) audio = given_keyvals(text);

        if (!keyvals_find(audio, "model")) {
            return true;
        }
    }
    return false;
}

/* The id of the first -audiodev of the user, or NULL. */
static char *audiodev_given(Parser *parser)
{
    const char *text;
    guint at = 0;

    while ((text = given_next(parser, "audiodev", &at))) {
        g_autoptr(GPtrArray) audiodev = given_keyvals(text);

        if (keyvals_get(audiodev, "id")) {
            return g_strdup(keyvals_get(audiodev, "id"));
        }
    }
    at = 0;
    text = given_next(parser, "audio", &at);
    if (text) {
        g_autoptr(GPtrArray) audio = given_keyvals(text);
        const char *id = keyvals_get(audio, "id");

        return g_strdup(id ? id : QEMU_AUDIO_ID);
    }
    return NULL;
}

static char *make_audiodev(Parser *parser)
{
    unsigned int made = 0;
    g_autofree char *argument = NULL;
    bool silent;
    char *id = given_free_id(parser, "audiodev", "pciem-sound", &made);

    argument = sound_backend(parser->facts, SOUND_CARDS, id, &silent);
    parser_add(parser, "-audiodev");
    parser_add(parser, argument);
    if (silent) {
        parser_note(parser,
                    "sound: silent, because no PipeWire, PulseAudio or ALSA "
                    "was found that this pciem-qemu can use; -audiodev "
                    "chooses one (pciem-qemu -audiodev help)");
    }
    return id;
}

void sound_make_audiodev(Parser *parser, GPtrArray *device, const char *type)
{
    if (keyvals_find(device, "audiodev") ||
        !parser->facts->device_has_property(type, "audiodev") ||
        given_global(parser, type, "audiodev") || default_given(parser)) {
        return;
    }
    if (!parser->audiodev) {
        parser->audiodev = audiodev_given(parser);
    }
    if (!parser->audiodev) {
        parser->audiodev = make_audiodev(parser);
    }
    keyvals_add(device, "audiodev", parser->audiodev);
}
