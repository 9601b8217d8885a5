/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's bridge, and what to do when there is none to be had. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "host.h"

static const char *node_name(void)
{
    return pciem_bridge_options.node ? pciem_bridge_options.node : "/dev/pciem";
}

static void open_error(int error, Error **errp)
{
    const char *node = node_name();

    switch (-error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        error_setg(errp, "%s is missing: load the module with `modprobe pciem`",
                   node);
        break;
    case EACCES:
    case EPERM:
        error_setg(
            errp,
            "no right to open %s: run as root, or be given the right to it",
            node);
        break;
    case ENOTTY:
    case EINVAL:
        error_setg(
            errp,
            "%s is not the node of the pciem module: see -bridge node=", node);
        break;
    default:
        error_setg(errp, "%s cannot be opened (%s): see the kernel log", node,
                   g_strerror(-error));
    }
}

static void create_error(int error, bool direct, Error **errp)
{
    switch (-error) {
    case EPERM:
        error_setg(errp, "-bridge dma=direct lets the devices reach all "
                         "memory, and needs CAP_SYS_RAWIO: run as root");
        break;
    case ENOMEM:
        error_setg(errp, "the kernel has no memory for the DMA pool: make it "
                         "smaller with -bridge pool=SIZE");
        break;
    case ENOSPC:
        error_setg(
            errp,
            "the kernel has no room in its address space for the windows: "
            "make them smaller with -bridge mem32=SIZE,mem64=SIZE");
        break;
    case EINVAL:
        error_setg(errp, "the kernel does not accept the sizes given with "
                         "-bridge: see pciem-qemu(1) for their limits");
        break;
    case EOPNOTSUPP:
        error_setg(errp, "%s",
                   direct ? "this program cannot map all memory of this "
                            "machine, as -bridge dma=direct needs it"
                          : "this kernel has no CONFIG_ARCH_HAS_DMA_OPS, which "
                            "the DMA pool needs: only -bridge dma=direct works");
        break;
    default:
        error_setg(errp,
                   "the kernel cannot make a bridge (%s): see the kernel log",
                   g_strerror(-error));
    }
}

bool bridge_create(PciemHost *host, Error **errp)
{
    const BridgeOptions *given = &pciem_bridge_options;
    struct pciem_options options = {
        .flags = given->direct ? PCIEM_DMA_DIRECT : 0,
        .queue_entries = given->queue_entries,
        .mem32_size = given->mem32_size,
        .mem64_size = given->mem64_size,
        .pool_size = given->pool_size,
    };
    struct pciem_features features;
    int ret;

    ret = pciem_open(&host->link, node_name());
    if (ret == 0) {
        ret = pciem_query(host->link, &features);
    }
    if (ret < 0) {
        open_error(ret, errp);
        goto close;
    }
    ret = pciem_create(host->link, &options);
    if (ret < 0) {
        create_error(ret, given->direct, errp);
        goto close;
    }
    host->info = pciem_info(host->link);
    return true;

close:
    pciem_close(host->link);
    host->link = NULL;
    return false;
}
