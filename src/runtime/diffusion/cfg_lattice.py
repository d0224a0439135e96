"""Canvases as graphs over terminals: bytes, open tokens and holes in a row, from the start of the text to its end.

A text is a list of *items*; a node stands at the place of an item and says what the lexer may be in the middle of
(cfg_nodes.py)::

    items       b"{"      OPEN             HOLE                    end
    nodes    (0, start) ─ (1, set) ─ (1, rest) ─ (2, set) ⟲ hole ─ (3, set) ─ F3 ──END── D
                          one token          any string             └ pending lexeme

Bytes of a run are followed to the end of their lexeme at once. From a node each emission leads to one node, by an edge
for every class of terminals in it; an empty edge leads on where nothing is emitted. A text may end at every place of
`ends`, where its last lexeme is emitted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ...kernels.canvas.cfg_arrays import Graph
from .cfg_nodes import LexerSets, TokenNodes

__all__ = ["Item", "ItemKind", "Lattice", "NodeKey", "final_key", "lattice", "rest_key", "set_key"]


class ItemKind(Enum):
    """An item that is not a byte."""

    OPEN = "one token"
    HOLE = "any string"


Item = int | ItemKind
"""A byte (0 to 255), an open token, or a hole."""

NodeKey = tuple[int, int, int, int]
"""(place, kind, order within the kind, number): sorted, keys are in the order of the paths."""

SET, INNER, FINAL, DONE = range(4)
"""Kinds of nodes: a lexer set; a rest set, a node between two emissions of one byte, or within a hole; the end."""


@dataclass(slots=True)
class Lattice:
    """A graph with the meaning of its nodes.

    Attributes:
        graph: for the kernels.
        keys: of the nodes, ascending.
        index: node of each key.
    """

    graph: Graph
    keys: list[NodeKey]
    index: dict[NodeKey, int]


def final_key(place: int) -> NodeKey:
    """The node where a text that ends at a place has emitted all."""
    return (place, FINAL, 0, 0)


def set_key(place: int, node: int) -> NodeKey:
    """The node of a lexer set at a place."""
    return (place, SET, 0, node)


def rest_key(nodes: TokenNodes, place: int, rest: int) -> NodeKey:
    """The node of a rest set, which is the lexer set behind the token if nothing can be emitted any more."""
    move = nodes.after_rest(rest)
    if not move.emitting:
        return (place + 1, SET, 0, move.quiet[0])
    return (place, INNER, -nodes.longest[rest], rest)


class _Builder:
    """Follows the items from every node that is reached."""

    def __init__(self, sets: LexerSets, nodes: TokenNodes | None, items: Sequence[Item], ends: Collection[int]) -> None:
        self._sets = sets
        self._nodes = nodes
        self._items = items
        self._ends = ends
        self._edges: list[tuple[NodeKey, int, NodeKey]] = []
        self._seen: set[NodeKey] = set()
        self._waiting: list[list[NodeKey]] = [[] for _ in range(len(items) + 1)]
        self._pairs: dict[tuple[int, int, int], int] = {}

    def edges(self) -> list[tuple[NodeKey, int, NodeKey]]:
        """All edges of reachable nodes."""
        done = (len(self._items) + 1, DONE, 0, 0)
        self._reach((0, SET, 0, self._sets.start))
        for place in range(len(self._items) + 1):
            for key in self._waiting[place]:
                if key[1] == SET:
                    self._leave_set(key)
                elif key[1] == INNER:
                    self._leave_inner(key)
            if place in self._ends:
                self._edges.append((final_key(place), -1, done))
        return self._edges

    def _reach(self, key: NodeKey) -> NodeKey:
        if key not in self._seen:
            self._seen.add(key)
            self._waiting[key[0]].append(key)
        return key

    def _edge(self, source: NodeKey, emission: int, target: NodeKey) -> None:
        self._edges.append((source, emission, self._reach(target)))

    def _leave_set(self, key: NodeKey) -> None:
        place, _, _, node = key
        if place in self._ends:
            self._end(key)
        if place == len(self._items):
            return
        item = self._items[place]
        if item is ItemKind.OPEN:
            self._open(key)
        elif item is ItemKind.HOLE:
            self._edge(key, 0, (place, INNER, 0, self._sets.closed(node)))
        else:
            self._run(key)

    def _end(self, key: NodeKey) -> None:
        for emission in self._sets.endings(key[3]):
            self._edges.append((key, emission, final_key(key[0])))

    def _run(self, key: NodeKey) -> None:
        """Follow bytes until no lexeme goes on."""
        place, _, _, node = key
        while True:
            item = self._items[place] if place < len(self._items) else None
            if not isinstance(item, int):
                self._edge(key, 0, (place, SET, 0, node))
                return
            move = self._sets.after_byte(node, item)
            place += 1
            for one, two, after in move.emitting:
                self._emit(key, one, two, (place, SET, 0, after), place - 1)
            if not move.quiet:
                return
            node = move.quiet[0]
            if place in self._ends:
                self._edge(key, 0, (place, SET, 0, node))
                return

    def _emit(self, key: NodeKey, one: int, two: int, target: NodeKey, place: int) -> None:
        """One or two emissions, with a node between them."""
        if not two:
            self._edge(key, one, target)
            return
        number = self._pairs.setdefault((two, target[1], target[3]), len(self._pairs))
        between = (place, INNER, 1, number)
        if between not in self._seen:
            self._seen.add(between)
            self._edges.append((between, two, self._reach(target)))
        self._edges.append((key, one, between))

    def _open(self, key: NodeKey) -> None:
        nodes = self._token_nodes()
        place = key[0]
        move = nodes.after_token(key[3])
        for after in move.quiet:
            self._edge(key, 0, (place + 1, SET, 0, after))
        for emission, rest in move.emitting:
            self._edge(key, emission, rest_key(self._token_nodes(), place, rest))

    def _leave_inner(self, key: NodeKey) -> None:
        place, _, _, node = key
        if self._items[place] is ItemKind.HOLE:
            self._edge(key, 0, (place + 1, SET, 0, node))
            for one, two, after in self._sets.after_anything(node).emitting:
                self._emit(key, one, two, (place, INNER, 0, after), place)
            return
        move = self._token_nodes().after_rest(node)
        for after in move.quiet:
            self._edge(key, 0, (place + 1, SET, 0, after))
        for emission, rest in move.emitting:
            self._edge(key, emission, rest_key(self._token_nodes(), place, rest))

    def _token_nodes(self) -> TokenNodes:
        if self._nodes is None:
            raise ValueError("open items need the moves over tokens")
        return self._nodes


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
        ends: places (0 to the number of items) where the text may end; what follows such a place is not read then.
        terminals: number of classes of terminals, which is also the number of END.
        nodes: moves over tokens; needed if an item is open.

    Returns:
        the graph of the nodes from which the text can end; None if there is none.
    """
    edges = _Builder(sets, nodes, items, ends).edges()
    start = (0, SET, 0, sets.start)
    done = (len(items) + 1, DONE, 0, 0)
    kept = _useful(edges, done)
    if start not in kept:
        return None
    keys = sorted(kept)
    index = {key: node for node, key in enumerate(keys)}
    edges = [edge for edge in edges if edge[0] in index and edge[2] in index]
    return Lattice(_graph(edges, keys, index, sets, terminals, items), keys, index)


