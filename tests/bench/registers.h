/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark card: one function, one 32-bit BAR of one page, one MSI. Shared by the card and its driver.
 *
 *	offset	name	size	access
 *	0x00	IDENT	4	ro	IDENT_VALUE
 *	0x08	SINK	4	wo	taken and thrown away
 *	0x10	CPU	4	wo	the card's process moves to this CPU
 *	0x18	POLL	4	wo	1: it watches the queue without ever sleeping; 0: pciem_wait()
 *	0x20	SHARED	8	wo	bus address of a struct bench_shared
 *	0x28	RING	4	wo	store the time into shared.rang, then send the MSI
 *	0x30	BUFFER	8	wo	bus address for COPY
 *	0x38	COPY	4	wo	copy that many bytes from the buffer; with COPY_TO_HOST, into it.
 *					The time it took goes to shared.copied.
 */
#ifndef BENCH_REGISTERS_H
#define BENCH_REGISTERS_H

#define BENCH_VENDOR	0x1234	/* what emulators use for their test devices */
#define BENCH_DEVICE	0x11be
#define BENCH_BAR_BYTES	0x1000u

#define BENCH_IDENT	0x00
#define BENCH_SINK	0x08
#define BENCH_CPU	0x10
#define BENCH_POLL	0x18
#define BENCH_SHARED	0x20
#define BENCH_RING	0x28
#define BENCH_BUFFER	0x30
#define BENCH_COPY	0x38

#define BENCH_IDENT_VALUE	0x42454e43
#define BENCH_COPY_TO_HOST	0x80000000u
#define BENCH_COPY_MAX		0x100000u

/* Nanoseconds of CLOCK_MONOTONIC. */
struct bench_shared {
	unsigned long long rang;
	unsigned long long copied;
};

#endif
