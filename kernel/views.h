/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mappings that processes have of one open file. (Those of the inode are of all open files, and
 * so of all bridges.)
 */
#ifndef PCIEM_VIEWS_H
#define PCIEM_VIEWS_H

#include <linux/fs.h>
#include <linux/kref.h>

struct pciem_views {
	struct kref ref;
	struct address_space mapping;	/* the file's f_mapping; empty once that is released */
};

/* NULL: no memory. */
struct pciem_views *pciem_views_alloc(struct inode *inode);
void pciem_views_get(struct pciem_views *views);
void pciem_views_put(struct pciem_views *views);
/*
 * Take away the pages of these `bytes` of the file (0: to its end), wherever they are mapped:
 * nobody accesses them there any more when this returns. A later access faults anew. Sleeps.
 */
void pciem_views_zap(struct pciem_views *views, u64 offset, u64 bytes);

#endif
