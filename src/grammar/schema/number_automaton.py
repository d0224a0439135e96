"""The automaton of a set of numbers over the bytes of JSON numbers (RFC 8259), made state by state.

::

    -  0 | 1..9 digits   .  digits   e|E  +|-  digits
    Leading   Digits     POINT FRACTION   Exponent ...

While no digit but 0 was read, only the places after the point count; then a :class:`Reading` of the digits says at
which scales they, or some continuation, are a number of the set. Once the digits are over, those scales are the
exponents that may follow: an interval without some points, and the exponent's own digits are held against that::

    multipleOf 5, maximum 1000:   "12"   not yet            "12e"  1..1        "12e1"  a number
                                  "125"  a number           "125e" 0..0, "-0", "+00", ...

Every state that is let through leads on to a number of the set.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from ...kernels.records import Phase
from .decimals import ZERO, Number, decimal_of, negated
from .number_sets import NumberSet
from .number_side import Reading, Side

__all__ = ["LETTERS", "Digits", "Exponent", "Leading", "NumberAutomaton", "State"]

LETTERS = b"0123456789.e+-"
"""The bytes of numbers, ``E`` being like ``e``."""

_POINT = LETTERS.index(b".")
_E = LETTERS.index(b"e")
_PLUS = LETTERS.index(b"+")
_MINUS = LETTERS.index(b"-")


class Leading(NamedTuple):
    """Before the first digit that is not 0.

    Attributes:
        phase: SIGN (nothing or the sign was read), ZERO, POINT or FRACTION.
        negative: whether the sign was read.
        places: digits after the point, as far as they matter.
    """

    phase: Phase
    negative: bool
    places: int


class Digits(NamedTuple):
    """After it, up to the exponent. ``phase`` is WHOLE, POINT or FRACTION."""

    phase: Phase
    negative: bool
    reading: Reading


class Exponent(NamedTuple):
    """In the exponent.

    Attributes:
        phase: EXPONENT (after ``e``), PLUS (after its sign), EXACT (in its digits), FREE (any more digits will do).
        low: least exponent allowed; after the sign, or a digit, least magnitude of it.
        high: greatest, likewise.
        holes: what is not allowed between.
        read: magnitude read so far.
    """

    phase: Phase
    low: float
    high: float
    holes: tuple[int, ...]
    read: int


State = Leading | Digits | Exponent


class NumberAutomaton:
    """The texts of the numbers of a set.

    Args:
        numbers: the set.
    """

    def __init__(self, numbers: NumberSet) -> None:
        self.numbers = numbers
        low, high = numbers.low, numbers.high
        excluded = numbers.excluded
        below = None if low is None else negated(low)
        above = None if high is None else negated(high)
        self.sides = [
            self._side(low, high, [one for one in excluded if one[1] and not one[0]]),
            self._side(above, below, [negated(one) for one in excluded if one[0]]),
        ]
        self.zero = numbers.holds(ZERO)
        self.start = Leading(Phase.SIGN, False, 0)
        self.empty = not self.zero and all(side is None for side in self.sides)

    def _side(self, low: Number | None, high: Number | None, excluded: list[Number]) -> Side | None:
        """The magnitudes above zero of an interval; None if there are none."""
        if high is not None and (high[0] or not high[1]):
            return None
        if low is not None and (low[0] or not low[1]):
            low = None
        if low is not None and high is not None and decimal_of(low) > decimal_of(high):
            return None
        side = Side(low, high, self.numbers.multiple, self.numbers.avoided, excluded)
        return side if side.alive else None

    def accepts(self, state: State) -> bool:
        """True if the number may end here."""
        if isinstance(state, Exponent):
            if state.phase is Phase.EXACT:
                return state.low <= state.read <= state.high and state.read not in state.holes
            return state.phase is Phase.FREE
        if state.phase in (Phase.SIGN, Phase.POINT) or (self.numbers.marked and state.phase is not Phase.FRACTION):
            return False
        return self.zero if isinstance(state, Leading) else state.reading.alone(0)

    def row(self, state: State) -> list[State | None]:
        """The states that the bytes of ``LETTERS`` lead to; None where nothing in the set begins so."""
        row: list[State | None] = [None] * len(LETTERS)
        if isinstance(state, Exponent):
            self._exponent_row(state, row)
        elif isinstance(state, Leading):
            self._leading_row(state, row)
        else:
            self._digits_row(state, row)
        return row

    def _leading_row(self, state: Leading, row: list[State | None]) -> None:
        phase, negative, places = state
        if phase is Phase.ZERO:
            if self.numbers.fraction:
                row[_POINT] = self._leading(Phase.POINT, negative, 0)
        else:
            fraction = phase is not Phase.SIGN
            row[0] = self._leading(Phase.FRACTION if fraction else Phase.ZERO, negative, places + fraction)
            self._first_digits(Phase.FRACTION if fraction else Phase.WHOLE, negative, places + fraction, row)
        if phase is Phase.SIGN:
            if state == self.start and (self.zero or self.sides[1] is not None):
                row[_MINUS] = Leading(Phase.SIGN, True, 0)
        elif self.zero and phase is not Phase.POINT:
            self._exponent(-inf, inf, (), row)

    def _first_digits(self, phase: Phase, negative: bool, places: int, row: list[State | None]) -> None:
        side = self.sides[negative]
        if side is not None:
            for digit in range(1, 10):
                row[digit] = self._digits(side, phase, negative, side.read(digit, 1, places))

    def _leading(self, phase: Phase, negative: bool, places: int) -> State | None:
        """The state before the first digit that is not 0, if it leads on."""
        side = self.sides[negative]
        if side is None:
            places = 0
        elif self.numbers.exponent:
            places = places if side.counts else 0
        elif not self.numbers.fraction or not any(
            side.continues(side.read(digit, 1, places + 1), highest=0) for digit in range(1, 10)
        ):
            side = None
        return Leading(phase, negative, places) if self.zero or side is not None else None

    def _digits(self, side: Side, phase: Phase, negative: bool, reading: Reading) -> State | None:
        """The state after some digits, if it leads on: without exponents they must stand where they are."""
        if self.numbers.exponent:
            alive = side.continues(reading)
        else:
            alive = side.continues(reading, 0, inf if phase is Phase.WHOLE else 0)
        return Digits(phase, negative, reading) if alive else None

    def _digits_row(self, state: Digits, row: list[State | None]) -> None:
        phase, negative, reading = state
        side = self.sides[negative]
        if side is None:
            return
        fraction = phase is not Phase.WHOLE
        following = Phase.FRACTION if fraction else Phase.WHOLE
        for digit in range(10):
            row[digit] = self._digits(side, following, negative, side.step(reading, digit, fraction))
        if not fraction and self.numbers.fraction:
            row[_POINT] = self._digits(side, Phase.POINT, negative, reading)
        if phase is not Phase.POINT:
            low = max(reading.low, reading.unit)
            high = min(reading.high, *[place - 1 for place in reading.avoided], inf)
            self._exponent(low, high, reading.points, row)

    def _exponent(self, low: float, high: float, points: Iterable[int], row: list[State | None]) -> None:
        """The state after ``e``, if some exponent from ``low`` to ``high``, and none of some points, may follow."""
        allowed = _without(low, high, points) if self.numbers.exponent else None
        if allowed is not None:
            row[_E] = Exponent(Phase.EXPONENT, *allowed, 0)

    def _exponent_row(self, state: Exponent, row: list[State | None]) -> None:
        phase, low, high, holes, read = state
        if phase is Phase.EXPONENT:
            positive = _without(max(low, 0), high, holes)
            negative = _without(max(-high, 0), -low, [-hole for hole in holes])
            if positive is not None:
                row[_PLUS] = Exponent(Phase.PLUS, *positive, 0)
                self._exponent_digits(*positive, 0, row)
            if negative is not None:
                row[_MINUS] = Exponent(Phase.PLUS, *negative, 0)
        elif phase is Phase.FREE:
            row[:10] = [state] * 10
        else:
            self._exponent_digits(low, high, holes, read, row)

    def _exponent_digits(
        self, low: float, high: float, holes: tuple[int, ...], read: int, row: list[State | None]
    ) -> None:
        for digit in range(10):
            longer = 10 * read + digit
            if high == inf and longer >= low and not (holes and longer <= holes[-1]):
                row[digit] = Exponent(Phase.FREE, 0, inf, (), 0)
            elif _reaches(longer, low, high, holes):
                row[digit] = Exponent(Phase.EXACT, low, high, holes, longer)


def _without(low: float, high: float, points: Iterable[int]) -> tuple[float, float, tuple[int, ...]] | None:
    """An interval of integers without some points, its ends in it; None if it is empty."""
    holes = sorted(point for point in points if low <= point <= high)
    while holes and holes[0] == low:
        low += 1
        del holes[0]
    while holes and holes[-1] == high:
        high -= 1
        del holes[-1]
    return (low, high, tuple(holes)) if low <= high and low < inf else None


def _reaches(read: int, low: float, high: float, holes: tuple[int, ...]) -> bool:
    """True if some integer of the digits of ``read`` and further ones lies from ``low`` to ``high``, in no hole."""
    if read == 0 or high == inf:
        return True
    first, last = read, read
    while first <= high:
        least, most = max(first, low), min(last, high)
        if most - least + 1 > sum(least <= hole <= most for hole in holes):
            return True
        first, last = 10 * first, 10 * last + 9
    return False
