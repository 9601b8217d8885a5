/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process is frozen before its devices are suspended, so nobody could answer their drivers:
 * while a bridge exists the system does not suspend or hibernate.
 */
#ifndef PCIEM_SUSPEND_H
#define PCIEM_SUSPEND_H

int pciem_suspend_init(void);
void pciem_suspend_exit(void);
/* A bridge comes and goes. -EBUSY: the system is about to sleep. Both sleep. */
int pciem_suspend_forbid(void);
void pciem_suspend_allow(void);

#endif
