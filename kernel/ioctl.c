// SPDX-License-Identifier: GPL-2.0-only
/*
 * The native interface: a table, and one dispatcher that checks every size and makes every copy. A
 * handler gets the whole struct, what the caller did not give being zero, and what it leaves there
 * is copied back. What a caller cannot be told of does not come into being.
 */
#include "ioctl.h"

#include <linux/capability.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/security.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/pciem.h>

#include "bridge.h"
#include "compat/dma_ops.h"
#include "link.h"
#include "mmap.h"
#include "params.h"
#include "pool.h"

union argument {
	u32 size;
	struct pciem_query query;
	struct pciem_bridge_create create;
	struct pciem_simple simple;
	struct pciem_wake wake;
	struct pciem_msi msi;
	struct pciem_intx intx;
	struct pciem_ram ram;
	struct pciem_ram_part ram_part;
};

static int query(struct pciem_file *file, union argument *arg)
{
	struct pciem_query *query = &arg->query;

	if (query->reserved)
		return -EINVAL;
	query->features = PCIEM_FEATURE_DMA_DIRECT | PCIEM_FEATURE_MSI | PCIEM_FEATURE_INTX |
			  PCIEM_FEATURE_RAM;
	if (PCIEM_HAVE_DMA_OPS)
		query->features |= PCIEM_FEATURE_DMA_POOL;
	query->max_queue_entries = PCIEM_QUEUE_MAX;
	query->msi_vectors = PCIEM_VECTORS;
	query->max_pool_size = PCIEM_POOL_MAX;
	query->read_timeout_ms = READ_ONCE(pciem_read_timeout_ms);
	query->atomic_timeout_ms = READ_ONCE(pciem_atomic_timeout_ms);
	return 0;
}

static int create(struct pciem_file *file, union argument *arg)
{
	struct pciem_bridge_create *create = &arg->create;
	struct pciem_bridge *bridge;
	int err = 0;

	if (create->flags & ~PCIEM_BRIDGE_DMA_DIRECT || create->reserved)
		return -EINVAL;
	if (create->flags & PCIEM_BRIDGE_DMA_DIRECT &&
	    (!capable(CAP_SYS_RAWIO) || security_locked_down(LOCKDOWN_DEV_MEM)))
		return -EPERM;
	if (!(create->flags & PCIEM_BRIDGE_DMA_DIRECT) && !PCIEM_HAVE_DMA_OPS)
		return -EOPNOTSUPP;
	mutex_lock(&file->lock);
	if (file->bridge || file->made) {
		err = -EBUSY;
		goto unlock;
	}
	bridge = pciem_bridge_create(create, file->views);
	if (IS_ERR(bridge))
		err = PTR_ERR(bridge);
	else
		file->made = bridge;
unlock:
	mutex_unlock(&file->lock);
	return err;
}

static int created(struct pciem_file *file, const union argument *arg, bool told)
{
	struct pciem_bridge *bridge = file->made;

	mutex_lock(&file->lock);
	file->made = NULL;
	if (told)	/* Whoever sees the pointer sees what it points to. */
		smp_store_release(&file->bridge, bridge);
	mutex_unlock(&file->lock);
	if (!told)
		pciem_bridge_abandon(bridge);
	return 0;
}

static int serve(struct pciem_file *file, union argument *arg)
{
	if (arg->simple.flags)
		return -EINVAL;
	return pciem_server_set(&file->bridge->server, file->bridge->root.domain);
}

static int scan(struct pciem_file *file, union argument *arg)
{
	return arg->simple.flags ? -EINVAL : pciem_root_scan(file->bridge);
}

static int remove(struct pciem_file *file, union argument *arg)
{
	return arg->simple.flags ? -EINVAL : pciem_root_remove(file->bridge);
}

/* Until poll(2) would say something. An error: begun again, as that, unless a handler runs. */
static int doze(struct pciem_bridge *bridge)
{
	return wait_event_interruptible(bridge->readable, pciem_queue_waiting(&bridge->queue) ||
					pciem_link_is_down(bridge)) ? -ERESTARTNOHAND : 0;
}

static int sleep(struct pciem_file *file, union argument *arg)
{
	struct pciem_bridge *bridge = file->bridge;
	int err;

	if (arg->simple.flags)
		return -EINVAL;
	err = doze(bridge);
	if (err)
		return err;
	return READ_ONCE(bridge->kicked_on) == raw_smp_processor_id();
}

