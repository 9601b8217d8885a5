// SPDX-License-Identifier: GPL-2.0-only
#include "views.h"

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

struct pciem_views *pciem_views_alloc(struct inode *inode)
{
	struct pciem_views *views = kzalloc(sizeof(*views), GFP_KERNEL_ACCOUNT);

	if (!views)
		return NULL;
	kref_init(&views->ref);
	address_space_init_once(&views->mapping);
	init_rwsem(&views->mapping.invalidate_lock);
	views->mapping.host = inode;
	views->mapping.a_ops = inode->i_mapping->a_ops;
	mapping_set_gfp_mask(&views->mapping, mapping_gfp_mask(inode->i_mapping));
	return views;
}

void pciem_views_get(struct pciem_views *views)
{
	kref_get(&views->ref);
}

static void free_views(struct kref *ref)
{
	kfree(container_of(ref, struct pciem_views, ref));
}

void pciem_views_put(struct pciem_views *views)
{
	kref_put(&views->ref, free_views);
}

void pciem_views_zap(struct pciem_views *views, u64 offset, u64 bytes)
{
	unmap_mapping_range(&views->mapping, offset, bytes, 1);
}
