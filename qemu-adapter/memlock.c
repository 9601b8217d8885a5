/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of this process that had to be read from, or written to, the disk that
 * it serves would never arrive. What is not permitted (locked memory, to a user
 * without the right to it) is done without.
 */
#include "qemu/osdep.h"
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "memlock.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

void memory_avoid_io(void)
{
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

static int populate(struct dl_phdr_info *info, size_t size, void *data)
{
    uintptr_t page = qemu_real_host_page_size();

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_LOAD) {
            madvise((void *)QEMU_ALIGN_DOWN(start, page),
                    segment->p_memsz + start % page, MADV_POPULATE_READ);
        }
    }
    return 0;
}

void memory_lock(void)
{
    /*
     * Pages are locked once they are touched: the stacks of all threads would
     * be a lot to fill.
     */
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
        /* but the code is touched now, all of it */
        dl_iterate_phdr(populate, NULL);
    }
}
