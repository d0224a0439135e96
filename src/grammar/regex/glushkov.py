"""Syntax tree to position automaton (Glushkov 1961; McNaughton and Yamada 1960), with assertions on the edges.

Every occurrence of a character set becomes a *position*; sets of positions are Python ints used as bit sets. A
*fragment* is what a subtree contributes, and its edges carry *guards*: sets of zero-width assertions, again as bit
sets, that must hold at the boundary which the edge crosses (0: no assertion)::

    a\\b|^c    position 2: a    position 3: c    guards: BEGIN = 1, END = 2, \\b = 4

    first  {0: {2}, BEGIN: {3}}      last  {\\b: {2}, 0: {3}}      null  {}

``^`` and ``$`` cost nothing: between two characters neither holds, so an edge guarded by one is dropped. What is left
of them are guards on the first and the last edges. Other guards are left to ``lookaround.py``.

    position 0   nothing has been read
    position 1   search only: an arbitrary prefix has been read, and the match has not begun
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...errors import LimitError
from .automata import RegexLimits
from .charset import SCALARS, CharSet
from .nodes import Alternate, Boundary, Chars, Concat, Edge, EdgeKind, Look, Node, Repeat

__all__ = ["BEGIN", "END", "INITIAL", "PREFIX", "PositionGraph", "bits", "build_positions"]

BEGIN = 1
END = 2
INITIAL = 0
PREFIX = 1

_MAX_GUARDS = 512
_HINT = "shorten the bounded repeats, bound the length outside the pattern, or raise RegexLimits.positions"

Guarded = dict[int, int]


def bits(mask: int) -> Iterator[int]:
    """The indices of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Fragment(NamedTuple):
    """What a subtree contributes.

    Attributes:
        first: guard to the positions that may be read first.
        last: guard to the positions that may be read last.
        null: the guards under which the empty string matches; no guard contains another.
    """

    first: Guarded
    last: Guarded
    null: frozenset[int]


_NOTHING = Fragment({}, {}, frozenset())
_EMPTY = Fragment({}, {}, frozenset({0}))


