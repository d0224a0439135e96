"""Which spans take part in a whole text: the outside pass over a chart of cfg_inside.py.

A span q of row (A, p) is *used* if some derivation of a path from the start to the end of the graph contains it. The
pass goes down from the whole text, every used span marking the spans that it is made of; rows are taken in the opposite
order of cfg_inside.py, because what a row is used for stands at or before it::

    q used in (A, p), A -> B          q used in (B, p) if it is there
                      A -> B C        m used in (B, p) and q in (C, m), for every m of (B, p) with q in (C, m)
    q used in (t, p), p -> p' empty   q used in (t, p') if it is there
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..compiling import entry, inner
from .cfg_arrays import CHART, GRAPH, RULES, Chart, Graph, Rules, bucket_of, lowest_bit
from .cfg_inside import TOP, WAITING

__all__ = ["outside"]

_INT = types.int64
_U64 = types.Array(types.uint64, 1, "C")


@inner(types.void(RULES, CHART, _INT))
def schedule_first(rules, chart, row):
    """Put a row into the bucket of its node, unless it waits there."""
    if chart.queued[row] != 0:
        return
    bucket = bucket_of(rules, chart, row)
    chart.queued[row] = 1
    chart.bucket_next[row] = chart.bucket[bucket]
    chart.bucket[bucket] = row
    chart.state[WAITING] += 1
    chart.state[TOP] = min(chart.state[TOP], bucket)


@inner(types.boolean(RULES, GRAPH, CHART, _U64, _INT, _INT))
def use(rules, graph, chart, used, low, row):
    """Mark the spans of a row that stand in ``delta`` from word `low` on; whether it has any, marked before or not."""
    own = np.int64(graph.low[chart.node[row]])
    first = max(low, own)
    size = chart.delta.size - first
    begin = chart.begin[row] + first - own
    delta = chart.delta[first:]
    bits = chart.bits[begin : begin + size]
    before = used[begin : begin + size]
    gain = chart.gain[begin : begin + size]
    gained = np.uint64(0)
    found = np.uint64(0)
    for word in range(size):
        here = delta[word] & bits[word]
        new = here & ~before[word]
        gain[word] |= new
        found |= here
        gained |= new
    if gained:
        schedule_first(rules, chart, row)
    return found != 0


@inner(types.void(RULES, GRAPH, CHART, _U64, _INT, _INT, _INT))
def use_pair(rules, graph, chart, used, left, right, low):
    """Mark what a rule A -> B C, B at row `left`, contributes to the spans in ``delta``."""
    begin = chart.begin[left] - low
    gained = False
    for word in range(low, chart.delta.size):
        found = chart.bits[begin + word]
        while found:
            bit = found & (~found + np.uint64(1))
            found ^= bit
            child = np.int64(chart.number[right, 64 * word + lowest_bit(bit)])
            if child < 0 or not use(rules, graph, chart, used, low, child):
                continue
            if used[begin + word] & bit == 0:
                chart.gain[begin + word] |= bit
                gained = True
    if gained:
        schedule_first(rules, chart, left)


@inner(types.void(RULES, GRAPH, CHART, _U64, _INT))
def descend(rules, graph, chart, used, row):
    """Move what is newly used of a row into what is used, and mark what it is made of."""
    node = np.int64(chart.node[row])
    symbol = np.int64(chart.symbol[row])
    low = np.int64(graph.low[node])
    begin = chart.begin[row] - low
    for word in range(low, chart.delta.size):
        new = chart.gain[begin + word] & ~used[begin + word]
        chart.delta[word] = new
        chart.gain[begin + word] = 0
        used[begin + word] |= new
    if symbol <= rules.terminals:
        for k in range(graph.empty_offset[node], graph.empty_offset[node + 1]):
            child = np.int64(chart.number[symbol, graph.empty[k]])
            if child >= 0:
                use(rules, graph, chart, used, low, child)
        return
    for k in range(rules.unit_offset[symbol], rules.unit_offset[symbol + 1]):
        child = np.int64(chart.number[rules.unit[k], node])
        if child >= 0:
            use(rules, graph, chart, used, low, child)
    for k in range(rules.pair_offset[symbol], rules.pair_offset[symbol + 1]):
        child = np.int64(chart.number[rules.pair[k, 0], node])
        if child >= 0:
            use_pair(rules, graph, chart, used, child, np.int64(rules.pair[k, 1]), low)


@entry([types.boolean(RULES, GRAPH, CHART, _U64)])
def _outside(rules: Any, graph: Any, chart: Any, used: Any) -> bool:
    """Fill `used`, laid out as ``chart.bits``; False if no text is derived."""
    row = np.int64(chart.number[rules.start, graph.start])
    if row < 0:
        return False
    low = np.int64(graph.low[graph.start])
    final = np.int64(graph.final)
    bit = np.uint64(1) << np.uint64(final & 63)
    if chart.bits[chart.begin[row] + (final >> 6) - low] & bit == 0:
        return False
    chart.gain[chart.begin[row] + (final >> 6) - low] = bit
    state = chart.state
    state[TOP] = bucket_of(rules, chart, row)
    schedule_first(rules, chart, row)
    while state[WAITING] > 0:
        while chart.bucket[state[TOP]] < 0:
            state[TOP] += 1
        row = np.int64(chart.bucket[state[TOP]])
        chart.bucket[state[TOP]] = chart.bucket_next[row]
        chart.queued[row] = 0
        state[WAITING] -= 1
        descend(rules, graph, chart, used, row)
    return True


def outside(rules: Rules, graph: Graph, chart: Chart) -> NDArray[np.uint64] | None:
    """The used spans of a filled chart, words laid out as ``chart.bits``; None if no text is derived."""
    used = np.zeros(int(chart.state[1]), np.uint64)
    return used if _outside(rules, graph, chart, used) else None
