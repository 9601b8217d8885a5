// SPDX-License-Identifier: GPL-2.0-only
#include "ram.h"

#include <linux/ioport.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>

/* So many times what is taken has to be available. */
#define PLENTY		2

bool pciem_memory_is_plenty(u64 size)
{
	return PFN_PHYS((u64)max(si_mem_available(), 0L)) >= PLENTY * size;
}

static int extend(struct resource *ram, void *data)
{
	unsigned long *end = data;

	*end = max_t(unsigned long, *end, PFN_DOWN(ram->end + 1));
	return 0;
}

unsigned long pciem_ram_end(void)
{
	unsigned long end = 0;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, -1, &end,
			    extend);
	return end;
}
