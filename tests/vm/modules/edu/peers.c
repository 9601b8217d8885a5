// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two devices of one process that are bus masters towards each other: DMA into registers, of the other device and of the own, DMA that
 * raises an interrupt whose handler reads, all while another thread reads registers and configuration space. The model is then in the
 * middle of its own DMA when more arrives. The first device needs dma_mask=0xffffffff.
 */
#include "edu.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/msi.h>
#include <linux/slab.h>

#define PATTERN		0x13579bdfu
#define ROUNDS		10u
#define PATIENCE	(5 * HZ)

struct peers {
	struct edu *one, *other;
	u32 *memory;		/* coherent, of the one */
	dma_addr_t address;
	struct completion interrupted;
	unsigned int interrupts, wrong;
	u32 status;
};

static dma_addr_t register_of(struct edu *edu, unsigned int reg)
{
	return pci_bus_address(edu->pdev, 0) + reg;
}

/* Through the buffer of the one: four bytes from here to there. */
static bool carry(struct peers *peers, dma_addr_t from, dma_addr_t to)
{
	return edu_transfer(peers->one, from, 0, 4, 0) && edu_transfer(peers->one, to, 0, 4, EDU_DMA_TO_MEMORY);
}

static irqreturn_t handle(int irq, void *argument)
{
	struct peers *peers = argument;

	peers->status = edu_read(peers->other, EDU_IRQ_STATUS);
	edu_write(peers->other, EDU_IRQ_ACK, peers->status);
	peers->wrong += edu_read(peers->other, EDU_ID) != EDU_ID_VALUE || edu_read(peers->one, EDU_ID) != EDU_ID_VALUE;
	peers->interrupts++;
	complete(&peers->interrupted);
	return IRQ_HANDLED;
}

static int read_on(void *argument)
{
	struct peers *peers = argument;
	int wrong = 0;
	u16 vendor;

	while (!kthread_should_stop()) {
		pci_read_config_word(peers->one->pdev, PCI_VENDOR_ID, &vendor);
		wrong += vendor != 0x1234;
		pci_read_config_word(peers->other->pdev, PCI_VENDOR_ID, &vendor);
		wrong += vendor != 0x1234;
		wrong += edu_read(peers->one, EDU_ID) != EDU_ID_VALUE;
		wrong += edu_read(peers->other, EDU_ID) != EDU_ID_VALUE;
		usleep_range(200, 400);
	}
	return wrong;
}

static void registers(struct peers *peers, struct seq_file *out)
{
	u32 got;
	bool ok;

	*peers->memory = PATTERN;
	ok = carry(peers, peers->address, register_of(peers->other, EDU_LIVENESS));
	got = edu_read(peers->other, EDU_LIVENESS);
	edu_check(out, ok && got == ~PATTERN, "from memory into a register of the other device: %#x", got);
	ok = carry(peers, register_of(peers->other, EDU_ID), peers->address);
	edu_check(out, ok && *peers->memory == EDU_ID_VALUE, "from a register of the other device: %#x", *peers->memory);
	*peers->memory = PATTERN + 1;
	ok = carry(peers, peers->address, register_of(peers->one, EDU_LIVENESS));
	got = edu_read(peers->one, EDU_LIVENESS);
	edu_check(out, ok && got == ~(PATTERN + 1), "into a register of its own: %#x", got);
	ok = carry(peers, register_of(peers->one, EDU_LIVENESS), register_of(peers->other, EDU_LIVENESS));
	got = edu_read(peers->other, EDU_LIVENESS);
	edu_check(out, ok && got == PATTERN + 1, "from a register of its own into one of the other: %#x", got);
}

