// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening, asking, closing: what can be done with a file that has no bridge yet, and the end of
 * everything.
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "shared.h"
#include "sys.h"

#define DEFAULT_NODE	"/dev/pciem"

int pciem_open(struct pciem **handle, const char *node)
{
	struct pciem *opened;

	*handle = NULL;
	opened = aligned_alloc(alignof(struct pciem), sizeof(*opened));
	if (!opened)
		return -ENOMEM;
	memset(opened, 0, sizeof(*opened));

	opened->fd = pciem_sys_open(node ? node : DEFAULT_NODE);
	if (opened->fd < 0) {
		int error = opened->fd;

		free(opened);
		return error;
	}
	/* With one CPU nothing can arrive while the consumer looks at the queue. */
	pciem_polling_init(&opened->polling, pciem_sys_cpus() > 1 ? PCIEM_POLLING_DEFAULT_NS : 0);
	*handle = opened;
	return 0;
}

int pciem_query(struct pciem *handle, struct pciem_features *features)
{
	struct pciem_query query = { .size = sizeof(query) };
	int error = pciem_sys_ioctl(handle->fd, PCIEM_QUERY, &query);

	if (error < 0)
		return error;
	*features = (struct pciem_features) {
		.features = query.features,
		.max_queue_entries = query.max_queue_entries,
		.msi_vectors = query.msi_vectors,
		.max_pool_size = query.max_pool_size,
		.read_timeout_ms = query.read_timeout_ms,
		.atomic_timeout_ms = query.atomic_timeout_ms,
	};
	return 0;
}

void pciem_close(struct pciem *handle)
{
	if (!handle)
		return;
	/*
	 * Mappings hold the file too: the link goes down with the last of them and the descriptor.
	 */
	if (handle->memory)
		pciem_sys_unmap(handle->memory, handle->memory_bytes);
	if (handle->header)
		pciem_sys_unmap(handle->header, handle->queue_bytes);
	pciem_sys_close(handle->fd);
	free(handle->slot_locks);
	free(handle);
}

const struct pciem_info *pciem_info(const struct pciem *handle)
{
	return pciem_created(handle) ? &handle->info : NULL;
}

int pciem_fd(const struct pciem *handle)
{
	return handle->fd;
}

bool pciem_link_up(const struct pciem *handle)
{
	return pciem_created(handle) && load_acquire(&handle->header->link) == PCIEM_LINK_UP;
}
