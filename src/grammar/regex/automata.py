"""The automata that the regex front end hands out, and the limits under which it builds them.

Three table types, each immutable::

    CharNfa   positions of a pattern (Glushkov), for machines that determinise lazily
    CharDfa   states over classes of Unicode scalar values; minimal and trimmed
    ByteDfa   the same language in UTF-8, states over the 256 bytes; minimal and trimmed

A :class:`CharDfa` for ``a+b`` (state 0 is dead; a state is a row, the class of a character a column)::

    bounds  [0, 97, 98, 99]        classes [0, 1, 2, 0]
             .   a   b   c...

    trans       class 0  1  2      accept
    0 (dead)          0  0  0      0
    1 (start)         0  2  0      0
    2                 0  2  3      0
    3                 0  0  0      1

Canonical form: classes are numbered in order of first appearance in ``classes`` and differ in some row; states are
numbered breadth first from the start, classes in order; the start is 1, or 0 if the language is empty. So two tables
are equal exactly if their languages are. Surrogates (U+D800 to U+DFFF) are in no language: their class leads to 0.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEAD", "DEFAULT_LIMITS", "ByteDfa", "CharDfa", "CharNfa", "RegexLimits"]

DEAD = 0


class RegexLimits(NamedTuple):
    """Bounds on the work of one compilation; reaching one raises :class:`~gramarye.errors.LimitError`.

    Attributes:
        positions: character positions of the pattern after bounded repeats are unrolled.
        states: states of any automaton that is built eagerly.
        bytes: bytes of the transition table of any automaton that is built eagerly.
        work: elementary steps (64-bit words touched) of one construction; 10^9 take about a second. A count and not a
            time, so that the same pattern always fares the same.
    """

    positions: int = 20_000
    states: int = 65_536
    bytes: int = 256 << 20
    work: int = 2_000_000_000

    def state_limit(self, columns: int) -> int:
        """States that a table of int32 with so many columns may have."""
        return max(min(self.states, self.bytes // (4 * columns)), 1)


DEFAULT_LIMITS = RegexLimits()

_HASHED = 64
"""States that the hash of an automaton looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class CharDfa:
    """A deterministic automaton over Unicode scalar values.

    Attributes:
        trans: int32[n, K]; the next state of (state, class); 0 is dead, and row 0 is all 0.
        accept: uint8[n]; 1 where the text read so far is in the language.
        bounds: int32[m]; sorted code points, ``bounds[0] == 0``.
        classes: int32[m]; the class of every code point in ``[bounds[i], bounds[i + 1])``.
        start: the start state; 0 if the language is empty.
    """

    trans: NDArray[np.int32]
    accept: NDArray[np.uint8]
    bounds: NDArray[np.int32]
    classes: NDArray[np.int32]
    start: int

    @property
    def states(self) -> int:
        """Number of states, the dead one included."""
        return int(self.trans.shape[0])

    def class_of(self, code_point: int) -> int:
        """The class of a code point, 0 to 0x10FFFF. O(log m)."""
        return int(self.classes[bisect_right(self.bounds, code_point) - 1])

    def step(self, state: int, code_point: int) -> int:
        """The state after reading one code point."""
        return int(self.trans[state, self.class_of(code_point)])

    def accepts(self, text: str) -> bool:
        """Whether the whole of ``text`` is in the language."""
        state = self.start
        for char in text:
            state = self.step(state, ord(char))
            if state == DEAD:
                return False
        return bool(self.accept[state])

    def __eq__(self, other: object) -> bool:
        """Language equality: both tables are canonical, so it is equality of the tables."""
        if not isinstance(other, CharDfa):
            return NotImplemented
        return (
            self.start == other.start
            and np.array_equal(self.trans, other.trans)
            and np.array_equal(self.accept, other.accept)
            and np.array_equal(self.bounds, other.bounds)
            and np.array_equal(self.classes, other.classes)
        )

    def __hash__(self) -> int:
        # The last states tell automata of one size apart well enough; all of a large one would take longer to read.
        return hash((self.start, self.trans.shape, self.trans[-_HASHED:].tobytes(), self.bounds.tobytes()))


@dataclass(frozen=True, slots=True, eq=False)
class ByteDfa:
    """A deterministic automaton over bytes; canonical as :class:`CharDfa` is.

    Attributes:
        trans: int32[n, 256]; the next state; 0 is dead, and row 0 is all 0.
        accept: uint8[n].
        start: the start state; 0 if the language is empty.
    """

    trans: NDArray[np.int32]
    accept: NDArray[np.uint8]
    start: int

    @property
    def states(self) -> int:
        """Number of states, the dead one included."""
        return int(self.trans.shape[0])

    def accepts(self, data: bytes) -> bool:
        """Whether the whole of ``data`` is in the language."""
        state = self.start
        for byte in data:
            state = int(self.trans[state, byte])
            if state == DEAD:
                return False
        return bool(self.accept[state])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ByteDfa):
            return NotImplemented
        return (
            self.start == other.start
            and np.array_equal(self.trans, other.trans)
            and np.array_equal(self.accept, other.accept)
        )

    def __hash__(self) -> int:
        return hash((self.start, self.trans.tobytes(), self.accept.tobytes()))


@dataclass(frozen=True, slots=True, eq=False)
class CharNfa:
    """A position automaton (Glushkov 1961) over classes of Unicode scalar values, for lazy determinisation.

    A configuration is a set of positions; it starts as ``{0}``. Reading a character of class c gives::

        { q : p in set, q in follow_list[follow_offsets[p] : follow_offsets[p + 1]], q in class_masks[c] }

    The text read so far is in the language if the set meets ``accept``; an empty set is dead, and a set that meets
    ``sink`` is universal: every continuation is in the language. Every position can reach acceptance.

    Attributes:
        follow_offsets: int32[P + 1].
        follow_list: int32[e]; sorted within a position.
        class_masks: uint64[K, ceil(P / 64)]; position p is bit p % 64 of word p // 64.
        accept: uint64[ceil(P / 64)].
        sink: uint64[ceil(P / 64)].
        universe: uint8[K]; 0 for the class of the surrogates if it has one of its own: a universal set dies there.
        bounds: int32[m]; see :class:`CharDfa`.
        classes: int32[m]; see :class:`CharDfa`.
    """

    follow_offsets: NDArray[np.int32]
    follow_list: NDArray[np.int32]
    class_masks: NDArray[np.uint64]
    accept: NDArray[np.uint64]
    sink: NDArray[np.uint64]
    universe: NDArray[np.uint8]
    bounds: NDArray[np.int32]
    classes: NDArray[np.int32]

    @property
    def positions(self) -> int:
        """Number of positions, the initial one included."""
        return int(self.follow_offsets.shape[0]) - 1

    def accepts(self, text: str) -> bool:
        """Whether the whole of ``text`` is in the language; the slow reference loop."""
        current = {0}
        universal = False
        for char in text:
            group = int(self.classes[bisect_right(self.bounds, ord(char)) - 1])
            if universal:
                if not self.universe[group]:
                    return False
                continue
            current = {
                int(q)
                for p in current
                for q in self.follow_list[self.follow_offsets[p] : self.follow_offsets[p + 1]]
                if _has(self.class_masks[group], int(q))
            }
            if not current:
                return False
            universal = any(_has(self.sink, p) for p in current)
        return universal or any(_has(self.accept, p) for p in current)


def _has(words: NDArray[np.uint64], bit: int) -> bool:
    return bool((int(words[bit >> 6]) >> (bit & 63)) & 1)
