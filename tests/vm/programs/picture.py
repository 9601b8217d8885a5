#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is on a screen, from a screendump (PPM), and the picture of a number, which dumb.c draws as well.

  picture.py same FILE WIDTH HEIGHT SEED    the file has exactly this picture
  picture.py smpte FILE WIDTH HEIGHT        ... the pattern of modetest
  picture.py text FILE LINE                 prints this line of a text console whose line 0 is ALPHABET
  picture.py plain FILE WIDTH HEIGHT TOP    one colour from line TOP on: prints it, and how many colours are above
  picture.py count FILE COLOUR              prints how many pixels are not of this colour (hexadecimal)
  picture.py write DEVICE STRIDE WIDTH HEIGHT SEED       into a frame buffer, with write()
  picture.py map DEVICE STRIDE WIDTH HEIGHT SEED         ... through a mapping
  picture.py replace FILE WIDTH HEIGHT SEED NEW-SEED     find it in the memory that FILE maps, draw the other in its place
"""
import mmap
import os
import sys

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:"
CELL = (8, 16)

TOP = ["c0c0c0", "c0c000", "00c0c0", "00c000", "c000c0", "c00000", "0000c0"]
MIDDLE = ["0000c0", "131313", "c000c0", "131313", "00c0c0", "131313", "c0c0c0"]
BOTTOM = ["00214c", "ffffff", "32006a", "131313", "090909", "131313", "1d1d1d", "131313"]


class Picture:
    """Lines of three bytes a pixel."""

    def __init__(self, width, height, data):
        self.width, self.height, self.data = width, height, data

    def line(self, y):
        return self.data[y * self.width * 3:(y + 1) * self.width * 3]

    def pixel(self, x, y):
        return self.line(y)[3 * x:3 * x + 3].hex()


def read(path):
    with open(path, "rb") as file:
        kind, size, depth, data = file.read().split(b"\n", 3)
    width, height = map(int, size.split())
    if kind != b"P6" or depth != b"255" or len(data) != width * height * 3:
        sys.exit(f"{path} is no picture")
    return Picture(width, height, data)


RAMP = bytes(range(256)) * 17


def numbered_line(width, y, seed, pixel_bytes=3):
    """Bytes of a line of the numbered picture: red, green, blue; or as they lie in memory, with a fourth byte."""
    order = (0, 1, 2) if pixel_bytes == 3 else (2, 1, 0)
    start = (7 * y + seed) & 0xFF
    line = bytearray(width * pixel_bytes)
    line[order[0]::pixel_bytes] = RAMP[start:start + width]
    green = b"".join(bytes([(x + 16 * (y >> 8) + seed) & 0xFF]) * 256 for x in range((width + 255) >> 8))
    line[order[1]::pixel_bytes] = green[:width]
    line[order[2]::pixel_bytes] = bytes([y & 0xFF]) * width
    return bytes(line)


def numbered(width, height, seed):
    return Picture(width, height, b"".join(numbered_line(width, y, seed) for y in range(height)))


def smpte_line(width, y, height):
    if y < height * 6 // 9:
        colours = [TOP[x * 7 // width] for x in range(width)]
    elif y < height * 7 // 9:
        colours = [MIDDLE[x * 7 // width] for x in range(width)]
    else:
        colours = []
        for x in range(width):
            if x < width * 5 // 7:
                colours.append(BOTTOM[x * 4 // (width * 5 // 7)])
            elif x < width * 6 // 7:
                colours.append(BOTTOM[(x - width * 5 // 7) * 3 // (width // 7) + 4])
            else:
                colours.append(BOTTOM[7])
    return bytes.fromhex("".join(colours))


def smpte(width, height):
    ends = [0, height * 6 // 9, height * 7 // 9, height]
    bands = [smpte_line(width, ends[i], height) * (ends[i + 1] - ends[i]) for i in range(3)]
    return Picture(width, height, b"".join(bands))


def compare(got, wanted):
    if (got.width, got.height) != (wanted.width, wanted.height):
        sys.exit(f"the picture is {got.width}x{got.height}, not {wanted.width}x{wanted.height}")
    wrong = [y for y in range(got.height) if got.line(y) != wanted.line(y)]
    if wrong:
        y = wrong[0]
        x = next(x for x in range(got.width) if got.pixel(x, y) != wanted.pixel(x, y))
        sys.exit(f"{len(wrong)} of {got.height} lines differ, first at ({x}, {y}): "
                 f"{got.pixel(x, y)}, not {wanted.pixel(x, y)}")


def cell(picture, column, row):
    width, height = CELL
    lines = (picture.line(row * height + i) for i in range(height))
    return b"".join(line[column * width * 3:(column + 1) * width * 3] for line in lines)


def text(picture, row):
    known = {cell(picture, i, 0): letter for i, letter in enumerate(ALPHABET)}
    if len(known) != len(ALPHABET):
        sys.exit(f"line 0 has {len(known)} different letters, not {len(ALPHABET)}")
    known[cell(picture, len(ALPHABET), 0)] = " "
    columns = range(picture.width // CELL[0])
    return "".join(known.get(cell(picture, column, row), "?") for column in columns).rstrip()


def plain(picture, width, height, top):
    if (picture.width, picture.height) != (width, height):
        sys.exit(f"the picture is {picture.width}x{picture.height}, not {width}x{height}")
    colour = picture.pixel(0, top)
    line = bytes.fromhex(colour) * width
    wrong = sum(picture.line(y) != line for y in range(top, height))
    if wrong:
        sys.exit(f"{wrong} lines have other colours than {colour}")
    above = {picture.pixel(x, y) for y in range(top) for x in range(width)}
    return f"{colour} {len(above)}"


def draw(path, stride, width, height, seed, mapped):
    content = b"".join(numbered_line(width, y, seed, 4).ljust(stride, b"\0") for y in range(height))
    fd = os.open(path, os.O_RDWR)
    if mapped:
        mmap.mmap(fd, len(content))[:] = content
    elif os.write(fd, content) != len(content):  # at once: Linux 6.12 does not show a write of exactly one line
        sys.exit(f"{path} takes less than {len(content)} bytes")
    os.close(fd)


def replace(path, width, height, seed, new_seed):
    fd = os.open(path, os.O_RDWR)
    size = os.fstat(fd).st_size
    memory = mmap.mmap(fd, size)
    content = memory[:]
    at = content.find(numbered_line(width, 0, seed, 4))
    if at < 0:
        sys.exit(f"the picture is not in {path}")
    for y in range(height):
        line = numbered_line(width, y, seed, 4)
        place = at + y * len(line)
        if content[place:place + len(line)] != line:
            sys.exit(f"line {y} of the picture is not in {path}")
        memory[place:place + len(line)] = numbered_line(width, y, new_seed, 4)
    print(f"at 0x{at:x} of 0x{size:x}")


def main(action, path, *numbers):
    numbers = [int(n) for n in numbers] if action != "count" else numbers
    if action == "same":
        compare(read(path), numbered(*numbers))
    elif action == "smpte":
        compare(read(path), smpte(*numbers))
    elif action == "text":
        print(text(read(path), *numbers))
    elif action == "plain":
        print(plain(read(path), *numbers))
    elif action == "count":
        picture = read(path)
        print(sum(picture.pixel(x, y) != numbers[0] for y in range(picture.height) for x in range(picture.width)))
    elif action == "replace":
        replace(path, *numbers)
    else:
        draw(path, *numbers, action == "map")


if __name__ == "__main__":
    main(*sys.argv[1:])
