"""What the passes over a grammar and a graph read and fill: three named tuples of arrays, and their types.

::

    Rules   a binary grammar         (grammar/cfg/binary.py)
    Graph   nodes and edges          with terminals or empty; numbered so that edges lead forwards but for cycles
    Chart   rows (symbol, node)      bits[begin[row]:]  = the nodes that it reaches, from word low[node] on
                                     gain[begin[row]:]  = the nodes that wait to be passed on
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..compiling import inner

__all__ = ["CHART", "GRAPH", "RULES", "Chart", "Graph", "Rules", "bucket_of", "lowest_bit", "new_chart", "possible"]

_I64 = types.int64
_I32_LIST = types.Array(types.int32, 1, "C")
_I64_LIST = types.Array(types.int64, 1, "C")
_U64_LIST = types.Array(types.uint64, 1, "C")
_U8_LIST = types.Array(types.uint8, 1, "C")
_I32_ROWS = types.Array(types.int32, 2, "C")
_U64_ROWS = types.Array(types.uint64, 2, "C")


class Rules(NamedTuple):
    """A grammar of n symbols, the first ``terminals`` + 1 of them terminals; see ``BinaryGrammar``."""

    terminals: int
    start: int
    empty: NDArray[np.uint8]
    nullable: NDArray[np.uint8]
    first: NDArray[np.uint64]
    unit_offset: NDArray[np.int32]
    unit: NDArray[np.int32]
    pair_offset: NDArray[np.int32]
    pair: NDArray[np.int32]
    left_offset: NDArray[np.int32]
    left: NDArray[np.int32]
    levels: int
    level: NDArray[np.int32]


class Graph(NamedTuple):
    """A graph of Q nodes.

    Attributes:
        start: the node where texts begin.
        final: the node where they end, the target of an edge with the terminal END.
        edge_offset, edge: int32[., 2]; (terminal, target) by node.
        empty_offset, empty: int32; targets of the empty edges, by node.
        low: int32[Q]; word (of 64 nodes) of the first node that can be reached from each node.
        first: uint64[Q, words]; terminals that can come first from each node.
    """

    start: int
    final: int
    edge_offset: NDArray[np.int32]
    edge: NDArray[np.int32]
    empty_offset: NDArray[np.int32]
    empty: NDArray[np.int32]
    low: NDArray[np.int32]
    first: NDArray[np.uint64]


class Chart(NamedTuple):
    """The rows of one grammar over one graph.

    Attributes:
        number: int32[n, Q]; the row (symbol, node), -1 if there is none.
        symbol, node: int32; of each row.
        begin: int64; where its words are.
        bits: uint64; the words.
        gain: uint64; laid out alike, what rows are to gain.
        link_head, link_next, link_to: int32; the rows that take what a row gains, as linked lists.
        bucket, bucket_next: int32; rows that wait, by node, then highest level first.
        queued: uint8; whether a row waits.
        opened: int32; rows still to be predicted.
        delta: uint64[words of Q]; work space.
        state: int64[8]; see the constants of cfg_inside.py.
    """

    number: NDArray[np.int32]
    symbol: NDArray[np.int32]
    node: NDArray[np.int32]
    begin: NDArray[np.int64]
    bits: NDArray[np.uint64]
    gain: NDArray[np.uint64]
    link_head: NDArray[np.int32]
    link_next: NDArray[np.int32]
    link_to: NDArray[np.int32]
    bucket: NDArray[np.int32]
    bucket_next: NDArray[np.int32]
    queued: NDArray[np.uint8]
    opened: NDArray[np.int32]
    delta: NDArray[np.uint64]
    state: NDArray[np.int64]


RULES: Any = types.NamedTuple(
    (
        *(_I64, _I64, _U8_LIST, _U8_LIST, _U64_ROWS, _I32_LIST, _I32_LIST, _I32_LIST, _I32_ROWS, _I32_LIST, _I32_ROWS),
        *(_I64, _I32_LIST),
    ),
    Rules,
)
GRAPH: Any = types.NamedTuple(
    (_I64, _I64, _I32_LIST, _I32_ROWS, _I32_LIST, _I32_LIST, _I32_LIST, _U64_ROWS),
    Graph,
)
CHART: Any = types.NamedTuple(
    (
        *(_I32_ROWS, _I32_LIST, _I32_LIST, _I64_LIST, _U64_LIST, _U64_LIST, _I32_LIST, _I32_LIST, _I32_LIST),
        *(_I32_LIST, _I32_LIST, _U8_LIST, _I32_LIST, _U64_LIST, _I64_LIST),
    ),
    Chart,
)


def new_chart(rules: Rules, nodes: int, rows: int, words: int, links: int) -> Chart:
    """An empty chart with room for some rows, words of bits and links."""
    symbols = len(rules.empty)
    return Chart(
        number=np.full((symbols, nodes), -1, np.int32),
        symbol=np.empty(rows, np.int32),
        node=np.empty(rows, np.int32),
        begin=np.empty(rows, np.int64),
        bits=np.empty(words, np.uint64),
        gain=np.empty(words, np.uint64),
        link_head=np.empty(rows, np.int32),
        link_next=np.empty(links, np.int32),
        link_to=np.empty(links, np.int32),
        bucket=np.full(nodes * rules.levels, -1, np.int32),
        bucket_next=np.empty(rows, np.int32),
        queued=np.zeros(rows, np.uint8),
        opened=np.empty(rows, np.int32),
        delta=np.zeros((nodes + 63) // 64, np.uint64),
        state=np.zeros(8, np.int64),
    )


@inner(_I64(types.uint64))
def lowest_bit(word):
    """Number of the lowest bit set; the word is not 0."""
    count = np.int64(0)
    if word & np.uint64(0xFFFFFFFF) == 0:
        count += 32
        word >>= np.uint64(32)
    if word & np.uint64(0xFFFF) == 0:
        count += 16
        word >>= np.uint64(16)
    if word & np.uint64(0xFF) == 0:
        count += 8
        word >>= np.uint64(8)
    while word & np.uint64(1) == 0:
        count += 1
        word >>= np.uint64(1)
    return count


@inner(_I64(RULES, CHART, _I64))
def bucket_of(rules, chart, row):
    """The bucket of a row: within those of its node, what begins with others stands before them."""
    return (np.int64(chart.node[row]) + 1) * rules.levels - 1 - np.int64(rules.level[chart.symbol[row]])


@inner(types.boolean(RULES, GRAPH, _I64, _I64))
def possible(rules, graph, symbol, node):
    """Whether a symbol can be empty or begin with a terminal that leaves a node."""
    if rules.nullable[symbol] != 0:
        return True
    shared = np.uint64(0)
    for word in range(rules.first.shape[1]):
        shared |= rules.first[symbol, word] & graph.first[node, word]
    return shared != 0
