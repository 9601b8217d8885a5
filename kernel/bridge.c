// SPDX-License-Identifier: GPL-2.0-only
#include "bridge.h"

#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/platform_device.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "attributes.h"
#include "link.h"
#include "mmap.h"
#include "pool.h"
#include "ram.h"
#include "rescue.h"
#include "suspend.h"
#include "views.h"

#define MEM32_DEFAULT	((u64)SZ_256M)
#define MEM64_DEFAULT	(64ULL * SZ_1G)

struct workqueue_struct *pciem_workqueue, *pciem_revoke_workqueue;

static void revoke(struct work_struct *work)
{
	pciem_mmap_revoke(container_of(work, struct pciem_bridge, revoke));
}

/*
 * First the devices lose memory: drivers that find them gone take back what they had lent to them,
 * and a process that is late must not write to it. Then the devices go, then what they used. The
 * windows stay until the last reference goes: a driver that still has a mapping reads all ones, and
 * nobody else gets the range.
 */
static void teardown(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, teardown);

	pciem_link_unwatch(bridge);
	flush_work(&bridge->revoke);
	pciem_root_teardown(bridge);
	pciem_irq_destroy(bridge);
	platform_device_unregister(bridge->pdev);
	pciem_bridge_put(bridge);
}

static void free_bridge(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, free);

	irq_work_sync(&bridge->kick);
	pciem_prefetch_release(bridge);
	pciem_window_release(&bridge->mem64);
	pciem_window_release(&bridge->mem32);
	pciem_root_destroy(bridge);
	if (bridge->pool)
		pciem_pool_destroy(bridge->pool);
	pciem_queue_destroy(&bridge->queue);
	pciem_rescue_destroy(bridge);
	put_device(&bridge->pdev->dev);
	pciem_server_destroy(&bridge->server);
	put_task_struct(bridge->leader);
	mmdrop(bridge->mm);
	pciem_views_put(bridge->views);
	pciem_lent_destroy(&bridge->lent);
	kfree(bridge);
	/* Borrowed memory is in no image of a hibernation: not before it is back. */
	pciem_suspend_allow();
	/* Module exit drains the workqueue, so this function is left before the module is. */
	module_put(THIS_MODULE);
}

static void last_put(struct kref *ref)
{
	struct pciem_bridge *bridge = container_of(ref, struct pciem_bridge, ref);

	queue_work(pciem_workqueue, &bridge->free);
}

bool pciem_bridge_tryget(struct pciem_bridge *bridge)
{
	return kref_get_unless_zero(&bridge->ref);
}

void pciem_bridge_get(struct pciem_bridge *bridge)
{
	kref_get(&bridge->ref);
}

void pciem_bridge_put(struct pciem_bridge *bridge)
{
	kref_put(&bridge->ref, last_put);
}

struct device *pciem_bridge_dev(struct pciem_bridge *bridge)
{
	return &bridge->pdev->dev;
}

void pciem_bridge_abandon(struct pciem_bridge *bridge)
{
	pciem_link_down(bridge, NULL);
	pciem_bridge_put(bridge);
}

static u64 or_default(u64 size, u64 otherwise)
{
	return size ?: otherwise;
}

static int check(const struct pciem_bridge_create *args)
{
	if (!is_power_of_2(args->queue_entries) || args->queue_entries < PCIEM_QUEUE_MIN ||
	    args->queue_entries > PCIEM_QUEUE_MAX)
		return -EINVAL;
	if (!is_power_of_2(args->mem32_size) || args->mem32_size < SZ_1M ||
	    args->mem32_size > SZ_2G)
		return -EINVAL;
	if (!is_power_of_2(args->mem64_size) || args->mem64_size < SZ_1M)
		return -EINVAL;
	if (args->flags & PCIEM_BRIDGE_DMA_DIRECT)
		return args->pool_size ? -EINVAL : 0;
	if (!is_power_of_2(args->pool_size) || args->pool_size < PCIEM_POOL_MIN ||
	    args->pool_size > PCIEM_POOL_MAX)
		return -EINVAL;
	return 0;
}

