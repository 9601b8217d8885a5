// SPDX-License-Identifier: GPL-2.0-only
#include "attributes.h"

#include <linux/platform_device.h>
#include <linux/sysfs.h>

#include "bridge.h"
#include "link.h"
#include "pool.h"

static struct pciem_bridge *bridge_of(struct device *dev)
{
	return platform_get_drvdata(to_platform_device(dev));
}

#define COUNTER(_name)									\
static ssize_t _name ## _show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return sysfs_emit(buf, "%lld\n",						\
			  atomic64_read(&bridge_of(dev)->counters._name));		\
}											\
static DEVICE_ATTR_RO(_name)

COUNTER(read_timeouts);
COUNTER(atomic_timeouts);
COUNTER(refused);
COUNTER(starved);
COUNTER(undecoded);
COUNTER(rescues);
COUNTER(deferred_irqs);

static ssize_t link_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", pciem_link_is_down(bridge_of(dev)) ? "down" : "up");
}
static DEVICE_ATTR_RO(link);

static ssize_t domain_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%04x\n", bridge_of(dev)->root.domain);
}
static DEVICE_ATTR_RO(domain);

static ssize_t dma_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", bridge_of(dev)->pool ? "pool" : "direct");
}
static DEVICE_ATTR_RO(dma);

/* "SOURCE FIRST-LAST" of a prefetchable window, or "none". */
static ssize_t show_prefetch(const struct pciem_prefetch *prefetch, char *buf)
{
	/* Pairs with the release that makes it so. */
	if (!smp_load_acquire(&prefetch->ready))
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%s 0x%llx-0x%llx\n", pciem_prefetch_source(prefetch),
			  (u64)prefetch->window.res.start, (u64)prefetch->window.res.end);
}

static ssize_t ram32_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_prefetch(&bridge_of(dev)->prefetch.below, buf);
}
static DEVICE_ATTR_ADMIN_RO(ram32);

static ssize_t ram64_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_prefetch(&bridge_of(dev)->prefetch.above, buf);
}
static DEVICE_ATTR_ADMIN_RO(ram64);

/* Bytes of the pool that drivers hold. */
static ssize_t pool_used_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pciem_pool *pool = bridge_of(dev)->pool;

	return sysfs_emit(buf, "%lu\n", pool ? READ_ONCE(pool->alloc.taken) << PAGE_SHIFT : 0);
}
static DEVICE_ATTR_RO(pool_used);

static struct attribute *attributes[] = {
	&dev_attr_atomic_timeouts.attr,
	&dev_attr_deferred_irqs.attr,
	&dev_attr_dma.attr,
	&dev_attr_domain.attr,
	&dev_attr_link.attr,
	&dev_attr_pool_used.attr,
	&dev_attr_ram32.attr,
	&dev_attr_ram64.attr,
	&dev_attr_read_timeouts.attr,
	&dev_attr_refused.attr,
	&dev_attr_rescues.attr,
	&dev_attr_starved.attr,
	&dev_attr_undecoded.attr,
	NULL
};

static const struct attribute_group group = { .attrs = attributes };

int pciem_attributes_add(struct pciem_bridge *bridge)
{
	return sysfs_create_group(&pciem_bridge_dev(bridge)->kobj, &group);
}
