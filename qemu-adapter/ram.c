/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BARs that are memory, frame buffers first of all: memory of this machine is
 * put behind them, so that drivers and programs write to it at its own speed.
 * The model finds the same memory in the place of the one it was born with.
 *
 * Nobody sees these writes, so what a display wants to know of them is found
 * out by comparing with what was there before: only when it asks, and only for
 * the part that it shows.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "ui/console.h"
#include "ui/surface.h"
#include "host.h"

/* The unit of comparison. */
#define CHUNK 4096

/* A piece of a BAR that has this machine's memory behind it. */
typedef struct RamPart {
    MemoryRegion *mr;
    hwaddr offset; /* in mr */
    hwaddr address;
    uint64_t size;
    uint8_t *memory;
    uint8_t *before; /* what it was when a display looked last, or NULL */
} RamPart;

/* What BARs need, by where they can be placed. */
typedef struct RamNeeds {
    uint64_t bytes[2]; /* below and above 4 GiB */
    const char *device[2];
    bool ram[2];
    uint64_t trapping; /* bytes below 4 GiB if nothing is memory */
} RamNeeds;

/* Memory that is nobody else's: not a file, not another process's. */
static bool is_own_ram(MemoryRegion *mr)
{
    return memory_region_is_ram(mr) && !memory_region_is_rom(mr) &&
           !memory_region_is_nonvolatile(mr) && mr->ram_block &&
           !qemu_ram_is_shared(mr->ram_block) && memory_region_get_fd(mr) < 0;
}

static bool has_ram(MemoryRegion *mr)
{
    MemoryRegion *child;

    if (memory_region_is_ram(mr)) {
        return is_own_ram(mr);
    }
    if (mr->alias) {
        return has_ram(mr->alias);
    }
    QTAILQ_FOREACH(child, &mr->subregions, subregions_link) {
        if (has_ram(child)) {
            return true;
        }
    }
    return false;
}

static void add_device(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    RamNeeds *needs = opaque;

    for (int i = 0; i < PCI_NUM_REGIONS; i++) {
        const PCIIORegion *bar = &dev->io_regions[i];
        bool above = bar->type & PCI_BASE_ADDRESS_MEM_TYPE_64;

        if (!bar->size || bar->type & PCI_BASE_ADDRESS_SPACE_IO) {
            continue;
        }
        needs->trapping += above ? 0 : bar->size;
        if (!(bar->type & PCI_BASE_ADDRESS_MEM_PREFETCH)) {
            continue;
        }
        needs->bytes[above] += bar->size;
        if (has_ram(bar->memory)) {
            needs->ram[above] = true;
            needs->device[above] = object_get_typename(OBJECT(dev));
        }
    }
}

static void add_bus(PCIBus *bus, void *opaque)
{
    pci_for_each_device_under_bus(bus, add_device, opaque);
}

static void tell(const struct pciem_ram_window *window)
{
    static const char *const sources[] = {
        [PCIEM_RAM_IS_BORROWED] = "borrowed from the running system",
        [PCIEM_RAM_IS_RESERVED] = "kept free at boot",
        [PCIEM_RAM_IS_PAGES] = "ordinary pages, for the driver",
    };
    g_autofree char *size = size_to_str(window->size);

    printf("%s of this machine's memory at 0x%" PRIx64
           " stand behind BARs until the end (%s)\n",
           size, window->base,
           sources[window->source]);
    fflush(stdout);
}

static void warn_no_memory(PciemHost *host, const RamNeeds *needs, int error)
{
    g_autofree char *size = size_to_str(needs->bytes[0]);
    const char *device = needs->device[0] ? needs->device[0] : "BARs";

    if (needs->trapping > host->info->mem32_size) {
        warn_report("no %s of this machine's memory can be had for %s (%s), "
                    "nor has the window below 4 GiB room for it, where each "
                    "access would trap: try -bridge mem32=%" PRIu64 "M",
                    size, device, g_strerror(-error),
                    pow2ceil(needs->trapping) / MiB);
        return;
    }
    warn_report("no %s of this machine's memory can be had for %s (%s): "
                "each access to its memory traps, which is slow",
                size, device, g_strerror(-error));
}

/* False: there is no such memory. */
static bool make(PciemHost *host, bool above, uint64_t bytes, int *error)
{
    *error = pciem_make_ram(host->link, above, bytes, &host->ram[above]);
    if (*error < 0) {
        host->ram[above].size = 0;
        return false;
    }
    tell(&host->ram[above]);
    return true;
}

static void make_windows(PciemHost *host, RamNeeds *needs)
{
    uint64_t asked = pciem_bridge_options.ram_size;
    int error = 0;

    if (asked) {
        needs->bytes[0] = MAX(needs->bytes[0], asked);
        needs->ram[0] = true;
    }
    /* a BAR for above 4 GiB can be placed below, but not the other way round */
    if (needs->ram[1] && !make(host, true, needs->bytes[1], &error)) {
        needs->bytes[0] += needs->bytes[1];
        needs->device[0] = needs->device[0] ?: needs->device[1];
        needs->ram[0] = true;
    }
    if (needs->ram[0] && !make(host, false, needs->bytes[0], &error)) {
        warn_no_memory(host, needs, error);
    }
}

static bool inside(const struct pciem_ram_window *window, hwaddr address,
                   uint64_t size)
{
    return window->size && address >= window->base && size <= window->size &&
           address - window->base <= window->size - size;
}

