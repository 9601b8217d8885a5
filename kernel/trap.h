/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_TRAP_H
#define PCIEM_TRAP_H

#include <linux/types.h>

struct pciem_bridge;

/* -EBUSY: another module or livepatch has replaced one of the hooked functions. Sleeps. */
int pciem_trap_init(void);
void pciem_trap_exit(void);

/*
 * The access itself. `bridge` NULL: its window has just gone, so all ones and no effect. Any
 * context.
 */
u64 pciem_trap_read(struct pciem_bridge *bridge, phys_addr_t addr, unsigned int width);
void pciem_trap_write(struct pciem_bridge *bridge, phys_addr_t addr, unsigned int width, u64 value);
/* The bridge with a window that holds all of it, with a reference, or NULL. Any context. */
struct pciem_bridge *pciem_trap_bridge(phys_addr_t addr, u64 size);

#endif
