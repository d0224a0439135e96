"""Which spans of a graph each symbol of a binary grammar derives: the inside pass, top down, with bit-set rows.

A *row* (A, p) is the set of nodes q such that A derives the terminals of some path from p to q. Rows are made only
where a left context asks for them and A can begin with a terminal that leaves p, as in Earley's prediction; an
inference joins whole rows (64 nodes an operation)::

    A -> ε      (A, p) has p                                 terminal t   (t, p) has the targets of p's t-edges, and
    A -> B      (A, p) includes (B, p)                                    includes (t, p') for every empty edge p -> p'
    A -> B C    (A, p) includes (C, q) for every q of (B, p)

"Includes" is kept as a list of the rows that take what a row gains. Gains wait in words of their own and
are passed on in buckets, the last node first, and at one node what others begin with first: what a row is made of is
then complete when it is taken, and left recursion and cycles only cost another round.

Complexity: O(rules * Q^3 / 64) time, O(symbols * Q^2 / 64) words of space, Q nodes. The reference is the fixpoint of
the three lines above (tests/oracles/canvas_cfg.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ..compiling import entry, inner
from .cfg_arrays import CHART, GRAPH, RULES, Chart, Graph, Rules, bucket_of, lowest_bit, new_chart, possible

__all__ = ["Room", "inside"]

_INT = types.int64

ROWS, BITS, LINKS, WAITING, TOP, OPENED, FULL = range(7)
"""Places in ``Chart.state``: numbers of rows, words, links, waiting rows, the last bucket, rows to be
predicted, and what had no room (1 rows, 2 words, 3 links)."""


@inner(_INT(RULES, GRAPH, CHART, _INT, _INT))
def open_row(rules, graph, chart, symbol, node):
    """The row (symbol, node), made if it is new; -1 if it is useless or there is no room."""
    row = np.int64(chart.number[symbol, node])
    if row >= 0 or not possible(rules, graph, symbol, node):
        return row
    state = chart.state
    row = state[ROWS]
    size = chart.delta.size - graph.low[node]
    if row >= chart.symbol.size:
        state[FULL] = 1
        return -1
    if state[BITS] + size > chart.bits.size:
        state[FULL] = 2
        return -1
    chart.number[symbol, node] = row
    chart.symbol[row] = symbol
    chart.node[row] = node
    chart.begin[row] = state[BITS]
    chart.bits[state[BITS] : state[BITS] + size] = 0
    chart.gain[state[BITS] : state[BITS] + size] = 0
    chart.link_head[row] = -1
    chart.queued[row] = 0
    chart.opened[state[OPENED]] = row
    state[BITS] += size
    state[ROWS] = row + 1
    state[OPENED] += 1
    return row


@inner(types.void(RULES, CHART, _INT))
def schedule(rules, chart, row):
    """Put a row that is to gain bits into the bucket of its node, unless it waits there."""
    if chart.queued[row] != 0:
        return
    bucket = bucket_of(rules, chart, row)
    chart.queued[row] = 1
    chart.bucket_next[row] = chart.bucket[bucket]
    chart.bucket[bucket] = row
    chart.state[WAITING] += 1
    chart.state[TOP] = max(chart.state[TOP], bucket)


@inner(types.void(RULES, GRAPH, CHART, _INT, _INT))
def gain_node(rules, graph, chart, row, node):
    """Let a row gain one node."""
    low = np.int64(graph.low[chart.node[row]])
    chart.gain[chart.begin[row] + (node >> 6) - low] |= np.uint64(1) << np.uint64(node & 63)
    schedule(rules, chart, row)


@inner(types.void(RULES, GRAPH, CHART, _INT, _INT))
def include(rules, graph, chart, child, parent):
    """Let a row take what another has now, and all that it will gain."""
    state = chart.state
    link = state[LINKS]
    if link >= chart.link_next.size:
        state[FULL] = 3
        return
    chart.link_to[link] = parent
    chart.link_next[link] = chart.link_head[child]
    chart.link_head[child] = link
    state[LINKS] = link + 1
    low = np.int64(graph.low[chart.node[child]])
    size = chart.delta.size - low
    begin = chart.begin[parent] + low - graph.low[chart.node[parent]]
    source = chart.bits[chart.begin[child] : chart.begin[child] + size]
    has = chart.bits[begin : begin + size]
    gain = chart.gain[begin : begin + size]
    gained = np.uint64(0)
    for word in range(size):
        new = source[word] & ~has[word]
        gain[word] |= new
        gained |= new
    if gained:
        schedule(rules, chart, parent)


@inner(types.void(RULES, GRAPH, CHART, _INT, _INT))
def pass_on(rules, graph, chart, low, parent):
    """Let a row gain what stands in ``delta`` from word `low` on."""
    size = chart.delta.size - low
    begin = chart.begin[parent] + low - graph.low[chart.node[parent]]
    delta = chart.delta[low:]
    has = chart.bits[begin : begin + size]
    gain = chart.gain[begin : begin + size]
    gained = np.uint64(0)
    for word in range(size):
        new = delta[word] & ~has[word]
        gain[word] |= new
        gained |= new
    if gained:
        schedule(rules, chart, parent)


@inner(types.void(RULES, GRAPH, CHART, _INT, _INT, _INT, _INT, types.boolean))
def join(rules, graph, chart, row, left, right, low, fresh):
    """Row (A, p) of a rule A -> B C includes (C, q) for the q that (B, p) has (in ``delta`` if `fresh`)."""
    source = chart.begin[left] - low
    for word in range(low, chart.delta.size):
        found = chart.delta[word] if fresh else chart.bits[source + word]
        while found:
            node = 64 * word + lowest_bit(found)
            found &= found - np.uint64(1)
            child = open_row(rules, graph, chart, right, node)
            if child >= 0:
                include(rules, graph, chart, child, row)


@inner(types.void(RULES, GRAPH, CHART, _INT))
def predict(rules, graph, chart, row):
    """What a new row begins with, and the rows that it includes."""
    symbol = np.int64(chart.symbol[row])
    node = np.int64(chart.node[row])
    if rules.empty[symbol] != 0:
        gain_node(rules, graph, chart, row, node)
    if symbol <= rules.terminals:
        for k in range(graph.edge_offset[node], graph.edge_offset[node + 1]):
            if graph.edge[k, 0] == symbol:
                gain_node(rules, graph, chart, row, np.int64(graph.edge[k, 1]))
        for k in range(graph.empty_offset[node], graph.empty_offset[node + 1]):
            child = open_row(rules, graph, chart, symbol, np.int64(graph.empty[k]))
            if child >= 0:
                include(rules, graph, chart, child, row)
        return
    for k in range(rules.unit_offset[symbol], rules.unit_offset[symbol + 1]):
        child = open_row(rules, graph, chart, np.int64(rules.unit[k]), node)
        if child >= 0:
            include(rules, graph, chart, child, row)
    for k in range(rules.pair_offset[symbol], rules.pair_offset[symbol + 1]):
        child = open_row(rules, graph, chart, np.int64(rules.pair[k, 0]), node)
        if child >= 0:
            join(rules, graph, chart, row, child, np.int64(rules.pair[k, 1]), np.int64(graph.low[node]), False)


@inner(types.void(RULES, GRAPH, CHART, _INT))
def settle(rules, graph, chart, row):
    """Move what a row is to gain to what it has, and pass the new part on."""
    node = np.int64(chart.node[row])
    symbol = np.int64(chart.symbol[row])
    low = np.int64(graph.low[node])
    begin = chart.begin[row] - low
    gained = np.uint64(0)
    for word in range(low, chart.delta.size):
        new = chart.gain[begin + word] & ~chart.bits[begin + word]
        chart.delta[word] = new
        chart.gain[begin + word] = 0
        chart.bits[begin + word] |= new
        gained |= new
    if not gained:
        return
    link = np.int64(chart.link_head[row])
    while link >= 0:
        pass_on(rules, graph, chart, low, np.int64(chart.link_to[link]))
        link = np.int64(chart.link_next[link])
    for k in range(rules.left_offset[symbol], rules.left_offset[symbol + 1]):
        parent = np.int64(chart.number[rules.left[k, 0], node])
        if parent >= 0:
            join(rules, graph, chart, parent, row, np.int64(rules.left[k, 1]), low, True)


@entry([_INT(RULES, GRAPH, CHART)])
def _inside(rules: Any, graph: Any, chart: Any) -> int:
    """Fill a chart; returns what had no room, 0 if all had."""
    state = chart.state
    open_row(rules, graph, chart, rules.start, graph.start)
    while state[FULL] == 0:
        if state[OPENED] > 0:
            state[OPENED] -= 1
            predict(rules, graph, chart, np.int64(chart.opened[state[OPENED]]))
        elif state[WAITING] > 0:
            while chart.bucket[state[TOP]] < 0:
                state[TOP] -= 1
            row = np.int64(chart.bucket[state[TOP]])
            chart.bucket[state[TOP]] = chart.bucket_next[row]
            chart.queued[row] = 0
            state[WAITING] -= 1
            settle(rules, graph, chart, row)
        else:
            break
    full: int = int(state[FULL])
    return full


class Room:
    """How much room charts have needed so far, so that the next one is large enough from the start."""

    def __init__(self) -> None:
        self.rows = 1 << 12
        self.words = 1 << 16
        self.links = 1 << 14

    def grow(self, what: int) -> None:
        """Four times the room for rows, words or links (1 to 3)."""
        if what == 1:
            self.rows *= 4
        elif what == 2:
            self.words *= 4
        else:
            self.links *= 4


def inside(rules: Rules, graph: Graph, room: Room) -> Chart:
    """The chart of a grammar over a graph."""
    while True:
        chart = new_chart(rules, len(graph.low), room.rows, room.words, room.links)
        full = int(_inside(rules, graph, chart))
        if full == 0:
            return chart
        room.grow(full)