static RamPart *find_part(PciemHost *host, const MemoryRegionSection *section)
{
    for (guint i = 0; i < host->ram_parts->len; i++) {
        RamPart *part = g_ptr_array_index(host->ram_parts, i);

        if (part->mr == section->mr &&
            part->address == section->offset_within_address_space) {
            return part;
        }
    }
    return NULL;
}

/* Put the window's memory in the place of the model's own. */
static bool put_behind(PciemHost *host, RamPart *part)
{
    void *window = NULL, *place = part->memory;
    int ret = pciem_map_ram(host->link, part->address, part->size, &window);

    if (ret == 0) {
        memcpy(window, part->memory, part->size);
        munmap(window, part->size);
        ret = pciem_map_ram(host->link, part->address, part->size, &place);
    }
    if (ret == 0) {
        ret = pciem_set_ram(host->link, part->address, part->size, true);
    }
    if (ret < 0 && ret != -ENOLINK) {
        warn_report("the memory at 0x%" HWADDR_PRIx
                    " cannot be put behind a BAR (%s): it traps",
                    part->address, g_strerror(-ret));
    }
    return ret == 0;
}

static void region_add(MemoryListener *listener, MemoryRegionSection *section)
{
    PciemHost *host = container_of(listener, PciemHost, ram_listener);
    hwaddr address = section->offset_within_address_space;
    uint64_t size = int128_get64(section->size);
    RamPart *part;

    if (!is_own_ram(section->mr) || section->readonly ||
        !QEMU_IS_ALIGNED(address | size | section->offset_within_region,
                         qemu_real_host_page_size()) ||
        (!inside(&host->ram[0], address, size) &&
         !inside(&host->ram[1], address, size))) {
        return;
    }
    part = g_new0(RamPart, 1);
    part->mr = section->mr;
    part->offset = section->offset_within_region;
    part->address = address;
    part->size = size;
    part->memory = (uint8_t *)memory_region_get_ram_ptr(section->mr) +
                   section->offset_within_region;
    if (put_behind(host, part)) {
        g_ptr_array_add(host->ram_parts, part);
    } else {
        g_free(part);
    }
}

/* Give the model memory of its own again, with what was in the other. */
static void take_back(RamPart *part)
{
    g_autofree void *content = g_memdup2(part->memory, part->size);
    void *own = mmap(part->memory, part->size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
                     -1, 0);

    if (own == MAP_FAILED) {
        error_report("no memory for a BAR that has lost its address (%s)",
                     g_strerror(errno));
        exit(EXIT_FAILURE);
    }
    memcpy(own, content, part->size);
}

static void region_del(MemoryListener *listener, MemoryRegionSection *section)
{
    PciemHost *host = container_of(listener, PciemHost, ram_listener);
    RamPart *part = find_part(host, section);

    if (!part) {
        return;
    }
    pciem_set_ram(host->link, part->address, part->size, false);
    take_back(part);
    g_free(part->before);
    g_ptr_array_remove(host->ram_parts, part);
    g_free(part);
}

/* Compare [@start, @end) of the part; whole chunks. */
static void note_changes(RamPart *part, uint64_t start, uint64_t end)
{
    start = QEMU_ALIGN_DOWN(start, CHUNK);
    end = MIN(QEMU_ALIGN_UP(end, CHUNK), part->size);
    for (uint64_t at = start; at < end; at += CHUNK) {
        if (memcmp(part->memory + at, part->before + at, CHUNK) != 0) {
            memcpy(part->before + at, part->memory + at, CHUNK);
            memory_region_set_dirty(part->mr, part->offset + at, CHUNK);
        }
    }
}

/* What consoles show of it. False: none of them shows it as it is. */
static bool note_visible_changes(RamPart *part)
{
    bool any = false;
    QemuConsole *console;

    for (int i = 0; (console = qemu_console_lookup_by_index(i)); i++) {
        DisplaySurface *surface = qemu_console_surface(console);
        uint8_t *data = surface ? surface_data(surface) : NULL;

        if (data < part->memory || data >= part->memory + part->size) {
            continue;
        }
        any = true;
        note_changes(part, data - part->memory,
                     data - part->memory +
                         (uint64_t)surface_stride(surface) *
                             surface_height(surface));
    }
    return any;
}

static void log_sync(MemoryListener *listener, MemoryRegionSection *section)
{
    PciemHost *host = container_of(listener, PciemHost, ram_listener);
    RamPart *part = find_part(host, section);

    if (!part) {
        return;
    }
    if (!part->before) {
        part->before = g_malloc0(part->size);
        memory_region_set_dirty(part->mr, part->offset, part->size);
        return;
    }
    if (!note_visible_changes(part)) {
        note_changes(part, 0, part->size);
    }
}

void ram_init(PciemHost *host)
{
    RamNeeds needs = { 0 };

    if (pciem_bridge_options.no_ram) {
        return;
    }
    pci_for_each_bus(pciem_root_bus(host), add_bus, &needs);
    make_windows(host, &needs);
    if (!host->ram[0].size && !host->ram[1].size) {
        return;
    }
    host->ram_parts = g_ptr_array_new();
    host->ram_listener = (MemoryListener){
        .name = "pciem-ram",
        .region_add = region_add,
        .region_del = region_del,
        .log_sync = log_sync,
        .priority = MEMORY_LISTENER_PRIORITY_MIN,
    };
    memory_listener_register(&host->ram_listener, &host->memory_as);
}
