// SPDX-License-Identifier: LGPL-2.1-or-later
/* The memory that the driver shares with the device. */
#include "handle.h"
#include "sys.h"

/* Written so that no sum can wrap. */
static bool inside(uint64_t start, uint64_t length, uint64_t bytes)
{
	return start <= bytes && length <= bytes - start;
}

void *pciem_pool(struct pciem *handle, uint64_t address, size_t length)
{
	uint64_t start = address - handle->memory_base;

	if (address < handle->memory_base || !pciem_created(handle))
		return NULL;
	return inside(start, length, handle->memory_bytes) ? handle->memory + start : NULL;
}

int pciem_map_direct(struct pciem *handle, uint64_t address, size_t length, void **memory)
{
	if (!pciem_created(handle))
		return -ENXIO;
	if (!handle->info.direct_bytes)
		return -EOPNOTSUPP;
	if (!length || (address | length) & (pciem_sys_page_size() - 1) ||
	    !inside(address, length, handle->info.direct_bytes))
		return -EINVAL;
	return pciem_sys_map(handle->fd, handle->direct_offset + address, length, memory);
}