class PositionGraph:
    """A pattern as positions and guarded edges.

    Attributes:
        sets: the distinct character sets.
        set_of: for each position the index of its set; -1 for position 0.
        follow: for each position the positions that unguarded edges lead to.
        guarded: position to guard to target positions, for edges with assertions other than ``^`` and ``$``.
        whole: the fragment of the whole pattern.
        assertions: the assertion of each guard bit from 4 on.
        dropped: an edge or a set turned out to be impossible, so there may be positions that lead nowhere.
    """

    def __init__(self, limits: RegexLimits) -> None:
        self.sets: list[CharSet] = [SCALARS]
        self.set_of: list[int] = [-1, 0]
        self.follow: list[int] = [0, 0]
        self.guarded: dict[int, Guarded] = {}
        self.whole = _NOTHING
        self.assertions: list[Look | Boundary] = []
        self.dropped = False
        self._limit = limits.positions
        self._index: dict[CharSet, int] = {SCALARS: 0}
        self._guard_of: dict[int, int] = {}

    def build(self, node: Node) -> Fragment:
        """The fragment of a subtree, adding its positions and inner edges."""
        if isinstance(node, Chars):
            return self._chars(node.chars, 1, 1)
        if isinstance(node, Concat):
            whole = _EMPTY
            for part in node.parts:
                whole = self._concat(whole, self.build(part))
            return whole
        if isinstance(node, Alternate):
            return self._alternate(node)
        if isinstance(node, Repeat):
            return self._repeat(node)
        return Fragment({}, {}, frozenset({self._guard(node)}))

    def _guard(self, node: Node) -> int:
        if isinstance(node, Edge):
            return BEGIN if node.kind is EdgeKind.BEGIN else END
        if not isinstance(node, Look | Boundary):
            raise TypeError(f"{type(node).__name__} must be rewritten before positions are built")
        guard = self._guard_of.get(id(node))
        if guard is None:
            guard = self._guard_of[id(node)] = 4 << len(self.assertions)
            self.assertions.append(node)
        return guard

    def _chars(self, chars: CharSet, low: int, high: int) -> Fragment:
        """A chain of ``high`` positions over one set, of which ``low`` or more are read; high >= 1."""
        if not chars:
            self.dropped = True
            return _NOTHING if low else _EMPTY
        base = len(self.follow)
        if base + high > self._limit:
            raise LimitError(f"the pattern has more than {self._limit} character positions", hint=_HINT)
        index = self._index.get(chars)
        if index is None:
            index = self._index[chars] = len(self.sets)
            self.sets.append(chars)
        self.set_of.extend([index] * high)
        self.follow.extend([1 << position for position in range(base + 1, base + high)])
        self.follow.append(0)
        last = ((1 << high) - (1 << (max(low, 1) - 1))) << base
        return Fragment({0: 1 << base}, {0: last}, frozenset() if low else frozenset({0}))

    def _alternate(self, node: Alternate) -> Fragment:
        first: Guarded = {}
        last: Guarded = {}
        null: frozenset[int] = frozenset()
        for branch in node.branches:
            part = self.build(branch)
            _add(first, part.first, 0)
            _add(last, part.last, 0)
            null |= part.null
        return Fragment(first, last, _weakest(null))

    def _repeat(self, node: Repeat) -> Fragment:
        body, low, high = node.body, node.low, node.high
        if high == 0:
            return _EMPTY
        if isinstance(body, Chars) and high is not None:
            return self._chars(body.chars, low, high)
        size = len(self.follow)
        part = self.build(body)
        if len(self.follow) == size:  # zero-width, or empty: copies change nothing
            return part if low else Fragment({}, {}, _weakest(part.null | {0}))
        if high is None:
            self._link(part.last, part.first)
            for _ in range(low - 1):
                part = self._concat(self.build(body), part)
            return part if low else Fragment(part.first, part.last, _weakest(part.null | {0}))
        for count in range(1, high + 1):  # from the right: x{2,4} is xx(x(x)?)?
            if count > 1:
                part = self._concat(self.build(body), part)
            if count <= high - low:
                part = Fragment(part.first, part.last, _weakest(part.null | {0}))
        return part

    def _concat(self, left: Fragment, right: Fragment) -> Fragment:
        if left is _EMPTY:
            return right
        self._link(left.last, right.first)
        first, last = left.first, right.last
        if left.null and right.first:
            first = dict(first)
            for guard in left.null:
                if not guard & END:
                    _add(first, right.first, guard)
                else:
                    self.dropped = True
        if right.null and left.last:
            last = dict(last)
            for guard in right.null:
                if not guard & BEGIN:
                    _add(last, left.last, guard)
                else:
                    self.dropped = True
        null = left.null
        if null and right.null != {0}:
            null = _weakest(frozenset(a | b for a in null for b in right.null))
        return Fragment(first, last, null)

    def _link(self, last: Guarded, first: Guarded) -> None:
        follow = self.follow
        for left, sources in last.items():
            for right, targets in first.items():
                guard = left | right
                if guard == 0:
                    while sources:
                        low = sources & -sources
                        follow[low.bit_length() - 1] |= targets
                        sources ^= low
                    sources = last[left]
                elif guard & (BEGIN | END):
                    self.dropped = True
                else:
                    for position in bits(sources):
                        _add(self.guarded.setdefault(position, {}), {guard: targets}, 0)


def _add(into: Guarded, other: Guarded, guard: int) -> None:
    """Add the entries of ``other``, each under the additional ``guard``."""
    for own, mask in other.items():
        key = own | guard
        into[key] = into.get(key, 0) | mask
    if len(into) > _MAX_GUARDS:
        raise _too_many_guards()


def _weakest(guards: frozenset[int]) -> frozenset[int]:
    """The guards that imply no other one: an alternative with more assertions adds nothing."""
    if len(guards) < 2:
        return guards
    if 0 in guards:
        return frozenset({0})
    if len(guards) > _MAX_GUARDS:
        raise _too_many_guards()
    return frozenset(g for g in guards if not any(h != g and h & g == h for h in guards))


def _too_many_guards() -> LimitError:
    return LimitError(
        f"more than {_MAX_GUARDS} combinations of assertions meet at one place of the pattern",
        hint="write the lookarounds once, in front of the repetition",
    )


def build_positions(node: Node, limits: RegexLimits) -> PositionGraph:
    """The position graph of a whole pattern, without Atomic nodes and ``DOLLAR`` edges.

    O(positions^2 / 64) words of memory and time in the worst case, linear for typical patterns.

    Raises:
        LimitError: more than ``limits.positions`` positions.
    """
    graph = PositionGraph(limits)
    graph.whole = graph.build(node)
    return graph
