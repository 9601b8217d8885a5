// SPDX-License-Identifier: GPL-2.0-only
#include "edu.h"

#include <linux/debugfs.h>
#include <linux/module.h>

/* More than any group writes: seq_file would run it a second time. */
#define RESULT_SIZE	65536

static struct dentry *root;

bool edu_check(struct seq_file *out, bool ok, const char *text, ...)
{
	va_list args;

	seq_puts(out, ok ? "ok " : "not ok ");
	va_start(args, text);
	seq_vprintf(out, text, args);
	va_end(args);
	seq_putc(out, '\n');
	return ok;
}

#define GROUP(name)										\
	static int name##_show(struct seq_file *out, void *unused)				\
	{											\
		struct edu *edu = out->private;							\
												\
		mutex_lock(&edu->lock);								\
		edu_##name(edu, out);								\
		mutex_unlock(&edu->lock);							\
		seq_puts(out, "end\n");								\
		return 0;									\
	}											\
	static int name##_open(struct inode *inode, struct file *file)				\
	{											\
		return single_open_size(file, name##_show, inode->i_private, RESULT_SIZE);	\
	}											\
	static const struct file_operations name##_operations = {				\
		.owner = THIS_MODULE,								\
		.open = name##_open,								\
		.read = seq_read,								\
		.release = single_release,							\
	}

GROUP(registers);
GROUP(widths);
GROUP(strings);
GROUP(intx);
GROUP(msi);
GROUP(intx_threaded);
GROUP(msi_threaded);
GROUP(dma);
GROUP(pool);
GROUP(context);
GROUP(cpus);
GROUP(edges);
GROUP(remap);
GROUP(nmi);
GROUP(signals);
GROUP(abuse);
GROUP(peers);
GROUP(hunt);
GROUP(until_gone);

static const struct {
	const char *name;
	const struct file_operations *operations;
} groups[] = {
	{ "registers", &registers_operations },
	{ "widths", &widths_operations },
	{ "strings", &strings_operations },
	{ "intx", &intx_operations },
	{ "msi", &msi_operations },
	{ "intx_threaded", &intx_threaded_operations },
	{ "msi_threaded", &msi_threaded_operations },
	{ "dma", &dma_operations },
	{ "pool", &pool_operations },
	{ "context", &context_operations },
	{ "cpus", &cpus_operations },
	{ "edges", &edges_operations },
	{ "remap", &remap_operations },
	{ "nmi", &nmi_operations },
	{ "signals", &signals_operations },
	{ "abuse", &abuse_operations },
	{ "peers", &peers_operations },
	{ "hunt", &hunt_operations },
	{ "until_gone", &until_gone_operations },
};

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	mutex_init(&edu->lock);
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	edu->bar = pcim_iomap(pdev, 0, 0);
	if (!edu->bar)
		return -ENOMEM;
	pci_set_master(pdev);
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (err)
		return err;
	pci_set_drvdata(pdev, edu);
	edu->dir = debugfs_create_dir(pci_name(pdev), root);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		debugfs_create_file(groups[i].name, 0400, edu->dir, edu, groups[i].operations);
	return 0;
}

static void remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	debugfs_remove(edu->dir);
	edu_until_gone_end(edu);
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver driver = {
	.name = "pciem_edu_test",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

static int __init edu_init(void)
{
	int err;

	root = debugfs_create_dir("pciem_edu_test", NULL);
	err = pci_register_driver(&driver);
	if (err)
		debugfs_remove(root);
	return err;
}

static void __exit edu_exit(void)
{
	pci_unregister_driver(&driver);
	debugfs_remove(root);
}

module_init(edu_init);
module_exit(edu_exit);
MODULE_DESCRIPTION("Checks of PCIem with QEMU's edu device");
MODULE_LICENSE("GPL");
