/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address space that the devices see as bus masters: the DMA pool, and
 * nothing else of this machine's memory; the register that takes interrupt
 * messages; and the BARs of the other devices. Direct bridges have the RAM of
 * this machine in place of the pool.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "host.h"

#define MSI_REGISTER_SIZE 4

static void add_ram(PciemHost *host, uint64_t base, uint64_t size, void *memory)
{
    MemoryRegion *ram = g_new0(MemoryRegion, 1);
    g_autofree char *name = g_strdup_printf("pciem-dma-%u",
                                            host->dma_ram_count++);

    /* QEMU neither allocates nor frees what is behind it */
    memory_region_init_ram_ptr(ram, OBJECT(host), name, size, memory);
    memory_region_add_subregion_overlap(&host->dma, base, ram, 1);
}

static bool add_pool(PciemHost *host, Error **errp)
{
    const struct pciem_info *info = host->info;
    void *pool = pciem_pool(host->link, info->pool_base, info->pool_size);

    if (!pool) {
        error_setg(errp, "the DMA pool is not mapped");
        return false;
    }
    add_ram(host, info->pool_base, info->pool_size, pool);
    return true;
}

/*
 * One line of /proc/iomem at its top level: "00100000-7fffffff : System RAM".
 */
static bool parse_ram(const char *line, uint64_t *base, uint64_t *size)
{
    uint64_t first, last;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64, &first, &last) != 2 ||
        !g_str_has_suffix(line, " : System RAM")) {
        return false;
    }
    *base = QEMU_ALIGN_UP(first, 4 * KiB);
    *size = QEMU_ALIGN_DOWN(last + 1, 4 * KiB) - *base;
    /* without CAP_SYS_ADMIN all addresses read as 0 */
    return last > first && last + 1 > *base;
}

static bool add_direct(PciemHost *host, Error **errp)
{
    g_autofree char *iomem = NULL;
    g_auto(GStrv) lines = NULL;
    uint64_t base, size;
    void *memory;
    int ret;

    if (!g_file_get_contents("/proc/iomem", &iomem, NULL, NULL)) {
        error_setg(errp, "/proc/iomem cannot be read: -bridge dma=direct needs "
                         "the layout of the memory");
        return false;
    }
    lines = g_strsplit(iomem, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!parse_ram(*line, &base, &size)) {
            continue;
        }
        ret = pciem_map_direct(host->link, base, size, &memory);
        if (ret < 0) {
            error_setg(errp,
                       "the memory at 0x%" PRIx64
                       " cannot be mapped (%s): leave -bridge dma=direct off",
                       base, g_strerror(-ret));
            return false;
        }
        add_ram(host, base, size, memory);
    }
    if (!host->dma_ram_count) {
        error_setg(
            errp,
            "/proc/iomem names no RAM: run as root for -bridge dma=direct");
        return false;
    }
    return true;
}

bool dma_init(PciemHost *host, Error **errp)
{
    const struct pciem_info *info = host->info;
    Object *owner = OBJECT(host);

    memory_region_init(&host->dma, owner, "pciem-dma", UINT64_MAX);
    memory_region_init_alias(&host->dma_peers, owner, "pciem-peers",
                             &host->memory, 0, UINT64_MAX);
    memory_region_add_subregion_overlap(&host->dma, 0, &host->dma_peers, 0);
    memory_region_init_io(&host->dma_msi, owner, &irq_msi_ops, host,
                          "pciem-msi", MSI_REGISTER_SIZE);
    memory_region_add_subregion_overlap(&host->dma, info->msi_address,
                                        &host->dma_msi, 2);
    address_space_init(&host->dma_as, &host->dma, "pciem-dma");
    return info->direct_bytes ? add_direct(host, errp) : add_pool(host, errp);
}
