#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Records from an ALSA device (two channels, 48000 Hz) in the buffer that the card itself writes to, and tells what came:

    capture.py DEVICE SECONDS
    frames N silent N untouched N other N

The buffer is filled with a pattern first and again after each look, so that silence which the card has written differs from a
buffer that it has not written to.
"""
import array
import ctypes
import sys

CAPTURE = 1
MMAP_INTERLEAVED = 0
S16_LE = 2
CHANNELS = 2
RATE = 48000
FRAME = 2 * CHANNELS
LATENCY_US = 2000000
PATTERN = 0xa5


class Area(ctypes.Structure):
    """snd_pcm_channel_area_t"""
    _fields_ = [('address', ctypes.c_void_p), ('first', ctypes.c_uint), ('step', ctypes.c_uint)]


alsa = ctypes.CDLL('libasound.so.2')
alsa.snd_strerror.restype = ctypes.c_char_p
for function in (alsa.snd_pcm_avail_update, alsa.snd_pcm_mmap_commit):
    function.restype = ctypes.c_long


def call(function, *arguments):
    result = function(*arguments)
    if result < 0:
        sys.exit(f'{function.__name__}: {alsa.snd_strerror(int(result)).decode()}')
    return result


def begin(pcm, wanted):
    """Returns the ring's address, and a stretch of it: first frame, frames."""
    areas = ctypes.POINTER(Area)()
    offset, frames = ctypes.c_ulong(), ctypes.c_ulong(wanted)
    call(alsa.snd_pcm_mmap_begin, pcm, ctypes.byref(areas), ctypes.byref(offset), ctypes.byref(frames))
    return areas[0].address, offset.value, frames.value


def main(device, seconds):
    pcm = ctypes.c_void_p()
    call(alsa.snd_pcm_open, ctypes.byref(pcm), device.encode(), CAPTURE, 0)
    call(alsa.snd_pcm_set_params, pcm, S16_LE, MMAP_INTERLEAVED, CHANNELS, RATE, 0, LATENCY_US)
    size, period = ctypes.c_ulong(), ctypes.c_ulong()
    call(alsa.snd_pcm_get_params, pcm, ctypes.byref(size), ctypes.byref(period))
    ctypes.memset(begin(pcm, 0)[0], PATTERN, size.value * FRAME)
    call(alsa.snd_pcm_start, pcm)

    count = silent = untouched = 0
    while count < seconds * RATE:
        call(alsa.snd_pcm_wait, pcm, 1000)
        available = call(alsa.snd_pcm_avail_update, pcm)
        if not available:
            continue
        base, first, frames = begin(pcm, available)
        place = base + first * FRAME
        data = array.array('I', ctypes.string_at(place, frames * FRAME))
        silent += data.count(0)
        untouched += data.count(PATTERN * 0x01010101)
        ctypes.memset(place, PATTERN, frames * FRAME)
        call(alsa.snd_pcm_mmap_commit, pcm, ctypes.c_ulong(first), ctypes.c_ulong(frames))
        count += frames
    call(alsa.snd_pcm_close, pcm)
    print(f'frames {count} silent {silent} untouched {untouched} other {count - silent - untouched}')


main(sys.argv[1], float(sys.argv[2]))
