/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers do: configuration and memory transactions out of the
 * bridge's queue, carried out on the device models.
 *
 * They are consumed by the thread of QEMU's main loop itself, at its top level,
 * just before it would sleep. So a doorbell costs one change of thread, not
 * two: the models do their work in bottom halves, timers and completions of
 * that same thread. And a transaction never interrupts a model that is in the
 * middle of another one, of a DMA transfer or of raising an interrupt: a nested
 * event loop inside a model (a block drain, say) does not look at the queue.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/processor.h"
#include "qemu/timer.h"
#include "block/aio.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_host.h"
#include "system/runstate.h"
#include "host.h"
#include "threads.h"

/*
 * The rest of the main loop (monitor, network, displays) has its turn after at
 * most this time.
 */
#define SLICE_NS (1 * SCALE_MS)
/* While polling, look at file descriptors this often: it takes a system call. */
#define FILES_EVERY_NS (20 * SCALE_US)
/* Transactions taken before bottom halves run. */
#define BATCH 32
/* Polling begins with this and doubles from there. */
#define POLL_FIRST_NS 4000
/*
 * After a read, polling goes on for so many times its limit, as a real-time
 * thread. A driver that reads is likely to read again (a reset, a probe, an
 * EEPROM), and a CPU that reads with preemption off stands still meanwhile.
 * When all CPUs do that at once, a thread that sleeps finds none to wake up on,
 * and the driver reads all ones. With two CPUs that takes one interrupt and one
 * system call at the same time, with four two programs more, so on such machines
 * we stay awake for longer. The fast paths of most drivers do not read.
 */
#define POLL_AFTER_READ 20
#define POLL_AFTER_READ_FEW_CPUS 200
#define FEW_CPUS 4

static uint64_t all_ones(unsigned int size)
{
    return UINT64_MAX >> (64 - 8 * size);
}

static PCIDevice *config_target(PciemHost *host,
                                const struct pciem_transaction *transaction)
{
    return pci_find_device(pciem_root_bus(host),
                           extract64(transaction->address, 20, 8),
                           extract64(transaction->address, 12, 8));
}

static uint64_t config_read(PciemHost *host,
                            const struct pciem_transaction *transaction)
{
    PCIDevice *dev = config_target(host, transaction);
    uint32_t data;

    if (!dev || transaction->size > 4) {
        return all_ones(transaction->size);
    }
    data = pci_host_config_read_common(dev,
                                       extract64(transaction->address, 0, 12),
                                       pci_config_size(dev),
                                       transaction->size);
    return data & all_ones(transaction->size);
}

static void config_write(PciemHost *host,
                         const struct pciem_transaction *transaction)
{
    PCIDevice *dev = config_target(host, transaction);

    if (dev && transaction->size <= 4) {
        pci_host_config_write_common(
            dev, extract64(transaction->address, 0, 12), pci_config_size(dev),
            transaction->data, transaction->size);
    }
}

static uint64_t memory_read(PciemHost *host,
                            const struct pciem_transaction *transaction)
{
    uint8_t buffer[8];

    if (address_space_read(&host->memory_as, transaction->address,
                           MEMTXATTRS_UNSPECIFIED, buffer,
                           transaction->size) != MEMTX_OK) {
        return all_ones(transaction->size);
    }
    return ldn_he_p(buffer, transaction->size);
}

static void memory_write(PciemHost *host,
                         const struct pciem_transaction *transaction)
{
    uint8_t buffer[8];

    stn_he_p(buffer, transaction->size, transaction->data);
    address_space_write(&host->memory_as, transaction->address,
                        MEMTXATTRS_UNSPECIFIED, buffer, transaction->size);
}

static void scanned(PciemHost *host, int status)
{
    if (host->state == BUS_SCANNING) {
        host->state = BUS_PRESENT;
    }
    if (status < 0) {
        error_report("the kernel could not look for the devices (%s): see the "
                     "kernel log",
                     g_strerror(-status));
    }
    if (host->scan_again) {
        host->scan_again = false;
        bus_scan(host);
    } else {
        status_print(host);
    }
}

