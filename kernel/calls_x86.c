// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hardirq.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>

#include "arch.h"

/*
 * The local APIC holds back what is not above its task priority, in steps of 16 vectors. The last
 * step has the calls between CPUs; devices and the timer are below.
 */
#define PRIORITY_CALLS	0xeUL

static unsigned long priority(void)
{
	unsigned long value;

	asm volatile("mov %%cr8, %0" : "=r" (value));
	return value;
}

static void set_priority(unsigned long value)
{
	asm volatile("mov %0, %%cr8" : : "r" (value) : "memory");
}

/*
 * Under Xen and Hyper-V devices and timers use a vector among those of the calls. (Under KVM that
 * vector only says that a page has come.)
 */
static bool only_calls_pass(void)
{
	if (!hypervisor_is_type(X86_HYPER_NATIVE) && !hypervisor_is_type(X86_HYPER_KVM) &&
	    !hypervisor_is_type(X86_HYPER_VMWARE))
		return false;
	return boot_cpu_has(X86_FEATURE_APIC) && !boot_cpu_has(X86_FEATURE_XENPV);
}

/*
 * Interrupts stay off as far as lockdep is concerned, for it does not know what is held back. Until
 * it looks again it does not see what the calls lock, either. With interrupts off.
 */
static void stop_lockdep(void)
{
#ifdef CONFIG_PROVE_LOCKING
	__this_cpu_inc(lockdep_recursion);
#endif
}

static void continue_lockdep(void)
{
#ifdef CONFIG_PROVE_LOCKING
	__this_cpu_dec(lockdep_recursion);
#endif
}

/*
 * The interrupt must look like a nested one: no softirq runs at its end, and nobody is scheduled.
 */
void pciem_arch_take_calls(void)
{
	unsigned long old;

	if (!IS_ENABLED(CONFIG_X86_64) || !only_calls_pass())
		return;
	old = priority();
	preempt_count_add(HARDIRQ_OFFSET);
	set_priority(PRIORITY_CALLS);
	stop_lockdep();
	/* What is pending comes after the instruction that follows sti. */
	asm volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
	continue_lockdep();
	set_priority(old);
	preempt_count_sub(HARDIRQ_OFFSET);
}
