// SPDX-License-Identifier: GPL-2.0-only
#include "hook.h"

#include <linux/string.h>

int pciem_hook(struct ftrace_ops *ops, char *function)
{
	int err = ftrace_set_filter(ops, (unsigned char *)function, strlen(function), 0);

	if (err)
		return err;
	err = register_ftrace_function(ops);
	if (err)
		ftrace_free_filter(ops);
	return err;
}

void pciem_unhook(struct ftrace_ops *ops)
{
	unregister_ftrace_function(ops);
	ftrace_free_filter(ops);
}
