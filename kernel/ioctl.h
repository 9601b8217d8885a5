/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCIEM_IOCTL_H
#define PCIEM_IOCTL_H

#include "cdev.h"

long pciem_ioctl(struct pciem_file *file, unsigned int command, void __user *argument);

#endif