/* A register of the other device that raises its interrupt, and the address that takes interrupt messages. */
static void interrupts(struct peers *peers, struct seq_file *out)
{
	unsigned int i, missing = 0;
	struct msi_msg message;
	int irq, err;
	bool ok;

	err = pci_alloc_irq_vectors(peers->other->pdev, 1, 1, PCI_IRQ_MSI);
	if (!edu_check(out, err == 1, "one vector: %d", err))
		return;
	irq = pci_irq_vector(peers->other->pdev, 0);
	edu_write(peers->other, EDU_IRQ_ACK, ~0u);
	err = request_irq(irq, handle, 0, "pciem_edu_peers", peers);
	if (!edu_check(out, !err, "handler: %d", err))
		goto free;
	for (i = 1; i <= ROUNDS; i++) {
		*peers->memory = i;
		ok = carry(peers, peers->address, register_of(peers->other, EDU_IRQ_RAISE));
		missing += !ok || !wait_for_completion_timeout(&peers->interrupted, PATIENCE) || peers->status != i;
	}
	edu_check(out, !missing && peers->interrupts == ROUNDS, "DMA that raises the other's interrupt: %u of %u", peers->interrupts,
		  ROUNDS);
	get_cached_msi_msg(irq, &message);
	*peers->memory = message.data;
	ok = carry(peers, peers->address, message.address_lo);
	ok = ok && wait_for_completion_timeout(&peers->interrupted, PATIENCE);
	edu_check(out, ok && !peers->status, "DMA that is an interrupt message: %u", peers->interrupts - ROUNDS);
	edu_check(out, !peers->wrong, "handlers read right: %u wrong", peers->wrong);
	free_irq(irq, peers);
free:
	pci_free_irq_vectors(peers->other->pdev);
}

/* The other device's driver ends and copies a mapping that is not its own. */
static void mappings(struct peers *peers, struct seq_file *out)
{
	struct device *one = &peers->one->pdev->dev, *other = &peers->other->pdev->dev;
	u32 *buffer = kzalloc(PAGE_SIZE, GFP_KERNEL);
	dma_addr_t address;
	bool ok;

	if (!edu_check(out, buffer, "a buffer"))
		return;
	*peers->memory = PATTERN;
	address = dma_map_single(one, buffer, PAGE_SIZE, DMA_FROM_DEVICE);
	ok = carry(peers, peers->address, address);
	dma_sync_single_for_cpu(other, address, PAGE_SIZE, DMA_FROM_DEVICE);
	edu_check(out, ok && !*buffer, "a device copies nothing out of a mapping of another's");
	dma_unmap_single(other, address, PAGE_SIZE, DMA_FROM_DEVICE);
	edu_check(out, !*buffer, "nor does it end it");
	dma_unmap_single(one, address, PAGE_SIZE, DMA_FROM_DEVICE);
	edu_check(out, *buffer == PATTERN, "so its own unmap brings what was written");
	kfree(buffer);
}

static struct edu *find_other(struct edu *edu)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_device(edu->pdev->vendor, edu->pdev->device, pdev))) {
		if (pdev != edu->pdev && pdev->bus == edu->pdev->bus && pci_get_drvdata(pdev))
			break;
	}
	/* It stays: whoever reads this file keeps it from being taken away. */
	pci_dev_put(pdev);
	return pdev ? pci_get_drvdata(pdev) : NULL;
}

void edu_peers(struct edu *edu, struct seq_file *out)
{
	struct peers peers = { .one = edu, .other = find_other(edu) };
	struct device *dev = &edu->pdev->dev;
	struct task_struct *reader;
	int wrong;

	if (!edu_check(out, peers.other, "there is another device"))
		return;
	init_completion(&peers.interrupted);
	peers.memory = dma_alloc_coherent(dev, PAGE_SIZE, &peers.address, GFP_KERNEL);
	if (!edu_check(out, peers.memory, "memory"))
		return;
	reader = kthread_run(read_on, &peers, "edu/peers");
	if (edu_check(out, !IS_ERR(reader), "thread")) {
		registers(&peers, out);
		interrupts(&peers, out);
		mappings(&peers, out);
		wrong = kthread_stop(reader);
		edu_check(out, !wrong, "meanwhile registers and configuration space were read: %d wrong", wrong);
	}
	dma_free_coherent(dev, PAGE_SIZE, peers.memory, peers.address);
}
