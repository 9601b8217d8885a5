// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prefetchable windows: BARs that are memory. */
#include <assert.h>

#include "handle.h"
#include "sys.h"

static_assert((int)PCIEM_RAM_IS_BORROWED == PCIEM_RAM_BORROWED && (int)PCIEM_RAM_IS_RESERVED == PCIEM_RAM_RESERVED &&
	      (int)PCIEM_RAM_IS_PAGES == PCIEM_RAM_PAGES, "a source has one number");

int pciem_make_ram(struct pciem *handle, bool above_4g, uint64_t size, struct pciem_ram_window *window)
{
	struct pciem_ram ram = {
		.size = sizeof(ram),
		.flags = above_4g ? PCIEM_RAM_ABOVE_4G : 0,
		.bytes = size,
	};
	int error = pciem_sys_ioctl(handle->fd, PCIEM_RAM, &ram);

	if (error < 0)
		return error;
	handle->ram_offset = ram.offset;
	handle->ram_made = true;
	*window = (struct pciem_ram_window) {
		.base = ram.base,
		.size = ram.bytes,
		.source = (enum pciem_ram_source)ram.source,
	};
	return 0;
}

int pciem_map_ram(struct pciem *handle, uint64_t address, size_t length, void **memory)
{
	uint64_t offset = handle->ram_offset + address;

	if (!handle->ram_made)
		return -ENXIO;
	if (!length || (address | length | (uintptr_t)*memory) & (pciem_sys_page_size() - 1))
		return -EINVAL;
	if (*memory)
		return pciem_sys_map_over(handle->fd, offset, length, *memory);
	return pciem_sys_map(handle->fd, offset, length, memory);
}

int pciem_set_ram(struct pciem *handle, uint64_t address, uint64_t length, bool ram)
{
	struct pciem_ram_part part = {
		.size = sizeof(part),
		.flags = ram ? PCIEM_RAM_PART_IS_RAM : 0,
		.base = address,
		.bytes = length,
	};

	return pciem_sys_ioctl(handle->fd, PCIEM_RAM_PART, &part);
}
