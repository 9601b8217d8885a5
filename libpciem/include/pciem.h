/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpciem: be the far side of a PCIem host bridge.
 *
 * A handle is one open /dev/pciem with one bridge on it. All functions return 0 (or a documented
 * positive value) on success and a negative errno on failure; errno itself is left alone. Meanings
 * of the errnos: <linux/pciem.h>.
 *
 * Threads: one thread at a time consumes (pciem_next, pciem_wait, pciem_arm, pciem_disarm).
 * pciem_complete, pciem_msi, pciem_intx, pciem_pool and pciem_link_up may be called from any
 * thread at any time between create and close.
 */
#ifndef PCIEM_H
#define PCIEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pciem;

enum pciem_kind {
	PCIEM_CONFIG_READ = 1,	/* answer with pciem_complete */
	PCIEM_CONFIG_WRITE,	/* answer with pciem_complete; the value is ignored */
	PCIEM_MEMORY_READ,	/* answer with pciem_complete */
	PCIEM_MEMORY_WRITE,	/* posted: no answer */
	PCIEM_SCANNED,		/* pciem_scan is through; status says how */
	PCIEM_REMOVED,		/* pciem_remove is through; status says how */
};

struct pciem_transaction {
	enum pciem_kind kind;
	unsigned int size;	/* 1, 2, 4 or 8 bytes */
	uint64_t address;	/* memory: bus address; configuration: ECAM offset, bus << 20 | devfn << 12 | register */
	uint64_t data;		/* of a write, zero-extended */
	uint32_t tag;		/* opaque; for pciem_complete */
	int status;		/* of SCANNED and REMOVED: 0 or a negative errno */
};

#define PCIEM_DMA_DIRECT	(1u << 0)	/* bus address = physical address; needs CAP_SYS_RAWIO; unsafe */

/* Zero means the default everywhere; sizes are powers of two, in bytes. */
struct pciem_options {
	unsigned int flags;
	unsigned int queue_entries;
	uint64_t mem32_size;
	uint64_t mem64_size;
	uint64_t pool_size;
};

struct pciem_info {
	uint32_t domain;
	uint32_t queue_entries;
	uint64_t mem32_base, mem32_size;
	uint64_t mem64_base, mem64_size;	/* size 0: no such window */
	uint64_t pool_base, pool_size;		/* bus address and bytes of the DMA pool; 0 when direct */
	uint64_t msi_address;
	uint64_t direct_bytes;			/* end of physical RAM when direct, else 0 */
};

struct pciem_features {
	uint64_t features;	/* PCIEM_FEATURE_* of <linux/pciem.h> */
	uint32_t max_queue_entries;
	uint32_t msi_vectors;
	uint64_t max_pool_size;
	uint32_t read_timeout_ms;
	uint32_t atomic_timeout_ms;
};

/* Open the node (NULL: /dev/pciem). -ENOENT: module not loaded; -EACCES: no right to it. */
int pciem_open(struct pciem **handle, const char *node);
/* What the kernel offers. Works before pciem_create. */
int pciem_query(struct pciem *handle, struct pciem_features *features);
/*
 * Create the bridge and map its queue and pool (NULL: all defaults). Nothing appears on the bus
 * before pciem_scan.
 */
int pciem_create(struct pciem *handle, const struct pciem_options *options);
/* The bridge as created; valid until pciem_close. */
const struct pciem_info *pciem_info(const struct pciem *handle);
/* Link down, devices removed, mappings gone. The handle is freed. Accepts NULL. */
void pciem_close(struct pciem *handle);

/*
 * For event loops: readable (POLLIN) when transactions wait after pciem_arm; POLLHUP when the link
 * is down. With poll(2) or ppoll(2); epoll_wait(2) sleeps through reads in atomic context on
 * kernels with PREEMPT_RT.
 */
int pciem_fd(const struct pciem *handle);
/*
 * False once the kernel has taken the link down (a deadline was missed); every call then gives
 * -ENOLINK.
 */
bool pciem_link_up(const struct pciem *handle);

/*
 * The calling thread is the consumer from now on. The kernel keeps it on one CPU, which threads it
 * makes inherit. The process is excluded from transparent huge pages.
 */
int pciem_serve(struct pciem *handle);
/*
 * Take the next transaction: 1 taken, 0 none waiting, -ENOLINK link down and none waiting. Never
 * sleeps.
 */
