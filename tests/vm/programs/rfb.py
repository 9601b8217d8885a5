#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A VNC viewer that counts: what is drawn must come, in time, and nothing else.

  rfb.py SOCKET CARD

Draws through dumb.c, whose path is in $DUMB.
"""
import os
import socket
import subprocess
import sys
import time

import picture

RAW, DESKTOP_SIZE = 0, -223
CELL = 16      # the server notes changes in units of so many pixels of a line
LATE = 15      # seconds; an idle server looks every 3 s


class Viewer:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LATE)
        self.socket.connect(path)
        self.take(12)
        self.socket.sendall(b"RFB 003.008\n")
        kinds = self.take(self.number(1))
        if 1 not in kinds:
            sys.exit("the server wants a password")
        self.socket.sendall(b"\1")
        if self.number(4):
            sys.exit("the server refuses")
        self.socket.sendall(b"\1")
        self.resize(self.number(2), self.number(2))
        self.take(16)
        self.take(self.number(4))
        # 32 bits, 24 of them used, little endian, true colour, as they lie in the card's memory
        form = bytes([32, 24, 0, 1]) + b"\0\xff" * 3 + bytes([16, 8, 0]) + bytes(3)
        self.socket.sendall(b"\0" + bytes(3) + form)
        self.socket.sendall(b"\2\0" + (2).to_bytes(2, "big") + b"".join(
            n.to_bytes(4, "big", signed=True) for n in (RAW, DESKTOP_SIZE)))

    def take(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                sys.exit("the server has closed the connection")
            data += part
        return bytes(data)

    def number(self, size, signed=False):
        return int.from_bytes(self.take(size), "big", signed=signed)

    def resize(self, width, height):
        self.width, self.height = width, height
        self.pixels = bytearray(width * height * 4)

    def ask(self, incremental=True):
        self.socket.sendall(bytes([3, incremental]) + b"".join(n.to_bytes(2, "big") for n in (0, 0, self.width, self.height)))

    def rectangle(self):
        x, y, width, height = (self.number(2) for _ in range(4))
        encoding = self.number(4, signed=True)
        if encoding == DESKTOP_SIZE:
            self.resize(width, height)
        else:
            data = self.take(width * height * 4)
            for i in range(height):
                place = ((y + i) * self.width + x) * 4
                self.pixels[place:place + width * 4] = data[i * width * 4:(i + 1) * width * 4]
        return (x, y, width, height)

    def update(self, seconds=LATE):
        """The rectangles of the next update, or None."""
        end = time.monotonic() + seconds
        try:
            while True:
                self.socket.settimeout(max(0.001, end - time.monotonic()))
                kind = self.number(1)
                self.socket.settimeout(LATE)
                if kind == 0:
                    self.take(1)
                    return [self.rectangle() for _ in range(self.number(2))]
                if kind == 2:
                    continue
                if kind != 3:
                    sys.exit(f"the server sends message {kind}")
                self.take(3)
                self.take(self.number(4))
        except TimeoutError:
            return None

    def quiet(self, seconds=4):
        """Until nothing came for so long."""
        self.ask()
        while self.update(seconds) is not None:
            self.ask()

    def follow(self, done):
        """Updates, until done(); prints how long that took and returns what has come."""
        start = time.monotonic()
        rectangles = []
        while not done():
            if time.monotonic() - start > LATE:
                sys.exit(f"the viewer does not have what was drawn {LATE} s ago; {len(rectangles)} rectangles came")
            new = self.update(1)
            if new is not None:
                rectangles += new
                self.ask()
        print(f"   after {(time.monotonic() - start) * 1000:.0f} ms, {len(rectangles)} rectangles")
        return rectangles


class Dumb:
    def __init__(self, card):
        self.process = subprocess.Popen([os.environ["DUMB"], card], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            sys.exit(f"dumb {words}: {answer}")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def say(text):
    print("--- " + text, flush=True)


def memory(width, height, seed):
    return b"".join(picture.numbered_line(width, y, seed, 4) for y in range(height))


def has_picture(viewer, width, height, seed):
    wanted = memory(width, height, seed)
    # without the byte of each pixel that is no colour
    return lambda: (viewer.width, viewer.height) == (width, height) and all(
        viewer.pixels[i::4] == wanted[i::4] for i in range(3))


def colour_is(viewer, x, y, width, height, colour):
    line = colour.to_bytes(3, "little") + b"\0"

    def done():
        for j in range(y, y + height):
            part = viewer.pixels[(j * viewer.width + x) * 4:(j * viewer.width + x + width) * 4]
            if any(part[i::4] != (line * width)[i::4] for i in range(3)):
                return False
        return True
    return done


def near(rectangle, x, y, width, height):
    left, top, across, down = rectangle
    return (left >= x - x % CELL and top >= y and left + across <= -(-(x + width) // CELL) * CELL and
            top + down <= y + height)


def main(path, card):
    dumb = Dumb(card)
    dumb.do("mode", 1024, 768)
    dumb.do("picture", 1)
    viewer = Viewer(path)

    say("a viewer that comes sees the picture")
    viewer.ask(False)
    viewer.follow(has_picture(viewer, 1024, 768, 1))

    say("nothing comes when nothing changes")
    viewer.quiet()
    viewer.ask()
    rectangles = viewer.update(8)
    if rectangles:
        sys.exit(f"nothing has changed, and these came: {rectangles}")

    for number, place in enumerate([(500, 300, 10, 10), (0, 0, 1, 1), (1023, 767, 1, 1), (0, 400, 1024, 1), (333, 0, 1, 768)]):
        say(f"a rectangle of {place[2]}x{place[3]} at ({place[0]}, {place[1]})")
        colour = 0xABCDEF - number
        dumb.do("rectangle", *place, f"{colour:x}")
        for rectangle in viewer.follow(colour_is(viewer, *place, colour)):
            if not near(rectangle, *place):
                sys.exit(f"{rectangle} has come")
        if rectangles := viewer.update(4):
            sys.exit(f"{rectangles} has come late")

    say("20 pictures in a row: the last one comes")
    for seed in range(20, 40):
        dumb.do("picture", seed)
    viewer.follow(has_picture(viewer, 1024, 768, 39))

    say("other modes")
    for number, size in enumerate([(800, 600), (1280, 1024), (640, 480), (1024, 768)]):
        dumb.do("mode", *size)
        dumb.do("picture", number)
        viewer.follow(has_picture(viewer, *size, number))
    dumb.end()


main(*sys.argv[1:])
