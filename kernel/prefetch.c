// SPDX-License-Identifier: GPL-2.0-only
#include "prefetch.h"

#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/pciem.h>

#include "arch.h"
#include "bridge.h"
#include "params.h"

#define LARGEST	(256ULL * SZ_1G)

void pciem_prefetch_init(struct pciem_bridge *bridge)
{
	mutex_init(&bridge->prefetch.lock);
}

void pciem_prefetch_seal(struct pciem_bridge *bridge)
{
	mutex_lock(&bridge->prefetch.lock);
	bridge->prefetch.sealed = true;
	mutex_unlock(&bridge->prefetch.lock);
}

const char *pciem_prefetch_source(const struct pciem_prefetch *prefetch)
{
	if (!prefetch->window.res.flags)
		return "none";
	return prefetch->borrowed.size ? "borrowed" : "reserved";
}

/* The module parameter: "SIZE@ADDRESS". 0: not given, or no such text. */
static u64 reserved_range(u64 *base)
{
	char *text = pciem_ram, *end;
	u64 size;

	if (!text)
		return 0;
	size = memparse(text, &end);
	if (*end != '@')
		return 0;
	*base = memparse(end + 1, &end);
	return *end || !PAGE_ALIGNED(*base | size) || *base + size < *base ? 0 : size;
}

/* The largest part of it that is a power of two and aligned to its size, if it is large enough. */
static int use_reserved(struct resource *res, u64 wanted, u64 first, u64 last)
{
	u64 base, bytes = reserved_range(&base), start, size;

	if (!bytes)
		return -ENOMEM;
	for (size = rounddown_pow_of_two(bytes); size >= wanted; size >>= 1) {
		start = ALIGN(base, size);
		if (start < first || start + size - 1 > last || start + size > base + bytes)
			continue;
		if (region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
		    REGION_DISJOINT)
			return -ENOMEM;
		res->start = start;
		res->end = start + size - 1;
		return insert_resource(&iomem_resource, res) ? -ENOMEM : 0;
	}
	return -ENOMEM;
}

static int use_borrowed(struct pciem_prefetch *prefetch, u64 wanted, u64 first, u64 last)
{
	struct resource *res = &prefetch->window.res;
	int err = pciem_borrow(&prefetch->borrowed, wanted, first, last);

	if (err)
		return err;
	res->start = prefetch->borrowed.base;
	res->end = res->start + prefetch->borrowed.size - 1;
	err = request_resource(&iomem_resource, res);
	if (err)
		pciem_borrow_return(&prefetch->borrowed);
	return err ? -ENOMEM : 0;
}

static int find_memory(struct pciem_prefetch *prefetch, u64 wanted, bool above)
{
	u64 first = above ? SZ_4G : SZ_1M;
	u64 last = (above ? pciem_arch_phys_limit() : pciem_arch_low_limit()) - 1;
	int err = use_borrowed(prefetch, wanted, first, last);

	if (err && err != -EINTR && !use_reserved(&prefetch->window.res, wanted, first, last))
		err = 0;
	return err;
}

static int claim(struct pciem_bridge *bridge, struct pciem_prefetch *prefetch, u64 wanted,
		 bool above)
{
	struct pciem_window *window = &prefetch->window;
	struct resource *res = &window->res;
	unsigned long *ram;
	int err;

	*res = (struct resource) {
		.name = above ? "PCIem 64-bit prefetchable window" :
				"PCIem 32-bit prefetchable window",
		.flags = IORESOURCE_MEM | IORESOURCE_PREFETCH | (above ? IORESOURCE_MEM_64 : 0),
	};
	err = find_memory(prefetch, wanted, above);
	if (err)
		goto absent;
	ram = kvcalloc(BITS_TO_LONGS(PFN_DOWN(resource_size(res))), sizeof(long),
		       GFP_KERNEL_ACCOUNT);
	if (!ram) {
		err = -ENOMEM;
		goto release;
	}
	window->ram = ram;
	window->bridge = bridge;
	pciem_window_publish(window);
	return 0;

release:
	release_resource(res);
	pciem_borrow_return(&prefetch->borrowed);
absent:
	res->flags = 0;
	return err;
}

