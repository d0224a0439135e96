"""Subset construction over a position automaton (Rabin and Scott 1959), with states as rows of 64-bit words.

::

    set of a state, one bit a position     0b...0110
        | union of the follow sets
    reachable positions                    0b...1101
        | & positions whose set has the class, one row of `masks` a class
    sets of the successors                 one per class, interned in a hash table

Follow sets are stored as the words between their first and their last bit, so that the chain of a bounded repeat costs
one word a position and not all of them::

    position p:  words[offsets[p] : offsets[p + 1]], the first of them being word firsts[p] of the bit set

States: 0 dead, 1 universal (a sink position was reached: every continuation is in the language), 2 the start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

__all__ = ["COUNT", "DONE", "GROW", "NEXT", "TOO_MUCH_WORK", "WORK", "WORK_LIMIT", "subset_construction"]

DONE, GROW, TOO_MUCH_WORK = 0, 1, 2
NEXT, COUNT, WORK, WORK_LIMIT = 0, 1, 2, 3

_KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_INNER: dict[str, Any] = {**_KERNEL, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_I4 = types.int32[::1]
_I4S = types.int32[:, ::1]
_U1 = types.uint8[::1]
_U8 = types.uint64[::1]
_U8S = types.uint64[:, ::1]
_INT = types.int64


@njit(_INT(_U8S, _INT, _INT, _I4), **_INNER)
def _intern(sets, row, width, table):
    """The state whose set equals that of `row`; `row` itself, now in the table, if there is none."""
    h = np.uint64(0x9E3779B97F4A7C15)
    for j in range(width):
        h = (h ^ sets[row, j]) * np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(29)
    mask = len(table) - 1
    slot = np.int64(h >> np.uint64(1)) & mask
    while table[slot] != 0:
        state = np.int64(table[slot])
        j = 0
        while j < width and sets[state, j] == sets[row, j]:
            j += 1
        if j == width:
            return state
        slot = (slot + 1) & mask
    table[slot] = row
    return row


@njit(_INT(_U8, _I4, _I4, _U8S, _U8S, _U1, _U8S, _I4S, _U1, _I4, types.int64[::1]), **_KERNEL)
def subset_construction(words, offsets, firsts, masks, ends, universe, sets, trans, accept, table, progress):
    """Determinise a position automaton, as far as there is room; call again with more room to go on.

    Args:
        words: uint64[]; follow sets, see the top of the file.
        offsets: int32[P + 1].
        firsts: int32[P].
        masks: uint64[K, W]; the positions that class k may enter.
        ends: uint64[2, W]; the positions after which the text may end, and those after which anything may follow.
        universe: uint8[K]; 0 for the class of what no text contains (surrogates).
        sets: uint64[capacity + 1, W]; the sets of the states, written here; the last row is work space.
        trans: int32[capacity, K]; zero, or the rows so far.
        accept: uint8[capacity].
        table: int32[power of two, at least 2 * capacity]; zero.
        progress: int64[4]; NEXT state to expand and COUNT of states, both 0 at first; WORK so far and its limit.

    Returns:
        DONE; GROW if `capacity` is too small; TOO_MUCH_WORK. Not minimal.

    O(n (K W + members of the set)) time.
    """
    groups, width = masks.shape
    capacity = len(accept)
    if progress[COUNT] == 0:
        accept[1] = 1
        for group in range(groups):
            trans[1, group] = universe[group]
        sets[2, 0] = 1
        progress[NEXT] = 2
        progress[COUNT] = 3
    count = progress[COUNT]
    for state in range(2, count):
        _intern(sets, state, width, table)
    state = progress[NEXT]
    while state < count:
        progress[NEXT] = state
        progress[COUNT] = count
        if count + groups > capacity:
            return GROW
        for j in range(width):
            sets[capacity, j] = 0
        work = width * (groups + 1)
        for j in range(width):
            rest = sets[state, j]
            if rest & ends[0, j] != 0:
                accept[state] = 1
            position = j * 64
            while rest != 0:
                while rest & np.uint64(0xFF) == 0:
                    rest >>= np.uint64(8)
                    position += 8
                if rest & np.uint64(1) != 0:
                    at = firsts[position]
                    for k in range(offsets[position], offsets[position + 1]):
                        sets[capacity, at] |= words[k]
                        at += 1
                    work += offsets[position + 1] - offsets[position] + 1
                rest >>= np.uint64(1)
                position += 1
        progress[WORK] += work
        if progress[WORK] > progress[WORK_LIMIT]:
            return TOO_MUCH_WORK
        for group in range(groups):
            alive = np.uint64(0)
            sunk = np.uint64(0)
            for j in range(width):
                target = sets[capacity, j] & masks[group, j]
                sets[count, j] = target
                alive |= target
                sunk |= target & ends[1, j]
            if sunk != 0:
                trans[state, group] = 1
            elif alive != 0:
                number = _intern(sets, count, width, table)
                trans[state, group] = number
                if number == count:
                    count += 1
        state += 1
    progress[NEXT] = state
    progress[COUNT] = count
    return DONE
