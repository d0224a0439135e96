"""Sets of Unicode scalar values, and the partition of all code points that a list of such sets induces.

A set is a sorted tuple of disjoint, non-adjacent, inclusive ranges. Surrogates are removed on construction::

    CharSet.of((97, 122), (48, 57)).ranges == ((48, 57), (97, 122))

``partition`` cuts ``[0, 0x10FFFF]`` where any of the sets begins or ends and gives pieces that lie in the same sets the
same class (the *minterms* of the sets)::

    sets      [a-m] [k-z]
    bounds    0    a    k    n    {       first code point of each piece
    classes   0    1    2    3    0       class of each piece
    members   [a-m] = {1, 2}   [k-z] = {2, 3}   as bit masks
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

__all__ = ["EMPTY", "MAX_CODE_POINT", "SCALARS", "CharSet", "Partition", "partition", "union"]

MAX_CODE_POINT = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)

Range = tuple[int, int]


class CharSet:
    """An immutable set of Unicode scalar values, hashable in O(1) after the first time.

    Attributes:
        ranges: sorted, disjoint, non-adjacent inclusive ranges without surrogates.
    """

    __slots__ = ("_hash", "ranges")

    def __init__(self, ranges: tuple[Range, ...]) -> None:
        """Wraps ranges that are normal already; use :meth:`of` for others."""
        self.ranges = ranges
        self._hash: int | None = None

    @classmethod
    def of(cls, *ranges: Range) -> CharSet:
        """The union of inclusive ranges in any order."""
        return cls(_normal(ranges))

    @classmethod
    def char(cls, code_point: int) -> CharSet:
        """The set of one code point; empty for a surrogate."""
        if _SURROGATES[0] <= code_point <= _SURROGATES[1]:
            return EMPTY
        return cls(((code_point, code_point),))

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self.ranges)
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, CharSet) and self.ranges == other.ranges

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __repr__(self) -> str:
        parts = (chr(a) if a == b else f"{chr(a)}-{chr(b)}" for a, b in self.ranges)
        return f"CharSet({''.join(parts)!r})"

    def __contains__(self, code_point: int) -> bool:
        return any(low <= code_point <= high for low, high in self.ranges)

    def __or__(self, other: CharSet) -> CharSet:
        return CharSet(_normal(self.ranges + other.ranges))

    def __invert__(self) -> CharSet:
        return _complement(self)

    def __and__(self, other: CharSet) -> CharSet:
        return ~(~self | ~other)

    def __sub__(self, other: CharSet) -> CharSet:
        return self & ~other

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def code_points(self) -> Iterable[int]:
        """All members in order."""
        for low, high in self.ranges:
            yield from range(low, high + 1)


def union(sets: Iterable[CharSet]) -> CharSet:
    """The union of any number of sets; O(n log n) in the number of ranges."""
    return CharSet(_normal([r for s in sets for r in s.ranges]))


def _normal(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    for low, high in merged:
        if high >= _SURROGATES[0] and low <= _SURROGATES[1]:
            return tuple(_without_surrogates(merged))
    return tuple(merged)


def _without_surrogates(ranges: Iterable[Range]) -> Iterable[Range]:
    first, last = _SURROGATES
    for low, high in ranges:
        if high < first or low > last:
            yield low, high
            continue
        if low < first:
            yield low, first - 1
        if high > last:
            yield last + 1, high


@lru_cache(maxsize=1024)
def _complement(chars: CharSet) -> CharSet:
    gaps = []
    start = 0
    for low, high in chars.ranges:
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= MAX_CODE_POINT:
        gaps.append((start, MAX_CODE_POINT))
    return CharSet(_normal(gaps))


EMPTY = CharSet(())
SCALARS = CharSet(((0, _SURROGATES[0] - 1), (_SURROGATES[1] + 1, MAX_CODE_POINT)))


class Partition(NamedTuple):
    """The pieces that some sets cut the code points into.

    Attributes:
        size: number of classes.
        bounds: first code point of each piece, ascending from 0.
        classes: class of each piece; classes are numbered in order of first appearance.
        members: for each set, the bit mask of the classes that it consists of.
        samples: for each class, its smallest code point.
    """

    size: int
    bounds: tuple[int, ...]
    classes: tuple[int, ...]
    members: tuple[int, ...]
    samples: tuple[int, ...]


@lru_cache(maxsize=1024)
def partition(sets: tuple[CharSet, ...]) -> Partition:
    """The coarsest partition of the code points of which every set is a union of classes.

    O(r log r) in the number of ranges of all sets.
    """
    toggles: dict[int, int] = {0: 0}
    for index, chars in enumerate(sets):
        bit = 1 << index
        for low, high in chars.ranges:
            toggles[low] = toggles.get(low, 0) ^ bit
            toggles[high + 1] = toggles.get(high + 1, 0) ^ bit
    toggles.pop(MAX_CODE_POINT + 1, None)
    bounds: list[int] = []
    classes: list[int] = []
    samples: list[int] = []
    numbers: dict[int, int] = {}
    signature = 0
    for bound in sorted(toggles):
        signature ^= toggles[bound]
        group = numbers.get(signature)
        if group is None:
            group = numbers[signature] = len(numbers)
            samples.append(bound)
        if not classes or classes[-1] != group:
            bounds.append(bound)
            classes.append(group)
    members = [0] * len(sets)
    for signature, group in numbers.items():
        while signature:
            low_bit = signature & -signature
            members[low_bit.bit_length() - 1] |= 1 << group
            signature ^= low_bit
    return Partition(len(numbers), tuple(bounds), tuple(classes), tuple(members), tuple(samples))
