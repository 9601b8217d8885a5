/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_DMA_H
#define PCIEM_DMA_H

struct device;
struct pciem_bridge;

/*
 * Give a device of the bridge its DMA operations, before a driver binds. Nothing to do when
 * direct.
 */
void pciem_dma_adopt(struct pciem_bridge *bridge, struct device *dev);

#endif
