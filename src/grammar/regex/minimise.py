"""Minimal automata in canonical numbering, around the kernels of ``kernels/minimise.py``.

::

    trans, accept  --refine-->  blocks of equal states  --one state a block-->  quotient
                   --number breadth first, merge equal columns-->  canonical table
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .automata import CharDfa

__all__ = ["Minimal", "canonical", "minimal"]

_PART = 2  # the row of a partition that holds the part of each element


class Minimal(NamedTuple):
    """A canonical automaton over merged classes.

    Attributes:
        trans: int32[m, L]; state 0 is dead, 1 the start if any text is accepted.
        accept: uint8[m].
        merged: int32[K]; the new class of each old one.
    """

    trans: NDArray[np.int32]
    accept: NDArray[np.uint8]
    merged: NDArray[np.int32]


def minimal(trans: NDArray[np.int32], accept: NDArray[np.uint8], start: int, order: Iterable[int]) -> Minimal:
    """The minimal trimmed automaton, numbered canonically.

    Args:
        trans: int32[n, K], C-contiguous; total, with row 0 all 0.
        accept: uint8[n]; ``accept[0] == 0``.
        start: the start state.
        order: the K classes in order of first appearance; repetitions do no harm.

    O(n K log n) time.
    """
    from ...kernels.minimise import ROWS, breadth_first, refine

    states, groups = trans.shape
    edges = states * groups
    blocks = np.zeros((ROWS, states + 1), np.int32)
    cords = np.zeros((ROWS, edges + 1), np.int32)
    parts = refine(trans, accept, blocks, cords, np.zeros(states + 2, np.int32), np.empty(edges, np.int32))
    block = blocks[_PART, :states]
    dead, first = int(block[0]), int(block[start])
    if first == dead:
        return Minimal(np.zeros((1, 1), np.int32), np.zeros(1, np.uint8), np.zeros(groups, np.int32))
    sample = np.empty(parts, np.int32)
    sample[block] = np.arange(states, dtype=np.int32)
    ordered = list(dict.fromkeys(order))
    quotient = np.ascontiguousarray(block[trans[sample]][:, ordered])
    number = np.zeros(parts, np.int32)
    visited = np.empty(parts, np.int32)
    count = breadth_first(quotient, first, dead, visited, number)
    chosen = visited[:count]
    table, place = _merge_columns(number[quotient[chosen]])
    merged = np.empty(groups, np.int32)
    merged[ordered] = place
    return Minimal(table, accept[sample[chosen]], merged)


def _merge_columns(table: NDArray[np.int32]) -> tuple[NDArray[np.int32], list[int]]:
    """The table with each distinct column once, in order of first appearance; and the new place of each column."""
    columns = np.ascontiguousarray(table.T)
    places: list[int] = []
    kept: list[int] = []
    numbers: dict[bytes, int] = {}
    for index, column in enumerate(columns):
        number = numbers.setdefault(column.tobytes(), len(kept))
        if number == len(kept):
            kept.append(index)
        places.append(number)
    return np.ascontiguousarray(columns[kept].T), places


def canonical(
    trans: NDArray[np.int32],
    accept: NDArray[np.uint8],
    start: int,
    bounds: tuple[int, ...] | NDArray[np.int32],
    classes: tuple[int, ...] | NDArray[np.int32],
) -> CharDfa:
    """The canonical automaton of any total one with state 0 dead; see :mod:`.automata`."""
    pieces = np.array(classes, np.int32)
    small = minimal(trans, accept, start, pieces.tolist())
    groups = small.merged[pieces]
    keep = np.ones(len(groups), np.bool_)
    np.not_equal(groups[1:], groups[:-1], out=keep[1:])
    edges = np.array(bounds, np.int32)[keep]
    return CharDfa(small.trans, small.accept, edges, groups[keep], 1 if len(small.trans) > 1 else 0)
