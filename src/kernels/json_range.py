r"""Numbers between bounds, exactly, however they are spelled.

A nonzero decimal is ``0.S * 10^E`` with significant digits S (the first not 0), and so are the bounds. While S is
read it is compared with the digits of both bounds; the exponent may still shift the point, so a prefix is alive if
some exponent E puts some continuation of S between the bounds::

    3.5 <= x < 20        low  0.35 * 10^1       high 0.2 * 10^2
    "7"   below high at E = 1, above high at E = 2         alive: 7, 0.7e1, 70e-1
    "20"  E = 2 is not below high, E = 1 is below low      alive only through 2.0 < 3.5? no: dead

Once the digits are over, the exponents that fit are an interval, and the exponent's own digits are held against that.
An integer has as many places before the point as S without its last zeros, so it only adds a bound on E (the bounds
of a spec of integers are integers). Positive and negative numbers have their own bounds, of the magnitude; zero is
apart.

``b`` of a NUMBER configuration while digits are read, from bit 0: phase (4), negative, a nonzero digit was read,
comparison with the low bound (2) and the high bound (2), digits of S read (26), the same without the last zeros (26).
``c``: the place of the point, E if no exponent follows. In the exponent, ``b``: phase, then the least and the
greatest magnitude that fit (24 bits each, EVERY: no bound); ``c``: the magnitude read so far.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .intern import intern_config
from .memory import HEADER, Column, get_i32, get_i64, get_u8
from .opcodes import Op
from .records import BOUNDS_FIELDS, NUMBER_FIELDS, BoundsField, Phase, RangeField

__all__ = ["range_accepts", "range_start", "range_step"]

_INT = types.int64

EQUAL = 0
BELOW = 1
ABOVE = 2
FAR = 1 << 40
"""An exponent beyond all that are met."""
EVERY = (1 << 24) - 1
"""No bound on the magnitude of an exponent."""
_COUNT = (1 << 26) - 1


@inner(_INT(HEADER, _INT, _INT))
def range_field(header, spec, field):
    """One field of a number spec of kind RANGE."""
    return np.int64(get_i32(header, Column.NUMBER_SPEC, spec * NUMBER_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT))
def bound(header, side, field):
    """One field of the bounds of one sign."""
    return np.int64(get_i32(header, Column.NUMBER_BOUNDS, side * BOUNDS_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT, _INT))
def compared(header, first, length, state_and_digit):
    """Comparison with a bound after one more digit (``comparison + 4 * digit + 64 * digits before``)."""
    comparison = state_and_digit & 3
    digit = (state_and_digit >> 2) & 15
    index = state_and_digit >> 6
    if comparison != EQUAL:
        return comparison
    other = np.int64(get_u8(header, Column.NUMBER_DIGITS, first + index)) if index < length else np.int64(0)
    if digit == other:
        return EQUAL
    return BELOW if digit < other else ABOVE


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def lowest(header, side, state, final):
    """Least E at which the digits read are not below the low bound; ``final``: no digits follow."""
    if bound(header, side, BoundsField.HAS_LOW) == 0:
        return -FAR
    exponent = bound(header, side, BoundsField.LOW_EXPONENT)
    comparison = (state >> 6) & 3
    if comparison == BELOW:
        return exponent + 1
    if comparison == EQUAL and final:
        digits = (state >> 10) & _COUNT
        if digits < bound(header, side, BoundsField.LOW_LENGTH) or bound(header, side, BoundsField.LOW_STRICT) == 1:
            return exponent + 1
    return exponent


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def highest(header, side, state, final):
    """Greatest E at which the digits read are not above the high bound; ``final``: no digits follow."""
    if bound(header, side, BoundsField.HAS_HIGH) == 0:
        return FAR
    exponent = bound(header, side, BoundsField.HIGH_EXPONENT)
    comparison = (state >> 8) & 3
    if comparison == ABOVE:
        return exponent - 1
    if comparison == EQUAL and bound(header, side, BoundsField.HIGH_STRICT) == 1:
        digits = (state >> 10) & _COUNT
        if digits >= bound(header, side, BoundsField.HIGH_LENGTH):
            return exponent - 1
    return exponent


@inner(_INT(HEADER, _INT, _INT))
def side_of(header, spec, state):
    """The bounds for the sign that was read, or -1."""
    field = RangeField.NEGATIVE_SIDE if (state >> 4) & 1 != 0 else RangeField.POSITIVE_SIDE
    return range_field(header, spec, field)


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def digits_alive(header, spec, state, point):
    """True if some continuation of the digits, with some exponent where one may follow, is in range."""
    phase = state & 15
    nonzero = (state >> 5) & 1
    kind = range_field(header, spec, RangeField.WHOLE)
    plainly = range_field(header, spec, RangeField.PLAIN) == 1
    if nonzero == 0 and range_field(header, spec, RangeField.ZERO) == 1:
        return True
    side = side_of(header, spec, state)
    if side < 0:
        return False
    low = lowest(header, side, state, False)
    high = highest(header, side, state, False)
    if kind == 1:
        low = max(low, (state >> 36) & _COUNT)
    if plainly and phase != Phase.SIGN:
        if nonzero != 0:
            low = max(low, point)
            if phase != Phase.WHOLE:
                high = min(high, point)
        else:
            high = min(high, point)
            if kind == 1:
                return False
    return low <= high


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def intern_digits(header, spec, state, point, parent):
    """The NUMBER configuration of a digit state, or 0 if nothing in range continues it."""
    if not digits_alive(header, spec, state, point):
        return 0
    return intern_config(header, Op.NUMBER, spec, state, point, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def digit_step(header, spec, state, point, following_and_digit, parent):
    """After one more digit of the decimal itself (``phase + 16 * digit``), or 0."""
    following = following_and_digit & 15
    digit = following_and_digit >> 4
    nonzero = (state >> 5) & 1
    if nonzero == 0 and digit == 0:
        point -= 1 if following == Phase.FRACTION else 0
        return intern_digits(header, spec, (state & ~np.int64(15)) | following, point, parent)
    if following == Phase.WHOLE:
        point += 1
    side = side_of(header, spec, state)
    if side < 0:
        return 0
    digits = (state >> 10) & _COUNT
    code = 4 * digit + 64 * digits
    low = compared(
        header,
        bound(header, side, BoundsField.LOW_DIGITS),
        bound(header, side, BoundsField.LOW_LENGTH),
        code + ((state >> 6) & 3),
    )
    high = compared(
        header,
        bound(header, side, BoundsField.HIGH_DIGITS),
        bound(header, side, BoundsField.HIGH_LENGTH),
        code + ((state >> 8) & 3),
    )
    stripped = digits + 1 if digit != 0 else (state >> 36) & _COUNT
    state = following | (state & 16) | 32 | (low << 6) | (high << 8) | ((digits + 1) << 10) | (stripped << 36)
    return intern_digits(header, spec, state, point, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def intern_exponent(header, spec, phase, least, greatest_and_read, parent):
    """The NUMBER configuration inside an exponent (``greatest + 2^24 * read``), or 0 if no continuation fits."""
    greatest = greatest_and_read & EVERY
    read = greatest_and_read >> 24
    if phase == Phase.EXACT:
        shortest = read
        longest = read
        alive = read == 0
        while shortest <= greatest and not alive:
            alive = longest >= least
            shortest = shortest * 10
            longest = longest * 10 + 9
        if not alive and greatest != EVERY:
            return 0
        if greatest == EVERY and read >= least:
            return intern_config(header, Op.NUMBER, spec, Phase.FREE, 0, parent)
    return intern_config(header, Op.NUMBER, spec, phase | (least << 4) | (greatest << 28), read, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def exponent_start(header, spec, state, point, parent):
    """After ``e``: which exponents fit, as an interval; 0 if none does.

    ``b`` then holds the interval itself, signed.
    """
    if (state >> 5) & 1 == 0:
        if range_field(header, spec, RangeField.ZERO) == 0:
            return 0
        return intern_config(header, Op.NUMBER, spec, Phase.EXPONENT | (EVERY << 4) | (EVERY << 28), 1, parent)
    side = side_of(header, spec, state)
    low = lowest(header, side, state, True)
    high = highest(header, side, state, True)
    if range_field(header, spec, RangeField.WHOLE) == 1:
        low = max(low, (state >> 36) & _COUNT)
    low -= point
    high -= point
    if low > high:
        return 0
    down = min(max(-low, np.int64(0)), np.int64(EVERY)) if low <= 0 else np.int64(0)
    up = min(max(high, np.int64(0)), np.int64(EVERY)) if high >= 0 else np.int64(0)
    least_up = max(low, np.int64(0))
    least_down = max(-high, np.int64(0))
    sign = (1 if low <= 0 else 0) + (2 if high >= 0 else 0)
    least = least_up if high >= 0 else least_down
    packed = Phase.EXPONENT | (up << 4) | (down << 28)
    return intern_config(header, Op.NUMBER, spec, packed | (sign << 52), least, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def exponent_step(header, spec, state, other, following_and_byte, parent):
    """Inside the exponent, after one more byte (``phase + 16 * byte``), or 0."""
    following = following_and_byte & 15
    digit = (following_and_byte >> 4) - 48
    phase = state & 15
    if phase == Phase.FREE:
        return intern_config(header, Op.NUMBER, spec, Phase.FREE, 0, parent)
    if phase == Phase.EXPONENT:
        up = (state >> 4) & EVERY
        down = (state >> 28) & EVERY
        sign = (state >> 52) & 3
        if sign == 0:
            if following == Phase.FREE:
                return intern_config(header, Op.NUMBER, spec, Phase.FREE, 0, parent)
            return intern_config(header, Op.NUMBER, spec, following | (EVERY << 28), 0, parent)
        if following == Phase.MINUS:
            if sign & 1 == 0:
                return 0
            least = other if sign == 1 else np.int64(0)
            return intern_exponent(header, spec, following, least, down, parent)
        if sign & 2 == 0:
            return 0
        if following == Phase.PLUS:
            return intern_exponent(header, spec, following, other, up, parent)
        return intern_exponent(header, spec, Phase.EXACT, other, up + (digit << 24), parent)
    least = (state >> 4) & EVERY
    greatest = (state >> 28) & EVERY
    read = other * 10 + digit if phase == Phase.EXACT else digit
    if greatest == EVERY:
        read = min(read, np.int64(EVERY))
    elif read > greatest:
        return 0
    return intern_exponent(header, spec, Phase.EXACT, least, greatest + (read << 24), parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def range_step(header, config, byte, following):
    """A NUMBER of kind RANGE after one more byte that leads to phase ``following`` by the grammar of numbers, or 0."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    other = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    phase = state & 15
    if phase >= Phase.EXPONENT:
        return exponent_step(header, spec, state, other, following + 16 * byte, parent)
    plainly = range_field(header, spec, RangeField.PLAIN) == 1
    if following == Phase.EXPONENT:
        return exponent_start(header, spec, state, other, parent) if not plainly else np.int64(0)
    if following == Phase.POINT:
        if plainly and range_field(header, spec, RangeField.WHOLE) == 1:
            return 0
        return intern_digits(header, spec, (state & ~np.int64(15)) | following, other, parent)
    return digit_step(header, spec, state, other, following + 16 * (byte - 48), parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def range_start(header, spec, byte, parent):
    """The NUMBER configuration of kind RANGE after the sign, or before the first digit; 0 if the sign is refused."""
    negative = 16 if byte == 45 else 0
    return intern_digits(header, spec, np.int64(Phase.SIGN | negative), 0, parent)


@inner(types.boolean(HEADER, _INT))
def range_accepts(header, config):
    """True if a number of kind RANGE may end here."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    other = np.int64(get_i32(header, Column.CONFIG_C, config))
    phase = state & 15
    if phase == Phase.FREE:
        return True
    if phase == Phase.EXACT:
        greatest = (state >> 28) & EVERY
        return other >= (state >> 4) & EVERY and (greatest == EVERY or other <= greatest)
    if phase != Phase.ZERO and phase != Phase.WHOLE and phase != Phase.FRACTION:
        return False
    if (state >> 5) & 1 == 0:
        return range_field(header, spec, RangeField.ZERO) == 1
    side = side_of(header, spec, state)
    low = lowest(header, side, state, True)
    if range_field(header, spec, RangeField.WHOLE) == 1:
        low = max(low, (state >> 36) & _COUNT)
    return low <= other <= highest(header, side, state, True)
