/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every system call of the library, in the library's own convention: a negative errno is returned
 * and errno is left as it was. It is also the seam where a unit test puts itself in the kernel's
 * place.
 */
#ifndef PCIEM_SYS_H
#define PCIEM_SYS_H

#include <stddef.h>
#include <stdint.h>

int pciem_sys_open(const char *path);
void pciem_sys_close(int fd);
int pciem_sys_ioctl(int fd, unsigned long request, void *argument);
int pciem_sys_map(int fd, uint64_t offset, size_t bytes, void **memory);
/* At this address, in the place of what is mapped there. */
int pciem_sys_map_over(int fd, uint64_t offset, size_t bytes, void *place);
void pciem_sys_unmap(void *memory, size_t bytes);

/* No memory of this process is put together into huge pages from now on. */
void pciem_sys_no_huge_pages(void);

/*
 * Sleep until the file is readable or hung up: its revents, 0 after the timeout, a negative errno.
 */
int pciem_sys_poll(int fd, int timeout_ms);

/* A clock that never steps, in nanoseconds. */
uint64_t pciem_sys_clock(void);
unsigned int pciem_sys_cpus(void);
size_t pciem_sys_page_size(void);

#endif
