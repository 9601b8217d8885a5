#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One TCP transfer. The receiver prints the SHA-256 of what came; the sender waits until the receiver has all of it.

  transfer.py receive PORT
  transfer.py send HOST PORT <DATA
"""
import hashlib
import socket
import sys

CHUNK = 1 << 20


def receive(port):
    digest = hashlib.sha256()
    with socket.create_server(("", port)) as server:
        server.settimeout(300)
        print("listening", flush=True)
        connection, _ = server.accept()
    with connection:
        connection.settimeout(60)
        while data := connection.recv(CHUNK):
            digest.update(data)
        connection.sendall(b"end")
    print(digest.hexdigest())


def send(host, port):
    with socket.create_connection((host, port), timeout=60) as connection:
        while data := sys.stdin.buffer.read(CHUNK):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        if connection.recv(3) != b"end":
            sys.exit("the receiver is gone")


if sys.argv[1] == "receive":
    receive(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]))
