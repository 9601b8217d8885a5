// SPDX-License-Identifier: GPL-2.0-only
#include "cdev.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "bridge.h"
#include "ioctl.h"
#include "link.h"
#include "mmap.h"
#include "views.h"

static int open(struct inode *inode, struct file *filp)
{
	struct pciem_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->views = pciem_views_alloc(inode);
	if (!file->views) {
		kfree(file);
		return -ENOMEM;
	}
	mutex_init(&file->lock);
	filp->private_data = file;
	filp->f_mapping = &file->views->mapping;
	return nonseekable_open(inode, filp);
}

static int release(struct inode *inode, struct file *filp)
{
	struct pciem_file *file = filp->private_data;

	if (file->bridge)
		pciem_bridge_abandon(file->bridge);
	mutex_destroy(&file->lock);
	filp->f_mapping = inode->i_mapping;
	pciem_views_put(file->views);
	kfree(file);
	return 0;
}

static struct pciem_bridge *bridge_of(struct file *filp)
{
	struct pciem_file *file = filp->private_data;

	/* Pairs with the release that PCIEM_BRIDGE_CREATE publishes it with. */
	return smp_load_acquire(&file->bridge);
}

static long ioctl(struct file *filp, unsigned int command, unsigned long argument)
{
	return pciem_ioctl(filp->private_data, command, (void __user *)argument);
}

static int mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct pciem_bridge *bridge = bridge_of(filp);

	if (!bridge)
		return -ENXIO;
	return pciem_mmap(bridge, vma);
}

static __poll_t poll(struct file *filp, poll_table *wait)
{
	struct pciem_bridge *bridge = bridge_of(filp);
	__poll_t events = 0;

	if (!bridge)
		return EPOLLERR;
	poll_wait(filp, &bridge->readable, wait);
	if (pciem_queue_waiting(&bridge->queue))
		events |= EPOLLIN | EPOLLRDNORM;
	if (pciem_link_is_down(bridge))
		events |= EPOLLHUP | EPOLLERR;
	return events;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = open,
	.release = release,
	.unlocked_ioctl = ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = mmap,
	.poll = poll,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pciem",
	.fops = &operations,
	.mode = 0600,
};

int pciem_cdev_init(void)
{
	return misc_register(&device);
}

void pciem_cdev_exit(void)
{
	misc_deregister(&device);
}
