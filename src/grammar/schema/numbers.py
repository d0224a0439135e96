"""The numbers of a shape: a set, an interval, any number, any integer; exact decimal arithmetic throughout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from ...kernels.opcodes import NumberKind
from .shapes import Number, Shape, decimal_parts

__all__ = [
    "PLAIN_ZEROS",
    "Bounds",
    "Interval",
    "interval_of",
    "kept_numbers",
    "normalised",
    "shortest_number",
    "spell_number",
]

PLAIN_ZEROS = 40
"""Zeros that a number may be padded with in plain spelling; beyond, any spelling is allowed."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval of magnitudes above zero; None is no bound."""

    low: Fraction | None
    low_strict: bool
    high: Fraction | None
    high_strict: bool

    @property
    def empty(self) -> bool:
        """True if no number lies between them."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_strict or self.high_strict))


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers between two bounds, by sign."""

    positive: Bounds | None
    negative: Bounds | None
    zero: bool
    whole: bool

    @property
    def empty(self) -> bool:
        """True if there is none."""
        return self.positive is None and self.negative is None and not self.zero


def interval_of(shape: Shape) -> Interval | None:
    """The bounds of a shape's numbers; None if it has none."""
    if shape.minimum is None and shape.maximum is None:
        return None
    whole = shape.number is not NumberKind.ANY
    low = None if shape.minimum is None else Fraction(shape.minimum[0])
    high = None if shape.maximum is None else Fraction(shape.maximum[0])
    low_strict = shape.minimum is not None and shape.minimum[1]
    high_strict = shape.maximum is not None and shape.maximum[1]
    if whole and low is not None:
        low, low_strict = Fraction(floor(low) + 1 if low_strict else ceil(low)), False
    if whole and high is not None:
        high, high_strict = Fraction(ceil(high) - 1 if high_strict else floor(high)), False
    above = low is None or low < 0 or (low == 0 and not low_strict)
    below = high is None or high > 0 or (high == 0 and not high_strict)
    return Interval(
        _side(low, low_strict, high, high_strict), _mirrored(low, low_strict, high, high_strict), above and below, whole
    )


def _side(low: Fraction | None, low_strict: bool, high: Fraction | None, high_strict: bool) -> Bounds | None:
    """Bounds of the numbers above zero."""
    if high is not None and high <= 0:
        return None
    bounds = Bounds(low if low is not None and low > 0 else None, low_strict, high, high_strict)
    return None if bounds.empty else bounds


def _mirrored(low: Fraction | None, low_strict: bool, high: Fraction | None, high_strict: bool) -> Bounds | None:
    """Bounds of the magnitudes of the numbers below zero."""
    return _side(None if high is None else -high, high_strict, None if low is None else -low, low_strict)


def kept_numbers(shape: Shape) -> list[Number]:
    """Of a finite set of numbers, those that are integers if they must be, and within the bounds."""
    kept = []
    for number in sorted(shape.numbers or ()):
        if shape.number is not NumberKind.ANY and number[2] < 0:
            continue
        if _within(shape, _value(number)):
            kept.append(number)
    return kept


def _value(number: Number) -> Fraction:
    negative, digits, exponent = number
    value = Fraction(int(digits or "0")) * Fraction(10) ** exponent
    return -value if negative else value


def _within(shape: Shape, value: Fraction) -> bool:
    if shape.minimum is not None:
        low = Fraction(shape.minimum[0])
        if value < low or (value == low and shape.minimum[1]):
            return False
    if shape.maximum is not None:
        high = Fraction(shape.maximum[0])
        if value > high or (value == high and shape.maximum[1]):
            return False
    return True


def normalised(value: Fraction) -> tuple[str, int]:
    """Digits D and exponent E of a decimal 0.D * 10^E above zero."""
    _, digits, exponent = _parts(value)
    return digits, exponent + len(digits)


def _parts(value: Fraction) -> Number:
    """Sign, digits and exponent of a fraction that is a decimal."""
    shift = 0
    while value.denominator != 1:
        value *= 10
        shift += 1
    negative, digits, exponent = decimal_parts(value.numerator)
    return negative, digits, exponent - shift


def spell_number(number: Number, *, plain: bool = False) -> bytes:
    """The shortest JSON spelling of a decimal; without an exponent if ``plain``, up to PLAIN_ZEROS zeros."""
    negative, digits, exponent = number
    if not digits:
        return b"0"
    sign = "-" if negative else ""
    spellings = [f"{digits}e{exponent}"] if exponent else [digits]
    if abs(exponent) <= 400:
        if exponent > 0:
            spellings.append(digits + "0" * exponent)
        elif -len(digits) < exponent < 0:
            spellings.append(digits[:exponent] + "." + digits[exponent:])
        elif exponent < 0:
            spellings.append("0." + digits.rjust(-exponent, "0"))
    if plain and abs(exponent) <= PLAIN_ZEROS:
        return (sign + spellings[-1]).encode()
    return (sign + min(spellings, key=len)).encode()


def _candidates(interval: Interval) -> Iterator[Fraction]:
    """Some numbers of an interval, the short ones among them."""
    if interval.zero:
        yield Fraction(0)
    for bounds, sign in ((interval.positive, 1), (interval.negative, -1)):
        if bounds is None:
            continue
        low = bounds.low or Fraction(0)
        high = bounds.high if bounds.high is not None else low + 10 ** len(str(floor(low) + 1))
        trial = [Fraction(1), low, high, Fraction(floor(low) + 1), Fraction(ceil(high) - 1), (low + high) / 2]
        scale = Fraction(1)
        while not interval.whole and scale > (high - low) / 20 > 0:
            trial.extend((Fraction(ceil(low / scale)) * scale, Fraction(ceil(low / scale) + 1) * scale))
            scale /= 10
        power = Fraction(10)
        while power <= high:
            trial.extend((ceil(low / power) * power, floor(high / power) * power))
            power *= 10
        for value in trial:
            if value > 0 and not _outside(bounds, value) and (value.denominator == 1 or not interval.whole):
                yield sign * value


def _outside(bounds: Bounds, value: Fraction) -> bool:
    if bounds.low is not None and (value < bounds.low or (value == bounds.low and bounds.low_strict)):
        return True
    return bounds.high is not None and (value > bounds.high or (value == bounds.high and bounds.high_strict))


def shortest_number(shape: Shape, *, plain: bool) -> bytes | None:
    """A shortest number of a shape as JSON text; None if there is none."""
    if shape.numbers is not None:
        texts = [spell_number(number, plain=plain) for number in kept_numbers(shape)]
        return min(texts, key=lambda text: (len(text), text), default=None)
    interval = interval_of(shape)
    if interval is None:
        return b"0"
    texts = [spell_number(_parts(value), plain=plain) for value in _candidates(interval)]
    return min(texts, key=lambda text: (len(text), text), default=None)
