"""Strings of an automaton within bounds on their length, without the product of the two.

A bound multiplies the states of an automaton by as much as it counts to. Here the count stays a number beside the
state, and tables say from which of such pairs the bounds can be kept (``kernels/json_string.py`` reads them)::

    slack[k][q]    how many characters more than k the shortest string of at least k has that leads from q to acceptance
                   = min over the successors r of q of slack[k - 1][r]
    longest[q]     how many the longest such string has

Each row follows from the one before, so the rows repeat from somewhere on, and are kept up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from ..regex import CharDfa, is_empty

__all__ = ["NEVER", "Bounded", "Rows", "rows_of", "sources_of"]

NEVER = 1 << 29
"""More characters, or bytes, than any length: there is no such string."""
_SURROGATES = 0xD800
_MOST_ENTRIES = 1 << 24
"""Entries of one table (int32)."""

Row = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rows:
    """A sequence of rows of which the last ones repeat, each time larger by the same number.

    Attributes:
        rows: int32[n, states]; NEVER where there is none.
        added: what is to be added to each row.
        period: how many of the last rows repeat; 0 if the sequence ends.
        growth: what is added with each repetition.
    """

    rows: NDArray[np.int32]
    added: list[int]
    period: int
    growth: int

    def at(self, index: int, state: int) -> int:
        """An entry; NEVER if there is none."""
        extra = 0
        if index >= len(self.added):
            rounds, place = divmod(index - len(self.added), self.period)
            index = len(self.added) - self.period + place
            extra = (rounds + 1) * self.growth
        found = int(self.rows[index, state])
        return NEVER if found >= NEVER else found + self.added[index] + extra


def rows_of(first: Row, following: Callable[[Row], Row], count: int) -> Rows:
    """Rows 0 to ``count`` of a sequence, up to where it repeats.

    Args:
        first: int32[states]; row 0.
        following: the next row; larger by as much as its argument is, and NEVER only where that is.
        count: the last row asked for.

    Raises:
        LimitError: the table is too large.
    """
    kept: list[Row] = []
    added: list[int] = []
    places: dict[bytes, int] = {}
    row, offset = first, 0
    while len(kept) <= count:
        low = int(row.min())
        if 0 < low < NEVER:
            row = np.where(row < NEVER, row - low, NEVER).astype(np.int32)
            offset += low
        place = places.setdefault(row.tobytes(), len(kept))
        if place < len(kept):
            return Rows(np.array(kept), added, len(kept) - place, offset - added[place])
        kept.append(row)
        added.append(offset)
        if len(kept) * row.size > _MOST_ENTRIES:
            raise LimitError(
                f"a pattern of {row.size:,} states together with minLength {count:,} needs too large a table",
                hint="lower minLength, or make the pattern simpler",
            )
        row = following(row)
    return Rows(np.array(kept), added, 0, 0)


@dataclass(frozen=True)
class Bounded:
    """The strings of an automaton with ``fewest`` to ``most`` code points; see :meth:`of`.

    Attributes:
        automaton: the automaton.
        fewest: 0: any number, all strings of the automaton having enough.
        most: None: any number.
        longest: int32[states] if there is a bound, the characters of the longest string that leads from each state to
            acceptance; -1 if there is none, or no longest.
    """

    automaton: CharDfa
    fewest: int
    most: int | None
    longest: Row = field(compare=False)
    _nearest: Row = field(compare=False)

    @classmethod
    def of(cls, automaton: CharDfa, fewest: int = 0, most: int | None = None) -> Bounded:
        """With the bounds that say something. O(edges), and what the table of lengths takes.

        Raises:
            LimitError: the table of lengths is too large.
        """
        nothing = np.zeros(0, np.int32)
        if is_empty(automaton) or (fewest <= 0 and most is None):
            return cls(automaton, 0, None, nothing, nothing)
        nearest, longest = _extremes(automaton)
        if fewest <= nearest[automaton.start]:
            fewest = 0
        if most is not None and 0 <= longest[automaton.start] <= most:
            most = None
        return cls(automaton, fewest, most, longest, nearest)

    @property
    def bounded(self) -> bool:
        """True if the length matters."""
        return self.fewest > 0 or self.most is not None

    @property
    def empty(self) -> bool:
        """True if there is no such string."""
        return is_empty(self.automaton) or not self.alive(self.automaton.start, 0)

    @property
    def anything(self) -> int:
        """The state from which every string leads to acceptance; 0 if there is none. There is one at most."""
        automaton = self.automaton
        own = np.arange(automaton.states)[:, None]
        classes = np.unique(automaton.classes[automaton.bounds != _SURROGATES])
        stays = (automaton.trans[:, classes] == own).all(axis=1) & (automaton.accept != 0)
        return int(stays.argmax()) if stays.any() else 0

    @property
    def room(self) -> int:
        """After so many characters and fewer, the upper bound can be kept from every state; -1 if there is none."""
        if self.most is None:
            return -1
        return self.most - int(self._nearest[self._nearest < NEVER].max(initial=0))

    @cached_property
    def slack(self) -> Rows:
        """Row k, by state: characters beyond k of the shortest string of k and more that leads to acceptance."""
        trans = self.automaton.trans
        return rows_of(self._nearest, lambda row: row[trans].min(axis=1), self.fewest)

    def alive(self, state: int, read: int) -> bool:
        """True if some string leads from a live state to acceptance, ``read`` characters being read."""
        if not self.bounded:
            return True
        missing = max(self.fewest - read, 0)
        return read + missing + self.slack.at(missing, state) <= (NEVER - 1 if self.most is None else self.most)

    def lengths(self) -> tuple[list[int], int, int]:
        """The tables as ``kernels/json_string.py`` reads them, the number of rows, and how many of them repeat."""
        if not self.bounded:
            return [], 0, 0
        rows = self.slack.rows + np.array(self.slack.added, np.int32)[:, None]
        rows[rows >= NEVER] = -1
        return [*rows.ravel().tolist(), *self.longest.tolist()], len(rows), self.slack.period


def sources_of(
    automaton: CharDfa, costs: NDArray[np.int32] | None = None
) -> tuple[list[list[int]], list[list[int]], NDArray[np.int64]]:
    """The states before each live state, what the way costs at least, and how many states follow each.

    Args:
        automaton: the automaton.
        costs: int32[classes]; what a character of each class costs. 0 by default.

    O(n K log n).
    """
    states, classes = automaton.trans.shape
    from_, by = np.nonzero(automaton.trans)
    to = automaton.trans[from_, by]
    edges = to.astype(np.int64) * states + from_
    price = np.zeros(classes, np.int32) if costs is None else costs
    order = np.lexsort((price[by], edges))
    edges, first = np.unique(edges[order], return_index=True)
    to, from_ = np.divmod(edges, states)
    offsets = np.searchsorted(to, np.arange(states + 1)).tolist()
    sources, prices = from_.tolist(), price[by[order][first]].tolist()
    spans = list(pairwise(offsets))
    followers = np.bincount(from_, minlength=states)
    return [sources[low:high] for low, high in spans], [prices[low:high] for low, high in spans], followers


def _extremes(automaton: CharDfa) -> tuple[Row, Row]:
    """By state, the characters of the shortest and of the longest string that leads to acceptance.

    NEVER if there is none; -1 if there is no longest.
    """
    sources, _, followers = sources_of(automaton)
    waits = followers.tolist()
    nearest = np.full(automaton.states, NEVER, np.int32)
    level = np.flatnonzero(automaton.accept).tolist()
    depth = 0
    while level:
        nearest[level] = depth
        level = list({source for state in level for source in sources[state] if nearest[source] == NEVER})
        depth += 1
    longest = np.full(automaton.states, -1, np.int32)
    ends = [state for state in range(1, automaton.states) if waits[state] == 0]
    longest[ends] = 0
    while ends:
        state = ends.pop()
        for source in sources[state]:
            longest[source] = max(longest[source], longest[state] + 1)
            waits[source] -= 1
            if waits[source] == 0:
                ends.append(source)
    longest[np.flatnonzero(waits)] = -1
    return nearest, longest
