r"""The magnitudes of the numbers of one sign in a set, while their digits are read.

The digits read so far, leading zeros aside, are an integer D; what follows may append digits w and shift the point::

    12|34e-1      D = 12,  the number is (D * 100 + 34) * 10^-1

so D stands at some *scale* s, the place of its last digit, and the number lies in ``[D * 10^s, (D + 1) * 10^s)``. All
that is said of the set becomes conditions on s:

========= ======================================================================================================
bounds    s from ``first`` to ``high``; where D begins a bound, part of the interval at that s is cut off. If nothing
          follows: from ``low`` to ``high``
multiples D * 10^s is a multiple of 2^a 5^b c 10^u iff c divides D and s is at least some ``place``, which only the
          residue of D and the zeros at its end decide
exclusion single scales, ``points``
========= ======================================================================================================

A :class:`Reading` holds these instead of D, once D is no beginning of a bound or an excluded number any more: so there
are few of them, and digits without end cost no arithmetic on long integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd, inf, lcm, prod
from typing import NamedTuple

from .decimals import Number, mantissa

__all__ = ["Modulus", "Reading", "Side"]


class Reading(NamedTuple):
    """What matters of the digits read so far, the first of them not 0.

    Scales are counted from the end of what was read in the text: 0 is where the number stands without an exponent.

    Attributes:
        exact: the digits as an integer, while they begin a bound or an excluded number; otherwise -1.
        length: how many; 0 if ``exact`` is -1.
        places: digits after the point, as far as they matter.
        residue: the digits as an integer, by the modulus of the side.
        first: least scale at which continuations may be within the bounds.
        low: least scale at which the digits alone are.
        high: greatest scale of both.
        edge: whether at scale ``high`` the digits alone are the upper bound.
        unit: least scale at which the digits alone are a multiple.
        avoided: for each divisor to avoid, least scale at which they are a multiple of it.
        points: scales at which they are an excluded number.
    """

    exact: int
    length: int
    places: int
    residue: int
    first: float
    low: float
    high: float
    edge: bool
    unit: float
    avoided: tuple[float, ...]
    points: tuple[int, ...]

    def alone(self, scale: float) -> bool:
        """True if the digits alone are a number of the set at a scale."""
        return (
            self.low <= scale <= self.high
            and self.unit <= scale
            and all(scale < place for place in self.avoided)
            and scale not in self.points
        )


class Modulus:
    """A decimal above zero as a divisor: ``digits * 10^exponent``, where 10 does not divide ``digits``."""

    def __init__(self, number: Number) -> None:
        self.digits = mantissa(number)
        self.exponent = number[2]
        prime = 2 if self.digits % 2 == 0 else 5
        self._reduced = [self.digits]  # without 0, 1, 2, ... factors of ten
        while self._reduced[-1] % prime == 0:
            self._reduced.append(self._reduced[-1] // prime)
        self._powers = {prime**count: count for count in range(len(self._reduced))}

    def place(self, residue: int) -> float:
        """Least scale at which an integer with this residue, whose last digit is not 0, is a multiple."""
        return self._powers.get(self.digits // gcd(residue, self.digits), inf) + self.exponent

    def at(self, place: int) -> int:
        """What an integer must be divisible by to be a multiple at a place from ``exponent`` on."""
        reduced: int = self._reduced[min(place - self.exponent, len(self._reduced) - 1)]
        return reduced

    @property
    def settled(self) -> int:
        """The place from which :meth:`at` stays the same."""
        return self.exponent + len(self._reduced)


class _Bound(NamedTuple):
    """A bound ``digits * 10^exponent``; ``top`` is the scale before its first digit."""

    digits: int
    length: int
    exponent: int
    top: int

    @classmethod
    def of(cls, number: Number | None) -> _Bound | None:
        """That of a number."""
        if number is None:
            return None
        return cls(mantissa(number), len(number[1]), number[2], number[2] + len(number[1]))

    def compare(self, digits: int, length: int) -> int:
        """Whether digits are above (1), equal to (0) or below (-1) it, both read from the first digit on."""
        one: int = digits * 10 ** max(self.length - length, 0)
        other: int = self.digits * 10 ** max(length - self.length, 0)
        return (one > other) - (one < other)

    def below(self, place: int) -> int:
        """The greatest integer that is not above it at a place."""
        if self.exponent >= place:
            return int(self.digits * 10 ** (self.exponent - place))
        return int(self.digits // 10 ** (place - self.exponent))

    def above(self, place: int) -> int:
        """The least integer that is not below it at a place."""
        below = self.below(place)
        whole = self.exponent >= place or self.digits == below * 10 ** (place - self.exponent)
        return below if whole else below + 1


class Side:
    """The magnitudes of one sign.

    Args:
        low: none is less, above zero; None: no bound.
        high: none is greater, above zero.
        multiple: they are multiples of this.
        avoided: they are multiples of none of these, of which ``multiple`` is no multiple.
        excluded: single magnitudes that do not belong to it.
    """

    def __init__(
        self,
        low: Number | None,
        high: Number | None,
        multiple: Number | None,
        avoided: Iterable[Number],
        excluded: Iterable[Number],
    ) -> None:
        self.unit = Modulus(multiple) if multiple is not None else None
        self.avoided = [Modulus(one) for one in sorted(avoided)]
        self.excluded: dict[int, list[int]] = {}
        for one in sorted(excluded):
            self.excluded.setdefault(mantissa(one), []).append(one[2])
        self._low = _Bound.of(low)
        self._high = _Bound.of(high)
        self._spread = low is None or low != high
        moduli = [modulus.digits for modulus in [self.unit, *self.avoided] if modulus is not None]
        self._modulus = lcm(*moduli)
        holes = 1 + sum(map(len, self.excluded.values()))
        self._enough = int(0.31 * (prod(max(5, one) for one in moduli) * holes).bit_length()) + 2
        self._prefixes = frozenset(
            mantissa(number) // 10**cut
            for number in (low, high, *excluded)
            if number is not None
            for cut in range(1, len(number[1]))
        )
        self.counts = bool(self.unit or self.avoided or self.excluded or self._low or self._high)
        self.alive = any(self.continues(self.read(digit, 1, 0)) for digit in range(1, 10))

    def read(self, digits: int, length: int, places: int) -> Reading:
        """The reading of some digits, ``places`` of them after the point."""
        exact = digits in self._prefixes
        first, low, high, edge = -inf, -inf, inf, False
        if self._high is not None:
            order = self._high.compare(digits, length)
            high, edge = self._high.top - length - (order > 0) + places, order == 0
        if self._low is not None:
            low = self._low.top - length + (self._low.compare(digits, length) < 0) + places
            begins = length < self._low.length and digits == self._low.digits // 10 ** (self._low.length - length)
            first = low - 1 if begins and low > self._low.top - length + places else low
        zeros, stripped = 0, digits
        while stripped % 10 == 0:
            stripped //= 10
            zeros += 1
        matters = exact or self.unit is not None or bool(self.avoided)
        return Reading(
            digits if exact else -1,
            length if exact else 0,
            places if matters else 0,
            digits % self._modulus,
            first,
            low,
            high,
            edge,
            -inf if self.unit is None else self.unit.place(stripped) - zeros + places,
            tuple([modulus.place(stripped) - zeros + places for modulus in self.avoided]),
            tuple([exponent - zeros + places for exponent in self.excluded.get(stripped, ())]),
        )

    def step(self, reading: Reading, digit: int, fraction: bool) -> Reading:
        """The reading after one more digit, ``fraction``: after the point."""
        if reading.exact >= 0:
            return self.read(10 * reading.exact + digit, reading.length + 1, reading.places + fraction)
        _, _, places, residue, _, low, high, edge, unit, avoided, points = reading
        residue = (10 * residue + digit) % self._modulus
        if fraction:
            places += self.unit is not None or bool(self.avoided)
        else:
            low -= 1
            high -= 1
        if digit:
            if edge:
                high -= 1
            unit = -inf if self.unit is None else self.unit.place(residue) + places
            avoided = tuple([modulus.place(residue) + places for modulus in self.avoided])
            return Reading(-1, 0, places, residue, low, low, high, False, unit, avoided, ())
        if not fraction:
            unit -= 1
            avoided = tuple([place - 1 for place in avoided])
            points = tuple([point - 1 for point in points])
        return Reading(-1, 0, places, residue, low, low, high, edge, unit, avoided, points)

    def continues(self, reading: Reading, lowest: float = -inf, highest: float = inf) -> bool:
        """True if some continuation is a number of the set, the digits read being at a scale in a range."""
        low, high = max(reading.first, lowest), min(reading.high, highest)
        if low > high:
            return False
        if self.unit is None:
            if reading.edge and high == reading.high:
                if reading.alone(high):
                    return True
                high -= 1
            return low <= high and (self._spread or self._single())
        if high == inf:
            return True
        bottom = self.unit.exponent + reading.places
        simple = not self.avoided and not self.excluded
        scale = int(high)
        while scale >= max(low, bottom):
            if self.fits(reading, scale - bottom, self.unit.exponent):
                return True
            if simple and scale < high:  # ten times a multiple is a multiple
                return False
            scale -= 1
        low = max(reading.low, reading.unit, low)
        high = min(high, bottom - 1, *[place - 1 for place in reading.avoided])
        return high - low + 1 > sum(low <= point <= high for point in reading.points)

    def _single(self) -> bool:
        """True if the only number between the bounds belongs to the set; there is no ``multiple``."""
        if self._low is None:
            return False
        return self.read(self._low.digits, self._low.length, 0).alone(self._low.exponent)

    def fits(self, reading: Reading, count: int, place: int) -> bool:
        """True if some ``count`` more digits, the last at the place 10^``place``, make a number of the set.

        Runs of consecutive multiples of some of a few integers above 1 are short, so few candidates are tried, and
        none among 10^``_enough`` and more.
        """
        scale = place + count + reading.places
        if not reading.first <= scale <= reading.high:
            return False
        if self.unit is not None and place < self.unit.exponent:
            more = self.unit.exponent - place
            if count < more:
                return reading.alone(scale)
            count, place = count - more, self.unit.exponent
        step = 1 if self.unit is None else self.unit.at(place)
        if any(place >= one.exponent and step % one.at(place) == 0 for one in self.avoided):
            return False
        if reading.exact < 0:
            if reading.edge and scale == reading.high:
                return reading.alone(scale)
            return self._loose(reading, count, place, step)
        low = self._low if scale == reading.first else None
        high = self._high if scale == reading.high else None
        grain = min([place + count, *[bound.exponent for bound in (low, high) if bound is not None]])
        wide = grain - place > self._enough
        if wide:  # more candidates than matter, between any two places of this grain
            count, place = place + count - grain, grain
        least, most = reading.exact * 10**count, (reading.exact + 1) * 10**count - (not wide)
        if low is not None:
            least = max(least, low.above(place))
        if high is not None:
            most = min(most, high.below(place))
        if wide and least < most:
            return True
        return self._tried(least, most, place, 1 if self.unit is None else self.unit.at(place))

    def _tried(self, least: int, most: int, place: int, step: int) -> bool:
        """True if some multiple of ``step`` from ``least`` to ``most``, at a place, is not avoided or excluded."""
        longest = most.bit_length()
        excluded = {
            digits * 10 ** (exponent - place)
            for digits, exponents in self.excluded.items()
            for exponent in exponents
            if 0 <= exponent - place <= longest
        }
        candidate = least + -least % step
        while candidate <= most:
            if candidate not in excluded and not any(_divides(one, candidate, place) for one in self.avoided):
                return True
            candidate += step
        return False

    def _loose(self, reading: Reading, count: int, place: int, step: int) -> bool:
        """:meth:`fits` where neither bounds nor excluded numbers cut into the interval, but at its low end."""
        if count >= self._enough:
            return True
        scale = place + count + reading.places
        base = reading.residue * 10**count
        candidate = base + -base % step
        while candidate < base + 10**count:
            if candidate == base:
                if reading.alone(scale):
                    return True
            elif not any(one.exponent - place <= count and _divides(one, candidate, place) for one in self.avoided):
                return True
            candidate += step
        return False


def _divides(modulus: Modulus, value: int, place: int) -> bool:
    """True if ``value * 10^place`` is a multiple."""
    if place >= modulus.exponent:
        return value % modulus.at(place) == 0
    if modulus.exponent - place > value.bit_length():
        return value == 0
    more: int = 10 ** (modulus.exponent - place)
    return value % more == 0 and value // more % modulus.digits == 0
