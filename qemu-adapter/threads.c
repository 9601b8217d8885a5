/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#include "threads.h"

static bool pinned;
static cpu_set_t others; /* CPUs of all threads but the pinned one */

void threads_prioritize(void)
{
    /*
     * CPUs of this machine stand still while this thread carries out their
     * reads. So it goes before all ordinary work, also before the work that
     * would take its CPU away just to wait for it.
     */
    struct sched_param param = { .sched_priority = sched_get_priority_min(
                                     SCHED_FIFO) };

    /* not so the threads it makes: those do nothing that a CPU waits for */
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

bool threads_pin(int cpu)
{
    cpu_set_t set;

    if (cpu >= CPU_SETSIZE ||
        sched_getaffinity(0, sizeof(others), &others) < 0) {
        return false;
    }
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) < 0) {
        return false;
    }
    CPU_CLR(cpu, &others);
    pinned = CPU_COUNT(&others) > 0;
    return true;
}

/*
 * QEMU's threads are made through this (ld's --wrap). A thread inherits the
 * CPUs of the one that makes it: without this the workers of a block device
 * would all sit on the CPU of the thread that serves, and that one goes before
 * them.
 */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg)
{
    pthread_attr_t own;
    int ret;

    if (!pinned) {
        return __real_pthread_create(thread, attr, start, arg);
    }
    if (attr) {
        pthread_attr_setaffinity_np((pthread_attr_t *)attr, sizeof(others),
                                    &others);
        return __real_pthread_create(thread, attr, start, arg);
    }
    pthread_attr_init(&own);
    pthread_attr_setaffinity_np(&own, sizeof(others), &others);
    ret = __real_pthread_create(thread, &own, start, arg);
    pthread_attr_destroy(&own);
    return ret;
}
