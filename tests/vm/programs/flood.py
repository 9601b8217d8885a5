#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends frames through an interface, some hundreds a second, until that fails; then prints the name of the error and how many
went.

  flood.py INTERFACE
"""
import errno
import socket
import sys
import time

LENGTH = 1500
PAUSE = 0.002  # seconds; without one an emulated machine does nothing else
PROTOCOL = 0x88B5  # for experiments (IEEE 802)

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((sys.argv[1], 0))
    frame = b"\xff" * 6 + raw.getsockname()[4] + PROTOCOL.to_bytes(2, "big")
    frame += bytes(LENGTH - len(frame))
    frames = 0
    try:
        while True:
            try:
                raw.send(frame)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # full for the moment
                    raise
            frames += 1
            time.sleep(PAUSE)
    except OSError as error:
        print(errno.errorcode[error.errno], frames)
