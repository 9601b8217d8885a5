#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Commands for the monitor of a pciem-qemu; ends with a sentence and status 1 where one fails.

  qmp.py SOCKET COMMAND [NAME=VALUE]... [, COMMAND [NAME=VALUE]...]...
"""
import json
import socket
import sys


def answer(file):
    for line in file:
        message = json.loads(line)
        if "event" not in message:
            return message
    sys.exit("the monitor has closed the connection")


def main(path, *words):
    commands = [[]]
    for word in words:
        if word == ",":
            commands.append([])
        else:
            commands[-1].append(word)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(path)
        file = connection.makefile("rw")
        file.readline()
        for name, *arguments in [["qmp_capabilities"], *commands]:
            file.write(json.dumps({"execute": name, "arguments": dict(a.split("=", 1) for a in arguments)}) + "\n")
            file.flush()
            result = answer(file)
            if "error" in result:
                sys.exit(f"{name}: {result['error']['desc']}")


main(*sys.argv[1:])
