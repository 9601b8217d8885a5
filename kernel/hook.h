/* SPDX-License-Identifier: GPL-2.0-only */
/* ftrace callbacks on functions of the kernel. */
#ifndef PCIEM_HOOK_H
#define PCIEM_HOOK_H

#include <linux/ftrace.h>

/* PERMANENT: ftrace_enabled=0 must not turn every device register into an oops. */
#define PCIEM_HOOK_FLAGS						\
	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION | FTRACE_OPS_FL_PERMANENT)

/* -EINVAL: no such function. -EBUSY: a live patch has it, and the callback redirects. Sleeps. */
int pciem_hook(struct ftrace_ops *ops, char *function);
/* Sleeps until no callback runs, nor what it has redirected to. */
void pciem_unhook(struct ftrace_ops *ops);

#endif
