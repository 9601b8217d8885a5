/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs that check many things in one go: a line each, and a verdict at the end. */
#ifndef CHECKS_H
#define CHECKS_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int checks_made, checks_failed;

__attribute__((format(printf, 2, 3)))
static inline bool check(bool ok, const char *text, ...)
{
	va_list args;

	checks_made++;
	checks_failed += !ok;
	fputs(ok ? "ok " : "not ok ", stdout);
	va_start(args, text);
	vprintf(text, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return ok;
}

static inline const char *error_name(int error)
{
	return error ? strerrorname_np(error) : "success";
}

/* `got` and `wanted`: 0 or a positive errno. */
static inline bool check_errno(int got, int wanted, const char *text)
{
	return check(got == wanted, "%s: %s%s%s", text, error_name(got), got == wanted ? "" : ", not ",
		     got == wanted ? "" : error_name(wanted));
}

/* What cannot fail here unless the test itself is wrong. */
static inline void need(bool ok, const char *text)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", text, strerror(errno));
	exit(2);
}

/* The exit status. Fewer than `minimum` checks: the program has not done what it should. */
static inline int checks_end(unsigned int minimum)
{
	printf("%u checks, %u failed\n", checks_made, checks_failed);
	return checks_failed || checks_made < minimum;
}

#endif
