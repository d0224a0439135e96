"""Spellings of JSON strings and numbers, told from the text as read so far: slow, and by other means than the engine.

Characters: Python's own UTF-8 decoder and regular expressions for escapes. Numbers: the text is kept, and
exact arithmetic on fractions says what it may still become.
"""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["NumberRule", "character", "could_spell", "number_is", "number_may_become"]

MORE = -1
BAD = -2

_TAILS = [first + b"\x80" * more for first in (b"\x80", b"\x90", b"\xa0") for more in range(3)]
_SIMPLE = {34: b'\\"', 92: b"\\\\", 47: b"\\/", 8: b"\\b", 12: b"\\f", 10: b"\\n", 13: b"\\r", 9: b"\\t"}
_HEX = rb"[0-9a-fA-F]"
_PAIR = re.compile(rb"\\u([dD][89abAB]%b{2})\\u([dD][c-fC-F]%b{2})" % (_HEX, _HEX))
_UNIT = re.compile(rb"\\u(%b{4})" % _HEX)
_ESCAPE_PREFIX = re.compile(
    rb"\\(?:u(?:(?![dD][c-fC-F])%b{0,3}|[dD][89abAB]%b{2}(?:\\(?:u(?:[dD](?:[c-fC-F]%b?)?)?)?)?)?)?"
    % (_HEX, _HEX, _HEX)
)
_PLAIN_PREFIX = re.compile(rb"\\(?:u(?:0(?:0[01]?)?)?)?")
_PLAIN_UNIT = re.compile(rb"\\u00[01]%b" % _HEX)


def character(pending: bytes, plain: bool = False) -> int:
    """The code point that some bytes inside a string spell, MORE if they are the beginning of one, BAD if not."""
    if pending[0] == 0x5C:
        return _escape(pending, plain)
    if pending[0] < 32 or pending[0] == 34:
        return BAD
    letter = _decoded(pending)
    if letter is not None:
        return ord(letter) if len(letter) == 1 else BAD
    return MORE if any(_decoded(pending + tail) is not None for tail in _TAILS) else BAD


def _decoded(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


def _escape(pending: bytes, plain: bool) -> int:
    for code, spelling in _SIMPLE.items():
        if pending == spelling:
            return BAD if plain and code == 47 else code
    if plain:
        if _PLAIN_UNIT.fullmatch(pending):
            return int(pending[4:], 16)
        return MORE if _PLAIN_PREFIX.fullmatch(pending) else BAD
    if pair := _PAIR.fullmatch(pending):
        return ord(b"".join(bytes.fromhex(half.decode()) for half in pair.groups()).decode("utf-16-be"))
    unit = _UNIT.fullmatch(pending)
    if unit and not 0xD800 <= int(unit[1], 16) < 0xE000:
        return int(unit[1], 16)
    return MORE if _ESCAPE_PREFIX.fullmatch(pending) else BAD


def could_spell(pending: bytes, letter: str, plain: bool = False) -> bool:
    """True if bytes that are MORE may become a spelling of a letter."""
    code = ord(letter)
    if 0xD800 <= code < 0xE000:
        return False
    spellings = [_SIMPLE[code]] if code in _SIMPLE and not (plain and code == 47) else []
    if code >= 32 and code not in (34, 92):
        spellings.append(letter.encode())
    if not plain or code < 32:
        units = letter.encode("utf-16-be")
        spellings.append(b"".join(b"\\u" + units[i : i + 2].hex().encode() for i in range(0, len(units), 2)))
    begun = pending.lower() if pending.startswith(b"\\") else pending
    return any(spelling.startswith(begun) for spelling in spellings)


NumberRule = tuple[str, Fraction | None]
"""("any", None), ("integer", None), ("digits", None) for integers without fraction and exponent, ("equal", value), or
("plainly", value) for the one spelling without exponent and without zeros that could be left out."""

_NUMBER = re.compile(rb"(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?")
_BEGUN = re.compile(rb"(-?)(?:(0|[1-9]\d*)(?:(\.)(\d*))?(?:(?<=\d)([eE])([+-]?)(\d*))?)?")


def number_is(rule: NumberRule, text: bytes) -> bool:
    """True if a text is a number that keeps a rule."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return False
    sign, whole, fraction, exponent_sign, exponent = (part or b"" for part in match.groups())
    kind, wanted = rule
    if kind == "any":
        return True
    if kind == "digits":
        return not fraction and not exponent
    if kind == "plainly":
        return text in _plain_spellings(wanted)
    value = Fraction(int(whole + fraction)) * Fraction(10) ** (int(exponent_sign + (exponent or b"0")) - len(fraction))
    value = -value if sign else value
    return value.denominator == 1 if kind == "integer" else value == wanted


def number_may_become(rule: NumberRule, text: bytes) -> bool:
    """True if a text is the beginning of a number that keeps a rule."""
    match = _BEGUN.fullmatch(text)
    if not match:
        return False
    sign, whole, point, fraction, letter, exponent_sign, exponent = (part or b"" for part in match.groups())
    kind, wanted = rule
    if kind == "any":
        return True
    if kind == "digits":
        return not point and not letter
    if kind == "plainly":
        return any(spelling.startswith(text) for spelling in _plain_spellings(wanted))
    mantissa = int((whole + fraction) or b"0")
    if kind == "integer":
        if not letter or mantissa == 0 or exponent_sign != b"-":
            return True
        shift = -int(exponent or b"0") - len(fraction)
        return (Fraction(mantissa) * Fraction(10) ** shift).denominator == 1
    if wanted == 0:
        return mantissa == 0
    if (wanted < 0) != (sign == b"-"):
        return False
    digits, power = _significant(abs(wanted))
    read = (whole + fraction).lstrip(b"0").decode()
    if not letter:
        return digits.startswith(read) or (read.startswith(digits) and not read[len(digits) :].strip("0"))
    if not read.startswith(digits) or read[len(digits) :].strip("0"):
        return False
    missing = power - (len(read) - len(digits) - len(fraction))
    if (missing > 0 and exponent_sign == b"-") or (missing < 0 and exponent_sign == b"+"):
        return False
    if missing < 0 and not exponent_sign and exponent:
        return False
    begun = exponent.lstrip(b"0").decode()
    return not begun or (missing != 0 and str(abs(missing)).startswith(begun))


def _significant(value: Fraction) -> tuple[str, int]:
    """Digits without zeros at either end, and the power of ten that they are multiplied by, of a positive decimal."""
    power = 0
    while value.denominator != 1:
        value *= 10
        power -= 1
    digits = str(value.numerator)
    stripped = digits.rstrip("0")
    return stripped, power + len(digits) - len(stripped)


def _plain_spellings(value: Fraction | None) -> list[bytes]:
    if not value:
        return [b"0", b"-0"]
    digits, power = _significant(abs(value))
    if power >= 0:
        text = digits + "0" * power
    else:
        digits = digits.rjust(1 - power, "0")
        text = f"{digits[:power]}.{digits[power:]}"
    return [(("-" if value < 0 else "") + text).encode()]
