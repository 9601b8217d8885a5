// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* Offsets of a direct bridge are physical addresses. */
static_assert(sizeof(off_t) == 8, "build with _FILE_OFFSET_BITS=64");

/*
 * What a system call returned, in the library's convention; errno gets back the value it had before
 * the call.
 */
static int outcome(int returned, int saved_errno)
{
	int error = errno;

	errno = saved_errno;
	return returned < 0 ? -error : returned;
}

int pciem_sys_open(const char *path)
{
	int saved = errno;

	return outcome(open(path, O_RDWR | O_CLOEXEC), saved);
}

void pciem_sys_close(int fd)
{
	int saved = errno;

	/* Never repeated: on Linux the descriptor is gone even after EINTR. */
	outcome(close(fd), saved);
}

int pciem_sys_ioctl(int fd, unsigned long request, void *argument)
{
	int saved = errno;

	return outcome(ioctl(fd, request, argument), saved);
}

int pciem_sys_map(int fd, uint64_t offset, size_t bytes, void **memory)
{
	int saved = errno;
	/* At once, as far as it is memory: who serves should not have to wait for a page. */
	void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
			    (off_t)offset);

	if (mapped == MAP_FAILED)
		return outcome(-1, saved);
	*memory = mapped;
	return 0;
}

int pciem_sys_map_over(int fd, uint64_t offset, size_t bytes, void *place)
{
	int saved = errno;
	void *mapped = mmap(place, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			    (off_t)offset);

	return outcome(mapped == MAP_FAILED ? -1 : 0, saved);
}

void pciem_sys_unmap(void *memory, size_t bytes)
{
	int saved = errno;

	outcome(munmap(memory, bytes), saved);
}

void pciem_sys_no_huge_pages(void)
{
	int saved = errno;

	outcome(prctl(PR_SET_THP_DISABLE, 1UL, 0UL, 0UL, 0UL), saved);
}

int pciem_sys_poll(int fd, int timeout_ms)
{
	struct pollfd file = { .fd = fd, .events = POLLIN };
	int saved = errno;
	int ready = outcome(poll(&file, 1, timeout_ms), saved);

	return ready > 0 ? file.revents : ready;
}

uint64_t pciem_sys_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

unsigned int pciem_sys_cpus(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (unsigned int)cpus : 1;
}

size_t pciem_sys_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}
