/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduling of the thread that serves the drivers, and of all the others.
 */
#ifndef PCIEM_QEMU_THREADS_H
#define PCIEM_QEMU_THREADS_H

#include <stdbool.h>

/*
 * The calling thread goes before all ordinary work of this machine, where that
 * is permitted.
 */
void threads_prioritize(void);
/*
 * The calling thread, and no other one of this process, runs on this CPU only.
 * False: there is no such CPU for us.
 */
bool threads_pin(int cpu);

#endif
