/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings of trapped BARs into user space, whose every access is a fault that is emulated.
 */
#ifndef PCIEM_USER_FAULT_H
#define PCIEM_USER_FAULT_H

struct vm_area_struct;

/*
 * Have the whole mapping show the frames from `frame` on, when it is being made
 * (mmap lock held for writing). It then holds the bridge, but for those of sysfs, which no access
 * comes through once the device is gone. -EOPNOTSUPP: they are not all in one window; its driver wants to know of its faults or of its end; it is private and
 * writable; or this processor's instructions cannot be emulated.
 */
int pciem_user_fault_map(struct vm_area_struct *vma, unsigned long frame);

#endif
