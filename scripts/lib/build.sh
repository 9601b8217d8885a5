# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What is ours: pciem.ko for the chosen kernel, libpciem, pciem-qemu and the tests, all through meson.

build_setup() { :; }
build_module_path() { printf '%s/kernel-%s/pciem.ko\n' "$PCIEM_BUILD" "$1"; }