int pciem_prefetch_claim(struct pciem_bridge *bridge, struct pciem_ram *args)
{
	struct pciem_prefetches *all = &bridge->prefetch;
	bool above = args->flags & PCIEM_RAM_ABOVE_4G;
	struct pciem_prefetch *prefetch = above ? &all->above : &all->below;
	int err = -EBUSY;

	if (!args->bytes || args->bytes > LARGEST)
		return -EINVAL;
	mutex_lock(&all->lock);
	if (!all->sealed && !prefetch->window.res.flags)
		err = claim(bridge, prefetch, roundup_pow_of_two(args->bytes), above);
	if (!err) {
		args->base = prefetch->window.res.start;
		args->bytes = resource_size(&prefetch->window.res);
		args->source = prefetch->borrowed.size ? PCIEM_RAM_BORROWED : PCIEM_RAM_RESERVED;
	}
	mutex_unlock(&all->lock);
	return err;
}

static void release(struct pciem_prefetch *prefetch)
{
	unsigned long *ram = prefetch->window.ram;

	pciem_window_release(&prefetch->window);
	kvfree(ram);
	pciem_borrow_return(&prefetch->borrowed);
}

void pciem_prefetch_release(struct pciem_bridge *bridge)
{
	release(&bridge->prefetch.above);
	release(&bridge->prefetch.below);
	mutex_destroy(&bridge->prefetch.lock);
}

/* The window that has all of these pages, or NULL. */
static struct pciem_window *find_window(struct pciem_bridge *bridge, u64 base, u64 size)
{
	struct pciem_prefetches *all = &bridge->prefetch;
	struct pciem_window *window = NULL;
	struct resource range;

	if (!size || !PAGE_ALIGNED(base | size) || base + size < base)
		return NULL;
	range = (struct resource) { .start = base, .end = base + size - 1,
				    .flags = IORESOURCE_MEM };
	mutex_lock(&all->lock);
	if (all->below.window.res.flags && resource_contains(&all->below.window.res, &range))
		window = &all->below.window;
	else if (all->above.window.res.flags && resource_contains(&all->above.window.res, &range))
		window = &all->above.window;
	mutex_unlock(&all->lock);
	return window;
}

int pciem_prefetch_part(struct pciem_bridge *bridge, u64 base, u64 size, bool ram)
{
	struct pciem_window *window = find_window(bridge, base, size);
	unsigned long page, end;

	if (!window)
		return -EINVAL;
	page = PFN_DOWN(base - window->res.start);
	end = page + PFN_DOWN(size);
	for (; page < end; page++) {
		if (ram)
			set_bit(page, window->ram);
		else
			clear_bit(page, window->ram);
		if (!(page % SZ_64K))
			cond_resched();
	}
	return 0;
}

struct mapping {
	unsigned long pfn;
	pgprot_t prot;
};

static int map_page(pte_t *pte, unsigned long address, void *data)
{
	struct mapping *mapping = data;

	set_pte_at(current->mm, address, pte,
		   pte_mkspecial(pfn_pte(mapping->pfn++, mapping->prot)));
	return 0;
}

int pciem_prefetch_mmap(struct pciem_bridge *bridge, struct vm_area_struct *vma, u64 base)
{
	u64 size = vma->vm_end - vma->vm_start;
	struct mapping mapping = {
		.pfn = PFN_DOWN(base),
		.prot = pciem_arch_ram_prot(vma->vm_page_prot),
	};

	if (!find_window(bridge, base, size))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO);
	return apply_to_page_range(vma->vm_mm, vma->vm_start, size, map_page, &mapping);
}
