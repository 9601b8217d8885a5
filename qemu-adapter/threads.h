/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduling of the thread that serves the drivers, and of all the others.
 */
#ifndef PCIEM_QEMU_THREADS_H
#define PCIEM_QEMU_THREADS_H

#include <stdbool.h>

/* The calling thread goes before all others, where that is permitted. */
void threads_prioritize(void);
/*
 * CPUs of this machine stand still while the calling thread carries out their
 * reads. As long as such reads come nothing at all takes its CPU away: also not
 * what would do so just to read.
 *
 * Not for longer: work of the kernel that is bound to that CPU has to wait.
 */
void threads_realtime(bool on);
/*
 * Meanwhile: another process that serves a bridge may be waiting for this CPU,
 * as a real-time thread too.
 */
void threads_yield(void);
/*
 * Threads that are made from now on may use the CPUs that are allowed to the
 * calling thread now, even if it is given fewer.
 */
void threads_set_apart(void);
/*
 * The calling thread, and no other one of this process, runs on this CPU only.
 * False: there is no such CPU for us.
 */
bool threads_pin(int cpu);

#endif
