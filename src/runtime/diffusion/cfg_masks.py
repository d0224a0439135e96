"""Token masks off the live edges of a canvas's lattice, from the last position to the first.

A token may stand at an open position if the path of one of its effects is live: every edge of it lies on the path of
some text. If effects are kept apart (``TokenNodes.apart``) the whole path of an effect is fixed by its first edge, and
the masks are exact. Otherwise edges are shared by effects that begin alike, so two live halves may belong to different
texts, and the masks are an upper bound, from which effects are dropped whose lexer state supports nothing behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .cfg_effects import TokenEffects
from .cfg_items import CanvasItems
from .cfg_keys import FINAL, PLACE, SET, ItemKind, key_kind, key_number, key_place, node_key
from .cfg_lattice import Lattice
from .cfg_nodes import Plan, TokenNodes

__all__ = ["MaskReader", "mask_rows"]

_Flags = NDArray[np.bool_]


class MaskReader:
    """The live effects at each position of one canvas.

    Args:
        nodes: the moves with which the lattice was built.
        found: the lattice.
        items: the text.
        live: whether each edge, and each empty edge, is live.
    """

    def __init__(self, nodes: TokenNodes, found: Lattice, items: CanvasItems, live: tuple[_Flags, _Flags]) -> None:
        self._nodes = nodes
        self._found = found
        self._items = items
        graph = found.graph
        labelled, empty = live
        size = len(found.keys)
        self._labels = int(graph.edge[-1, 0]) + 1
        sources = np.repeat(np.arange(size), np.diff(graph.edge_offset))
        codes = (sources * self._labels + graph.edge[:, 0]) * size + graph.edge[:, 1]
        self._codes: NDArray[np.int64] = codes[labelled]
        sources = np.repeat(np.arange(size), np.diff(graph.empty_offset))
        self._empty_codes: NDArray[np.int64] = (sources * size + graph.empty)[empty]
        self._labelled: frozenset[int] = frozenset()
        self._empty: frozenset[int] = frozenset()
        if not nodes.apart:
            self._labelled = frozenset(self._codes.tolist())
            self._empty = frozenset(self._empty_codes.tolist())
        self._rests: dict[tuple[int, int], _Flags] = {}
        self._supported: dict[tuple[int, int], _Flags] = {}
        self._sets: dict[int, list[int]] = {}
        for key in found.keys.tolist():
            if key_kind(key) == SET:
                self._sets.setdefault(key_place(key), []).append(key_number(key))

    def ends(self) -> list[int]:
        """Positions at which some text ends, ascending."""
        graph = self._found.graph
        found = []
        for place, position in self._items.ends.items():
            node = self._found.node(node_key(place, FINAL, 0, 0))
            code = (node * self._labels + self._labels - 1) * len(self._found.keys) + graph.final
            if node >= 0 and _within(np.array([code]), self._codes)[0]:
                found.append(position)
        return sorted(found)

    def effects(self) -> dict[int, _Flags]:
        """bool[effects] by open position: the effects that are live there."""
        if self._nodes.apart:
            return self._apart()
        found = {}
        for position in range(self._items.latest - 1, -1, -1):
            place = self._items.places[position]
            if self._items.items[place] is ItemKind.OPEN:
                flags = np.zeros(len(self._nodes.effects.sequence), np.bool_)
                for node in self._sets.get(place, ()):
                    self._add(flags, place, node)
                found[position] = flags
        return found

    def _apart(self) -> dict[int, _Flags]:
        """The same of effects that are kept apart, all at once: an effect is live if its first edge is."""
        flags: dict[int, _Flags] = {}
        parts: list[tuple[NDArray[np.int64], ...]] = []
        for position in range(self._items.latest):
            place = self._items.places[position]
            if self._items.items[place] is not ItemKind.OPEN:
                continue
            flags[position] = np.zeros(len(self._nodes.effects.sequence), np.bool_)
            for node in self._sets.get(place, ()):
                effects, head, target = self._nodes.first_edges(node)
                source = np.full(len(effects), node_key(place, SET, 0, node))
                parts.append((np.full(len(effects), position), effects, head, source, target + place * PLACE))
        if not parts:
            return flags
        positions, effects, head, source, target = (np.concatenate(part) for part in zip(*parts, strict=True))
        keys = self._found.keys
        size = len(keys)
        one = np.searchsorted(keys, source)
        other = np.minimum(np.searchsorted(keys, target), size - 1)
        live = _within(one * size + other, self._empty_codes) & (head == 0)
        offset, member = self._nodes.sets.emitted
        for at in range(int(np.diff(offset).max(initial=0))):
            emitting = np.flatnonzero((head > 0) & (offset[head] + at < offset[np.minimum(head + 1, len(offset) - 1)]))
            label = member[offset[head[emitting]] + at]
            live[emitting] |= _within((one[emitting] * self._labels + label) * size + other[emitting], self._codes)
        live &= keys[other] == target
        for position, chosen in flags.items():
            chosen[effects[live & (positions == position)]] = True
        return flags

    def _add(self, flags: _Flags, place: int, node: int) -> None:
        """The live effects of one lexer set, which decide which of its states support anything."""
        plan = self._nodes.token_plan(node)
        live = self._follow(node_key(place, SET, 0, node), place, plan)
        chosen = plan.effects[live]
        flags[chosen] = True
        origins = np.bitwise_or.reduce(self._nodes.effects.origin[chosen], axis=0, initial=0)
        members = np.array(self._nodes.sets.members[node])
        supported = (origins[members >> 6] >> (members & 63).astype(np.uint64)) & np.uint64(1) > 0
        if place in self._items.ends:
            supported |= self._ending(place, node, members)
        states = np.zeros(self._nodes.sets.lexer.states, np.bool_)
        states[members] = supported
        self._supported[place, node] = states

    def _ending(self, place: int, node: int, members: NDArray[np.int64]) -> _Flags:
        """Which states of a set let a text end there."""
        sets = self._nodes.sets
        key = node_key(place, SET, 0, node)
        ending = {one for one in sets.endings(node) if self._is_live(key, one, node_key(place, FINAL, 0, 0))}
        return np.array([not ending.isdisjoint(sets.lexer.endings(state)) for state in members.tolist()], np.bool_)

    def _follow(self, key: int, place: int, plan: Plan) -> _Flags:
        live = np.zeros(len(plan.effects), np.bool_)
        for number, chosen in plan.quiet:
            if self._is_live(key, 0, node_key(place + 1, SET, 0, number)):
                live[chosen] = self._supporting(place + 1, number, plan.after[chosen])
        for emission, rest, chosen, numbers in plan.emitting:
            if self._is_live(key, emission, self._nodes.rest_key(rest) + place * PLACE):
                live[chosen] = self._rest(place, rest)[numbers]
        return live

    def _rest(self, place: int, rest: int) -> _Flags:
        known = self._rests.get((place, rest))
        if known is None:
            plan = self._nodes.rest_plan(rest)
            key = self._nodes.rest_key(rest) + place * PLACE
            if plan.emitting:
                known = self._follow(key, place, plan)
            else:
                known = self._supporting(place + 1, key_number(key), plan.after)
            self._rests[place, rest] = known
        return known

    def _supporting(self, place: int, node: int, after: NDArray[np.int64]) -> _Flags:
        supported = self._supported.get((place, node))
        return np.ones(len(after), np.bool_) if supported is None else supported[after]

    def _is_live(self, source: int, emission: int, target: int) -> bool:
        one, other = self._found.node(source), self._found.node(target)
        if one < 0 or other < 0:
            return False
        size = len(self._found.keys)
        if emission == 0:
            return one * size + other in self._empty
        classes = self._nodes.sets.lexer.emissions[emission]
        return any((one * self._labels + cls) * size + other in self._labelled for cls in classes)


def _within(codes: NDArray[np.int64], ascending: NDArray[np.int64]) -> _Flags:
    """Which numbers are in an ascending array."""
    if not len(ascending):
        return np.zeros(len(codes), np.bool_)
    found = ascending[np.minimum(np.searchsorted(ascending, codes), len(ascending) - 1)]
    flags: _Flags = found == codes
    return flags


def token_row(effects: TokenEffects, live: _Flags, words: int) -> NDArray[np.uint32]:
    """uint32[words]: the tokens that have a live effect."""
    atoms = np.zeros(len(effects.atom_offset) - 1, np.bool_)
    if len(effects.atom):
        atoms[1:] = np.logical_or.reduceat(live[effects.atom], effects.atom_offset[1:-1])
    return pack_bits(atoms[effects.token_atom], words)


def pack_bits(flags: _Flags, words: int) -> NDArray[np.uint32]:
    """uint32[words]: bit t % 32 of word t // 32 is flag t."""
    padded = np.zeros(32 * words, np.bool_)
    padded[: len(flags)] = flags
    return np.packbits(padded, bitorder="little").view("<u4").astype(np.uint32)


def mask_rows(
    effects: TokenEffects,
    live: Mapping[int, _Flags],
    fixed: Mapping[int, int],
    ends: list[int],
    length: int,
    end_tokens: NDArray[np.int32],
) -> NDArray[np.uint32]:
    """uint32[L, W]: the masks of a canvas.

    Args:
        effects: of the tokens.
        live: bool[effects] by open position before the last possible end of the text.
        fixed: token by position.
        ends: positions at which the text may end; positions behind the first of them may be end tokens.
        length: L.
        end_tokens: the end tokens of the vocabulary.
    """
    words = (len(effects.token_atom) + 31) // 32
    rows = np.zeros((length, words), np.uint32)
    for position in range(length):
        if position in fixed:
            token = fixed[position]
            rows[position, token >> 5] = np.uint32(1 << (token & 31))
            continue
        if position in live:
            rows[position] = token_row(effects, live[position], words)
        if ends and ends[0] <= position:
            for token in end_tokens.tolist():
                rows[position, token >> 5] |= np.uint32(1 << (token & 31))
    return rows
