/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RAM_H
#define PCIEM_RAM_H

#include <linux/types.h>

/* Can so many bytes be taken without leaving others short? Sleeps not. */
bool pciem_memory_is_plenty(u64 size);
/* The frame after the last one of physical RAM. Sleeps. */
unsigned long pciem_ram_end(void);

#endif
