/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * PCIem: a software PCIe host bridge whose far side is a process.
 *
 * A process opens /dev/pciem and creates a bridge on the open file. From then on everything that a
 * hardware host bridge would put on the wire reaches that process as a transaction in a
 * shared-memory queue: configuration reads and writes, memory reads and writes. The process
 * answers the non-posted ones, raises interrupts, and moves data through the DMA pool. Closing the
 * file takes the link down and removes every device below the bridge. When the link is down, for
 * whatever reason, mappings of the pool, or of all RAM, show one page of nobody's everywhere. (Pages
 * that the process has pinned for I/O of its own are its until that ends.)
 *
 * One file is one bridge. Any thread of any process that holds the file may use it.
 *
 * Conventions
 *   - Every argument struct begins with its own size in bytes. A kernel that knows a shorter
 *     struct accepts a longer one whose tail is zero; a kernel that knows a longer struct treats
 *     what is missing as zero.
 *   - Reserved fields and unknown flag bits must be zero.
 *   - Integers are in the byte order of the CPU. Addresses and lengths are bytes.
 *
 * errno of every ioctl
 *   EINVAL      a reserved field, flag, range or alignment is wrong, or the struct is shorter than
 *               its mandatory part
 *   E2BIG       the struct is longer than this kernel's and its tail is not zero
 *   EINTR       a signal handler ran while the caller slept
 *   EFAULT      the argument is not readable or writable memory
 *   ENOTTY      no such ioctl
 *   ENXIO       no bridge was created on this file yet
 *   EBUSY       a bridge was created on this file already, or the operation is under way, or the
 *               system is about to sleep
 *   ENOLINK     the link is down: the bridge missed a deadline, or its devices are being taken away
 *   EPERM       the operation needs a capability that the caller lacks
 *   ENOMEM      memory could not be had
 *   ENOSPC      no room: address space for a window, or a domain number
 *   EOPNOTSUPP  this kernel or machine cannot do it
 */
#ifndef _UAPI_LINUX_PCIEM_H
#define _UAPI_LINUX_PCIEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Numbers 0x0a..0x1a of the same magic are the "v1" interface. */
#define PCIEM_IOC_MAGIC	0xAF

enum {
	PCIEM_CMD_QUERY = 0x40,
	PCIEM_CMD_BRIDGE_CREATE,
	PCIEM_CMD_SERVE,
	PCIEM_CMD_SCAN,
	PCIEM_CMD_REMOVE,
	PCIEM_CMD_WAKE,
	PCIEM_CMD_MSI,
	PCIEM_CMD_INTX,
	PCIEM_CMD_RAM,
	PCIEM_CMD_RAM_PART,
	PCIEM_CMD_SLEEP,
};

/* PCIEM_QUERY: what this kernel offers. Needs no bridge. */
#define PCIEM_FEATURE_DMA_POOL		(1ULL << 0)	/* isolated DMA */
#define PCIEM_FEATURE_DMA_DIRECT	(1ULL << 1)	/* PCIEM_BRIDGE_DMA_DIRECT */
#define PCIEM_FEATURE_MSI		(1ULL << 2)	/* MSI and MSI-X */
#define PCIEM_FEATURE_INTX		(1ULL << 3)
#define PCIEM_FEATURE_RAM		(1ULL << 4)	/* PCIEM_RAM */

struct pciem_query {
	__u32 size;
	__u32 reserved;
	__u64 features;		/* out: PCIEM_FEATURE_* */
	__u32 max_queue_entries;	/* out */
	__u32 msi_vectors;	/* out: vectors a bridge can hand out */
	__u64 max_pool_size;	/* out: bytes */
	__u32 read_timeout_ms;	/* out: deadline of a read whose issuer sleeps */
	__u32 atomic_timeout_ms;	/* out: deadline of a read whose issuer cannot sleep */
};

#define PCIEM_QUERY	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_QUERY)

/*
 * PCIEM_BRIDGE_CREATE: once for each open file. No device is looked for yet: see PCIEM_SCAN. Sizes
 * are powers of two; 0 takes the default. The windows and the pool that were really had are
 * written back.
 *
 * Can wait for a scan of another bridge: a thread that serves one must not create a second. So can
 * PCIEM_RAM.
 */
/* Bus address = physical address, and all RAM can be mapped. Needs CAP_SYS_RAWIO. */
#define PCIEM_BRIDGE_DMA_DIRECT	(1U << 0)

