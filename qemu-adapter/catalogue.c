/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "hw/qdev-core.h"
#include "system/arch_init.h"
#include "ui/console.h"
#include "catalogue.h"

#define HAS_ARG 1

static const struct {
    const char *name;
    int flags;
} qemu_options[] = {
#define DEF(option, opt_arg, opt_enum, opt_help, arch_mask) { option, opt_arg },
#define DEFHEADING(text)
#define ARCHHEADING(text, arch_mask)
#include "qemu-options.def"
};

/*
 * Names of devices that are not the names of their types, beside "NAME" for
 * "NAME-pci".
 */
static const struct {
    const char *alias;
    const char *type;
} aliases[] = {
    { "ac97", "AC97" },
    { "ahci", "ich9-ahci" },
    { "e1000-82540em", "e1000" },
    { "es1370", "ES1370" },
    { "lsi", "lsi53c895a" },
};

/* QEMU can list its audio drivers on stdout, but nowhere else. */
static const char *const audio_drivers[] = {
#ifdef CONFIG_AUDIO_ALSA
    "alsa",
#endif
#ifdef CONFIG_AUDIO_PA
    "pa",
#endif
#ifdef CONFIG_AUDIO_PIPEWIRE
    "pipewire",
#endif
    "none",
};

static bool option_takes_value(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(qemu_options); i++) {
        if (strcmp(qemu_options[i].name, name) == 0) {
            return qemu_options[i].flags & HAS_ARG;
        }
    }
    return false;
}

static ObjectClass *device_class(const char *type)
{
    ObjectClass *klass = module_object_class_by_name(type);

    return object_class_dynamic_cast(klass, TYPE_DEVICE);
}

static const char *device_type(const char *name)
{
    g_autofree char *pci = g_strdup_printf("%s-pci", name);
    ObjectClass *klass;

    for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
        if (strcmp(aliases[i].alias, name) == 0) {
            name = aliases[i].type;
        }
    }
    klass = device_class(name);
    if (!klass || object_class_is_abstract(klass)) {
        klass = device_class(pci);
    }
    return klass ? object_class_get_name(klass) : NULL;
}

static bool class_has_property(const char *type, const char *property)
{
    ObjectClass *klass = device_class(type);

    return klass && object_class_property_find(klass, property);
}

static bool device_has_property(const char *type, const char *property)
{
    const char *pci = strstr(type, "-pci");
    g_autofree char *behind = NULL;

    if (class_has_property(type, property)) {
        return true;
    }
    /*
     * virtio-blk-pci takes the properties of the virtio-blk-device behind it,
     * but only once there is one
     */
    behind = pci ? g_strdup_printf("%.*s-device", (int)(pci - type), type)
                 : NULL;
    return behind && class_has_property(behind, property);
}

/* How many letters differ (Levenshtein); names are short. */
static unsigned int distance(const char *a, const char *b)
{
    size_t length = strlen(b);
    g_autofree unsigned int *row = g_new(unsigned int, length + 1);

    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned int diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            bool same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
            unsigned int changed = diagonal + !same;

            diagonal = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

static const char *device_like(const char *name)
{
    GSList *classes = object_class_get_list(TYPE_DEVICE, false);
    unsigned int best = 1 + strlen(name) / 3;
    const char *like = NULL;

    for (GSList *item = classes; item; item = item->next) {
        const char *candidate = object_class_get_name(item->data);
        unsigned int differs;

        if (!DEVICE_CLASS(item->data)->user_creatable) {
            continue;
        }
        differs = distance(name, candidate);
        if (differs <= best && (!like || differs < best)) {
            best = differs;
            like = candidate;
        }
    }
    g_slist_free(classes);
    return like;
}

static bool device_is_display(const char *type)
{
    ObjectClass *klass = device_class(type);

    return klass &&
           test_bit(DEVICE_CATEGORY_DISPLAY, DEVICE_CLASS(klass)->categories);
}

static bool audio_driver_exists(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(audio_drivers); i++) {
        if (strcmp(audio_drivers[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *window(void)
{
    DisplayOptions options = { 0 };

    return qemu_display_find_default(&options) ? DisplayType_str(options.type)
                                               : NULL;
}

const QemuFacts catalogue = {
    .option_takes_value = option_takes_value,
    .device_type = device_type,
    .device_has_property = device_has_property,
    .device_like = device_like,
    .device_is_display = device_is_display,
    .audio_driver_exists = audio_driver_exists,
    .window = window,
};
