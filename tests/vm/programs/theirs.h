/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs that take the bridge of another process, with its devices and drivers. */
#ifndef THEIRS_H
#define THEIRS_H

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "bridge.h"

/* A copy of the first file of its that is a bridge's. */
static inline int file_of_process(pid_t pid)
{
	int number = -1, process, fd;

	for (int i = 0; i < 256 && number < 0; i++) {
		char path[64], target[64];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, i);
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = 0;
		if (!strcmp(target, NODE))
			number = i;
	}
	need(number >= 0, "that process has no bridge");
	process = syscall(SYS_pidfd_open, pid, 0);
	need(process >= 0, "pidfd_open");
	fd = syscall(SYS_pidfd_getfd, process, number, 0);
	need(fd >= 0, "pidfd_getfd");
	close(process);
	return fd;
}

#endif