static void link_down(PciemHost *host)
{
    if (host->state == BUS_LINK_DOWN) {
        return;
    }
    /* a removal takes the devices away as well: nothing to complain about */
    if (host->state < BUS_REMOVING) {
        error_report("the kernel has taken the link of bridge %04x down and "
                     "its devices away, because a read was not "
                     "answered in time: see the kernel log",
                     host->info->domain);
    }
    host->state = BUS_LINK_DOWN;
    /*
     * The driver's queues are gone with its memory: no model may take what lies
     * there now for commands.
     */
    memory_region_set_enabled(&host->dma, false);
    threads_realtime(false);
    qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR,
                                           EXIT_FAILURE);
}

static void carry_out(PciemHost *host,
                      const struct pciem_transaction *transaction)
{
    uint64_t data = 0;

    switch (transaction->kind) {
    case PCIEM_MEMORY_WRITE:
        memory_write(host, transaction);
        return;
    case PCIEM_MEMORY_READ:
        data = memory_read(host, transaction);
        host->polling.read = true;
        break;
    case PCIEM_CONFIG_READ:
        data = config_read(host, transaction);
        host->polling.read = true;
        break;
    case PCIEM_CONFIG_WRITE:
        config_write(host, transaction);
        break;
    case PCIEM_SCANNED:
        scanned(host, transaction->status);
        return;
    case PCIEM_REMOVED:
        host->state = BUS_REMOVED;
        return;
    }
    /* fails when the issuer has given up: then nobody waits for the answer */
    if (pciem_complete(host->link, transaction, data) == 1) {
        host->polling.issuer_is_here = true;
    }
}

/* Take what is there. False: nothing was. */
static bool consume(PciemHost *host)
{
    struct pciem_transaction transaction;
    unsigned int taken;
    int ret = 0;

    for (taken = 0; taken < BATCH; taken++) {
        ret = pciem_next(host->link, &transaction);
        if (ret != 1) {
            break;
        }
        carry_out(host, &transaction);
    }
    if (ret == -ENOLINK) {
        link_down(host);
    }
    return taken > 0;
}

/* What the transactions have set off, and what other threads have completed. */
static bool run_bottom_halves(AioContext *ctx)
{
    if (!qatomic_read(&ctx->notified)) {
        return false;
    }
    aio_notify_accept(ctx);
    aio_bh_poll(ctx);
    return true;
}

/* When the first timer of a model is due, or INT64_MAX. */
static int64_t next_timer(AioContext *ctx, int64_t now)
{
    int64_t due = qemu_soonest_timeout(
        timerlistgroup_deadline_ns(&main_loop_tlg),
        timerlistgroup_deadline_ns(&ctx->tlg));

    return due < 0 ? INT64_MAX : now + due;
}

/*
 * Watch the queue until @until. The BQL is free meanwhile, for threads of
 * models that wait for it.
 */
static void watch(PciemHost *host, AioContext *ctx, int64_t until)
{
    bool found;

    bql_unlock();
    do {
        found = pciem_pending(host->link) || qatomic_read(&ctx->notified);
        cpu_relax();
    } while (!found && get_clock() < until);
    bql_lock();
}

/*
 * How long it pays to poll before a sleep: twice as long as events have kept us
 * waiting lately, or not at all.
 */
static void adapt(BusPolling *polling, int64_t waited)
{
    if (waited <= polling->now_ns) {
        return;
    }
    if (waited > 2 * polling->limit_ns) {
        polling->now_ns = 0;
    } else {
        polling->now_ns = MIN(MAX(2 * polling->now_ns, POLL_FIRST_NS),
                              polling->limit_ns);
    }
}

/*
 * Carry out what is there and what comes soon. False: sleep now; true: the rest
 * of the main loop has its turn first.
 */
