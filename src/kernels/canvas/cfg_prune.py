"""Nodes of a graph from which its end can be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..compiling import entry

__all__ = ["useful_nodes"]

_I64 = types.Array(types.int64, 1, "C")
_U8 = types.Array(types.uint8, 1, "C")


@entry([types.void(_I64, _I64, _U8)])
def _useful(source: Any, target: Any, found: Any) -> None:
    """Edges sorted by source are gone through backwards until nothing is new: once, but for cycles."""
    changed = True
    while changed:
        changed = False
        for k in range(source.size - 1, -1, -1):
            if found[target[k]] != 0 and found[source[k]] == 0:
                found[source[k]] = 1
                changed = True


def useful_nodes(source: NDArray[np.int64], target: NDArray[np.int64], count: int, end: int) -> NDArray[np.bool_]:
    """bool[count]: whether a path leads from each node to the end; edges ascend by source."""
    found = np.zeros(count, np.uint8)
    found[end] = 1
    _useful(source, target, found)
    return found.astype(np.bool_)
