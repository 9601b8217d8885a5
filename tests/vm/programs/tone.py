#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes tones, and measures what became of them. 16 bits a sample.

tone.py make FILE RATE SECONDS HZ...    a WAV file: in each channel one sine, of half of full scale (-6.02 dB)
tone.py measure FILE [FROM [TO]]        a line for each stretch of sound in each channel, and one for the file, or for
                                        that part of it:

    sound CHANNEL START SECONDS HZ DB CLICKS PURITY
    file CHANNELS RATE SECONDS

DB is the amplitude of a sine of that power, below full scale. At a click a sample does not continue the sine before it.
PURITY: in the longest stretch without one the sine is so many dB above all else. A file whose header tells no length,
because nobody has closed it yet, is measured to its end.
"""
import array
import math
import sys
import wave

AMPLITUDE = 0.5
FULL = 1 << 15
QUIET = 16              # up to this it is silence
GAP = 0.05              # seconds of silence between two sounds
CLICK = 64              # far above what rounding adds up to, and what converting a rate does


def make(path, rate, seconds, frequencies):
    channels = len(frequencies)
    data = array.array('h', bytes(2 * round(seconds * rate) * channels))
    for channel, frequency in enumerate(frequencies):
        step = 2 * math.pi * frequency / rate
        data[channel::channels] = array.array('h', (round(AMPLITUDE * FULL * math.sin(step * i))
                                                    for i in range(len(data) // channels)))
    with wave.open(path, 'wb') as file:
        file.setparams((channels, 2, rate, 0, 'NONE', None))
        file.writeframes(data.tobytes())


def number(content, at, size):
    return int.from_bytes(content[at:at + size], 'little')


def load(path):
    """Returns channels, rate, samples. (The module wave refuses a file without a length.)"""
    with open(path, 'rb') as file:
        content = file.read()
    if content[:4] != b'RIFF' or content[8:16] != b'WAVEfmt ':
        sys.exit(f'{path} is no WAV file')
    channels, rate, bits = number(content, 22, 2), number(content, 24, 4), number(content, 34, 2)
    if bits != 16:
        sys.exit(f'{path} has {bits} bits a sample')
    start = content.index(b'data', 20 + number(content, 16, 4)) + 8
    size = number(content, start - 4, 4) or len(content)
    size = min(size, len(content) - start)
    samples = array.array('h')
    samples.frombytes(content[start:start + size - size % (2 * channels)])
    return channels, rate, samples


def sounds(samples, rate):
    """Yields where each stretch that is not silence begins and ends."""
    block = max(1, round(rate * GAP))
    begin = None
    for start in range(0, len(samples), block):
        part = samples[start:start + block]
        if max(part) > QUIET or min(part) < -QUIET:
            if begin is None:
                begin = start
            end = start + len(part)
        elif begin is not None:
            yield trimmed(samples, begin, end)
            begin = None
    if begin is not None:
        yield trimmed(samples, begin, end)


def trimmed(samples, begin, end):
    while abs(samples[begin]) <= QUIET:
        begin += 1
    while abs(samples[end - 1]) <= QUIET:
        end -= 1
    return begin, end


def periods_of(samples):
    """The first and the last rise through zero, interpolated, and the number of periods between them."""
    first = last = None
    count = 0
    before = samples[0]
    for i, sample in enumerate(samples):
        if before < 0 <= sample:
            last = i - sample / (sample - before)
            if first is None:
                first = last
            count += 1
        before = sample
    return first, last, count - 1


def power_of(samples):
    return sum(sample * sample for sample in samples) / len(samples)


def clicks_in(samples, turn):
    """A sine has x[n] = 2 cos(w) x[n-1] - x[n-2]."""
    one, two = samples[1], samples[0]
    clicks = []
    for i in range(2, len(samples)):
        sample = samples[i]
        # The two samples after a click see it as well.
        if abs(sample - turn * one + two) > CLICK and not (clicks and i - clicks[-1] <= 2):
            clicks.append(i)
        two, one = one, sample
    return clicks


def decibels(ratio):
    return 20 * math.log10(max(ratio, 1e-9))


def purity_of(samples, step):
    """How far the sine of this step that fits best (least squares) is above what it leaves."""
    turn = complex(math.cos(step), math.sin(step))
    at = complex(1, 0)
    cc = cs = ss = xc = xs = 0.0
    for sample in samples:
        c, s = at.real, at.imag
        cc += c * c
        cs += c * s
        ss += s * s
        xc += sample * c
        xs += sample * s
        at *= turn
    determinant = cc * ss - cs * cs
    a, b = (xc * ss - xs * cs) / determinant, (xs * cc - xc * cs) / determinant
    rest = power_of(samples) - (a * xc + b * xs) / len(samples)
    return decibels(math.hypot(a, b) / math.sqrt(2 * max(rest, 0.01)))


def frequency_of(samples, rate):
    first, last, count = periods_of(samples)
    return count * rate / (last - first) if count > 0 else 0.0


def describe(samples, rate):
    """HZ DB CLICKS PURITY"""
    level = decibels(math.sqrt(2 * power_of(samples)) / FULL)
    frequency = frequency_of(samples, rate)
    clicks = clicks_in(samples, 2 * math.cos(2 * math.pi * frequency / rate))
    places = [0, *clicks, len(samples)]
    begin, end = max(zip(places, places[1:]), key=lambda stretch: stretch[1] - stretch[0])
    # Clicks move the rises.
    frequency = frequency_of(samples[begin:end], rate)
    purity = purity_of(samples[begin:end], 2 * math.pi * frequency / rate) if frequency else 0.0
    return f'{frequency:.3f} {level:.2f} {len(clicks)} {purity:.1f}'


def measure(path, start=0.0, end=None):
    channels, rate, samples = load(path)
    samples = samples[round(start * rate) * channels:None if end is None else round(end * rate) * channels]
    for channel in range(channels):
        own = samples[channel::channels]
        for begin, after in sounds(own, rate):
            print(f'sound {channel} {start + begin / rate:.3f} {(after - begin) / rate:.3f}', describe(own[begin:after], rate))
    print(f'file {channels} {rate} {len(samples) / channels / rate:.3f}')


def main(arguments):
    if len(arguments) >= 5 and arguments[0] == 'make':
        make(arguments[1], int(arguments[2]), float(arguments[3]), [float(hz) for hz in arguments[4:]])
    elif 2 <= len(arguments) <= 4 and arguments[0] == 'measure':
        measure(arguments[1], *(float(place) for place in arguments[2:]))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
