// SPDX-License-Identifier: GPL-2.0-only
/* borrow: bridges with memory of the system above 4 GiB, which has then left the kernel's own mapping as well. */
#include "bridge.h"

/* Of all lines of /proc/meminfo that begin so, KiB. */
static unsigned long meminfo(const char *begin)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long sum = 0, value;
	char name[64];

	need(file, "/proc/meminfo");
	while (fscanf(file, "%63s %lu%*[^\n]", name, &value) == 2)
		sum += strncmp(name, begin, strlen(begin)) ? 0 : value;
	fclose(file);
	return sum;
}

static int last = -1;	/* the file of the bridge that was made last */

/* Returns where it was, 0 when there is none. */
static uint64_t borrow(uint64_t bytes)
{
	struct pciem_ram ram = { .size = sizeof(ram), .flags = PCIEM_RAM_ABOVE_4G, .bytes = bytes };
	struct pciem_bridge_create create = {};
	unsigned long mapped = meminfo("DirectMap"), gone;
	void *memory = NULL;
	int fd = node_open();

	last = fd;
	need(!bridge_create(fd, &create), "bridge");
	if (!check_errno(call(fd, PCIEM_RAM, &ram), 0, "memory"))
		return 0;
	gone = mapped - meminfo("DirectMap");
	check(ram.source == PCIEM_RAM_BORROWED && ram.base >= 1ull << 32, "source %u at %#llx", ram.source, (unsigned long long)ram.base);
	check(gone == bytes >> 10, "%lu KiB are not mapped any more, of %llu", gone, (unsigned long long)bytes >> 10);
	if (check_errno(try_map(fd, ram.offset + ram.base, ram.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, &memory), 0, "mmap")) {
		check(!*(volatile uint64_t *)memory, "it is clear");
		memset(memory, 0xff, ram.bytes);
		munmap(memory, ram.bytes);
	}
	/* The file stays open: the next one gets other memory. */
	return ram.base;
}

/* A piece that has come back, and then one of which it is a part: to Linux they are different entries of a list. */
static void borrow_again(void)
{
	static const uint64_t pieces[] = { 128 << 20, 256 << 20, 128 << 20, 512 << 20 };
	unsigned long total = meminfo("MemTotal:"), tries;

	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		borrow(pieces[i]);
		/* What described these pages is free now, and counts. */
		check(meminfo("MemTotal:") < total - (pieces[i] >> 10) * 15 / 16, "%llu MiB are gone", (unsigned long long)pieces[i] >> 20);
		close(last);
		for (tries = 0; meminfo("MemTotal:") < total && tries < 1200; tries++)
			usleep(50000);
		check(meminfo("MemTotal:") >= total, "and are back");
	}
}

/* Boot maps the end of memory by smaller entries: so from there on down into the third gigabyte. */
int main(void)
{
	uint64_t first, base;

	check(meminfo("DirectMap1G"), "the kernel maps gigabytes by one entry");
	borrow_again();
	first = base = borrow(512 << 20);
	for (unsigned int i = 0; i < 6 && base && base >> 30 > (first >> 30) - 2; i++)
		base = borrow(512 << 20);
	check(base && base >> 30 <= (first >> 30) - 2, "memory of three gigabytes");
	return checks_end(30);
}