static bool run(PciemHost *host)
{
    AioContext *ctx = qemu_get_aio_context();
    BusPolling *polling = &host->polling;
    int64_t now = get_clock();
    int64_t slice_end = now + SLICE_NS;
    int64_t poll_end, timer;

    /*
     * glib's loop leaves this set when the context was ready before it looked
     * for events. Nobody sleeps now; each bottom half would cost a write to the
     * context's eventfd all the same. Only this thread writes to it.
     */
    qatomic_set(&ctx->notify_me, qatomic_read(&ctx->notify_me) & ~1);

    do {
        bool work = consume(host);

        if (work) {
            adapt(polling, now - polling->last_work_ns);
        }
        work |= run_bottom_halves(ctx);
        if (work) {
            now = get_clock();
            polling->last_work_ns = now;
            threads_realtime(polling->read || now < polling->realtime_until_ns);
            if (polling->read) {
                polling->read = false;
                polling->realtime_until_ns = now + polling->after_read_ns;
                polling->read_until_ns = polling->realtime_until_ns;
            }
            continue;
        }
        poll_end = MAX(polling->last_work_ns + polling->now_ns,
                       polling->read_until_ns);
        if (polling->issuer_is_here) {
            polling->issuer_is_here = false;
            polling->read_until_ns = 0;
            poll_end = now;
        }
        timer = next_timer(ctx, now);
        if (poll_end <= now || timer <= now) {
            return timer <= now;
        }
        watch(host, ctx, MIN(MIN(poll_end, timer),
                             MIN(slice_end, now + FILES_EVERY_NS)));
        threads_yield();
        now = get_clock();
        /* completions of disk images come through file descriptors */
        if (!pciem_pending(host->link) && aio_poll(ctx, false)) {
            now = get_clock();
            polling->last_work_ns = now;
        }
    } while (now < slice_end);
    return true;
}

static void fill(PciemHost *host, MainLoopPoll *poll)
{
    GPollFD wake = {
        .fd = pciem_fd(host->link),
        .events = G_IO_IN | G_IO_HUP | G_IO_ERR,
    };

    /* once the devices are gone, whoever runs the loop waits for that */
    if (run(host) || host->state >= BUS_REMOVED || pciem_arm(host->link) != 0) {
        poll->timeout = 0;
        return;
    }
    host->polling.armed = true;
    g_array_append_val(poll->pollfds, wake);
}

static void main_loop_notify(Notifier *notifier, void *data)
{
    PciemHost *host = container_of(notifier, PciemHost, polling.notifier);
    MainLoopPoll *poll = data;

    if (poll->state == MAIN_LOOP_POLL_FILL) {
        fill(host, poll);
    } else if (host->polling.armed) {
        host->polling.armed = false;
        pciem_disarm(host->link);
        if (!pciem_link_up(host->link) && !pciem_pending(host->link)) {
            link_down(host);
        }
    }
}

void bus_scan(PciemHost *host)
{
    int ret = pciem_scan(host->link);

    if (ret == -EBUSY) {
        host->scan_again = true;
    } else if (ret < 0) {
        scanned(host, ret);
    }
}

void bus_remove(PciemHost *host)
{
    if (host->state >= BUS_REMOVING) {
        return;
    }
    host->state = BUS_REMOVING;
    if (pciem_remove(host->link) < 0) {
        host->state = BUS_REMOVED;
    }
}

void bus_start(PciemHost *host)
{
    int ret = pciem_serve(host->link);

    if (ret < 0) {
        error_report("the kernel does not take this thread as the one that "
                     "serves the bridge (%s)",
                     g_strerror(-ret));
        exit(EXIT_FAILURE);
    }
    host->polling.limit_ns = pciem_bridge_options.poll_ns;
    host->polling.after_read_ns = pciem_bridge_options.poll_ns *
                                  (g_get_num_processors() <= FEW_CPUS ?
                                       POLL_AFTER_READ_FEW_CPUS :
                                       POLL_AFTER_READ);
    host->polling.notifier.notify = main_loop_notify;
    main_loop_poll_add_notifier(&host->polling.notifier);
    bus_scan(host);
}