static int wake(struct pciem_file *file, union argument *arg)
{
	struct pciem_bridge *bridge = file->bridge;
	struct pciem_queue *queue = &bridge->queue;
	u32 tag = arg->wake.tag;
	bool here;
	u64 data;

	if (arg->wake.flags & ~PCIEM_WAKE_AND_SLEEP || arg->wake.reserved)
		return -EINVAL;
	/* Not (any more) answered: nobody to wake. The sleeper checks again in any case. */
	if (!pciem_queue_answered(queue, tag, &data))
		return 0;
	here = READ_ONCE(bridge->sleeper_cpu[tag % PCIEM_SLOTS]) == raw_smp_processor_id();
	complete(pciem_queue_done(queue, tag));
	if (here && arg->wake.flags & PCIEM_WAKE_AND_SLEEP)
		return doze(bridge) ?: here;
	return here;
}

static int msi(struct pciem_file *file, union argument *arg)
{
	return pciem_msi_raise(file->bridge, arg->msi.address, arg->msi.data);
}

static int intx(struct pciem_file *file, union argument *arg)
{
	const struct pciem_intx *intx = &arg->intx;

	if (intx->line >= PCIEM_INTX_LINES || intx->level > 1 || intx->reserved)
		return -EINVAL;
	return pciem_intx_set(file->bridge, intx->line, intx->level);
}

static int ram(struct pciem_file *file, union argument *arg)
{
	if (arg->ram.flags & ~PCIEM_RAM_ABOVE_4G || arg->ram.reserved)
		return -EINVAL;
	arg->ram.offset = PCIEM_MMAP_RAM;
	return pciem_prefetch_claim(file->bridge, &arg->ram);
}

static int ram_had(struct pciem_file *file, const union argument *arg, bool told)
{
	return pciem_prefetch_conclude(file->bridge, &arg->ram, told);
}

static int ram_part(struct pciem_file *file, union argument *arg)
{
	const struct pciem_ram_part *part = &arg->ram_part;

	if (part->flags & ~PCIEM_RAM_PART_IS_RAM)
		return -EINVAL;
	return pciem_prefetch_part(file->bridge, part->base, part->bytes,
				   part->flags & PCIEM_RAM_PART_IS_RAM);
}

struct row {
	int (*handler)(struct pciem_file *file, union argument *arg);
	u32 size;	/* of the struct as this kernel knows it */
	u32 mandatory;	/* up to and with the last member that was in its first version */
	bool no_bridge;	/* works before one is created */
	bool out;	/* copied back */
	/* Then, if all went well till there: has that been told? */
	int (*conclude)(struct pciem_file *file, const union argument *arg, bool told);
};

#define ROW(command, _handler, type, last, ...)							\
	[_IOC_NR(command) - PCIEM_CMD_QUERY] = {						\
		.handler = _handler, .size = sizeof(struct type),				\
		.mandatory = offsetofend(struct type, last), __VA_ARGS__			\
	}

static const struct row rows[] = {
	ROW(PCIEM_QUERY, query, pciem_query, atomic_timeout_ms, .no_bridge = true, .out = true),
	ROW(PCIEM_BRIDGE_CREATE, create, pciem_bridge_create, reserved, .no_bridge = true,
	    .out = true, .conclude = created),
	ROW(PCIEM_SERVE, serve, pciem_simple, flags),
	ROW(PCIEM_SCAN, scan, pciem_simple, flags),
	ROW(PCIEM_REMOVE, remove, pciem_simple, flags),
	ROW(PCIEM_WAKE, wake, pciem_wake, reserved),
	ROW(PCIEM_MSI, msi, pciem_msi, address),
	ROW(PCIEM_INTX, intx, pciem_intx, reserved),
	ROW(PCIEM_RAM, ram, pciem_ram, reserved, .out = true, .conclude = ram_had),
	ROW(PCIEM_RAM_PART, ram_part, pciem_ram_part, bytes),
	ROW(PCIEM_SLEEP, sleep, pciem_simple, flags),
};

static const struct row *find(unsigned int command)
{
	unsigned int number = _IOC_NR(command) - PCIEM_CMD_QUERY;

	if (command != _IO(PCIEM_IOC_MAGIC, _IOC_NR(command)) || number >= ARRAY_SIZE(rows))
		return NULL;
	return &rows[array_index_nospec(number, ARRAY_SIZE(rows))];
}

long pciem_ioctl(struct pciem_file *file, unsigned int command, void __user *argument)
{
	const struct row *row = find(command);
	union argument arg = {};
	bool told;
	u32 size;
	int err;

	if (!row)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)argument))
		return -EFAULT;
	if (size < row->mandatory)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&arg, row->size, argument, size);
	if (err)
		return err;
	if (!row->no_bridge) {
		/* Pairs with the release in created(). */
		if (!smp_load_acquire(&file->bridge))
			return -ENXIO;
		if (pciem_link_is_down(file->bridge))
			return -ENOLINK;
	}
	err = row->handler(file, &arg);
	if (err || !row->out)
		return err;
	/* The caller keeps its own idea of the size. */
	arg.size = size;
	told = !copy_to_user(argument, &arg, min(size, row->size));
	if (row->conclude)
		err = row->conclude(file, &arg, told);
	return told ? err : -EFAULT;
}
