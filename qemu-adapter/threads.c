/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>

#include "threads.h"

static bool apart;
static cpu_set_t others; /* CPUs of all threads but the one that serves */

static bool realtime;

static bool set_policy(int policy, int priority)
{
    struct sched_param param = { .sched_priority = priority };

    /* not so the threads it makes: those do nothing that a CPU waits for */
    return sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) == 0;
}

void threads_prioritize(void)
{
    set_policy(SCHED_OTHER, 0);
    setpriority(PRIO_PROCESS, 0, -20);
}

void threads_realtime(bool on)
{
    static bool forbidden;

    if (on == realtime || forbidden) {
        return;
    }
    realtime = on;
    forbidden = on ? !set_policy(SCHED_FIFO, sched_get_priority_min(SCHED_FIFO))
                   : !set_policy(SCHED_OTHER, 0);
}

void threads_yield(void)
{
    if (realtime) {
        sched_yield();
    }
}

void threads_set_apart(void)
{
    apart = apart || sched_getaffinity(0, sizeof(others), &others) == 0;
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
    apart = CPU_COUNT(&others) > 0;
    return true;
}

/*
 * QEMU's threads are made through this (ld's --wrap). A thread inherits the
 * CPUs of the one that makes it, and the kernel keeps the thread that serves
 * on one: without this the workers of a block device would all sit there, and
 * that thread goes before them.
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

    if (!apart) {
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
