/* SPDX-License-Identifier: GPL-2.0-only */
/* What each device below a bridge gets before a driver sees it. */
#ifndef PCIEM_DEVICE_H
#define PCIEM_DEVICE_H

int pciem_device_init(void);
void pciem_device_exit(void);

#endif