struct pciem_bridge_create {
	__u32 size;
	__u32 flags;		/* PCIEM_BRIDGE_* */
	__u32 queue_entries;	/* in/out: 64 .. max_queue_entries */
	__u32 domain;		/* out: PCI domain (segment) number */
	__u64 mem32_size;	/* in/out: memory window below 4 GiB, at least 1 MiB */
	__u64 mem64_size;	/* in/out: memory window above 4 GiB, at least 1 MiB */
	__u64 pool_size;	/* in/out: DMA pool, 1 MiB .. max_pool_size; 0 when direct */
	__u64 mem32_base;	/* out: bus address = CPU physical address */
	__u64 mem64_base;	/* out; window absent when mem64_size comes back 0 */
	__u64 pool_base;	/* out: first bus address of the pool */
	__u64 msi_address;	/* out: a 4-byte write here is a message-signalled interrupt */
	__u64 queue_offset;	/* out: mmap offset of the queue area */
	__u64 queue_bytes;	/* out: its size */
	__u64 pool_offset;	/* out: mmap offset of the pool (pool_size bytes) */
	__u64 direct_offset;	/* out: mmap offset of physical address 0 when direct, else 0 */
	__u64 direct_bytes;	/* out: end of physical RAM when direct, else 0 */
	__u32 slot_count;	/* out: completion slots; a power of two */
	__u32 slots_offset;	/* out: of the slots inside the queue area */
	__u32 entries_offset;	/* out: of the entries inside the queue area */
	__u32 reserved;
};

#define PCIEM_BRIDGE_CREATE	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_BRIDGE_CREATE)

/*
 * PCIEM_SERVE: the calling thread is the one that consumes the queue. The kernel keeps it on one of
 * the CPUs it is allowed and the devices' interrupts off that CPU, and never waits for an answer
 * on top of it. sched_setaffinity() overrides that. Replaces an earlier registration; the thread
 * that it was gets its CPUs back. Threads that are made by the calling one afterwards inherit its
 * CPU.
 *
 * PCIEM_SCAN: look for devices and offer them to drivers; also after hot-add. Returns at once; the
 * result comes as PCIEM_NOTICE_SCANNED, and the process must serve the queue meanwhile. EBUSY while
 * one is under way.
 *
 * PCIEM_REMOVE: orderly removal of every device (drivers still reach them meanwhile). Returns at
 * once; PCIEM_NOTICE_REMOVED follows. A later PCIEM_SCAN finds the devices again.
 *
 * PCIEM_SLEEP: until poll(2) would say something (PCIEM_QUEUE_NEED_WAKEUP as for that), at less
 * cost; EINTR when a signal handler ran. Returns 1 when who ended the sleep did so on the CPU of
 * the caller: it needs that CPU to issue more, so had better not be polled for; else 0.
 */
struct pciem_simple {
	__u32 size;
	__u32 flags;		/* 0 */
};

#define PCIEM_SERVE	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_SERVE)
#define PCIEM_SCAN	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_SCAN)
#define PCIEM_REMOVE	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_REMOVE)
#define PCIEM_SLEEP	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_SLEEP)

/*
 * PCIEM_WAKE: the issuer of this tag sleeps (its slot said PCIEM_PHASE_SLEEPING) and its answer is
 * in the slot. Returns 1 when the issuer went to sleep on the CPU of the caller, which had better
 * sleep than poll for more; else 0. With PCIEM_WAKE_AND_SLEEP it then does so in the same call,
 * until poll(2) would say something (PCIEM_QUEUE_NEED_WAKEUP as for that); EINTR when a signal
 * handler ran.
 */
struct pciem_wake {
	__u32 size;
	__u32 tag;
	__u32 flags;
	__u32 reserved;
};

#define PCIEM_WAKE_AND_SLEEP	(1U << 0)

#define PCIEM_WAKE	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_WAKE)

/*
 * PCIEM_MSI: a memory write of 4 bytes to msi_address. EINVAL: another address, or data no vector
 * has (PCI 3.0, 6.8).
 */
struct pciem_msi {
	__u32 size;
	__u32 data;
	__u64 address;
};

#define PCIEM_MSI	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_MSI)

/*
 * PCIEM_INTX: set the level of an INTx line of the root bus. INTA..INTD of the function in slot s
 * is line (s + pin - 1) & 3, pin 1 being INTA (PCIe 6.0, 2.2.8.1).
 */
struct pciem_intx {
	__u32 size;
	__u32 line;		/* 0..3 */
	__u32 level;		/* 0 deasserted, 1 asserted */
	__u32 reserved;
};

#define PCIEM_INTX	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_INTX)

/*
 * PCIEM_RAM: a prefetchable window of at least so many bytes with memory of this machine behind it,
 * for BARs that are memory (frame buffers). The memory is cleared; it is taken out of the running
 * system, or was kept free at boot, or is ordinary pages, and goes back when the bridge is gone.
 * Once below and once above 4 GiB, before the first PCIEM_SCAN (EBUSY). ENOMEM, EOPNOTSUPP: nothing
 * can be had; the bridge works without, and such BARs trap like others. Moves memory around: can
 * take a second. Prefetchable BARs of functions on the root bus are placed there, others are not.
 */
#define PCIEM_RAM_ABOVE_4G	(1U << 0)

