/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's interface without the library between, for programs that misuse it. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/pciem.h>

#include "checks.h"

#define NODE	"/dev/pciem"
#define PAGE	4096ul

static inline int call_once(int fd, unsigned long command, const void *argument)
{
	return ioctl(fd, command, argument) < 0 ? errno : 0;
}

static inline void nothing(int number)
{
	(void)number;
}

/* Signals come to the calling thread meanwhile, for it can sleep for ever. */
static inline int call_with_signals(int fd, unsigned long command, const void *argument)
{
	const struct itimerspec often = { .it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000 };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct sigaction action = { .sa_handler = nothing };
	timer_t timer;
	int error;

	event._sigev_un._tid = gettid();
	sigaction(SIGUSR1, &action, NULL);
	need(!timer_create(CLOCK_MONOTONIC, &event, &timer) && !timer_settime(timer, 0, &often, NULL), "timer");
	error = call_once(fd, command, argument);
	timer_delete(timer);
	return error;
}

/* 0 or a positive errno. */
static inline int call(int fd, unsigned long command, const void *argument)
{
	return (command == PCIEM_SLEEP ? call_with_signals : call_once)(fd, command, argument);
}

static inline int node_open(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	need(fd >= 0, NODE);
	return fd;
}

/* How a child that does this ends: as wait(2) has it. */
static inline int status_of(void (*act)(void *argument), void *argument)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	need(pid >= 0, "fork");
	if (!pid) {
		act(argument);
		_exit(0);
	}
	need(waitpid(pid, &status, 0) == pid, "wait");
	return status;
}

/* The smallest bridge. */
static inline int bridge_create(int fd, struct pciem_bridge_create *create)
{
	*create = (struct pciem_bridge_create) {
		.size = sizeof(*create), .flags = create->flags, .mem32_size = 1 << 20, .mem64_size = 1 << 20,
		.pool_size = create->flags & PCIEM_BRIDGE_DMA_DIRECT ? 0 : 1 << 20,
	};
	return call(fd, PCIEM_BRIDGE_CREATE, create);
}

/* 0 or a positive errno; then `memory` is not changed. */
static inline int try_map(int fd, uint64_t offset, size_t length, int protection, int flags, void **memory)
{
	void *got = mmap(NULL, length, protection, flags, fd, (off_t)offset);

	if (got == MAP_FAILED)
		return errno;
	*memory = got;
	return 0;
}

#endif
