// SPDX-License-Identifier: GPL-2.0-only
/* Accesses of every width at every alignment, also over the end of the BAR and of the mapping: nothing but a value may come of them. */
#include "edu.h"

#define BAR_SIZE	(1u << 20)
/* Where the device has nothing. */
#define HOLE		0x2000u

static u64 read_of(void __iomem *address, unsigned int width)
{
	switch (width) {
	case 1:
		return readb(address);
	case 2:
		return readw(address);
	case 4:
		return readl(address);
	default:
		return readq(address);
	}
}

static void write_of(void __iomem *address, unsigned int width, u64 value)
{
	switch (width) {
	case 1:
		writeb(value, address);
		break;
	case 2:
		writew(value, address);
		break;
	case 4:
		writel(value, address);
		break;
	default:
		writeq(value, address);
	}
}

/* How many of the accesses that touch [at - 8, at + 8) do not give all ones, where nobody answers. */
static unsigned int around(void __iomem *bar, unsigned int at, unsigned int *made)
{
	unsigned int width, wrong = 0;
	int i;

	for (width = 1; width <= 8; width *= 2) {
		for (i = -8; i < 8; i++) {
			/* The instruction itself must lie in the mapping with its first byte. */
			write_of(bar + at + i, width, 0x5a5a5a5a5a5a5a5a);
			wrong += read_of(bar + at + i, width) != (width == 8 ? ~0ull : (1ull << 8 * width) - 1);
			(*made)++;
		}
	}
	return wrong;
}

void edu_edges(struct edu *edu, struct seq_file *out)
{
	phys_addr_t start = pci_resource_start(edu->pdev, 0);
	void __iomem *whole = ioremap(start, 2 * BAR_SIZE), *last = ioremap(start + BAR_SIZE - PAGE_SIZE, PAGE_SIZE);
	unsigned int made = 0, wrong, width, i;

	if (!edu_check(out, whole && last, "mappings"))
		goto unmap;
	wrong = around(whole, HOLE, &made);
	edu_check(out, !wrong, "every width and alignment: %u accesses, %u wrong", made, wrong);
	wrong = around(whole, BAR_SIZE, &made);
	edu_check(out, !wrong, "over the end of the BAR: %u wrong", wrong);
	wrong = around(whole, 2 * PAGE_SIZE, &made);
	edu_check(out, !wrong, "over the end of a page: %u wrong", wrong);
	/* The first bytes are mapped, the others are not: the access is one. */
	for (width = 2, wrong = 0; width <= 8; width *= 2) {
		for (i = 1; i < width; i++) {
			write_of(last + PAGE_SIZE - i, width, 0);
			wrong += read_of(last + PAGE_SIZE - i, width) != (width == 8 ? ~0ull : (1ull << 8 * width) - 1);
		}
	}
	edu_check(out, !wrong, "over the end of the mapping: %u wrong", wrong);
	edu_check(out, edu_alive(edu, 4), "the device lives on");
unmap:
	if (last)
		iounmap(last);
	if (whole)
		iounmap(whole);
}
