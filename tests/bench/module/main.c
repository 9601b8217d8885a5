// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>

#include "bench.h"

static const struct {
	const char *name;
	bench_measurement measure;
	bool needs_card;
} measurements[] = {
	{ "posted_write", bench_posted_write, true },
	{ "read_sleeping", bench_read_sleeping, true },
	{ "read_kthread", bench_read_kthread, true },
	{ "read_atomic", bench_read_atomic, true },
	{ "interrupt", bench_interrupt, true },
	{ "dma", bench_dma, true },
	{ "trap", bench_trap, false },
	{ "completion", bench_completion, false },
	{ "fault", bench_fault, false },
};

static DEFINE_MUTEX(lock);	/* card, and one measurement at a time */
static struct bench *card;
static struct dentry *directory;

static int measure_show(struct seq_file *out, void *unused)
{
	unsigned long i = (unsigned long)out->private;
	int err;

	mutex_lock(&lock);
	err = card || !measurements[i].needs_card ? measurements[i].measure(card, out) : -ENODEV;
	mutex_unlock(&lock);
	return err;
}

static int measure_open(struct inode *inode, struct file *file)
{
	return single_open(file, measure_show, inode->i_private);
}

static const struct file_operations measure_fops = {
	.owner = THIS_MODULE,
	.open = measure_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* The card's registers of the same names. */
static int set_register(unsigned int offset, u64 value)
{
	int err = -ENODEV;

	mutex_lock(&lock);
	if (card) {
		writel(value, card->registers + offset);
		readl(card->registers + BENCH_IDENT);	/* done when it answers */
		err = 0;
	}
	mutex_unlock(&lock);
	return err;
}

static int cpu_set(void *data, u64 value)
{
	return set_register(BENCH_CPU, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(cpu_fops, NULL, cpu_set, "%llu\n");

static int poll_set(void *data, u64 value)
{
	return set_register(BENCH_POLL, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(poll_fops, NULL, poll_set, "%llu\n");

static irqreturn_t handler(int irq, void *data)
{
	struct bench *bench = data;

	bench->interrupted = ktime_get_ns();
	complete(&bench->interrupt);
	return IRQ_HANDLED;
}

static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench *bench;
	int err;

	bench = devm_kzalloc(&pdev->dev, sizeof(*bench), GFP_KERNEL);
	if (!bench)
		return -ENOMEM;
	bench->pdev = pdev;
	init_completion(&bench->interrupt);
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	pci_set_master(pdev);
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (err)
		return err;
	bench->registers = pcim_iomap(pdev, 0, 0);
	if (!bench->registers)
		return -ENOMEM;
	bench->shared = dmam_alloc_coherent(&pdev->dev, sizeof(*bench->shared), &bench->shared_bus,
					    GFP_KERNEL);
	if (!bench->shared)
		return -ENOMEM;
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0)
		return err;
	err = request_irq(pci_irq_vector(pdev, 0), handler, 0, "pciem_bench", bench);
	if (err) {
		pci_free_irq_vectors(pdev);
		return err;
	}
	writeq(bench->shared_bus, bench->registers + BENCH_SHARED);
	pci_set_drvdata(pdev, bench);
	mutex_lock(&lock);
	card = bench;
	mutex_unlock(&lock);
	return 0;
}

static void bench_remove(struct pci_dev *pdev)
{
	struct bench *bench = pci_get_drvdata(pdev);

	mutex_lock(&lock);
	card = NULL;
	bench_link_down(bench);
	mutex_unlock(&lock);
	free_irq(pci_irq_vector(pdev, 0), bench);
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE(BENCH_VENDOR, BENCH_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, bench_ids);

static struct pci_driver bench_driver = {
	.name = "pciem_bench",
	.id_table = bench_ids,
	.probe = bench_probe,
	.remove = bench_remove,
};

static int __init bench_init(void)
{
	unsigned long i;
	int err;

	directory = debugfs_create_dir("pciem_bench", NULL);
	for (i = 0; i < ARRAY_SIZE(measurements); i++)
		debugfs_create_file(measurements[i].name, 0400, directory, (void *)i, &measure_fops);
	debugfs_create_file_unsafe("card_cpu", 0200, directory, NULL, &cpu_fops);
	debugfs_create_file_unsafe("card_poll", 0200, directory, NULL, &poll_fops);
	err = pci_register_driver(&bench_driver);
	if (err)
		debugfs_remove(directory);
	return err;
}

static void __exit bench_exit(void)
{
	pci_unregister_driver(&bench_driver);
	debugfs_remove(directory);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Driver of PCIem's benchmark card");
MODULE_LICENSE("GPL");
