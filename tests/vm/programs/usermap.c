// SPDX-License-Identifier: GPL-2.0-only
/*
 * usermap FILE WHAT [ADDRESS]: maps the first page of a file, as a program's driver of a card does, and says what came of it.
 * With an address the file is one of /proc/bus/pci, or /dev/mem, and that is where the page is.
 *
 *	edu	the registers of QEMU's edu: its identification, and one that gives back the inverse of what it is given
 *	copy	whole words copied to and fro by one instruction
 *	signals	one instruction that copies two KiB while signals come: they come in its midst, and it goes on after each
 *	step	as a debugger steps: a trap after each instruction
 *	beyond	a read of eight bytes, four of which are beyond the page: SIGBUS
 *	readonly	mapped to be read; the instruction becomes one that writes while it is being looked at
 *	pages	two pages are mapped, and unmapped one by one, the last one first
 *	vector	a read with an instruction of a kind that is not emulated: SIGBUS
 *	kernel	the kernel is to read from there for us: EFAULT
 *	hold	say "mapped", wait for a line on standard input, read
 *	memory	what is written is what is read
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#define IDENTIFICATION	0
#define INVERSE		1

#define SIGNALS_WORDS	512
#define SIGNALS_TRIES	100
#define READONLY_TRIES	3000

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

static volatile int interrupted;

/* How far the instruction is. */
static void on_alarm(int number, siginfo_t *info, void *context)
{
	unsigned long left = (unsigned long)((ucontext_t *)context)->uc_mcontext.gregs[REG_RCX];

	(void)number;
	(void)info;
	if (left > 0 && left < SIGNALS_WORDS)
		interrupted++;
}

static void signals(void)
{
	struct sigaction action = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO };
	struct itimerval often = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 };
	static uint32_t from[SIGNALS_WORDS];
	unsigned long count = 0;
	int tries = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	/* It can be through before the first of them. */
	while (!count && !interrupted && tries++ < SIGNALS_TRIES) {
		const volatile uint32_t *source = page;
		uint32_t *to = from;

		count = SIGNALS_WORDS;
		__asm__ volatile("rep movsl" : "+D"(to), "+S"(source), "+c"(count) : : "memory");
	}
	memset(&often, 0, sizeof(often));
	setitimer(ITIMER_REAL, &often, NULL);
	printf("copied %08x left %lu %s\n", from[0], count, interrupted ? "interrupted" : "at once");
}

static volatile int traps;

static void on_trap(int number)
{
	(void)number;
	traps++;
}

/* How often one is told of a read and the two instructions after it. */
static int steps(const volatile uint32_t *from)
{
	uint32_t value;

	traps = 0;
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq\n\t"
			 "movl (%1), %0\n\t"
			 "nop\n\t"
			 "pushfq; andq $~0x100, (%%rsp); popfq" : "=&r"(value) : "r"(from) : "memory", "cc");
	return traps;
}

static void step(void)
{
	uint32_t here = 0;
	int plain;

	signal(SIGTRAP, on_trap);
	plain = steps(&here);
	printf("steps %s\n", plain > 3 && steps(page) == plain ? "the same" : "lost");
}

static void beyond(void)
{
	uint64_t value = *(const volatile uint64_t *)((const volatile char *)page + 4092);

	printf("value %llx\n", (unsigned long long)value);
}

#define MOV_FROM	0x8b
#define MOV_TO		0x89

static sigjmp_buf retry;

static void on_segv(int number)
{
	siglongjmp(retry, number);
}

static void *change(void *code)
{
	volatile unsigned char *opcode = code;

	for (;;) {
		*opcode = MOV_TO;
		*opcode = MOV_FROM;
	}
	return NULL;
}

static void readonly(void)
{
	/* mov (%rdi), %esi; ret */
	static const unsigned char text[] = { MOV_FROM, 0x37, 0xc3 };
	volatile int tries = 0;
	uint32_t before = page[INVERSE];
	pthread_t thread;
	void *code;

	code = mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		exit(2);
	memcpy(code, text, sizeof(text));
	signal(SIGSEGV, on_segv);
	signal(SIGBUS, on_segv);
	if (pthread_create(&thread, NULL, change, code))
		exit(2);
	sigsetjmp(retry, 1);
	while (tries++ < READONLY_TRIES)
		((void (*)(const volatile void *, uint32_t))code)(&page[INVERSE], 0x0badcafe);
	printf("%s\n", page[INVERSE] == before ? "unchanged" : "written");
	exit(0);
}

static void pages(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *first = (char *)page;

	if (munmap(first + size, size) || munmap(first, size))
		exit(2);
	puts("mapped");
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
	} actions[] = { { "edu", edu }, { "copy", copy }, { "signals", signals }, { "step", step },
			{ "beyond", beyond }, { "readonly", readonly }, { "pages", pages },
			{ "vector", vector }, { "kernel", kernel }, { "hold", hold }, { "memory", memory } };
	size_t size = (size_t)sysconf(_SC_PAGESIZE), i;
	off_t offset = 0;
	bool reads_only;
	int fd;

	if (argc < 3)
		return 2;
	reads_only = !strcmp(argv[2], "readonly");
	fd = open(argv[1], (reads_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0) {
		printf("open: %s\n", strerror(errno));
		return 0;
	}
	if (argc > 3) {
		offset = (off_t)strtoull(argv[3], NULL, 0);
		if (!strncmp(argv[1], "/proc/", 6) && ioctl(fd, PCIIOC_MMAP_IS_MEM)) {
			printf("ioctl: %s\n", strerror(errno));
			return 0;
		}
	}
	page = mmap(NULL, strcmp(argv[2], "pages") ? size : 2 * size, reads_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
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
