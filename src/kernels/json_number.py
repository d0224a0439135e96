"""JSON numbers (RFC 8259), with exact arithmetic on their spelling.

A NUMBER configuration reads::

    -  0 | 1..9 digits   .  digits   e|E  +|-  digits
    SIGN ZERO   WHOLE   POINT FRACTION EXPONENT PLUS/MINUS  ...

``b`` packs the phase and a count, ``c`` a second count, by the kind of the spec:

=========== ================================================================================================
ANY         nothing but the phase
INTEGER     the value is an integer iff its exponent is at least ``need``: the place of the last nonzero digit after
            the point (negative: minus the zeros that end the whole part). ``b``: fraction digits or exponent read so
            far, and whether a nonzero digit was read. ``c``: need; after the sign of a negative exponent, -need
EQUAL       the digits read must be D 0* for the significant digits D of the wanted decimal D * 10^k; then the exponent
            must be k + (fraction digits) - (zeros after D). ``b``: that shift, later the exponent read so far.
            ``c``: digits of D matched, later the wanted exponent
=========== ================================================================================================

RANGE numbers are read in ``json_range.py``, and LAZY ones become LAZY configurations (``lazy.py``).

No state is capped: 1000 zeros are balanced by ``e-1000`` and by nothing else.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .intern import intern_config
from .json_range import range_accepts, range_start, range_step
from .lazy import lazy_start
from .memory import HEADER, Column, get_i32, get_i64, get_u8
from .opcodes import NumberKind, Op
from .records import NUMBER_FIELDS, LazyField, NumberField, Phase

__all__ = ["number_accepts", "number_start", "number_step"]

_INT = types.int64


@inner(_INT(HEADER, _INT, _INT))
def spec_field(header, spec, field):
    """One field of a number spec."""
    return np.int64(get_i32(header, Column.NUMBER_SPEC, spec * NUMBER_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT), inline=False)
def make(header, spec, phase, count, other, parent):
    """Intern a NUMBER configuration."""
    return intern_config(header, Op.NUMBER, spec, phase + 16 * count, other, parent)


@inner(_INT(_INT))
def shape(phase_and_byte):
    """Next phase by the grammar of RFC 8259 alone (``phase * 256 + byte``), or -1."""
    phase = phase_and_byte >> 8
    byte = phase_and_byte & 255
    if 48 <= byte <= 57:
        if phase == Phase.SIGN:
            return np.int64(Phase.ZERO) if byte == 48 else np.int64(Phase.WHOLE)
        if phase == Phase.ZERO:
            return -1
        if phase == Phase.WHOLE:
            return Phase.WHOLE
        if phase == Phase.POINT or phase == Phase.FRACTION:
            return Phase.FRACTION
        return Phase.FREE
    if byte == 46:
        return np.int64(Phase.POINT) if phase == Phase.ZERO or phase == Phase.WHOLE else np.int64(-1)
    if byte == 101 or byte == 69:
        if phase == Phase.ZERO or phase == Phase.WHOLE or phase == Phase.FRACTION:
            return Phase.EXPONENT
        return -1
    if phase == Phase.EXPONENT:
        if byte == 43:
            return Phase.PLUS
        if byte == 45:
            return Phase.MINUS
    return -1


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT, _INT))
def integer_step(header, spec, phase, count, need, byte, following, parent):
    """INTEGER: ``count`` is 2 * digits (or exponent) + (a nonzero digit was read)."""
    nonzero = count & 1
    digits = count >> 1
    digit = byte - 48
    if following == Phase.ZERO or following == Phase.WHOLE:
        if digit != 0:
            return make(header, spec, following, 1, 0, parent)
        return make(header, spec, following, nonzero, need - nonzero, parent)
    if following == Phase.FRACTION:
        digits += 1
        if digit != 0:
            return make(header, spec, following, 2 * digits + 1, digits, parent)
        return make(header, spec, following, 2 * digits + nonzero, need, parent)
    if following == Phase.POINT:
        return make(header, spec, following, nonzero, need, parent)
    if following == Phase.EXPONENT or following == Phase.PLUS:
        return make(header, spec, following, nonzero, need if nonzero else np.int64(0), parent)
    if following == Phase.MINUS:
        if nonzero == 0:
            return make(header, spec, following, 0, 0, parent)
        return make(header, spec, following, 1, -need, parent) if need <= 0 else np.int64(0)
    if nonzero == 0 or phase == Phase.FREE:
        return make(header, spec, Phase.FREE, 0, 0, parent)
    if phase == Phase.MINUS or phase == Phase.DOWN:
        exponent = digits * 10 + digit if phase == Phase.DOWN else digit
        if exponent > need:
            return 0
        return make(header, spec, Phase.DOWN, 2 * exponent + 1, need, parent)
    exponent = digits * 10 + digit if phase == Phase.UP else digit
    if exponent >= need:
        return make(header, spec, Phase.FREE, 0, 0, parent)
    return make(header, spec, Phase.UP, 2 * exponent + 1, need, parent)


@inner(types.boolean(_INT, _INT))
def decimal_prefix(prefix, number):
    """True if the decimal digits of ``prefix`` (leading zeros aside) begin those of ``number``."""
    while number > prefix:
        number //= 10
    return number == prefix


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def plain_place(header, spec, following, shift, matched):
    """EQUAL in plain spelling: True if the digits read so far stand at the right distance from the point."""
    length = spec_field(header, spec, NumberField.LENGTH)
    exponent = spec_field(header, spec, NumberField.EXPONENT)
    whole = length + exponent  # digits before the point
    if following == Phase.WHOLE:
        return matched - shift <= whole
    if following == Phase.ZERO:
        return whole <= 0
    if matched == 0:
        return length > 0 and shift <= -whole
    return (
        exponent < 0
        and shift == (matched - whole if following == Phase.FRACTION else np.int64(0))
        and (following == Phase.FRACTION or matched == whole)
    )


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT))
def equal_digit(header, spec, shift, matched, digit, following, parent):
    """EQUAL after one more digit of the decimal itself, or 0."""
    length = spec_field(header, spec, NumberField.LENGTH)
    plainly = spec_field(header, spec, NumberField.LITERAL) != 0
    if following == Phase.FRACTION:
        shift += 1
    if length == 0:
        return make(header, spec, following, 0, 0, parent) if digit == 0 else np.int64(0)
    if matched == length:
        if digit != 0 or (plainly and following == Phase.FRACTION):
            return 0
        shift -= 1
    else:
        first = spec_field(header, spec, NumberField.DIGITS)
        if digit == np.int64(get_u8(header, Column.NUMBER_DIGITS, first + matched)):
            matched += 1
        elif digit != 0 or matched != 0:
            return 0
    if plainly and not plain_place(header, spec, following, shift, matched):
        return 0
    return make(header, spec, following, shift, matched, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT, _INT))
def equal_step(header, spec, phase, shift, matched, byte, following, parent):
    """EQUAL: while digits are read, ``shift`` is fraction digits minus zeros after D, ``matched`` digits of D."""
    length = spec_field(header, spec, NumberField.LENGTH)
    plainly = spec_field(header, spec, NumberField.LITERAL) != 0
    digit = byte - 48
    if following == Phase.ZERO or following == Phase.WHOLE or following == Phase.FRACTION:
        return equal_digit(header, spec, shift, matched, digit, following, parent)
    if plainly and (following != Phase.POINT or not plain_place(header, spec, following, shift, matched)):
        return 0
    if following == Phase.POINT:
        return make(header, spec, following, shift, matched, parent)
    if length == 0:
        return make(header, spec, following, 0, 0, parent)
    if following == Phase.EXPONENT:
        if matched < length:
            return 0
        wanted_exponent = spec_field(header, spec, NumberField.EXPONENT) + shift
        return make(header, spec, following, 0, wanted_exponent, parent)
    wanted_exponent = matched
    if following == Phase.PLUS:
        return make(header, spec, following, 0, wanted_exponent, parent) if wanted_exponent >= 0 else np.int64(0)
    if following == Phase.MINUS:
        return make(header, spec, following, 0, -wanted_exponent, parent) if wanted_exponent <= 0 else np.int64(0)
    if phase == Phase.EXPONENT and wanted_exponent < 0:
        return 0
    exponent = shift * 10 + digit if phase == Phase.EXACT else digit
    if exponent != 0 and not decimal_prefix(exponent, wanted_exponent):
        return 0
    return make(header, spec, Phase.EXACT, exponent, wanted_exponent, parent)


@inner(_INT(HEADER, _INT, _INT))
def number_step(header, config, byte):
    """The NUMBER configuration after one more byte of the number, or 0."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    other = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    phase = state & 15
    following = shape(phase * 256 + byte)
    if following < 0:
        return 0
    kind = spec_field(header, spec, NumberField.KIND)
    if kind == NumberKind.RANGE:
        return range_step(header, config, byte, following)
    if kind == NumberKind.INTEGER:
        return integer_step(header, spec, phase, state >> 4, other, byte, following, parent)
    if kind == NumberKind.EQUAL:
        return equal_step(header, spec, phase, state >> 4, other, byte, following, parent)
    if kind == NumberKind.INTEGER_LITERAL and following > Phase.WHOLE:
        return 0
    return make(header, spec, following, 0, 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def number_start(header, spec, byte, parent):
    """The NUMBER or LAZY configuration after the first byte of a number, or 0."""
    if byte != 45 and (byte < 48 or byte > 57):
        return 0
    if spec_field(header, spec, NumberField.KIND) == NumberKind.LAZY:
        return lazy_start(header, spec_field(header, spec, LazyField.START), byte, parent)
    if spec_field(header, spec, NumberField.KIND) == NumberKind.EQUAL:
        zero = spec_field(header, spec, NumberField.LENGTH) == 0
        negative = spec_field(header, spec, NumberField.NEGATIVE) == 1
        if not zero and negative != (byte == 45):
            return 0
    if spec_field(header, spec, NumberField.KIND) == NumberKind.RANGE:
        start = range_start(header, spec, byte, parent)
    else:
        start = make(header, spec, Phase.SIGN, 0, 0, parent)
    if byte == 45 or start == 0:
        return start
    return number_step(header, start, byte)


@inner(types.boolean(HEADER, _INT))
def number_accepts(header, config):
    """True if the number may end here."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    if spec_field(header, spec, NumberField.KIND) == NumberKind.RANGE:
        return range_accepts(header, config)
    state = get_i64(header, Column.CONFIG_B, config)
    other = np.int64(get_i32(header, Column.CONFIG_C, config))
    phase = state & 15
    if phase == Phase.SIGN or phase == Phase.POINT or Phase.EXPONENT <= phase <= Phase.MINUS or phase == Phase.UP:
        return False
    kind = spec_field(header, spec, NumberField.KIND)
    if phase >= Phase.FREE:
        return phase != Phase.EXACT or state >> 4 == other
    if kind == NumberKind.INTEGER:
        return other <= 0 or (state >> 4) & 1 == 0
    if kind == NumberKind.EQUAL:
        length = spec_field(header, spec, NumberField.LENGTH)
        return other == length and (length == 0 or spec_field(header, spec, NumberField.EXPONENT) + (state >> 4) == 0)
    return True
