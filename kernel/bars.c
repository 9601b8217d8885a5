// SPDX-License-Identifier: GPL-2.0-only
#include "bars.h"

#include <linux/align.h>

#include "bridge.h"

/* The first gap of a window. False: there is none. */
static bool find_gap(const struct resource *window, resource_size_t size, resource_size_t *start)
{
	const struct resource *child;

	*start = ALIGN(window->start, size);
	for (child = window->child; child && child->start < *start + size; child = child->sibling) {
		if (child->end >= *start)
			*start = ALIGN(child->end + 1, size);
	}
	return *start >= window->start && *start <= window->end &&
	       size - 1 <= window->end - *start;
}

static void write_bar(struct pci_dev *dev, int bar)
{
	int at = PCI_BASE_ADDRESS_0 + 4 * bar;
	struct pci_bus_region region;
	u32 type;

	pcibios_resource_to_bus(dev->bus, &region, &dev->resource[bar]);
	pci_read_config_dword(dev, at, &type);
	pci_write_config_dword(dev, at, lower_32_bits(region.start) |
			       (type & ~PCI_BASE_ADDRESS_MEM_MASK));
	if (dev->resource[bar].flags & IORESOURCE_MEM_64)
		pci_write_config_dword(dev, at + 4, upper_32_bits(region.start));
}

static bool place(struct pci_dev *dev, int bar, struct resource *window)
{
	struct resource *res = &dev->resource[bar], old = *res;
	resource_size_t size = resource_size(res), start;

	if (!find_gap(window, size, &start))
		return false;
	res->start = start;
	res->end = start + size - 1;
	res->flags &= ~IORESOURCE_UNSET;
	if (request_resource(window, res)) {
		*res = old;
		return false;
	}
	write_bar(dev, bar);
	return true;
}

void pciem_bars_place(struct pciem_bridge *bridge, struct pci_dev *dev)
{
	struct pciem_prefetches *all = &bridge->prefetch;
	int bar;

	if (!pci_is_root_bus(dev->bus))
		return;
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		struct resource *res = &dev->resource[bar];

		if (!(res->flags & IORESOURCE_PREFETCH) || res->flags & IORESOURCE_PCI_FIXED ||
		    res->parent || !resource_size(res))
			continue;
		if (res->flags & IORESOURCE_MEM_64 && all->above.ready &&
		    place(dev, bar, &all->above.window.res))
			continue;
		if (all->below.ready)
			place(dev, bar, &all->below.window.res);
	}
}
