/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between processors. One file set each: *_x86.c. */
#ifndef PCIEM_ARCH_H
#define PCIEM_ARCH_H

#include <linux/pgtable.h>
#include <linux/types.h>

struct ftrace_ops;
struct ftrace_regs;
struct pciem_bridge;
struct pt_regs;

/* Windows below 4 GiB end here: above it the processor or the chipset has addresses of its own. */
u64 pciem_arch_low_limit(void);
/* Windows above 4 GiB end here. */
u64 pciem_arch_phys_limit(void);

/*
 * The calling CPU still has a process's page tables loaded while it runs a task that has none:
 * forget them, so that nobody waits for it who changes them. Interrupts off, current->mm NULL.
 */
void pciem_arch_leave_mm(void);

/* How the process maps memory that drivers map as device memory: as fast as is coherent. */
pgprot_t pciem_arch_ram_prot(pgprot_t prot);
/* Nothing of it stays in a cache that uncached accesses would not see. */
void pciem_arch_flush_ram(void *memory, size_t size);

/*
 * Make it possible to take that memory, whose pages are the caller's and are whole memory blocks,
 * out of the system. False: it must not be done. Sleeps.
 */
bool pciem_arch_split_direct_map(u64 base, u64 size);

/*
 * Take the calls (IPIs) that other CPUs have sent to this one, and no other interrupt: they may
 * wait for it with their preemption off, as a TLB shootdown does. Interrupts off, preemption off;
 * not where a lock that is held now could be one that such a call takes: the console's of an
 * emulated serial card, perf's where an emulated device counts events. Nobody can ask which are
 * held; parameter `take_calls` is the user's way to say so.
 */
void pciem_arch_take_calls(void);

/* ftrace callbacks for the functions named; see trap.c for what each has to do. */
#define PCIEM_ARCH_MAP_FUNCTION		"ioremap_page_range"
#define PCIEM_ARCH_FAULT_FUNCTION	"bad_area_nosemaphore"
void pciem_arch_on_map(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		       struct ftrace_regs *fregs);
void pciem_arch_on_fault(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			 struct ftrace_regs *fregs);

/*
 * Do what the instruction of a program does that the registers are at, whose operand at `address`
 * is `phys` in a window of the bridge, and step over it; of a repeated one only a part, when a
 * signal comes. False: it cannot be emulated, its other operand cannot be accessed, or it is none
 * that writes (or reads) there, as the one did that faulted: another thread can change it
 * meanwhile. Sleeps, faults; no locks.
 */
#define PCIEM_ARCH_USER_ACCESS		true
bool pciem_arch_user_access(struct pt_regs *regs, struct pciem_bridge *bridge,
			    unsigned long address, phys_addr_t phys, bool write);

#endif
