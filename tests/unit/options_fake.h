/* SPDX-License-Identifier: GPL-2.0-only */
/* A small QEMU for the command line of pciem-qemu to ask, and a directory for the files that a test needs. */
#ifndef OPTIONS_FAKE_H
#define OPTIONS_FAKE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "options.h"

extern const QemuFacts fake_qemu;
/* What it is built with; every test begins with neither. */
extern const char *fake_audio_drivers;	/* names, a space around each */
extern const char *fake_window;

extern char directory[];

/* For the group: the directory, and an environment without a session or a sound server. */
int fake_set_up(void **state);
int fake_tear_down(void **state);
/* For a test: the environment and the QEMU as fake_set_up() leaves them. */
int fake_reset(void **state);

/* The path of a new file in the directory; the caller removes it. */
char *image(const char *name, const char *content, size_t length);

OptionsAction parse(Options *options, const char *line);
/* What QEMU sees behind the words that are always there; one space between words. */
char *rewritten(const char *line);
void assert_rewritten(const char *line, const char *expected);
void assert_refused(const char *line, const char *expected);

#endif
