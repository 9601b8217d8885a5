// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>
#include <asm/cacheflush.h>
#include <asm/fpu/api.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <asm/trap_pf.h>

#include "arch.h"
#include "bridge.h"
#include "compat/leave_mm_x86.h"
#include "emulate_x86.h"
#include "insn_x86.h"
#include "pages.h"
#include "trap.h"

/*
 * The frame numbers of non-present entries are stored inverted against L1TF; in the lower half of
 * the address space their inverse is an address that no RAM has.
 */
u64 pciem_arch_phys_limit(void)
{
	return 1ULL << (boot_cpu_data.x86_phys_bits - 1);
}

/* IOAPICs, HPET, local APICs with the MSI range, flash: not all of it is in iomem_resource. */
u64 pciem_arch_low_limit(void)
{
	return 0xfec00000;
}

/* A firmware call has page tables of its own loaded, within a section that uses the FPU. */
void pciem_arch_leave_mm(void)
{
	if (irq_fpu_usable())
		pciem_leave_mm();
}

/* Without self-snooping a cached mapping beside an uncached one is not coherent. */
pgprot_t pciem_arch_ram_prot(pgprot_t prot)
{
	return boot_cpu_has(X86_FEATURE_SELFSNOOP) ? prot : pgprot_noncached(prot);
}

void pciem_arch_flush_ram(void *memory, size_t size)
{
	if (!boot_cpu_has(X86_FEATURE_SELFSNOOP))
		clflush_cache_range(memory, size);
}

/* int ioremap_page_range(unsigned long addr, unsigned long end, phys_addr_t phys, pgprot_t prot) */
void notrace pciem_arch_on_map(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);
	struct pciem_window *window;

	rcu_read_lock();
	window = regs ? pciem_window_find(regs->dx) : NULL;
	if (window && pciem_window_traps(window, regs->dx, regs->si - regs->di))
		regs->cx = (regs->cx & ~_PAGE_PRESENT) | _PAGE_PROTNONE;
	rcu_read_unlock();
}

/* What does the kernel address map, whether or not the MMU may use it? False: nothing. */
static bool leaf_phys(unsigned long address, phys_addr_t *phys)
{
	unsigned int level;
	pte_t *pte = lookup_address(address, &level);
	unsigned long pfn, offset_mask;

	if (!pte || pte_none(*pte))
		return false;
	switch (level) {
	case PG_LEVEL_4K:
		pfn = pte_pfn(*pte);
		offset_mask = ~PAGE_MASK;
		break;
	case PG_LEVEL_2M:
		pfn = pmd_pfn(*(pmd_t *)pte);
		offset_mask = ~PMD_MASK;
		break;
	case PG_LEVEL_1G:
		pfn = pud_pfn(*(pud_t *)pte);
		offset_mask = ~PUD_MASK;
		break;
	default:
		return false;
	}
	*phys = ((phys_addr_t)pfn << PAGE_SHIFT) + (address & offset_mask);
	return true;
}

static int decode(struct pciem_insn *insn, u8 *code, unsigned long ip)
{
	size_t size = PCIEM_INSN_MAX_LENGTH;

	/* The next page may not be mapped. */
	if (copy_from_kernel_nofault(code, (void *)ip, size)) {
		size = min(size, PAGE_SIZE - offset_in_page(ip));
		if (copy_from_kernel_nofault(code, (void *)ip, size))
			return -EFAULT;
	}
	return pciem_insn_decode(insn, code, size, IS_ENABLED(CONFIG_X86_64));
}

/*
 * An access whose other operand is bad: the next fault of this task at this place is the kernel's
 * own to report.
 */
static struct {
	raw_spinlock_t lock;
	struct task_struct *task;
	unsigned long ip;
} pass = { .lock = __RAW_SPIN_LOCK_UNLOCKED(pass.lock) };

static void pass_next(unsigned long ip)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pass.lock, flags);
	pass.task = current;
	pass.ip = ip;
	raw_spin_unlock_irqrestore(&pass.lock, flags);
}

static bool passed(unsigned long ip)
{
	bool ours = false;
	unsigned long flags;

	if (READ_ONCE(pass.task) != current)
		return false;
	raw_spin_lock_irqsave(&pass.lock, flags);
	if (pass.task == current && pass.ip == ip) {
		pass.task = NULL;
		ours = true;
	}
	raw_spin_unlock_irqrestore(&pass.lock, flags);
	return ours;
}

