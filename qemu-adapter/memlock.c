/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of this process that had to be read from, or written to, the disk that
 * it serves would never arrive. Those of any other disk would come too late
 * when the CPU that takes that disk's interrupts waits for an answer of ours.
 * So the whole program is in memory before the first device appears.
 *
 * What is not permitted (locked memory, to a user without the right to it) is
 * done without.
 */
#include "qemu/osdep.h"
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "memlock.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

static void touch(uintptr_t start, uintptr_t end, uintptr_t page)
{
    for (uintptr_t at = start; at < end; at += page) {
        /* volatile: the value is not wanted, the page is */
        (void)*(volatile const char *)at;
    }
}

static int populate(struct dl_phdr_info *info, size_t size, void *data)
{
    uintptr_t page = qemu_real_host_page_size();

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + segment->p_vaddr;
        uintptr_t start = QEMU_ALIGN_DOWN(at, page);
        uintptr_t end = QEMU_ALIGN_UP(at + segment->p_memsz, page);

        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R)) {
            continue;
        }
        /* many pages at once where the kernel can do that (Linux 5.14) */
        if (madvise((void *)start, end - start, MADV_POPULATE_READ) != 0) {
            touch(start, end, page);
        }
    }
    return 0;
}

void memory_avoid_io(void)
{
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

void memory_lock(void)
{
    /*
     * Pages are locked once they are touched: the stacks of all threads would
     * be a lot to fill.
     */
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    dl_iterate_phdr(populate, NULL);
}
