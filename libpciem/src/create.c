// SPDX-License-Identifier: LGPL-2.1-or-later
/* Making the bridge and mapping what it shares with this process. */
#include <stdlib.h>

#include "handle.h"
#include "sys.h"

static int ask(int fd, const struct pciem_options *options, struct pciem_bridge_create *bridge)
{
	static const struct pciem_options defaults;

	if (!options)
		options = &defaults;
	if (options->flags & ~PCIEM_DMA_DIRECT)
		return -EINVAL;
	*bridge = (struct pciem_bridge_create) {
		.size = sizeof(*bridge),
		.flags = options->flags & PCIEM_DMA_DIRECT ? PCIEM_BRIDGE_DMA_DIRECT : 0,
		.queue_entries = options->queue_entries,
		.mem32_size = options->mem32_size,
		.mem64_size = options->mem64_size,
		.pool_size = options->pool_size,
	};
	return pciem_sys_ioctl(fd, PCIEM_BRIDGE_CREATE, bridge);
}

static bool power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static bool array_fits(uint64_t area, uint32_t offset, uint32_t count, size_t element)
{
	return offset >= sizeof(struct pciem_queue_header) && offset <= area &&
	       !(offset % alignof(uint64_t)) && count <= (area - offset) / element;
}

/*
 * Masks bound every later index, so this is the one place where the shape of the queue area is
 * checked.
 */
static bool sane(const struct pciem_bridge_create *bridge)
{
	return power_of_two(bridge->queue_entries) && power_of_two(bridge->slot_count) &&
	       bridge->queue_bytes <= SIZE_MAX &&
	       array_fits(bridge->queue_bytes, bridge->slots_offset, bridge->slot_count,
			  sizeof(struct pciem_slot)) &&
	       array_fits(bridge->queue_bytes, bridge->entries_offset, bridge->queue_entries,
			  sizeof(struct pciem_entry));
}

/* The memory that DMA reaches: the pool, or physical RAM as far as it goes. */
static int map_memory(struct pciem *handle, const struct pciem_bridge_create *bridge)
{
	bool direct = bridge->flags & PCIEM_BRIDGE_DMA_DIRECT;
	uint64_t offset = direct ? bridge->direct_offset : bridge->pool_offset;
	uint64_t bytes = direct ? bridge->direct_bytes : bridge->pool_size;
	void *memory;
	int error;

	if (bytes > SIZE_MAX)
		return -EOPNOTSUPP;
	error = pciem_sys_map(handle->fd, offset, bytes, &memory);
	if (error < 0)
		return error;
	handle->memory = memory;
	handle->memory_bytes = bytes;
	handle->memory_base = direct ? 0 : bridge->pool_base;
	handle->direct_offset = bridge->direct_offset;
	return 0;
}

static void publish(struct pciem *handle, const struct pciem_bridge_create *bridge, void *queue)
{
	unsigned char *area = queue;

	handle->entries = (const struct pciem_entry *)(area + bridge->entries_offset);
	handle->slots = (struct pciem_slot *)(area + bridge->slots_offset);
	handle->entry_mask = bridge->queue_entries - 1;
	handle->slot_mask = bridge->slot_count - 1;
	handle->queue_bytes = bridge->queue_bytes;
	handle->info = (struct pciem_info) {
		.domain = bridge->domain,
		.queue_entries = bridge->queue_entries,
		.mem32_base = bridge->mem32_base,
		.mem32_size = bridge->mem32_size,
		.mem64_base = bridge->mem64_base,
		.mem64_size = bridge->mem64_size,
		.pool_base = bridge->pool_base,
		.pool_size = bridge->pool_size,
		.msi_address = bridge->msi_address,
		.direct_bytes = bridge->direct_bytes,
	};
	handle->header = queue;
	handle->head = handle->header->head;
}

int pciem_create(struct pciem *handle, const struct pciem_options *options)
{
	struct pciem_bridge_create bridge;
	void *queue;
	int error;

	if (pciem_created(handle))
		return -EBUSY;
	error = ask(handle->fd, options, &bridge);
	if (error < 0)
		return error;
	if (!sane(&bridge))
		return -EPROTO;

	handle->slot_locks = calloc(bridge.slot_count, sizeof(*handle->slot_locks));
	if (!handle->slot_locks)
		return -ENOMEM;
	error = pciem_sys_map(handle->fd, bridge.queue_offset, bridge.queue_bytes, &queue);
	if (error < 0)
		goto free_locks;
	error = map_memory(handle, &bridge);
	if (error < 0)
		goto unmap_queue;
	publish(handle, &bridge, queue);
	return 0;

unmap_queue:
	pciem_sys_unmap(queue, bridge.queue_bytes);
free_locks:
	free(handle->slot_locks);
	handle->slot_locks = NULL;
	return error;
}
