"""The product of two deterministic automata: pairs of states, explored from the pair of starts.

::

    left   q1 --c--> q2         pair (q1, r1) --c--> (q2, r2)
    right  r1 --c--> r2

A pair is dead when both states are, or when one is without which the caller's combination can no longer accept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

__all__ = ["DONE", "GROW", "product"]

DONE, GROW = 0, 1

_KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_INNER: dict[str, Any] = {**_KERNEL, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_I4 = types.int32[::1]
_I4S = types.int32[:, ::1]
_INT = types.int64


@njit(_INT(_I4S, _INT, _I4), **_INNER)
def _intern(pairs, row, table):
    """The number of the pair in `row`; `row` itself, now in the table, if it is new."""
    h = (np.uint64(pairs[row, 0]) << np.uint64(32)) ^ np.uint64(pairs[row, 1])
    h *= np.uint64(0x9E3779B97F4A7C15)
    mask = len(table) - 1
    slot = np.int64(h >> np.uint64(33)) & mask
    while table[slot] != 0:
        known = np.int64(table[slot])
        if pairs[known, 0] == pairs[row, 0] and pairs[known, 1] == pairs[row, 1]:
            return known
        slot = (slot + 1) & mask
    table[slot] = row
    return row


@njit(_INT(_I4S, _I4S, _I4S, _INT, _I4S, _I4S, _I4, types.int64[::1]), **_KERNEL)
def product(left, right, joint, needed, pairs, trans, table, progress):
    """Explore the pairs, as far as there is room; call again with more room to go on.

    Args:
        left: int32[n, A]; transitions with state 0 dead.
        right: int32[m, B]; likewise.
        joint: int32[2, K]; the left and the right class of each joint class.
        needed: bit 0: a pair is dead if its left state is; bit 1: if its right state is.
        pairs: int32[capacity, 2]; the pair of each state; row 1 holds the starts.
        trans: int32[capacity, K]; zero, or the rows so far. State 0 is dead, 1 the start.
        table: int32[power of two, at least 2 * capacity]; zero.
        progress: int64[2]; next state to expand, 1 at first, and count of states, 2 at first.

    Returns:
        DONE, or GROW if `capacity` is too small.
    """
    groups = joint.shape[1]
    state, count = progress[0], progress[1]
    for known in range(1, count):
        _intern(pairs, known, table)
    while state < count:
        progress[0] = state
        progress[1] = count
        if count + groups > len(pairs):
            return GROW
        for group in range(groups):
            a = left[pairs[state, 0], joint[0, group]]
            b = right[pairs[state, 1], joint[1, group]]
            if (a == 0 and (b == 0 or needed & 1)) or (b == 0 and needed & 2):
                continue
            pairs[count, 0] = a
            pairs[count, 1] = b
            number = _intern(pairs, count, table)
            trans[state, group] = number
            if number == count:
                count += 1
        state += 1
    progress[0] = state
    progress[1] = count
    return DONE
