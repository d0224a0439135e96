"""The bytes of a JSON string as code points: UTF-8 (RFC 3629) and escapes (RFC 8259), one byte at a time.

A decoder state is one int, ``phase + 16 * value``; 0 is a character boundary::

     0 --lead byte--> 3 --> 2 --> 1 --> 0            value: the bits read so far
     0 --\\--> 4 --n--> 0
              4 --u--> 5 --h--> 6 --h--> 7 --h--> 8 --h--> 0
                                                  8 --high surrogate--> 9 --\\--> 10 --u--> 11 --D--> 12 --> 13 --> 14
                                                  --> 0

Overlong forms, surrogates in UTF-8, control characters and unpaired surrogate escapes have no transition. Half-read
characters stand for a range of code points (:func:`range_low`, :func:`range_high`); where an automaton treats the whole
range alike, :func:`canonical` replaces the value by the least one that behaves the same, so that the number of
configurations does not grow with the number of characters.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .memory import HEADER, SCALARS, Scalar

__all__ = [
    "INVALID",
    "MAX_CODE_POINT",
    "SPLIT_RANGE",
    "canonical",
    "decode",
    "piece_high",
    "piece_low",
    "pieces",
    "read_byte",
]

_INT = types.int64

INVALID = -1
"""Result of :func:`decode` where no character may continue so."""

MAX_CODE_POINT = 0x10FFFF

SPLIT_RANGE = 6 + 16 * 0xD
r"""The one state that stands for two ranges, after ``\uD``: U+D000..U+D7FF, and through a pair U+10000 and above."""


@inner(_INT(_INT))
def hex_digit(byte):
    """Value of an ASCII hexadecimal digit, or INVALID."""
    if 48 <= byte <= 57:
        return byte - 48
    if 65 <= byte <= 70:
        return byte - 55
    if 97 <= byte <= 102:
        return byte - 87
    return INVALID


@inner(_INT(_INT))
def simple_escape(byte):
    r"""Code point of the two-character escape whose second byte this is, or INVALID."""
    if byte == 34 or byte == 92 or byte == 47:
        return byte
    if byte == 98:
        return 8
    if byte == 102:
        return 12
    if byte == 110:
        return 10
    if byte == 114:
        return 13
    if byte == 116:
        return 9
    return INVALID


@inner(_INT(_INT, _INT, _INT))
def decode_hex(phase, value, byte):
    """Next state after a hexadecimal digit in phases 5 to 8 and 11 to 14."""
    digit = hex_digit(byte)
    if digit == INVALID:
        return INVALID
    if phase <= 8:
        value = value * 16 + digit
        if phase == 6 and 0xDC <= value <= 0xDF:
            return INVALID
        if phase < 8:
            return phase + 1 + 16 * value
        if 0xD800 <= value <= 0xDBFF:
            return 9 + 16 * (value - 0xD800)
        return -2 - value
    if phase == 11:
        return 12 + 16 * value if digit == 13 else np.int64(INVALID)
    if phase == 12:
        return 13 + 16 * (value * 4 + digit - 12) if digit >= 12 else np.int64(INVALID)
    value = value * 16 + digit
    return 14 + 16 * value if phase == 13 else -2 - (0x10000 + value)


@inner(_INT(_INT, _INT), inline=False)
def decode(state, byte):
    """Read one byte: a new state (>= 0), ``-2 - code_point`` where a character is complete, or INVALID.

    A bare quotation mark is INVALID: whoever owns the string takes it as the end before asking here.
    """
    phase = state & 15
    value = state >> 4
    if phase == 0:
        if byte < 32 or byte == 34:
            return INVALID
        if byte == 92:
            return 4
        if byte < 0x80:
            return -2 - byte
        if 0xC2 <= byte <= 0xDF:
            return 1 + 16 * (byte & 31)
        if 0xE0 <= byte <= 0xEF:
            return 2 + 16 * (byte & 15)
        if 0xF0 <= byte <= 0xF4:
            return 3 + 16 * (byte & 7)
        return INVALID
    if phase <= 3:
        low = np.int64(0x80)
        high = np.int64(0xBF)
        if phase == 2 and value == 0:
            low = 0xA0
        if phase == 2 and value == 0xD:
            high = 0x9F
        if phase == 3 and value == 0:
            low = 0x90
        if phase == 3 and value == 4:
            high = 0x8F
        if byte < low or byte > high:
            return INVALID
        value = (value << 6) | (byte & 63)
        return phase - 1 + 16 * value if phase > 1 else -2 - value
    if phase == 4:
        if byte == 117:
            return 5
        code = simple_escape(byte)
        return INVALID if code == INVALID else -2 - code
    if phase == 9:
        return 10 + 16 * value if byte == 92 else np.int64(INVALID)
    if phase == 10:
        return 11 + 16 * value if byte == 117 else np.int64(INVALID)
    return decode_hex(phase, value, byte)


@inner(_INT(_INT, _INT))
def plain(state, read):
    r"""``read``, the result of :func:`decode` from ``state``, if it keeps to the plain spelling; otherwise INVALID.

    Plain is what serialisers write: a character stands for itself; only the quotation mark, the backslash and control
    characters are escaped, the latter as ``\\n`` and the like or ``\\u00XX``.
    """
    phase = state & 15
    if phase == 4 and read == -2 - 47:
        return INVALID
    if phase == 5 or phase == 6:
        return read if read >> 4 == 0 else np.int64(INVALID)
    if phase == 7:
        return read if read >> 4 <= 1 else np.int64(INVALID)
    return read


@inner(_INT(_INT, _INT))
def block_size(phase, value):
    """Number of code points that a half-read character may still become, before the gaps in UTF-8 are taken out."""
    if phase <= 3:
        return np.int64(1) << (6 * phase)
    if phase == 6:
        return 1 << 12
    if phase == 7:
        return np.int64(1) << 18 if 0xD8 <= value <= 0xDB else np.int64(1) << 8
    if phase == 8:
        return np.int64(1) << 14 if 0xD80 <= value <= 0xDBF else np.int64(1) << 4
    if phase <= 12:
        return 1 << 10
    return np.int64(1) << 8 if phase == 13 else np.int64(1) << 4


@inner(_INT(_INT), inline=False)
def range_low(state):
    """Least code point that a half-read character may become (see SPLIT_RANGE)."""
    phase = state & 15
    value = state >> 4
    if phase == 0 or phase == 4 or phase == 5:
        return 0
    if phase == 2 and value == 0:
        return 0x800
    if phase == 3 and value == 0:
        return 0x10000
    if phase == 7 and 0xD8 <= value <= 0xDB:
        return 0x10000 + ((value - 0xD8) << 18)
    if phase == 8 and 0xD80 <= value <= 0xDBF:
        return 0x10000 + ((value - 0xD80) << 14)
    low = value * block_size(phase, value)
    return low if phase <= 8 else 0x10000 + low


@inner(_INT(_INT), inline=False)
def range_high(state):
    """Greatest code point that a half-read character may become (see SPLIT_RANGE)."""
    phase = state & 15
    value = state >> 4
    if phase == 0 or phase == 4 or phase == 5:
        return MAX_CODE_POINT
    if phase == 2 and value == 0xD:
        return 0xD7FF
    if state == SPLIT_RANGE:
        return 0xD7FF
    if phase == 2 and value == 0:
        return 0xFFF
    if phase == 3:
        return 0x3FFFF if value == 0 else min(((value + 1) << 18) - 1, np.int64(MAX_CODE_POINT))
    return range_low(state) + block_size(phase, value) - 1


@inner(_INT(_INT, types.boolean))
def pieces(state, plainly):
    """Number of ranges of code points that a half-read character may still become."""
    if plainly and state & 15 == 4:
        return 3
    return 2 if state == SPLIT_RANGE else 1


@inner(_INT(_INT, types.boolean, _INT))
def piece_low(state, plainly, index):
    """Least code point of range ``index``."""
    if index == 0:
        return range_low(state)
    if plainly and state & 15 == 4:
        return 34 if index == 1 else 92
    return 0x10000


@inner(_INT(_INT, types.boolean, _INT))
def piece_high(state, plainly, index):
    """Greatest code point of range ``index``."""
    phase = state & 15
    if plainly and 4 <= phase <= 8:
        if index == 0:
            return min(range_high(state), np.int64(31))
        return 34 if index == 1 else 92
    return range_high(state) if index == 0 else np.int64(MAX_CODE_POINT)


@inner(_INT(HEADER, _INT, _INT), inline=False)
def read_byte(header, state, byte):
    """:func:`decode` in the spelling that the machine allows."""
    read = decode(state, byte)
    if header[SCALARS + Scalar.PLAIN] != 0 and read != INVALID:
        return plain(state, read)
    return read


@inner(_INT(_INT, _INT), inline=False)
def canonical(state, low):
    """The least state like ``state`` for an automaton that treats ``low`` .. ``range_high(state)`` alike.

    ``low`` is the start of the interval of alike code points that holds the whole range of ``state``.
    """
    phase = state & 15
    value = state >> 4
    if phase == 0 or phase == 4 or phase == 5 or state == SPLIT_RANGE:
        return state
    if (phase == 2 and (value == 0 or value == 0xD)) or (phase == 3 and (value == 0 or value == 4)):
        return state
    size = block_size(phase, value)
    start = low
    offset = np.int64(0)
    if phase >= 9:
        start = max(low - 0x10000, np.int64(0))
    elif phase == 7 and 0xD8 <= value <= 0xDB:
        start = max(low - 0x10000, np.int64(0))
        offset = 0xD8
    elif phase == 8 and 0xD80 <= value <= 0xDBF:
        start = max(low - 0x10000, np.int64(0))
        offset = 0xD80
    least = offset + (start + size - 1) // size
    if phase == 1:
        least = max(least, np.int64(2))
        if 0x360 <= least < 0x380:
            least = 0x380
    elif phase == 2 or phase == 3:
        least = max(least, np.int64(1))
        if phase == 2 and least == 0xD:
            least = 0xE
    elif phase == 6 and least == 0xD:
        least = 0xE
    elif phase == 7 and offset == 0 and 0xD8 <= least <= 0xDF:
        least = 0xE0
    elif phase == 8 and offset == 0 and 0xD80 <= least <= 0xDFF:
        least = 0xE00
    return phase + 16 * least