#define PCIEM_RAM_BORROWED	1	/* taken out of the running system */
#define PCIEM_RAM_RESERVED	2	/* kept free at boot: module parameter ram= */
#define PCIEM_RAM_PAGES		3	/* ordinary pages; programs' mappings trap */

struct pciem_ram {
	__u32 size;
	__u32 flags;		/* PCIEM_RAM_ABOVE_4G */
	__u64 bytes;		/* in: at least, 1 .. 256 GiB; out: of the window, 2^n */
	__u64 base;		/* out: bus address = CPU physical address */
	__u64 offset;		/* out: mmap offset of bus address 0; for MAP_SHARED */
	__u32 source;		/* out: PCIEM_RAM_BORROWED, _RESERVED, _PAGES */
	__u32 reserved;
};

#define PCIEM_RAM	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_RAM)

/*
 * PCIEM_RAM_PART: these pages of such a window are memory (a BAR was placed there): mappings that
 * drivers make from now on reach it. Without PCIEM_RAM_PART_IS_RAM, as in the beginning, new
 * mappings trap. A mapping of which only a part is memory traps throughout. EINVAL: not whole pages
 * inside one window.
 */
#define PCIEM_RAM_PART_IS_RAM	(1U << 0)

struct pciem_ram_part {
	__u32 size;
	__u32 flags;		/* PCIEM_RAM_PART_IS_RAM */
	__u64 base;
	__u64 bytes;
};

#define PCIEM_RAM_PART	_IO(PCIEM_IOC_MAGIC, PCIEM_CMD_RAM_PART)

/*
 * The queue area: one header page, the completion slots, the entries. Shared, read-write.
 *
 * Consuming: entries head..tail-1 (both free-running; index = value & (queue_entries - 1)) are
 * valid. Load tail with acquire, copy the entry, store head + 1 with release. Before sleeping in
 * poll(2) on the file set PCIEM_QUEUE_NEED_WAKEUP, then look at tail again (full barrier between);
 * clear it when awake. poll says POLLIN when entries wait, POLLHUP | POLLERR when the link is
 * down. On PREEMPT_RT epoll_wait(2) sleeps on while a CPU spins for an answer: that CPU can wake
 * the thread, which then has to look itself, as poll does.
 *
 * Entries stand in the order in which the CPUs issued them; a posted write is never dropped while
 * the link is up.
 */
#define PCIEM_QUEUE_NEED_WAKEUP	(1U << 0)

#define PCIEM_LINK_UP	0
#define PCIEM_LINK_DOWN	1

struct pciem_queue_header {
	__u32 head;		/* process: next entry to consume */
	__u32 flags;		/* process: PCIEM_QUEUE_* */
	__u32 pad0[14];
	__u32 tail;		/* kernel: next entry to produce */
	__u32 link;		/* kernel: PCIEM_LINK_* */
	__u32 pad1[14];
};

enum pciem_op {
	PCIEM_OP_CFG_READ = 1,	/* non-posted: answer */
	PCIEM_OP_CFG_WRITE,	/* non-posted: answer (the data is ignored) */
	PCIEM_OP_MEM_READ,	/* non-posted: answer */
	PCIEM_OP_MEM_WRITE,	/* posted */
	PCIEM_OP_NOTICE,	/* addr: enum pciem_notice; data: 0 or a negative errno */
};

enum pciem_notice {
	PCIEM_NOTICE_SCANNED = 1,
	PCIEM_NOTICE_REMOVED,
};

/*
 * Configuration addresses have the ECAM form: bus << 20 | device << 15 | function << 12 | register
 * (PCIe 6.0, 7.2.2). Memory addresses are bus addresses inside a window. An access never crosses
 * the end of its naturally aligned 8 bytes for configuration; memory accesses can be misaligned
 * when the driver's are.
 */
struct pciem_entry {
	__u64 addr;
	__u64 data;		/* of a write; the low `size` bytes count, the others are 0 */
	__u32 tag;		/* of a non-posted one; 30 bits, slot = tag & (slot_count - 1) */
	__u8 op;		/* enum pciem_op */
	__u8 size;		/* 1, 2, 4 or 8 bytes */
	__u16 reserved0;
	__u64 reserved1;
};

/*
 * Answering: if state >> 2 is not the tag, the issuer has gone (deadline): forget it. Else store
 * data, then exchange state for tag << 2 | PCIEM_PHASE_DONE (compare-and-exchange, release); when
 * the old phase was PCIEM_PHASE_SLEEPING call PCIEM_WAKE. An absent register or function is
 * answered with all ones.
 */
#define PCIEM_PHASE_PENDING	0	/* the issuer watches the slot */
#define PCIEM_PHASE_SLEEPING	1	/* the issuer must be woken with PCIEM_WAKE */
#define PCIEM_PHASE_DONE	2

struct pciem_slot {
	__u32 state;		/* tag << 2 | phase */
	__u32 reserved;
	__u64 data;
	__u64 pad[6];
};

#endif
