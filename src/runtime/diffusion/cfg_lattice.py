"""Canvases as graphs over terminals: bytes, open tokens and holes in a row, from the start of the text to its end.

A text is a list of *items*; a node stands at the place of an item and says what the lexer may be in the middle of
(cfg_nodes.py)::

    items       b"{"      OPEN             HOLE                    end
    nodes    (0, start) ─ (1, set) ─ (1, rest) ─ (2, set) ⟲ hole ─ (3, set) ─ F3 ──END── D
                          one token          any string             └ pending lexeme

Bytes of a run are followed to the end of their lexeme at once. From a node each emission leads to one node, by an edge
for every class of terminals in it; an empty edge leads on where nothing is emitted. A text may end at every place of
`ends`, where its last lexeme is emitted.

A node is named by a key, ordered as paths go; keys of one place are those of another, shifted, so the edges of an open
token (a *column*) are made once for each set of nodes before it::

    key    place | kind | order within the kind | number of the lexer set or rest set
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kernels.canvas.cfg_arrays import Graph
from ...kernels.canvas.cfg_prune import useful_nodes
from .cfg_keys import DONE, FINAL, INNER, PLACE, SET, Item, ItemKind, node_key
from .cfg_nodes import LexerSets, TokenNodes

__all__ = ["Lattice", "lattice"]

_Ints = NDArray[np.int64]
_Edges = tuple[_Ints, _Ints, _Ints]
"""Sources, emissions (0: none, -1: END) and targets."""


@dataclass(slots=True)
class Lattice:
    """A graph with the meaning of its nodes.

    Attributes:
        graph: for the kernels.
        keys: int64[Q] of the nodes, ascending.
    """

    graph: Graph
    keys: _Ints

    def node(self, key: int) -> int:
        """The node of a key; -1 if there is none."""
        at = int(np.searchsorted(self.keys, key))
        return at if at < len(self.keys) and int(self.keys[at]) == key else -1


class _Builder:
    """Follows the items from every node that is reached."""

    def __init__(self, sets: LexerSets, nodes: TokenNodes | None, items: Sequence[Item], ends: Collection[int]) -> None:
        self._sets = sets
        self._nodes = nodes
        self._items = items
        self._ends = ends
        self._columns: list[_Edges] = []
        self._edges: list[tuple[int, int, int]] = []
        self._reached: list[set[int]] = [set() for _ in range(len(items) + 1)]
        self._between: set[int] = set()
        self._pairs: dict[tuple[int, int], int] = {}

    def edges(self) -> _Edges:
        """All edges of reachable nodes."""
        self._reached[0].add(self._sets.start)
        for place, reached in enumerate(self._reached):
            if place in self._ends:
                self._end(place)
            if not reached or place == len(self._items):
                continue
            item = self._items[place]
            if item is ItemKind.OPEN:
                self._open(place)
            elif item is ItemKind.HOLE:
                self._hole(place)
            else:
                for node in sorted(reached):
                    self._run(place, node)
        loose = np.array(self._edges, np.int64).reshape(-1, 3)
        columns = [*self._columns, (loose[:, 0], loose[:, 1], loose[:, 2])]
        source, emission, target = (np.concatenate(part) for part in zip(*columns, strict=True))
        return source, emission, target

    def _end(self, place: int) -> None:
        final = node_key(place, FINAL, 0, 0)
        for node in self._reached[place]:
            self._edges.extend((node_key(place, SET, 0, node), one, final) for one in self._sets.endings(node))
        self._edges.append((final, -1, node_key(len(self._items) + 1, DONE, 0, 0)))

    def _set(self, place: int, node: int) -> int:
        self._reached[place].add(node)
        return node_key(place, SET, 0, node)

    def _run(self, begin: int, node: int) -> None:
        """Follow bytes until no lexeme goes on."""
        key = node_key(begin, SET, 0, node)
        place = begin
        while True:
            item = self._items[place] if place < len(self._items) else None
            if not isinstance(item, int):
                self._edges.append((key, 0, self._set(place, node)))
                return
            move = self._sets.after_byte(node, item)
            place += 1
            for one, two, after in move.emitting:
                self._emit(key, one, two, self._set(place, after), place - 1)
            if not move.quiet:
                return
            node = move.quiet[0]
            if place in self._ends:
                self._edges.append((key, 0, self._set(place, node)))
                return

    def _emit(self, key: int, one: int, two: int, target: int, place: int) -> None:
        """One or two emissions, with a node between them."""
        if not two:
            self._edges.append((key, one, target))
            return
        number = self._pairs.setdefault((two, target), len(self._pairs))
        between = node_key(place, INNER, 1, number)
        if between not in self._between:
            self._between.add(between)
            self._edges.append((between, two, target))
        self._edges.append((key, one, between))

    def _hole(self, place: int) -> None:
        """Closed sets, which lead to one another and behind the hole."""
        pending = []
        closed = set()
        for node in sorted(self._reached[place]):
            after = self._sets.closed(node)
            self._edges.append((node_key(place, SET, 0, node), 0, node_key(place, INNER, 0, after)))
            if after not in closed:
                closed.add(after)
                pending.append(after)
        while pending:
            node = pending.pop()
            key = node_key(place, INNER, 0, node)
            self._edges.append((key, 0, self._set(place + 1, node)))
            for one, two, after in self._sets.after_anything(node).emitting:
                if after not in closed:
                    closed.add(after)
                    pending.append(after)
                self._emit(key, one, two, node_key(place, INNER, 0, after), place)

    def _open(self, place: int) -> None:
        if self._nodes is None:
            raise ValueError("open items need the moves over tokens")
        column = self._nodes.column(frozenset(self._reached[place]))
        self._columns.append((column.source + place * PLACE, column.emission, column.target + place * PLACE))
        self._reached[place + 1] |= column.after


def lattice(
    sets: LexerSets,
    items: Sequence[Item],
    ends: Collection[int],
    terminals: int,
    nodes: TokenNodes | None = None,
) -> Lattice | None:
    """The graph of some items.

    Args:
        sets: the lexer sets of the grammar.
        items: the text.
        ends: places (0 to the number of items) where the text may end.
        terminals: number of classes of terminals, which is also the number of END.
        nodes: moves over tokens; needed if an item is open.

    Returns:
        the graph of the nodes from which the text can end; None if there is none.
    """
    source, emission, target = _Builder(sets, nodes, items, ends).edges()
    done = node_key(len(items) + 1, DONE, 0, 0)
    start = node_key(0, SET, 0, sets.start)
    keys = np.unique(np.concatenate([source, target, [start, done]]))
    order = np.argsort(source, kind="stable")
    one, other = np.searchsorted(keys, source[order]), np.searchsorted(keys, target[order])
    useful = useful_nodes(one, other, len(keys), len(keys) - 1)
    if not useful[0]:
        return None
    kept = useful[one] & useful[other]
    renumbered = np.cumsum(useful) - 1
    edges = renumbered[one[kept]], emission[order][kept], renumbered[other[kept]]
    keys = keys[useful]
    return Lattice(_graph(edges, keys, sets, terminals, items), keys)


def _graph(edges: _Edges, keys: _Ints, sets: LexerSets, terminals: int, items: Sequence[Item]) -> Graph:
    """Arrays; an edge for every class of an emission."""
    source, emission, target = edges
    quiet = emission == 0
    empty = np.unique(np.column_stack([source[quiet], target[quiet]]), axis=0) if quiet.any() else np.empty((0, 2), int)
    offset, member = sets.emitted
    counts = np.where(emission > 0, offset[emission + 1] - offset[np.maximum(emission, 0)], np.where(quiet, 0, 1))
    which = np.repeat(np.arange(len(emission)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    label = np.full(len(which), terminals)
    named = emission[which] > 0
    label[named] = member[offset[emission[which[named]]] + within[named]]
    order = np.lexsort((target[which], label, source[which]))
    edge = np.column_stack([source[which], label, target[which]])[order].astype(np.int32)
    nodes = np.arange(len(keys) + 1)
    return Graph(
        start=0,
        final=len(keys) - 1,
        edge_offset=np.searchsorted(edge[:, 0], nodes).astype(np.int32),
        edge=np.ascontiguousarray(edge[:, 1:]),
        empty_offset=np.searchsorted(empty[:, 0], nodes).astype(np.int32),
        empty=np.ascontiguousarray(empty[:, 1].astype(np.int32)),
        low=_lowest(keys, items),
        first=_first(edge, empty, len(keys), terminals),
    )


def _lowest(keys: _Ints, items: Sequence[Item]) -> NDArray[np.int32]:
    """Word of the first node that can be reached: the node itself, but within a hole the first one of the hole."""
    low = np.arange(len(keys))
    for place, item in enumerate(items):
        if item is ItemKind.HOLE:
            first, last = np.searchsorted(keys, [node_key(place, INNER, 0, 0), node_key(place, FINAL, 0, 0)])
            low[first:last] = first
    return (low >> 6).astype(np.int32)


def _first(edge: NDArray[np.int32], empty: _Ints, count: int, terminals: int) -> NDArray[np.uint64]:
    """Terminals that can come first from each node; empty edges lead forwards."""
    first = np.zeros((count, (terminals + 64) // 64), np.uint64)
    bits = np.uint64(1) << (edge[:, 1] & 63).astype(np.uint64)
    np.bitwise_or.at(first, (edge[:, 0], edge[:, 1] >> 6), bits)
    for source, target in empty[::-1].tolist():
        first[source] |= first[target]
    return first
