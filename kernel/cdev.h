/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/pciem: one open file is one bridge, once PCIEM_BRIDGE_CREATE has made it. */
#ifndef PCIEM_CDEV_H
#define PCIEM_CDEV_H

#include <linux/mutex.h>

struct pciem_bridge;
struct pciem_views;

struct pciem_file {
	struct pciem_views *views;	/* its mappings */
	struct mutex lock;		/* creating the bridge */
	struct pciem_bridge *bridge;	/* set once; NULL before */
	struct pciem_bridge *made;	/* its maker has not been told yet */
};

int pciem_cdev_init(void);
void pciem_cdev_exit(void);

#endif
