// SPDX-License-Identifier: GPL-2.0-only
#include "prefetch.h"

#include <linux/cc_platform.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/pciem.h>

#include "arch.h"
#include "bridge.h"
#include "pages.h"
#include "params.h"
#include "ram.h"

#define LARGEST		(256ULL * SZ_1G)
#define CLEAR_BYTES	SZ_1M

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
	static const char * const names[] = {
		[PCIEM_RAM_BORROWED] = "borrowed",
		[PCIEM_RAM_RESERVED] = "reserved",
		[PCIEM_RAM_PAGES] = "pages",
	};

	return names[prefetch->source];
}

/* The module parameter: "SIZE@ADDRESS". False: not given, or no such text. */
static bool reserved_range(u64 *first, u64 *last)
{
	char *text = pciem_ram, *end;
	u64 size;

	if (!text)
		return false;
	size = memparse(text, &end);
	if (*end != '@')
		return false;
	*first = memparse(end + 1, &end);
	*last = *first + size - 1;
	return !*end && size && PAGE_ALIGNED(*first | size) && *last > *first &&
	       *last < pciem_arch_phys_limit();
}

/* What of it is in use. Not in iomem_resource, where the whole of it stands as not to be used. */
static struct resource reserved = { .name = "PCIem reserved", .flags = IORESOURCE_MEM, .end = -1 };

