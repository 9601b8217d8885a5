/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters. Written through sysfs at any time: read each once per use with READ_ONCE. */
#ifndef PCIEM_PARAMS_H
#define PCIEM_PARAMS_H

#include <linux/types.h>

extern unsigned int pciem_read_timeout_ms;	/* an issuer that sleeps; also the watchdog's */
extern unsigned int pciem_atomic_timeout_ms;	/* an issuer that spins */
extern unsigned int pciem_spin_us;		/* how long an issuer that may sleep spins first */
extern char *pciem_ram;				/* SIZE@ADDRESS, see prefetch.h; read-only */
extern bool pciem_take_calls;			/* while an issuer spins with interrupts off */
extern bool pciem_poison;			/* overwrite pool memory when it is unmapped */

#endif
