# SPDX-License-Identifier: GPL-2.0-only
"""usermap.py FILE: map the first page of a file and read it; says what came of it."""
import mmap
import os
import signal
import sys


def look():
    file = os.open(sys.argv[1], os.O_RDWR)
    try:
        page = mmap.mmap(file, mmap.PAGESIZE)
    except OSError as error:
        print("mmap:", os.strerror(error.errno), flush=True)
    else:
        print("read", page[:4].hex(), flush=True)


child = os.fork()
if child == 0:
    look()
    sys.exit(0)
status = os.waitpid(child, 0)[1]
if os.WIFSIGNALED(status):
    print("killed by", signal.Signals(os.WTERMSIG(status)).name)
sys.exit(os.WIFEXITED(status) and os.WEXITSTATUS(status))
