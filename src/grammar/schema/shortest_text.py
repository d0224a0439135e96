"""The shortest text of an automaton within length bounds, as JSON text in UTF-8.

Fewest bytes first, then the most readable characters. Each class of characters costs what its cheapest one does::

    class     a-z "A"   é "é"   line feed "\\n"   other controls "\\u0001"   emoji
    bytes     1         2       2                6                          4

``cost[k][q]``, the bytes of the cheapest string of at least ``k`` characters from ``q`` to acceptance, follows from
``cost[k - 1]``, so the string is read off from row to row. Where that string is longer than the upper bound, the pairs
(state, characters read) are searched for the cheapest that is not, with these costs as lower bounds (A*).
"""

from __future__ import annotations

import heapq
import json
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from ..regex import CharDfa
from .lengths import NEVER, Bounded, Rows, rows_of, sources_of

__all__ = ["ShortestText", "quote", "readability"]


Letters = dict[int, tuple[tuple[int, bool, bool, bool, bool, int], str]]
"""By class, its cheapest and most readable character, with what it is sorted by."""


def quote(text: str) -> bytes:
    """A string as JSON text, its shortest spelling in UTF-8."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")


def readability(code: int) -> tuple[bool, bool, bool, bool, int]:
    """Sort key of code points: letters, digits, other marks of ASCII, then the rest."""
    return (not 97 <= code < 123, not 65 <= code < 91, not 48 <= code < 58, not 32 < code < 127, code)


class ShortestText:
    """Shortest texts of one automaton within bounds.

    Args:
        strings: the automaton and the bounds.
    """

    def __init__(self, strings: Bounded) -> None:
        self._strings = strings
        self._letters = _letters(strings.automaton)
        self._order = [cls for _, _, cls in sorted((*key, cls) for cls, key in self._letters.items())]
        self._costs = _class_costs(strings.automaton, self._letters)

    @cached_property
    def _cost(self) -> Rows:
        """Row k, by state: bytes of the cheapest string of k characters and more."""
        trans, costs = self._strings.automaton.trans, self._costs

        def following(row: NDArray[np.int32]) -> NDArray[np.int32]:
            longer: NDArray[np.int32] = np.minimum((row[trans] + costs).min(axis=1), NEVER)
            return longer

        return rows_of(_cheapest(self._strings.automaton), following, self._strings.fewest)

    def shortest(self) -> str | None:
        """The shortest text; None if there is none."""
        return None if self._strings.empty else self.rest(self._strings.automaton.start, 0)

    def rest(self, state: int, read: int | None) -> str:
        """The shortest text that leads to acceptance.

        Args:
            state: the state, from which there is one.
            read: the characters that the bounds count already; None: the bounds do not matter.
        """
        strings = self._strings
        found = self._greedy(state, 0 if read is None else max(strings.fewest - read, 0))
        if read is not None and strings.most is not None and read + len(found) > strings.most:
            found = self._search(state, read)
        return "".join(self._letters[cls][1] for cls in found)

    def _greedy(self, state: int, missing: int) -> list[int]:
        """The classes of the cheapest text without an upper bound."""
        trans, cost = self._strings.automaton.trans, self._cost
        found: list[int] = []
        while cost.at(missing, state):
            below = max(missing - 1, 0)
            left = cost.at(missing, state)
            row = trans[state].tolist()
            cls = next(c for c in self._order if row[c] and self._costs[c] + cost.at(below, row[c]) == left)
            found.append(cls)
            state, missing = row[cls], below
        return found

    def _search(self, state: int, read: int) -> list[int]:
        """The classes of the cheapest text that keeps both bounds; there is one."""
        strings, cost = self._strings, self._cost
        trans, accept, fewest = strings.automaton.trans, strings.automaton.accept, strings.fewest
        came: dict[tuple[int, int], tuple[int, int, int]] = {}
        spent = {(state, read): 0}
        heap = [(cost.at(max(fewest - read, 0), state), -read, 0, state)]
        while True:
            _, count, _, state = heapq.heappop(heap)
            count = -count
            if accept[state] and count >= fewest:
                break
            row = trans[state].tolist()
            for rank, cls in enumerate(self._order):
                after = (row[cls], count + 1)
                if not row[cls] or not strings.alive(*after):
                    continue
                total = spent[state, count] + int(self._costs[cls])
                if total < spent.get(after, NEVER):
                    spent[after] = total
                    came[after] = (state, count, cls)
                    left = cost.at(max(fewest - count - 1, 0), row[cls])
                    heapq.heappush(heap, (total + left, -count - 1, rank, row[cls]))
        found = []
        while count > read:
            state, count, cls = came[state, count]
            found.append(cls)
        return found[::-1]


@lru_cache(maxsize=64)
def _letters(automaton: CharDfa) -> Letters:
    """The cheapest and most readable character of each class that leads on, with what it is sorted by."""
    live = set(np.flatnonzero(automaton.trans.any(axis=0)).tolist())
    found: Letters = {}
    ends = [*automaton.bounds[1:].tolist(), 0x110000]
    for low, end, cls in zip(automaton.bounds.tolist(), ends, automaton.classes.tolist(), strict=True):
        if cls not in live:
            continue
        candidates = {low, *range(max(low, 8), min(end, 127)), *(x for x in (0x80, 0x800, 0x10000) if low <= x < end)}
        for code in candidates:
            letter = chr(code)
            key = (len(quote(letter)), *readability(code))
            if cls not in found or key < found[cls][0]:
                found[cls] = key, letter
    return found


_ROUNDS = 256
"""Rounds over all states after which the frontier is followed instead."""


def _class_costs(automaton: CharDfa, letters: Letters) -> NDArray[np.int32]:
    """By class, bytes of its cheapest character."""
    costs = np.full(automaton.trans.shape[1], NEVER, np.int32)
    for cls, (_, letter) in letters.items():
        costs[cls] = len(quote(letter)) - 2
    return costs


@lru_cache(maxsize=64)
def _cheapest(automaton: CharDfa) -> NDArray[np.int32]:
    """By state, bytes of the cheapest string that leads to acceptance; NEVER if there is none.

    Bellman and Ford's rounds, each one operation on arrays; Dijkstra's algorithm where strings are long.
    """
    costs = _class_costs(automaton, _letters(automaton))
    best = np.where(automaton.accept != 0, 0, NEVER).astype(np.int32)
    for _ in range(_ROUNDS):
        better = np.minimum(best, (best[automaton.trans] + costs).min(axis=1))
        if np.array_equal(better, best):
            return best
        best = better
    return _by_frontier(automaton, costs)


def _by_frontier(automaton: CharDfa, costs: NDArray[np.int32]) -> NDArray[np.int32]:
    sources, prices, _ = sources_of(automaton, costs)
    best = np.full(automaton.states, NEVER, np.int32)
    heap = [(0, state) for state in np.flatnonzero(automaton.accept).tolist()]
    while heap:
        cost, state = heapq.heappop(heap)
        if cost >= best[state]:
            continue
        best[state] = cost
        for source, weight in zip(sources[state], prices[state], strict=True):
            if cost + weight < best[source]:
                heapq.heappush(heap, (cost + weight, source))
    return best
