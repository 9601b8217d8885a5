// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests about the whole bridge; their results come through the queue. */
#include "handle.h"
#include "sys.h"

static int simple(struct pciem *handle, unsigned long request)
{
	struct pciem_simple argument = { .size = sizeof(argument) };

	return pciem_sys_ioctl(handle->fd, request, &argument);
}

int pciem_serve(struct pciem *handle)
{
	/*
	 * The kernel thread that makes huge pages keeps us from running while it waits for all
	 * CPUs, and one of those can be waiting, with interrupts off, for a lock of a driver that
	 * waits for us.
	 */
	pciem_sys_no_huge_pages();
	return simple(handle, PCIEM_SERVE);
}

int pciem_scan(struct pciem *handle)
{
	return simple(handle, PCIEM_SCAN);
}

int pciem_remove(struct pciem *handle)
{
	return simple(handle, PCIEM_REMOVE);
}
