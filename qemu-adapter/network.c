/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev tap: with a header for offloads on each packet, the models of e1000e
 * and virtio-net tell the tap interface which offloads are on. That call takes
 * the kernel's lock of all network configuration (rtnl), and the driver that
 * made the model do so may hold it while it waits for the model. So there is no
 * such header unless the user wants one.
 */
#include <string.h>

#include "keyvals.h"
#include "network.h"

/* What QEMU does not allow beside vnet_hdr=. */
static const char *const excluding[] = { "vnet_hdr", "fd", "fds", "helper" };

char *network_argument(const char *text)
{
    g_autoptr(GPtrArray) netdev = keyvals_parse(text, true);
    const KeyVal *first = netdev->len ? g_ptr_array_index(netdev, 0) : NULL;
    const char *type = keyvals_get(netdev, "type");

    if (!type && first && !first->key) {
        type = first->value;
    }
    if (text[0] == '{' || g_strcmp0(type, "tap") != 0) {
        return g_strdup(text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(excluding); i++) {
        if (keyvals_find(netdev, excluding[i])) {
            return g_strdup(text);
        }
    }
    keyvals_add(netdev, "vnet_hdr", "off");
    return keyvals_format(netdev);
}
