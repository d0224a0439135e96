"""The numbers of a shape: a set, an interval, any number, any integer; exact decimal arithmetic throughout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from ...errors import LimitError
from ...kernels.opcodes import NumberKind
from .decimals import ONE, Number, decimal_parts
from .number_automaton import NumberAutomaton
from .number_lengths import shortest
from .number_sets import NumberSet, number_set, single_number
from .shapes import Shape

__all__ = [
    "PLAIN_ZEROS",
    "Bounds",
    "Interval",
    "interval_of",
    "kept_numbers",
    "lazy_sets",
    "normalised",
    "shortest_number",
    "spell_number",
    "without_multiples",
]

PLAIN_ZEROS = 40
"""Zeros that a number may be padded with in plain spelling; beyond, any spelling is allowed."""

_FAR = 1 << 20
"""Exponents that the fast kinds of number specs count with."""


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
    """Of a finite set of numbers, those of which all else holds that a shape says of numbers."""
    allowed = number_set(shape, plain=False)
    return [] if allowed is None else [number for number in sorted(shape.numbers or ()) if allowed.holds(number)]


def lazy_sets(shape: Shape, *, plain: bool) -> list[NumberSet] | None:
    """The numbers of a shape as sets that need automata; None where the fast kinds of number specs will do."""
    if shape.numbers is not None:
        most = PLAIN_ZEROS if shape.number is NumberKind.INTEGER_LITERAL else _FAR
        kept = kept_numbers(shape)
        if not shape.fractional and all(abs(number[2]) <= most for number in kept):
            return None
        singles = [single_number(shape, number, plain=plain) for number in kept]
        return [single for single in singles if single is not None]
    numbers = number_set(shape, plain=plain)
    if numbers is None:
        return []
    ends = {decimal_parts(bound[0]) for bound in (shape.minimum, shape.maximum) if bound is not None and bound[1]}
    near = all(end is None or abs(end[2]) <= _FAR for end in (numbers.low, numbers.high))
    if not near:
        return [_far(shape, numbers)]
    plainly = not numbers.avoided and not numbers.marked and numbers.multiple in (None, ONE)
    return None if plainly and numbers.excluded <= ends else [numbers]


def _far(shape: Shape, numbers: NumberSet) -> NumberSet:
    """A set with a bound that nobody spells out: with exponents in plain spelling too.

    Raises:
        LimitError: all its numbers are that long, and in draft 4 an integer has no exponent.
    """
    if shape.number is not NumberKind.INTEGER_LITERAL:
        return replace(numbers, fraction=True, exponent=True)
    low, high = numbers.low, numbers.high
    if (low is not None and not low[0] and low[2] > _FAR) or (high is not None and high[0] and high[2] > _FAR):
        raise LimitError("the integers here are too long", expected=[f"at most {_FAR:,} digits"])
    return numbers


def without_multiples(shape: Shape) -> Shape:
    """A shape for the fast kinds, where a number that is a multiple of 1 is an integer."""
    if shape.numbers is not None or shape.multiple is None:
        return shape
    return shape._replace(number=max(shape.number, NumberKind.INTEGER), multiple=None)


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


@lru_cache(maxsize=1024)
def _shortest_of(numbers: NumberSet) -> bytes | None:
    """A shortest number of a set; None if it is empty."""
    automaton = NumberAutomaton(numbers)
    return None if automaton.empty else shortest(automaton, automaton.start)


def shortest_number(shape: Shape, *, plain: bool) -> bytes | None:
    """A shortest number of a shape as JSON text; None if there is none."""
    sets = lazy_sets(shape, plain=plain)
    if sets is None and shape.numbers is not None:
        texts = [spell_number(number, plain=plain) for number in kept_numbers(shape)]
        return min(texts, key=lambda text: (len(text), text), default=None)
    if sets is None:
        whole = number_set(without_multiples(shape), plain=plain)
        sets = [] if whole is None else [whole]
    found = [text for text in map(_shortest_of, sets) if text is not None]
    return min(found, key=lambda text: (len(text), text), default=None)
