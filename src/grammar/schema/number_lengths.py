"""The shortest texts that finish a number of a set, by arithmetic: a search would try every digit.

How many bytes are missing is found by trying lengths in turn. A length is split into digits and an exponent, and
whether some digits and some exponent of those lengths make a number of the set is one question each to the
:class:`Side`::

    multipleOf 1000003, minimum 1e9      "1"  +  6 digits, e, 1 digit ?  no      7 digits, e, 1 digit ?  1000003e3
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from math import inf

from ...kernels.records import Phase
from .number_automaton import LETTERS, Digits, Exponent, Leading, NumberAutomaton, State
from .number_side import Reading, Side

__all__ = ["missing", "shortest"]

_ORDER = [LETTERS.index(byte) for byte in b"e0123456789+-."]
"""The order in which letters are preferred among equals."""

_ZERO_LAST = [*(letter for letter in _ORDER if letter != 0), 0]
"""The same in a fraction that has only zeros so far: there may be a long run of them."""

_FEW = 64
"""Exponents that are all tried; of more, those where something changes."""


def shortest(automaton: NumberAutomaton, state: State) -> bytes:
    """The shortest bytes after which a number may end; O(n) questions of length for n bytes."""
    text = bytearray()
    left = missing(automaton, state)
    while left:
        row = automaton.row(state)
        order = _ZERO_LAST if isinstance(state, Leading) and state.phase is Phase.FRACTION else _ORDER
        options = [(letter, following) for letter in order if (following := row[letter]) is not None]
        letter, state = next(
            (one for one in options[:-1] if _missing_no_more(automaton, one[1], left - 1)), options[-1]
        )
        text.append(LETTERS[letter])
        left -= 1
    return bytes(text)


def _missing_no_more(automaton: NumberAutomaton, state: State, length: float) -> bool:
    """True if a number may end after ``length`` bytes; it is known that it cannot after fewer."""
    if length == 0 or not isinstance(state, Digits):
        return missing(automaton, state, length) == length
    side = automaton.sides[state.negative]
    return side is not None and _completes(automaton, side, state, int(length))


def missing(automaton: NumberAutomaton, state: State, most: float = inf) -> float:
    """Fewest bytes after which a number may end; something greater than ``most`` if they are more than that."""
    if automaton.accepts(state):
        return 0
    if isinstance(state, Exponent):
        return _in_exponent(state)
    if isinstance(state, Leading):
        return _leading(automaton, state, most)
    side = automaton.sides[state.negative]
    if side is None:
        return inf
    for length in count(1):
        if length > most or _completes(automaton, side, state, length):
            return length
    return inf


def _in_exponent(state: Exponent) -> int:
    """Fewest digits, and a sign, that make an exponent which is allowed."""
    phase, low, high, holes, read = state
    if phase is Phase.EXPONENT:
        for length in count(1):
            if any(True for least, most in _spelled(length) if _free(max(least, low), min(most, high), holes)):
                return length
    begun = phase is Phase.EXACT
    for length in count(0 if begun else 1):
        least, most = (read * 10**length, (read + 1) * 10**length - 1) if begun else (0, 10**length - 1)
        if _free(max(least, low), min(most, high), holes):
            return length
    return 0


def _free(low: float, high: float, holes: tuple[int, ...]) -> bool:
    """True if some integer is from ``low`` to ``high`` and no hole."""
    return high - low + 1 > sum(low <= hole <= high for hole in holes)


def _spelled(length: int) -> Iterator[tuple[int, int]]:
    """The integers that are spelled with so many bytes and no more, as intervals."""
    yield (10 ** (length - 1) if length > 1 else 0), 10**length - 1
    if length > 1:
        yield 1 - 10 ** (length - 1), -(10 ** (length - 2))


def _leading(automaton: NumberAutomaton, state: Leading, most: float) -> float:
    """Before the first digit that is not 0: after some more zeros another letter, or none."""
    best: float = inf
    current: State | None = state
    zeros = 0
    while isinstance(current, Leading) and zeros < min(best, most + 1):
        if automaton.accepts(current):
            return zeros
        row = automaton.row(current)
        for following in row[1:]:
            if following is not None:
                best = min(best, zeros + 1 + missing(automaton, following, min(best - 1, most) - zeros - 1))
        current = row[0]
        zeros += 1
    return best


def _completes(automaton: NumberAutomaton, side: Side, state: Digits, length: int) -> bool:
    """True if some continuation of exactly ``length`` bytes is a number of the set.

    Where an exponent follows, no point is written before it: that is never shorter.
    """
    reading, whole = state.reading, state.phase is Phase.WHOLE
    places = reading.places
    if not whole:
        if side.fits(reading, length, -places - length):
            return True
    else:
        if not automaton.numbers.marked and side.fits(reading, length, 0):
            return True
        if automaton.numbers.fraction:
            first = 0 if reading.first == -inf else max(0, int(reading.first))
            for digits in range(first, int(min(length - 2, reading.high)) + 1):
                fraction = length - 1 - digits
                if side.fits(reading, digits + fraction, -fraction):
                    return True
    if not automaton.numbers.exponent:
        return False
    shortest_digits = 1 if state.phase is Phase.POINT else 0
    return any(
        _with_exponent(side, reading, digits, length - 1 - digits, whole)
        for digits in range(shortest_digits, length - 1)
    )


def _with_exponent(side: Side, reading: Reading, digits: int, length: int, whole: bool) -> bool:
    """True if some digits and an exponent of some length make a number of the set."""
    lift = digits if whole else 0  # a digit before the point moves those read up, one behind it does not
    for least, most in _spelled(length):
        low, high = max(least, reading.first - lift), min(most, reading.high - lift)
        if low > high:
            continue
        shift = lift - reading.places - digits
        for exponent in _telling(side, reading, int(low), int(high), shift, lift):
            if side.fits(reading, digits, exponent + shift):
                return True
    return False


def _telling(side: Side, reading: Reading, low: int, high: int, shift: int, lift: int) -> Iterator[int]:
    """Exponents of an interval: all, or those at its ends and where one modulus or the other begins to divide."""
    if high - low < _FEW:
        yield from range(high, low - 1, -1)
        return
    marks = {low, high}
    for modulus in [side.unit, *side.avoided]:
        if modulus is not None:
            marks.update(range(modulus.exponent - shift, modulus.settled - shift + 1))
    for place in (reading.unit, *reading.avoided):
        if abs(place) != inf:
            marks.add(int(place) - lift)
    near = 2 + len(reading.points) + sum(map(len, side.excluded.values()))
    tried = {mark + offset for mark in marks for offset in range(-near, near + 1)}
    yield from sorted((exponent for exponent in tried if low <= exponent <= high), reverse=True)