int pciem_next(struct pciem *handle, struct pciem_transaction *transaction);
/* True when pciem_next would give one. Only reads memory: cheap enough for a polling loop. */
bool pciem_pending(const struct pciem *handle);
/*
 * Before sleeping on the fd: 0 go to sleep, 1 transactions came meanwhile (do not sleep; disarmed
 * again).
 */
int pciem_arm(struct pciem *handle);
void pciem_disarm(struct pciem *handle);
/*
 * Wait until a transaction is there: 1 there is one, 0 timeout, -EINTR, -ENOLINK. Polls first, for
 * a time that adapts between 0 and the poll limit, then sleeps. timeout_ms as in poll(2).
 */
int pciem_wait(struct pciem *handle, int timeout_ms);
/* Upper limit of the adaptive polling in nanoseconds; 0 never polls. Default 50000. */
void pciem_set_poll_limit(struct pciem *handle, uint64_t ns);

/*
 * Answer a non-posted transaction, once. 0; or 1: the issuer waits for this very CPU, so sleep rather
 * than poll now (pciem_wait knows by itself). -ESTALE: its issuer has given up (deadline), or it was
 * answered before. -EINVAL: a kind that has no answer.
 */
int pciem_complete(struct pciem *handle, const struct pciem_transaction *transaction, uint64_t data);
/*
 * The same, then pciem_wait(handle, -1), whose results it has; that nobody waits for the answer any
 * more is no error here. Where the issuer sleeps on the caller's CPU both are one system call. Only
 * for the thread that consumes.
 */
int pciem_complete_and_wait(struct pciem *handle, const struct pciem_transaction *transaction,
			    uint64_t data);

/* Look for devices (also after hot-add); the result arrives as PCIEM_SCANNED. */
int pciem_scan(struct pciem *handle);
/* Orderly removal of every device; PCIEM_REMOVED follows. Keep serving meanwhile. */
int pciem_remove(struct pciem *handle);

/* A message-signalled interrupt: the device's 4-byte memory write. */
int pciem_msi(struct pciem *handle, uint64_t address, uint32_t data);
/* Level of INTx line 0..3 of the root bus: line = (slot + pin - 1) & 3, INTA being pin 1. */
int pciem_intx(struct pciem *handle, unsigned int line, bool level);

/*
 * The memory behind [address, address + length), or NULL when not wholly inside the pool (or
 * physical RAM range when direct).
 */
void *pciem_pool(struct pciem *handle, uint64_t address, size_t length);
/*
 * Map physical RAM [address, address + length) of a direct bridge; page aligned; munmap it
 * yourself.
 */
int pciem_map_direct(struct pciem *handle, uint64_t address, size_t length, void **memory);

/* Where the memory behind a prefetchable window comes from. */
enum pciem_ram_source {
	PCIEM_RAM_IS_BORROWED = 1,	/* taken out of the running system */
	PCIEM_RAM_IS_RESERVED,		/* kept free at boot */
	PCIEM_RAM_IS_PAGES,		/* ordinary pages, for drivers only */
};

/* A prefetchable window with memory behind it, for BARs that are memory: frame buffers. */
struct pciem_ram_window {
	uint64_t base, size;	/* bus address = CPU physical address; size is a power of two */
	enum pciem_ram_source source;
};

/*
 * Have one made of at least `size` bytes, below or above 4 GiB, each once and before the first
 * pciem_scan. -ENOMEM, -EOPNOTSUPP: nothing can be had; such BARs then trap as all others do. Takes
 * up to a second.
 */
int pciem_make_ram(struct pciem *handle, bool above_4g, uint64_t size, struct pciem_ram_window *window);
/*
 * Map part of such a window; page aligned; munmap it yourself. *memory says where: NULL for
 * anywhere, or an address, whose mappings this replaces.
 */
int pciem_map_ram(struct pciem *handle, uint64_t address, size_t length, void **memory);
/*
 * A BAR that is memory was placed in this part: mappings that drivers make of it from now on reach
 * the memory itself. False: they trap, as in the beginning. Page aligned.
 */
int pciem_set_ram(struct pciem *handle, uint64_t address, uint64_t length, bool ram);

#ifdef __cplusplus
}
#endif
#endif
