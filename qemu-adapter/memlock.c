/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of this process that had to be read from, or written to, the disk that
 * it serves would never arrive. What is not permitted (locked memory, to a user
 * without the right to it) is done without.
 */
#include "qemu/osdep.h"
#include "qemu/thread.h"
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "memlock.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

void memory_avoid_io(void)
{
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

static int touch(struct dl_phdr_info *info, size_t size, void *data)
{
    uintptr_t page = qemu_real_host_page_size();

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        uintptr_t end = start + segment->p_memsz;

        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R)) {
            continue;
        }
        for (uintptr_t at = QEMU_ALIGN_DOWN(start, page); at < end;
             at += page) {
            /* volatile: the value is not wanted, the page is */
            (void)*(volatile const char *)at;
        }
    }
    return 0;
}

/* Reading the program from its disk takes a while, and need not hold it up. */
static void *touch_thread(void *opaque)
{
    dl_iterate_phdr(touch, NULL);
    return NULL;
}

void memory_lock(void)
{
    QemuThread thread;

    /*
     * Pages are locked once they are touched: the stacks of all threads would
     * be a lot to fill. But the code is touched soon, all of it.
     */
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
        qemu_thread_create(&thread, "pciem-memlock", touch_thread, NULL,
                           QEMU_THREAD_DETACHED);
    }
}
