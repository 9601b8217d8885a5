/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_VMALLOC_H
#define SHIM_VMALLOC_H

#include <stdlib.h>

#define vmalloc_user(bytes)	calloc(1, bytes)
#define vfree(memory)		free(memory)

#endif
