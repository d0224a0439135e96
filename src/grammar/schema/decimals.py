"""Exact arithmetic on decimals of any length: the numbers of JSON.

A decimal is kept by its parts, so that equal numbers are equal and exponents cost nothing::

    -12.50e3  =  (True, "125", 2)  =  -125 * 10^2
"""

from __future__ import annotations

from decimal import Decimal
from math import lcm

from ...errors import SchemaError

__all__ = [
    "ONE",
    "ZERO",
    "Number",
    "common_multiple",
    "decimal_of",
    "decimal_parts",
    "is_multiple",
    "mantissa",
    "negated",
]

Number = tuple[bool, str, int]
"""A decimal: negative, significant digits without zeros at either end ("" for zero), exponent."""

ZERO: Number = (False, "", 0)
ONE: Number = (False, "1", 0)


def decimal_parts(value: float | Decimal) -> Number:
    """A JSON number as sign, significant digits and exponent; equal numbers have equal parts."""
    sign, digits, exponent = Decimal(repr(value) if isinstance(value, float) else value).as_tuple()
    if not isinstance(exponent, int):
        raise SchemaError(f"{value} is no JSON number")
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return ZERO
    return sign == 1, stripped, exponent + len(text) - len(stripped)


def decimal_of(number: Number) -> Decimal:
    """A decimal for comparisons, which are exact."""
    negative, digits, exponent = number
    return Decimal((int(negative), tuple(map(int, digits or "0")), exponent))


def mantissa(number: Number) -> int:
    """The significant digits as an integer. By way of Decimal: ``int`` refuses strings of more than 4300 digits."""
    return int(Decimal(number[1] or "0"))


def negated(number: Number) -> Number:
    """A decimal with the other sign; zero has none."""
    negative, digits, exponent = number
    return bool(digits) and not negative, digits, exponent


def common_multiple(one: Number, other: Number) -> Number:
    """The least common multiple of two decimals above zero."""
    fine, coarse = sorted((one, other), key=lambda number: number[2])
    more = coarse[2] - fine[2]
    divisor = mantissa(fine)
    kept = min(more, divisor.bit_length())  # as many factors of ten as the digits can share
    _, digits, exponent = decimal_parts(Decimal(lcm(mantissa(coarse) * 10**kept, divisor)))
    return False, digits, exponent + fine[2] + more - kept


def is_multiple(number: Number, of: Number) -> bool:
    """True if a decimal is a multiple of another, which is above zero. Exponents of any size cost nothing."""
    if not number[1]:
        return True
    divisor = mantissa(of)
    if number[2] < of[2]:  # no zero ends the digits of the one, and ten does not divide those of the other
        return False
    return mantissa(number) * pow(10, number[2] - of[2], divisor) % divisor == 0
