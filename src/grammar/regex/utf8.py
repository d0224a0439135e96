"""The UTF-8 of a language: from an automaton over code points to one over bytes.

One *decoder* serves all states: a trie of the byte sequences of UTF-8, whose leaves are character classes and whose
equal subtrees are shared. Well-formed sequences only (Unicode 17, table 3-7): no overlong forms, no surrogates::

    lead      next      rest         code points
    00..7F                           0000 .. 007F
    C2..DF                80..BF     0080 .. 07FF
    E0        A0..BF      80..BF     0800 .. 0FFF
    E1..EC    80..BF      80..BF     1000 .. CFFF
    ED        80..9F      80..BF     D000 .. D7FF
    EE..EF    80..BF      80..BF     E000 .. FFFF
    F0        90..BF   2x 80..BF     10000 .. 3FFFF
    F1..F3    80..BF   2x 80..BF     40000 .. FFFFF
    F4        80..8F   2x 80..BF     100000 .. 10FFFF

A byte state is a pair (state, decoder node), of which minimisation keeps those that differ. Bytes that no decoder node
tells apart share a column until the end.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from .automata import DEFAULT_LIMITS, ByteDfa, CharDfa, RegexLimits
from .minimise import minimal

__all__ = ["to_bytes"]

_NOWHERE = -1


class _Decoder(NamedTuple):
    """Decoder nodes; node 0 is the root, between characters.

    Attributes:
        table: int32[N, B]; by byte column: -1, a node, or N + the class of the character that is now complete.
        column: int32[256]; the column of each byte.
    """

    table: NDArray[np.int32]
    column: NDArray[np.int32]


class _Builder:
    def __init__(self, bounds: tuple[int, ...], classes: tuple[int, ...], live: frozenset[int]) -> None:
        self.bounds = bounds
        self.classes = classes
        self.live = live
        self.nodes: list[tuple[tuple[int, int, int], ...]] = []
        self._numbers: dict[tuple[tuple[int, int, int], ...], int] = {}
        self._uniform: dict[tuple[int, int, int, int], int] = {}

    def single(self, low: int, high: int) -> int | None:
        """The class of all code points from low to high; None if there are several."""
        piece = bisect_right(self.bounds, low) - 1
        end = self.bounds[piece + 1] if piece + 1 < len(self.bounds) else 0x110000
        return self.classes[piece] if high < end else None

    def add(self, edges: list[tuple[int, int, int]]) -> int:
        """The node with the edges (byte, is a leaf, class or node)."""
        key = tuple(edges)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.nodes)
            self.nodes.append(key)
        return found

    def leaf(self, byte: int, code_point: int, edges: list[tuple[int, int, int]]) -> None:
        group = self.classes[bisect_right(self.bounds, code_point) - 1]
        if group in self.live:
            edges.append((byte, 1, group))

    def continuation(self, base: int, count: int, low: int = 0x80, high: int = 0xBF) -> int | None:
        """The node before ``count`` continuation bytes, the first from low to high; None if only dead classes follow.

        ``base`` is the code point if all of them were 80.
        """
        span = 64 ** (count - 1)
        same = self.single(base + (low - 0x80) * span, base + (high - 0x80 + 1) * span - 1)
        if same is not None:
            if same not in self.live:
                return None
            found = self._uniform.get((same, count, low, high))
            if found is not None:
                return found
        edges: list[tuple[int, int, int]] = []
        for byte in range(low, high + 1):
            point = base + (byte - 0x80) * span
            if count == 1:
                self.leaf(byte, point, edges)
            else:
                child = self.continuation(point, count - 1)
                if child is not None:
                    edges.append((byte, 0, child))
        if not edges:
            return None
        node = self.add(edges)
        if same is not None:
            self._uniform[same, count, low, high] = node
        return node

    def root(self) -> int:
        edges: list[tuple[int, int, int]] = []
        for byte in range(0x80):
            self.leaf(byte, byte, edges)
        for byte in range(0xC2, 0xF5):
            if byte < 0xE0:
                child = self.continuation((byte - 0xC0) << 6, 1)
            elif byte < 0xF0:
                # ED A0..BF would be surrogates: their class is dead, so they need no rule here.
                child = self.continuation((byte - 0xE0) << 12, 2, 0xA0 if byte == 0xE0 else 0x80)
            else:
                low, high = (0x90 if byte == 0xF0 else 0x80), (0x8F if byte == 0xF4 else 0xBF)
                child = self.continuation((byte - 0xF0) << 18, 3, low, high)
            if child is not None:
                edges.append((byte, 0, child))
        return self.add(edges)


@lru_cache(maxsize=64)
def _decoder(bounds: tuple[int, ...], classes: tuple[int, ...], live: frozenset[int]) -> _Decoder:
    builder = _Builder(bounds, classes, live)
    root = builder.root()
    size = len(builder.nodes)
    # The root is made last; number the nodes backwards, so that it is node 0.
    full = np.full((size, 256), _NOWHERE, np.int32)
    for node, edges in enumerate(builder.nodes):
        for byte, is_leaf, target in edges:
            full[root - node, byte] = size + target if is_leaf else root - target
    columns, column = np.unique(full, axis=1, return_inverse=True)
    return _Decoder(np.ascontiguousarray(columns), column.reshape(-1).astype(np.int32))


def to_bytes(dfa: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> ByteDfa:
    """The UTF-8 encodings of the texts of a language; minimal and canonical.

    O(n N B) time and memory for n states, N decoder nodes and B byte columns.

    Raises:
        LimitError: the table would exceed ``limits.bytes``.
    """
    if not dfa.start:
        return ByteDfa(np.zeros((1, 256), np.int32), np.zeros(1, np.uint8), 0)
    live = frozenset(np.flatnonzero(dfa.trans.any(axis=0)).tolist())
    table, column = _decoder(tuple(dfa.bounds.tolist()), tuple(dfa.classes.tolist()), live)
    nodes, width = table.shape
    if 4 * dfa.states * max(nodes * width, 256) > limits.bytes:
        raise LimitError(
            f"the UTF-8 automaton of {dfa.states} states takes more than {limits.bytes} bytes",
            hint="run the code-point automaton with a separate decoder, or raise RegexLimits.bytes",
        )
    # Byte state of (state, node) is state * nodes + node; the dead state is any of state 0, here 0.
    base = (np.arange(dfa.states, dtype=np.int32) * nodes)[:, None, None]
    is_leaf = table >= nodes
    at_leaf = dfa.trans[:, np.where(is_leaf, table - nodes, 0)] * np.int32(nodes)
    trans = np.where(is_leaf[None], at_leaf, np.where(table[None] >= 0, base + table[None], 0))
    trans[0] = 0
    accept = np.zeros((dfa.states, nodes), np.uint8)
    accept[:, 0] = dfa.accept
    small = minimal(
        np.ascontiguousarray(trans.reshape(-1, width), np.int32), accept.reshape(-1), dfa.start * nodes, column.tolist()
    )
    return ByteDfa(np.ascontiguousarray(small.trans[:, small.merged[column]]), small.accept, 1)