def _useful(edges: list[tuple[NodeKey, int, NodeKey]], done: NodeKey) -> set[NodeKey]:
    """Nodes from which the end can be reached."""
    sources: dict[NodeKey, list[NodeKey]] = {}
    for source, _, target in edges:
        sources.setdefault(target, []).append(source)
    kept = {done}
    pending = [done]
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source not in kept:
                kept.add(source)
                pending.append(source)
    return kept


def _graph(
    edges: list[tuple[NodeKey, int, NodeKey]],
    keys: list[NodeKey],
    index: dict[NodeKey, int],
    sets: LexerSets,
    terminals: int,
    items: Sequence[Item],
) -> Graph:
    """Arrays; an edge for every class of an emission."""
    classes = sets.lexer.emissions
    labelled: set[tuple[int, int, int]] = set()
    empty: set[tuple[int, int]] = set()
    for source, emission, target in edges:
        if emission == 0:
            empty.add((index[source], index[target]))
        elif emission < 0:
            labelled.add((index[source], terminals, index[target]))
        else:
            labelled.update((index[source], one, index[target]) for one in classes[emission])
    count = len(keys)
    edge = np.array(sorted(labelled), np.int32).reshape(-1, 3)
    quiet = np.array(sorted(empty), np.int32).reshape(-1, 2)
    nodes = np.arange(count + 1)
    return Graph(
        start=0,
        final=count - 1,
        edge_offset=np.searchsorted(edge[:, 0], nodes).astype(np.int32),
        edge=np.ascontiguousarray(edge[:, 1:]),
        empty_offset=np.searchsorted(quiet[:, 0], nodes).astype(np.int32),
        empty=np.ascontiguousarray(quiet[:, 1]),
        low=_lowest(keys, items),
        first=_first(edge, quiet, count, terminals),
    )


def _lowest(keys: list[NodeKey], items: Sequence[Item]) -> NDArray[np.int32]:
    """Word of the first node that can be reached: the node itself, but within a hole the first one of the hole."""
    low = np.arange(len(keys))
    hole = -1
    for node, (place, kind, _, _) in enumerate(keys):
        if kind == INNER and place < len(items) and items[place] is ItemKind.HOLE:
            hole = hole if hole >= 0 else node
            low[node] = hole
        else:
            hole = -1
    return (low >> 6).astype(np.int32)


def _first(edge: NDArray[np.int32], quiet: NDArray[np.int32], count: int, terminals: int) -> NDArray[np.uint64]:
    """Terminals that can come first from each node; empty edges lead forwards."""
    first = np.zeros((count, (terminals + 64) // 64), np.uint64)
    bits = np.uint64(1) << (edge[:, 1] & 63).astype(np.uint64)
    np.bitwise_or.at(first, (edge[:, 0], edge[:, 1] >> 6), bits)
    for source, target in quiet[::-1].tolist():
        first[source] |= first[target]
    return first
