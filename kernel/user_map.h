/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings into user space of what traps: refused, because no access through them could be caught.
 * mmap() fails with EOPNOTSUPP where the driver maps at once (sysfs resourceN, UIO), an access gets
 * SIGBUS where it maps on demand (vfio). Memory of prefetchable windows is mapped as ever.
 */
#ifndef PCIEM_USER_MAP_H
#define PCIEM_USER_MAP_H

/* -EBUSY: a live patch holds one of the functions. Sleeps. */
int pciem_user_map_init(void);
void pciem_user_map_exit(void);

#endif
