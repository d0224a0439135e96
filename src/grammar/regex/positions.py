"""Position automata without assertions: what is left of a graph when its guards are resolved.

``^`` and ``$`` are resolved by where an edge is; see ``glushkov.py``. A word boundary between two positions depends
only on whether their characters are word characters. So each position is split in two, and every guard becomes a fact::

    a\\b.      a : word         . word      a -> . word      holds? no
                                . other     a -> . other     holds? yes

    A search must see one more character after a guarded end: two *lookout* positions read it, and settle the match.
"""

from __future__ import annotations

from typing import NamedTuple

from .charset import CharSet, partition
from .glushkov import BEGIN, END, INITIAL, PREFIX, PositionGraph, bits
from .nodes import Boundary

__all__ = ["Positions", "positions_of_graph", "resolvable"]


class Positions(NamedTuple):
    """A position automaton over classes; see :class:`CharNfa`, whose fields these are before packing.

    Attributes:
        follow: bit set of each position's followers; position 0 is initial.
        masks: for each class the positions that it may enter.
        accept: positions after which the text may end.
        sink: positions after which every continuation is accepted.
        universal: every text is accepted, so that the other fields do not count.
        universe: for each class 0 if no text contains it, else 1.
        bounds: first code points of the pieces.
        classes: classes of the pieces.
    """

    follow: list[int]
    masks: list[int]
    accept: int
    sink: int
    universal: bool
    universe: list[int]
    bounds: tuple[int, ...]
    classes: tuple[int, ...]


class _Flow(NamedTuple):
    """Positions before they are put into classes.

    Attributes:
        sets: character sets.
        set_of: the set of each position; -1 for those that are not entered.
        follow: the followers of each position.
        accept: see :class:`Positions`.
        sink: see :class:`Positions`.
    """

    sets: list[CharSet]
    set_of: list[int]
    follow: list[int]
    accept: int
    sink: int


def resolvable(graph: PositionGraph) -> bool:
    """Whether all assertions are word boundaries over one set of word characters."""
    words = {assertion.word for assertion in graph.assertions if isinstance(assertion, Boundary)}
    return len(words) <= 1 and all(isinstance(assertion, Boundary) for assertion in graph.assertions)


def positions_of_graph(graph: PositionGraph, *, search: bool) -> Positions:
    """The automaton of a graph that is :func:`resolvable`.

    Args:
        graph: positions and guarded edges.
        search: a match anywhere in the text is enough; otherwise the match is the whole text.
    """
    flow = _Splitter(graph).flow(search) if graph.assertions else _plain(graph, search)
    if graph.dropped or graph.assertions:
        _cut_dead_ends(flow.follow, flow.accept | flow.sink)
    of_set = [0] * len(flow.sets)
    for position, k in enumerate(flow.set_of):
        if k >= 0:
            of_set[k] |= 1 << position
    kept = [k for k, positions in enumerate(of_set) if positions]
    parts = partition(tuple(flow.sets[k] for k in kept))
    masks = [0] * parts.size
    everything = 0
    for k, members in zip(kept, parts.members, strict=True):
        everything |= members
        for group in bits(members):
            masks[group] |= of_set[k]
    universe = [everything >> group & 1 for group in range(parts.size)]
    universal = search and not graph.whole.null.isdisjoint({0, BEGIN, END})
    return Positions(flow.follow, masks, flow.accept, flow.sink, universal, universe, parts.bounds, parts.classes)


def _plain(graph: PositionGraph, search: bool) -> _Flow:
    first, last, null = graph.whole
    follow, set_of = graph.follow, graph.set_of
    start = _union(first)
    accept = _union(last)
    sink = 0
    if search:
        anywhere = first.get(0, 0)
        follow[PREFIX] = anywhere | (1 << PREFIX) if anywhere else 0
        start |= follow[PREFIX]
        sink = last.get(0, 0)
        accept &= ~sink
    else:
        set_of[PREFIX] = -1
    follow[INITIAL] = start
    return _Flow(graph.sets, set_of, follow, accept | (1 << INITIAL if null else 0), sink)


def _union(guarded: dict[int, int]) -> int:
    found = 0
    for positions in guarded.values():
        found |= positions
    return found


class _Splitter:
    """Splits positions by whether their character is a word character, to resolve word boundaries."""

    def __init__(self, graph: PositionGraph) -> None:
        self.graph = graph
        self.assertions = [a for a in graph.assertions if isinstance(a, Boundary)]
        word = self.assertions[0].word
        self.sides = (~word, word)
        self.sets: list[CharSet] = []
        self.set_of = [-1]
        self.follow = [0]
        self.origin = [(INITIAL, False)]
        self.copies: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for position, k in enumerate(graph.set_of):
            if k >= 0:
                for side in (False, True):
                    self._add(position, graph.sets[k] & self.sides[side], side)
        self.lookout = [self._add(-1, chars, bool(side)) for side, chars in enumerate(self.sides)]

    def _add(self, position: int, chars: CharSet, side: bool) -> int:
        if not chars:
            return 0
        if chars not in self.sets:
            self.sets.append(chars)
        self.copies[side][position] = 1 << len(self.follow)
        self.origin.append((position, side))
        self.set_of.append(self.sets.index(chars))
        self.follow.append(0)
        return self.copies[side][position]

    def holds(self, guard: int, before: bool, after: bool) -> bool:
        """Whether the word boundaries of a guard hold between two sides."""
        return all((before != after) != self.assertions[index].negative for index in bits(guard >> 2))

    def targets(self, guard: int, positions: int, before: bool) -> int:
        """The copies of some positions that a guarded edge from a character of side ``before`` leads to."""
        found = 0
        for after in (False, True):
            if self.holds(guard, before, after):
                copies = self.copies[after]
                for position in bits(positions):
                    found |= copies.get(position, 0)
        return found

    def flow(self, search: bool) -> _Flow:
        first, last, null = self.graph.whole
        accept = sink = 0
        for copy, (position, side) in enumerate(self.origin):
            starts = position == INITIAL or (search and position == PREFIX)
            if position < 0:
                sink |= 1 << copy
                continue
            edges = dict(first) if starts else {0: self.graph.follow[position], **self.graph.guarded.get(position, {})}
            ends = list(null) if starts else [guard for guard, positions in last.items() if positions >> position & 1]
            if search and starts:
                edges[0] = edges.get(0, 0) | 1 << PREFIX
            possible = [guard for guard in ends if position == INITIAL or not guard & BEGIN]
            for guard, positions in edges.items():
                if position == INITIAL or not guard & BEGIN:
                    self.follow[copy] |= self.targets(guard, positions, side)
            if any(self._holds_at_end(guard, side, empty=position == INITIAL) for guard in possible):
                accept |= 1 << copy
            if search:
                for after in (False, True):
                    if any(not guard & END and self.holds(guard, side, after) for guard in possible):
                        self.follow[copy] |= self.lookout[after]
        return _Flow(self.sets, self.set_of, self.follow, accept, sink)

    def _holds_at_end(self, guard: int, before: bool, *, empty: bool) -> bool:
        if empty and any(self.assertions[index].never_empty for index in bits(guard >> 2)):
            return False
        return self.holds(guard, before, False)


def _cut_dead_ends(follow: list[int], final: int) -> None:
    """Remove the edges to positions from which no final position can be reached."""
    alive = final
    changed = True
    while changed:
        changed = False
        for position in range(len(follow) - 1, -1, -1):
            if not alive >> position & 1 and follow[position] & alive:
                alive |= 1 << position
                changed = True
    for position, targets in enumerate(follow):
        follow[position] = targets & alive
