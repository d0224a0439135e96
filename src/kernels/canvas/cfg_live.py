"""Which edges of a graph lie on a path of some text: read off the used spans of cfg_outside.py.

An edge (p, t, q) is live if the span q of row (t, p) is used; an empty edge p -> p' if a terminal whose span is used
from p has it from p' too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..compiling import entry
from .cfg_arrays import CHART, GRAPH, RULES, Chart, Graph, Rules

__all__ = ["live_edges"]

_U64 = types.Array(types.uint64, 1, "C")
_U8 = types.Array(types.uint8, 1, "C")


@entry([types.void(RULES, GRAPH, CHART, _U64, _U8, _U8)])
def _live(rules: Any, graph: Any, chart: Any, used: Any, labelled: Any, empty: Any) -> None:
    words = chart.delta.size
    for node in range(graph.low.size):
        low = np.int64(graph.low[node])
        for k in range(graph.edge_offset[node], graph.edge_offset[node + 1]):
            row = chart.number[graph.edge[k, 0], node]
            if row >= 0:
                target = np.int64(graph.edge[k, 1])
                word = used[chart.begin[row] - low + (target >> 6)]
                labelled[k] = (word >> np.uint64(target & 63)) & np.uint64(1)
        for k in range(graph.empty_offset[node], graph.empty_offset[node + 1]):
            target = np.int64(graph.empty[k])
            other_low = np.int64(graph.low[target])
            shared = np.uint64(0)
            for terminal in range(rules.terminals + 1):
                row = chart.number[terminal, node]
                other = chart.number[terminal, target]
                if row >= 0 and other >= 0:
                    for word in range(other_low, words):
                        shared |= (
                            used[chart.begin[row] - low + word] & chart.bits[chart.begin[other] - other_low + word]
                        )
            empty[k] = shared != 0


def live_edges(
    rules: Rules, graph: Graph, chart: Chart, used: NDArray[np.uint64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """bool, for each edge and each empty edge of the graph."""
    labelled = np.zeros(len(graph.edge), np.uint8)
    empty = np.zeros(len(graph.empty), np.uint8)
    _live(rules, graph, chart, used, labelled, empty)
    return labelled.astype(np.bool_), empty.astype(np.bool_)
