/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that serves a disk must not wait for that disk. */
#ifndef PCIEM_QEMU_MEMLOCK_H
#define PCIEM_QEMU_MEMLOCK_H

/*
 * Before any thread is made: memory that is allocated from now on is never had
 * by writing to a disk.
 */
void memory_avoid_io(void);
/*
 * When all is set up, and before a driver waits for anything: the program is in
 * memory, and stays there.
 */
void memory_lock(void);

#endif