/*
 * In place of bad_area_nosemaphore(): interrupts are off, as the entry code left them, and off
 * again on return.
 */
static noinline void emulate(struct pt_regs *regs, unsigned long error_code, unsigned long address)
{
	u8 code[PCIEM_INSN_MAX_LENGTH];
	struct pciem_bridge *bridge;
	struct pciem_insn insn;
	phys_addr_t phys;

	/*
	 * The callback has seen both succeed; if they do not now, the access is simply tried
	 * again.
	 */
	if (!leaf_phys(address, &phys) || pciem_pages_have(PHYS_PFN(phys)) ||
	    decode(&insn, code, regs->ip))
		return;
	bridge = pciem_trap_bridge(phys, 1);
	/* Without a bridge nothing holds the module: stay where a grace period covers us. */
	if (bridge && regs->flags & X86_EFLAGS_IF)
		local_irq_enable();
	if (!pciem_emulate(regs, &insn, bridge, address, phys))
		pass_next(regs->ip);
	if (bridge && regs->flags & X86_EFLAGS_IF)
		local_irq_disable();
	if (bridge)
		pciem_bridge_put(bridge);
}

static void report(struct pciem_bridge *bridge, struct pt_regs *fault, const u8 *code)
{
	atomic64_inc(&bridge->counters.undecoded);
	dev_err_ratelimited(pciem_bridge_dev(bridge), "cannot emulate the access at %pS: %*ph\n",
			    (void *)fault->ip, PCIEM_INSN_MAX_LENGTH, code);
}

/* In place of bad_area_nosemaphore(): the access is tried again. */
static noinline void retry(struct pt_regs *regs, unsigned long error_code, unsigned long address)
{
}

/* Where ordinary pages are behind all that the entry maps, it maps them from now on. */
static bool lead_to_pages(const struct pciem_window *window, unsigned long address,
			  phys_addr_t phys)
{
	unsigned int level;
	pte_t *pte = lookup_address(address, &level);
	unsigned long size, frame;

	/* 32-bit processes can have tables of their own down to that level. */
	if (!window->pages || !pte || (level != PG_LEVEL_4K && !IS_ENABLED(CONFIG_X86_64)))
		return false;
	size = page_level_size(level);
	phys = ALIGN_DOWN(phys, size);
	if (size > PCIEM_PAGES_CHUNK || !pciem_window_is_ram(window, phys, size))
		return false;
	frame = pciem_pages_frame(window->pages, PFN_DOWN(phys - window->res.start));
	if (level == PG_LEVEL_4K)
		set_pte(pte, pfn_pte(frame, PAGE_KERNEL));
	else
		set_pmd((pmd_t *)pte, pmd_mkhuge(pfn_pmd(frame, PAGE_KERNEL)));
	return true;
}

/* What is to run in place of the function that would report the fault; 0: nothing. */
static unsigned long instead(struct pt_regs *fault, unsigned long error_code,
			     unsigned long address)
{
	u8 code[PCIEM_INSN_MAX_LENGTH] = {};
	struct pciem_window *window;
	unsigned long function = 0;
	struct pciem_insn insn;
	phys_addr_t phys;

	if (user_mode(fault) || error_code & X86_PF_INSTR || !is_vmalloc_addr((void *)address) ||
	    !leaf_phys(address, &phys))
		return 0;
	/* Another CPU has led it there since. */
	if (!(error_code & X86_PF_PROT) && pciem_pages_have(PHYS_PFN(phys)))
		return (unsigned long)retry;
	rcu_read_lock();
	window = pciem_window_find(phys);
	if (window && lead_to_pages(window, address, phys)) {
		function = (unsigned long)retry;
	} else if (window && !passed(fault->ip)) {
		if (!decode(&insn, code, fault->ip))
			function = (unsigned long)emulate;
		else
			report(window->bridge, fault, code);
	}
	rcu_read_unlock();
	return function;
}

/*
 * void bad_area_nosemaphore(struct pt_regs *regs, unsigned long error_code, unsigned long address)
 */
void notrace pciem_arch_on_fault(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);
	unsigned long function = 0;

	if (regs)
		function = instead((struct pt_regs *)regs->di, regs->si, regs->dx);
	if (function)
		ftrace_regs_set_instruction_pointer(fregs, function);
}