static void fill(const struct pciem_bridge *bridge, struct pciem_bridge_create *args)
{
	const struct pciem_window *mem32 = &bridge->mem32, *mem64 = &bridge->mem64;

	args->domain = bridge->root.domain;
	args->mem32_base = mem32->res.start;
	args->mem32_size = mem32->res.flags ? resource_size(&mem32->res) : 0;
	args->mem64_base = mem64->res.start;
	args->mem64_size = mem64->res.flags ? resource_size(&mem64->res) : 0;
	args->pool_base = bridge->pool ? PCIEM_POOL_BASE : 0;
	args->msi_address = PCIEM_MSI_ADDRESS;
	args->queue_offset = PCIEM_MMAP_QUEUE;
	args->queue_bytes = bridge->queue.bytes;
	args->pool_offset = bridge->pool ? PCIEM_MMAP_POOL : 0;
	args->direct_offset = bridge->direct ? PCIEM_MMAP_DIRECT : 0;
	args->direct_bytes = bridge->direct ? PFN_PHYS(pciem_ram_end()) : 0;
	args->slot_count = PCIEM_SLOTS;
	args->slots_offset = (void *)bridge->queue.slots - bridge->queue.area;
	args->entries_offset = (void *)bridge->queue.entries - bridge->queue.area;
}

struct pciem_bridge *pciem_bridge_create(struct pciem_bridge_create *args,
					 struct pciem_views *views)
{
	struct platform_device_info info = { .name = "pciem" };
	struct pciem_bridge *bridge;
	int err;

	args->queue_entries = or_default(args->queue_entries, PCIEM_QUEUE_DEFAULT);
	args->mem32_size = or_default(args->mem32_size, MEM32_DEFAULT);
	args->mem64_size = or_default(args->mem64_size, MEM64_DEFAULT);
	if (!(args->flags & PCIEM_BRIDGE_DMA_DIRECT))
		args->pool_size = or_default(args->pool_size, PCIEM_POOL_DEFAULT);
	err = check(args);
	if (err)
		return ERR_PTR(err);

	err = pciem_suspend_forbid();
	if (err)
		return ERR_PTR(err);
	bridge = kzalloc(sizeof(*bridge), GFP_KERNEL_ACCOUNT);
	if (!bridge) {
		err = -ENOMEM;
		goto allow_suspend;
	}
	kref_init(&bridge->ref);
	init_waitqueue_head(&bridge->readable);
	INIT_WORK(&bridge->revoke, revoke);
	INIT_WORK(&bridge->teardown, teardown);
	INIT_WORK(&bridge->free, free_bridge);
	pciem_link_init(bridge);
	pciem_server_init(&bridge->server);
	pciem_prefetch_init(bridge);
	bridge->direct = args->flags & PCIEM_BRIDGE_DMA_DIRECT;

	err = pciem_lent_init(&bridge->lent);
	if (err)
		goto free_bridge;
	err = pciem_rescue_init(bridge);
	if (err)
		goto destroy_lent;
	err = pciem_queue_init(&bridge->queue, args->queue_entries);
	if (err)
		goto destroy_rescue;
	if (!bridge->direct) {
		err = -ENOMEM;
		bridge->pool = pciem_pool_create(args->pool_size);
		if (!bridge->pool)
			goto destroy_queue;
	}
	err = pciem_root_init(bridge);
	if (err)
		goto destroy_pool;
	info.id = bridge->root.domain;
	info.parent = NULL;
	bridge->pdev = platform_device_register_full(&info);
	err = PTR_ERR_OR_ZERO(bridge->pdev);
	if (err)
		goto destroy_root;
	get_device(&bridge->pdev->dev);
	platform_set_drvdata(bridge->pdev, bridge);
	err = pciem_attributes_add(bridge);
	if (err)
		goto unregister;
	err = pciem_window_claim(&bridge->mem32, bridge, args->mem32_size, false);
	if (err)
		goto unregister;
	/* A machine whose address space ends at 4 GiB does without this one. */
	pciem_window_claim(&bridge->mem64, bridge, args->mem64_size, true);
	err = pciem_irq_init(bridge);
	if (err)
		goto release_windows;

	/* Nothing can fail from here on: the teardown work undoes it all. */
	__module_get(THIS_MODULE);
	bridge->views = views;
	pciem_views_get(views);
	bridge->mm = current->mm;
	mmgrab(bridge->mm);
	bridge->leader = get_task_struct(current->group_leader);
	bridge->kicked_on = -1;
	pciem_window_publish(&bridge->mem32);
	pciem_window_publish(&bridge->mem64);
	fill(bridge, args);
	return bridge;

release_windows:
	pciem_window_release(&bridge->mem64);
	pciem_window_release(&bridge->mem32);
unregister:
	platform_device_unregister(bridge->pdev);
	put_device(&bridge->pdev->dev);
destroy_root:
	pciem_root_destroy(bridge);
destroy_pool:
	if (bridge->pool)
		pciem_pool_destroy(bridge->pool);
destroy_queue:
	pciem_queue_destroy(&bridge->queue);
destroy_rescue:
	pciem_rescue_destroy(bridge);
destroy_lent:
	pciem_lent_destroy(&bridge->lent);
free_bridge:
	kfree(bridge);
allow_suspend:
	pciem_suspend_allow();
	return ERR_PTR(err);
}
