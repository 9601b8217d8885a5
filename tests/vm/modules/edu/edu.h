/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for QEMU's "edu" device that examines what stands between a driver and its device. Each group of checks is a
 * debugfs file, pciem_edu_test/DEVICE/GROUP: reading it runs the group and gives a line a check, "ok ..." or "not ok ...".
 * The registers are those of QEMU's docs/specs/edu.rst.
 */
#ifndef PCIEM_EDU_H
#define PCIEM_EDU_H

#include <linux/io.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#define EDU_ID			0x00
#define EDU_ID_VALUE		0x010000edu
#define EDU_LIVENESS		0x04	/* reads as the complement of what was written */
#define EDU_FACTORIAL		0x08
#define EDU_STATUS		0x20
#define   EDU_STATUS_COMPUTING	0x01
#define   EDU_STATUS_IRQ	0x80
#define EDU_IRQ_STATUS		0x24
#define   EDU_IRQ_FACTORIAL	0x001
#define   EDU_IRQ_DMA		0x100
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_TARGET		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define   EDU_DMA_RUN		0x1
#define   EDU_DMA_TO_MEMORY	0x2
#define   EDU_DMA_RAISE		0x4
#define EDU_BUFFER		0x40000	/* on the device's side */
#define EDU_BUFFER_SIZE		4096
#define EDU_DMA_BITS		28

struct edu {
	struct pci_dev *pdev;
	void __iomem *bar;
	struct dentry *dir;
	struct mutex lock;	/* one group at a time */
	struct task_struct **threads;	/* of until_gone */
};

static inline u32 edu_read(struct edu *edu, unsigned int reg)
{
	return readl(edu->bar + reg);
}

static inline void edu_write(struct edu *edu, unsigned int reg, u32 value)
{
	writel(value, edu->bar + reg);
}

/* A line of the group's result. Returns `ok`. */
__printf(3, 4) bool edu_check(struct seq_file *out, bool ok, const char *text, ...);

/* Does a posted write reach the model before the read that follows, and does the model's value come back? Any context. */
static inline bool edu_alive(struct edu *edu, u32 pattern)
{
	edu_write(edu, EDU_LIVENESS, pattern);
	return edu_read(edu, EDU_LIVENESS) == ~pattern && edu_read(edu, EDU_ID) == EDU_ID_VALUE;
}

/* Move `count` bytes between a bus address and the device's buffer. Sleeps. False: it does not end. */
bool edu_transfer(struct edu *edu, dma_addr_t address, unsigned int offset, unsigned int count, u32 command);

void edu_registers(struct edu *edu, struct seq_file *out);
void edu_widths(struct edu *edu, struct seq_file *out);
void edu_strings(struct edu *edu, struct seq_file *out);
void edu_intx(struct edu *edu, struct seq_file *out);
void edu_msi(struct edu *edu, struct seq_file *out);
void edu_intx_threaded(struct edu *edu, struct seq_file *out);
void edu_msi_threaded(struct edu *edu, struct seq_file *out);
void edu_dma(struct edu *edu, struct seq_file *out);
void edu_pool(struct edu *edu, struct seq_file *out);
void edu_context(struct edu *edu, struct seq_file *out);
void edu_cpus(struct edu *edu, struct seq_file *out);
void edu_edges(struct edu *edu, struct seq_file *out);
void edu_remap(struct edu *edu, struct seq_file *out);
void edu_nmi(struct edu *edu, struct seq_file *out);
void edu_signals(struct edu *edu, struct seq_file *out);
void edu_abuse(struct edu *edu, struct seq_file *out);
void edu_peers(struct edu *edu, struct seq_file *out);
void edu_hunt(struct edu *edu, struct seq_file *out);
void edu_until_gone(struct edu *edu, struct seq_file *out);
/* The device has to be let go. Sleeps. */
void edu_until_gone_end(struct edu *edu);

#endif
