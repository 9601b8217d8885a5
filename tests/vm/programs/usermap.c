// SPDX-License-Identifier: GPL-2.0-only
/*
 * usermap FILE WHAT [ADDRESS]: maps the first page of a file, as a program's driver of a card does, and says what came of it.
 * With an address the file is one of /proc/bus/pci, and that is where the page is.
 *
 *	edu	the registers of QEMU's edu: its identification, and one that gives back the inverse of what it is given
 *	copy	whole words copied to and fro by one instruction
 *	vector	a read with an instruction of a kind that is not emulated: SIGBUS
 *	kernel	the kernel is to read from there for us: EFAULT
 *	hold	say "mapped", wait for a line on standard input, read
 *	memory	what is written is what is read
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define IDENTIFICATION	0
#define INVERSE		1

static volatile uint32_t *page;

static void edu(void)
{
	uint32_t value;

	printf("identification %08x", page[IDENTIFICATION]);
	page[INVERSE] = 0x12345678;
	value = page[INVERSE];
	printf(" inverse %08x\n", ~value);
}

static void copy(void)
{
	uint32_t from[3], *to = from;
	const volatile uint32_t *source = page;
	unsigned long count = 3;

	memset(from, 0, sizeof(from));
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(source), "+c"(count) : : "memory");
	printf("copied %08x %08x left %lu\n", from[0], from[1], count);
}

static void vector(void)
{
	__asm__ volatile("movups (%0), %%xmm0" : : "r"(page) : "xmm0", "memory");
	puts("read");
}

static void kernel(void)
{
	int pipes[2];

	if (pipe(pipes))
		exit(2);
	puts(write(pipes[1], (const void *)page, 4) < 0 ? strerror(errno) : "written");
}

static void hold(void)
{
	puts("mapped");
	fflush(stdout);
	getchar();
	printf("value %08x\n", page[IDENTIFICATION]);
}

static void memory(void)
{
	page[0] = 0x12345678;
	page[1] = 0x9abcdef0;
	printf("value %08x %08x\n", page[0], page[1]);
}

static void on_signal(int number)
{
	static const char text[] = "SIGBUS\n";

	(void)number;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} actions[] = { { "edu", edu }, { "copy", copy }, { "vector", vector }, { "kernel", kernel },
			{ "hold", hold }, { "memory", memory } };
	size_t size = (size_t)sysconf(_SC_PAGESIZE), i;
	off_t offset = 0;
	int fd;

	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		printf("open: %s\n", strerror(errno));
		return 0;
	}
	if (argc > 3) {
		offset = (off_t)strtoull(argv[3], NULL, 0);
		if (ioctl(fd, PCIIOC_MMAP_IS_MEM)) {
			printf("ioctl: %s\n", strerror(errno));
			return 0;
		}
	}
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (page == MAP_FAILED) {
		printf("mmap: %s\n", strerror(errno));
		return 0;
	}
	signal(SIGBUS, on_signal);
	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (!strcmp(argv[2], actions[i].name))
			actions[i].run();
	}
	return 0;
}
