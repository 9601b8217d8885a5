// SPDX-License-Identifier: GPL-2.0-only
#include "root.h"

#include <linux/idr.h>

#include "bridge.h"
#include "link.h"
#include "request.h"

#define DOMAIN_LAST	0x1ffff

static DEFINE_IDA(domains);

static int take_domain(void)
{
	int first = PCIEM_DOMAIN_FIRST, domain;

	/*
	 * Another driver (VMD) numbers its domains in the same range without registering them
	 * anywhere but on the bus.
	 */
	for (;;) {
		domain = ida_alloc_range(&domains, first, DOMAIN_LAST, GFP_KERNEL);
		if (domain < 0 || !pci_find_bus(domain, 0))
			return domain;
		ida_free(&domains, domain);
		first = domain + 1;
	}
}

static struct pci_host_bridge *host_bridge_alloc(struct pciem_bridge *bridge)
{
	struct pci_host_bridge *host = pci_alloc_host_bridge(0);
	struct pciem_root *root = &bridge->root;

	if (!host)
		return NULL;
	pci_add_resource(&host->windows, &root->busn);
	if (bridge->mem32.res.flags)
		pci_add_resource(&host->windows, &bridge->mem32.res);
	if (bridge->mem64.res.flags)
		pci_add_resource(&host->windows, &bridge->mem64.res);
	if (bridge->prefetch.below.ready)
		pci_add_resource(&host->windows, &bridge->prefetch.below.window.res);
	if (bridge->prefetch.above.ready)
		pci_add_resource(&host->windows, &bridge->prefetch.above.window.res);
	host->dev.parent = pciem_bridge_dev(bridge);
	host->sysdata = &root->sysdata;
	host->ops = &pciem_config_ops;
	host->map_irq = pciem_intx_map;
	host->swizzle_irq = pci_common_swizzle;
	dev_set_msi_domain(&host->dev, bridge->irqs.msi);
	return host;
}

/* A driver that asks finds its device gone instead of reading all ones for every register. */
static int mark_gone(struct pci_dev *dev, void *unused)
{
	WRITE_ONCE(dev->error_state, pci_channel_io_perm_failure);
	return 0;
}

/* The works of the root go on meanwhile, but free no bus as long as the lock is held. */
static void mark_all_gone(struct pciem_root *root)
{
	mutex_lock(&root->lock);
	if (root->bus)
		pci_walk_bus(root->bus, mark_gone, NULL);
	mutex_unlock(&root->lock);
}

static void set_bus(struct pciem_root *root, struct pci_bus *bus)
{
	mutex_lock(&root->lock);
	root->bus = bus;
	mutex_unlock(&root->lock);
}

/* What a scan has found. With pci_lock_rescan_remove held. */
static void add_devices(struct pciem_bridge *bridge)
{
	struct pci_bus *bus = bridge->root.bus;

	pci_assign_unassigned_bus_resources(bus);
	/* Too late for the teardown, which waits for us: a driver would wait for answers. */
	if (pciem_link_is_down(bridge)) {
		pciem_request_gone(bridge);
		mark_all_gone(&bridge->root);
	}
	pci_bus_add_devices(bus);
}

/* With pci_lock_rescan_remove held. */
static int first_scan(struct pciem_bridge *bridge)
{
	struct pciem_root *root = &bridge->root;
	struct pci_host_bridge *host;
	struct pci_bus *child;
	int err;

	host = host_bridge_alloc(bridge);
	if (!host)
		return -ENOMEM;
	err = pci_scan_root_bus_bridge(host);
	if (err) {
		pci_free_host_bridge(host);
		return err;
	}
	set_bus(root, host->bus);
	list_for_each_entry(child, &host->bus->children, node)
		pcie_bus_configure_settings(child);
	add_devices(bridge);
	return 0;
}

static void scan(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, root.scan);
	struct pciem_root *root = &bridge->root;
	int err = 0;

	pciem_prefetch_seal(bridge);
	pci_lock_rescan_remove();
	if (pciem_link_is_down(bridge)) {
		err = -ENOLINK;
	} else if (root->bus) {
		pci_scan_child_bus(root->bus);
		add_devices(bridge);
	} else {
		err = first_scan(bridge);
	}
	pci_unlock_rescan_remove();
	clear_bit(0, &root->busy);
	pciem_notice(bridge, PCIEM_NOTICE_SCANNED, err);
	pciem_bridge_put(bridge);
}

static void take_away(struct pciem_bridge *bridge)
{
	struct pci_host_bridge *host;
	struct pci_bus *bus;

	pci_lock_rescan_remove();
	bus = bridge->root.bus;
	if (bus) {
		host = to_pci_host_bridge(bus->bridge);
		pci_stop_root_bus(bus);
		set_bus(&bridge->root, NULL);
		pci_remove_root_bus(bus);
		/* The bus has dropped its reference; this is that of the allocation. */
		pci_free_host_bridge(host);
	}
	pci_unlock_rescan_remove();
}

static void remove(struct work_struct *work)
{
	struct pciem_bridge *bridge = container_of(work, struct pciem_bridge, root.remove);

	take_away(bridge);
	clear_bit(0, &bridge->root.busy);
	pciem_notice(bridge, PCIEM_NOTICE_REMOVED, 0);
	pciem_bridge_put(bridge);
}

static int start(struct pciem_bridge *bridge, struct work_struct *work)
{
	if (pciem_link_is_down(bridge))
		return -ENOLINK;
	if (test_and_set_bit(0, &bridge->root.busy))
		return -EBUSY;
	pciem_bridge_get(bridge);
	if (!queue_work(pciem_workqueue, work)) {
		/* Queued already: `busy` excludes it. */
		clear_bit(0, &bridge->root.busy);
		pciem_bridge_put(bridge);
		return -EBUSY;
	}
	return 0;
}

int pciem_root_scan(struct pciem_bridge *bridge)
{
	return start(bridge, &bridge->root.scan);
}

int pciem_root_remove(struct pciem_bridge *bridge)
{
	return start(bridge, &bridge->root.remove);
}

void pciem_root_teardown(struct pciem_bridge *bridge)
{
	/* A driver that is being bound or let go can wait for its device for a minute otherwise. */
	mark_all_gone(&bridge->root);
	flush_work(&bridge->root.scan);
	flush_work(&bridge->root.remove);
	take_away(bridge);
}

int pciem_root_init(struct pciem_bridge *bridge)
{
	struct pciem_root *root = &bridge->root;
	int domain = take_domain();

	if (domain < 0)
		return domain == -ENOSPC ? -ENOSPC : -ENOMEM;
	root->domain = domain;
	root->sysdata.domain = domain;
	root->sysdata.node = NUMA_NO_NODE;
	root->busn.name = "PCIem bus numbers";
	root->busn.start = 0;
	root->busn.end = 255;
	root->busn.flags = IORESOURCE_BUS;
	mutex_init(&root->lock);
	INIT_WORK(&root->scan, scan);
	INIT_WORK(&root->remove, remove);
	return 0;
}

void pciem_root_destroy(struct pciem_bridge *bridge)
{
	mutex_destroy(&bridge->root.lock);
	ida_free(&domains, bridge->root.domain);
}
