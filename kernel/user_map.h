/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings into user space of what traps. Where the driver maps at once (sysfs resourceN, UIO) the
 * accesses are emulated (user_fault.h), or mmap() fails with EOPNOTSUPP; where it maps on demand
 * (vfio, DRM) an access gets SIGBUS. Memory of prefetchable windows is mapped as ever, but for
 * ordinary pages behind a hole, which count as what traps.
 */
#ifndef PCIEM_USER_MAP_H
#define PCIEM_USER_MAP_H

/* -EBUSY: a live patch holds one of the functions. Sleeps. */
int pciem_user_map_init(void);
void pciem_user_map_exit(void);

#endif
