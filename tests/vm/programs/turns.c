// SPDX-License-Identifier: GPL-2.0-only
/*
 * turns PID SECONDS: takes the file of a running pciem-qemu, and two other processes begin to serve its bridge, again and again, each in
 * the place of the other, while this one sends messages of its device's.
 */
#include "fuzz.h"
#include "theirs.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

/* The kernel looks at them for each interrupt: it is in the middle of that most of the time. */
#define THREADS		60
#define SERVERS		2

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void serve(int fd, uint64_t ms, int ready)
{
	const struct pciem_simple simple = { .size = sizeof(simple) };
	unsigned int times = 0;
	pthread_t thread;
	uint64_t end;

	for (unsigned int i = 0; i < THREADS; i++)
		need(!pthread_create(&thread, NULL, sleep_on, NULL), "thread");
	need(write(ready, "", 1) == 1, "pipe");
	for (end = now_ms() + ms; now_ms() < end; times++)
		need(!call(fd, PCIEM_SERVE, &simple), "serve");
	printf("%u times\n", times);
	fflush(stdout);
}

#define MSI_ADDRESS	0xfee00000
/* Fewer than make the kernel take the device for broken. */
#define MESSAGES	50000u

static void interrupt(int fd, uint64_t ms)
{
	struct pciem_msi msi = { .size = sizeof(msi), .address = MSI_ADDRESS };
	uint64_t end = now_ms() + ms;
	unsigned int sent = 0;

	for (; now_ms() < end && sent < MESSAGES; sent++)
		need(!call(fd, PCIEM_MSI, &msi), "the device has no interrupts");
	printf("%u messages\n", sent);
}

int main(int argc, char **argv)
{
	int fd, status, ready[2];
	uint64_t ms;
	char byte;

	need(argc == 3, "usage: turns PID SECONDS");
	fd = file_of_process(atoi(argv[1]));
	ms = 1000 * strtoull(argv[2], NULL, 0);
	need(!pipe(ready), "pipe");
	/* Those that end at once leave free memory between what the kernel keeps of the two: KASAN knows it from theirs. */
	for (int i = 0; i < 4 * SERVERS; i++) {
		pid_t child = fork();

		need(child >= 0, "fork");
		if (!child) {
			if (i % 4 == 2)
				serve(fd, ms, ready[1]);
			_exit(0);
		}
	}
	for (int i = 0; i < SERVERS; i++)
		need(read(ready[0], &byte, 1) == 1, "pipe");
	interrupt(fd, ms);
	while (wait(&status) > 0)
		need(WIFEXITED(status) && !WEXITSTATUS(status), "one of them has failed");
	return 0;
}
