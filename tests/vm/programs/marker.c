// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that has userfaultfd put markers where a page of the pool, or of physical memory, would be mapped. Neither a page nor
 * nothing: an access there ends with SIGBUS, and does not fault for ever. (Which mappings may have markers is for the kernel to say.)
 */
#include "bridge.h"

#include <linux/userfaultfd.h>
#include <sys/syscall.h>

#ifndef UFFD_FEATURE_WP_ASYNC	/* Linux 6.7 */
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

#define RW		(PROT_READ | PROT_WRITE)
#define REFUSED		4

static bool mark(void *memory)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC };
	struct uffdio_register all = {
		.range = { (uintptr_t)memory, PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)memory, PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &all) &&
	       !ioctl(fd, UFFDIO_WRITEPROTECT, &protect);
}

struct place {
	int fd;
	uint64_t offset;
	const char *name;
};

/* In a child, that a fault without end has an end. */
static void touch_marked(void *argument)
{
	const struct place *place = argument;
	void *memory = NULL;

	need(!try_map(place->fd, place->offset, PAGE, RW, MAP_SHARED, &memory), place->name);
	if (!mark(memory))
		_exit(REFUSED);
	alarm(20);
	(void)*(volatile char *)memory;
}

static void read_marked(int fd, uint64_t offset, const char *name)
{
	struct place place = { fd, offset, name };
	int status = status_of(touch_marked, &place);

	if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
		check(true, "%s: no markers there", name);
	else
		check(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "%s: a marker gives SIGBUS: status %#x", name, status);
}

int main(void)
{
	struct pciem_bridge_create pool = {}, direct = { .flags = PCIEM_BRIDGE_DMA_DIRECT };
	int fd = node_open(), other = node_open();

	need(!bridge_create(fd, &pool), "bridge");
	need(!bridge_create(other, &direct), "bridge in direct mode");
	read_marked(fd, pool.pool_offset, "pool");
	read_marked(other, direct.direct_offset + (16 << 20), "physical memory");
	close(other);
	close(fd);
	return checks_end(2);
}
