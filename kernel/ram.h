/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_RAM_H
#define PCIEM_RAM_H

/* The frame after the last one of physical RAM. Sleeps. */
unsigned long pciem_ram_end(void);

#endif