static int use_reserved(struct resource *res, u64 size, u64 first, u64 last)
{
	u64 begin, end, start;
	int err = -ENOMEM;

	if (!reserved_range(&begin, &end) ||
	    region_intersects(begin, end - begin + 1, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return err;
	size = max_t(u64, size, SZ_1M);
	end = min(end, last);
	if (mutex_lock_killable(&pciem_window_claims))
		return -EINTR;
	for (start = ALIGN(max(begin, first), size); err && start <= end && size - 1 <= end - start;
	     start += size) {
		res->start = start;
		res->end = start + size - 1;
		err = request_resource(&reserved, res) ? -ENOMEM : 0;
	}
	mutex_unlock(&pciem_window_claims);
	return err;
}

static int use_pages(struct pciem_window *window, u64 size, bool above)
{
	int err;

	size = max_t(u64, size, PCIEM_PAGES_CHUNK);
	err = pciem_window_claim_hole(&window->res, size, above);
	if (err)
		return err;
	window->pages = pciem_pages_alloc(size);
	if (IS_ERR(window->pages)) {
		err = PTR_ERR(window->pages);
		window->pages = NULL;
		release_resource(&window->res);
	}
	return err;
}

static int find_memory(struct pciem_prefetch *prefetch, u64 size, bool above)
{
	u64 first = above ? SZ_4G : SZ_1M;
	u64 last = (above ? pciem_arch_phys_limit() : pciem_arch_low_limit()) - 1;
	struct pciem_window *window = &prefetch->window;
	int err;

	prefetch->source = PCIEM_RAM_BORROWED;
	err = pciem_borrow(&prefetch->borrowed, &window->res, size, first, last);
	if (err && err != -EINTR) {
		prefetch->source = PCIEM_RAM_RESERVED;
		err = use_reserved(&window->res, size, first, last);
	}
	if (err && err != -EINTR && pciem_memory_is_plenty(size)) {
		prefetch->source = PCIEM_RAM_PAGES;
		err = use_pages(window, size, above);
	}
	return err;
}

static void return_memory(struct pciem_prefetch *prefetch)
{
	struct pciem_window *window = &prefetch->window;

	if (prefetch->borrowed.size)
		pciem_borrow_return(&prefetch->borrowed, &window->res);
	else
		release_resource(&window->res);
	pciem_pages_free(window->pages);
	window->pages = NULL;
	window->res.flags = 0;
}

/* Others' data must not be seen through it. */
static int clear(const struct pciem_prefetch *prefetch)
{
	const struct resource *res = &prefetch->window.res;
	resource_size_t at;
	void *memory;

	/* They were cleared when they were allocated. */
	if (prefetch->window.pages)
		return 0;
	for (at = res->start; at <= res->end; at += CLEAR_BYTES) {
		memory = memremap(at, CLEAR_BYTES, MEMREMAP_WB);
		if (!memory)
			return -ENOMEM;
		memset(memory, 0, CLEAR_BYTES);
		pciem_arch_flush_ram(memory, CLEAR_BYTES);
		memunmap(memory);
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int claim(struct pciem_bridge *bridge, struct pciem_prefetch *prefetch, u64 size,
		 bool above)
{
	struct pciem_window *window = &prefetch->window;
	struct resource *res = &window->res;
	int err;

	*res = (struct resource) {
		.name = above ? "PCIem 64-bit prefetchable window" :
				"PCIem 32-bit prefetchable window",
		.flags = IORESOURCE_MEM | IORESOURCE_PREFETCH | (above ? IORESOURCE_MEM_64 : 0),
	};
	err = find_memory(prefetch, size, above);
	if (err) {
		res->flags = 0;
		return err;
	}
	err = clear(prefetch);
	if (err)
		goto give_back;
	err = -ENOMEM;
	window->ram = kvcalloc(BITS_TO_LONGS(PFN_DOWN(resource_size(res))), sizeof(long),
			       GFP_KERNEL_ACCOUNT);
	if (!window->ram)
		goto give_back;
	window->bridge = bridge;
	return 0;

give_back:
	return_memory(prefetch);
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
	/* Private memory of a confidential guest is not what drivers map. */
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return -EOPNOTSUPP;
	mutex_lock(&all->lock);
	if (!all->sealed && !prefetch->window.res.flags)
		err = claim(bridge, prefetch, roundup_pow_of_two(args->bytes), above);
	if (!err) {
		args->base = prefetch->window.res.start;
		args->bytes = resource_size(&prefetch->window.res);
		args->source = prefetch->source;
	}
	mutex_unlock(&all->lock);
	return err;
}

static void free_memory(struct pciem_prefetch *prefetch)
{
	kvfree(prefetch->window.ram);
	prefetch->window.ram = NULL;
	return_memory(prefetch);
}

int pciem_prefetch_conclude(struct pciem_bridge *bridge, const struct pciem_ram *args, bool told)
{
	struct pciem_prefetches *all = &bridge->prefetch;
	struct pciem_prefetch *prefetch = args->flags & PCIEM_RAM_ABOVE_4G ? &all->above :
									     &all->below;
	int err = 0;

	mutex_lock(&all->lock);
	/* Another thread has not waited for it. */
	if (all->sealed)
		err = -EBUSY;
	if (told && !err) {
		pciem_window_publish(&prefetch->window);
		/* Whoever sees it sees the rest. */
		smp_store_release(&prefetch->ready, true);
	} else {
		free_memory(prefetch);
	}
	mutex_unlock(&all->lock);
	return err;
}

static void release(struct pciem_prefetch *prefetch)
{
	if (!prefetch->ready)
		return;
	pciem_window_hide(&prefetch->window);
	free_memory(prefetch);
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
	struct pciem_prefetch *each[] = { &bridge->prefetch.below, &bridge->prefetch.above };
	struct resource range = { .start = base, .end = base + size - 1,
				  .flags = IORESOURCE_MEM };
	unsigned int i;

	if (!size || !PAGE_ALIGNED(base | size) || base + size < base)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(each); i++) {
		/* Pairs with the release in pciem_prefetch_conclude(). */
		if (smp_load_acquire(&each[i]->ready) &&
		    resource_contains(&each[i]->window.res, &range))
			return &each[i]->window;
	}
	return NULL;
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
	const struct pciem_window *window;
	unsigned long page;		/* the next one, of the window */
	pgprot_t prot;
};

static unsigned long frame_of(const struct pciem_window *window, unsigned long page)
{
	return window->pages ? pciem_pages_frame(window->pages, page) :
			       PFN_DOWN(window->res.start) + page;
}

static int map_page(pte_t *pte, unsigned long address, void *data)
{
	struct mapping *mapping = data;
	unsigned long frame = frame_of(mapping->window, mapping->page++);

	set_pte_at(current->mm, address, pte, pte_mkspecial(pfn_pte(frame, mapping->prot)));
	return 0;
}

int pciem_prefetch_mmap(struct pciem_bridge *bridge, struct vm_area_struct *vma, u64 base)
{
	u64 size = vma->vm_end - vma->vm_start;
	struct mapping mapping = {
		.window = find_window(bridge, base, size),
		.prot = vma->vm_page_prot,
	};

	if (!mapping.window)
		return -EINVAL;
	mapping.page = PFN_DOWN(base - mapping.window->res.start);
	/* Drivers map pages as the memory that they are. */
	if (!mapping.window->pages)
		mapping.prot = pgprot_decrypted(pciem_arch_ram_prot(mapping.prot));
	vm_flags_set(vma, VM_PFNMAP | VM_IO);
	return apply_to_page_range(vma->vm_mm, vma->vm_start, size, map_page, &mapping);
}
