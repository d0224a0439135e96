"""Minimisation of a deterministic automaton, and the order in which to number its states.

Valmari, "Fast brief practical DFA minimization" (2012): two refinable partitions, the blocks of states and the cords of
transitions, split each other until both are stable. A partition is a table of seven rows::

    ELEMENT   [ 4 2 | 0 5 1 | 3 ]      elements sorted by part
    PLACE     where each element is in that row
    PART      the part of each element
    FIRST     [ 0  2  5 ]              where each part begins,
    PAST      [ 2  5  6 ]              and ends
    MARKED    how many elements at the front of a part are marked; a split cuts them off
    WAITING   the parts with marks; the last column holds how many there are

The automaton is total, with the dead state as a state like any other. O(n K log n) for n states and K classes.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types

__all__ = ["ROWS", "breadth_first", "refine"]

_KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_INNER: dict[str, Any] = {**_KERNEL, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_I4 = types.int32[::1]
_I4S = types.int32[:, ::1]
_U1 = types.uint8[::1]
_INT = types.int64

_ELEMENT, _PLACE, _PART, _FIRST, _PAST, _MARKED, _WAITING = 0, 1, 2, 3, 4, 5, 6
ROWS = 7


@njit(types.void(_I4S, _INT), **_INNER)
def _mark(p, element):
    """Move an unmarked element to the marked front of its part."""
    part = p[_PART, element]
    place = p[_PLACE, element]
    goal = p[_FIRST, part] + p[_MARKED, part]
    other = p[_ELEMENT, goal]
    p[_ELEMENT, place] = other
    p[_PLACE, other] = place
    p[_ELEMENT, goal] = element
    p[_PLACE, element] = goal
    if p[_MARKED, part] == 0:
        last = p.shape[1] - 1
        p[_WAITING, p[_WAITING, last]] = part
        p[_WAITING, last] += 1
    p[_MARKED, part] += 1


@njit(_INT(_I4S, _INT), **_INNER)
def _split(p, parts):
    """Cut the marked elements off every waiting part; the smaller half gets the new number. Returns the parts."""
    last = p.shape[1] - 1
    while p[_WAITING, last] > 0:
        p[_WAITING, last] -= 1
        part = p[_WAITING, p[_WAITING, last]]
        cut = p[_FIRST, part] + p[_MARKED, part]
        p[_MARKED, part] = 0
        if cut == p[_PAST, part]:
            continue
        if cut - p[_FIRST, part] <= p[_PAST, part] - cut:
            p[_FIRST, parts] = p[_FIRST, part]
            p[_PAST, parts] = cut
            p[_FIRST, part] = cut
        else:
            p[_PAST, parts] = p[_PAST, part]
            p[_FIRST, parts] = cut
            p[_PAST, part] = cut
        for place in range(p[_FIRST, parts], p[_PAST, parts]):
            p[_PART, p[_ELEMENT, place]] = parts
        parts += 1
    return parts


@njit(_INT(_I4S, _U1, _I4S, _I4S, _I4, _I4), **_KERNEL)
def refine(trans, accept, blocks, cords, incoming, into):
    """Split the states into blocks of equal languages.

    Args:
        trans: int32[n, K]; total.
        accept: uint8[n].
        blocks: int32[ROWS, n + 1]; zero. Afterwards row 2 holds the block of each state.
        cords: int32[ROWS, n * K + 1]; zero. Transition (s, k) is element k * n + s, so labels begin sorted.
        incoming: int32[n + 2]; zero. Afterwards offsets into `into`.
        into: int32[n * K]; the transitions by the state that they lead to.

    Returns:
        The number of blocks.
    """
    n, groups = trans.shape
    for state in range(n):
        blocks[_ELEMENT, state] = state
        blocks[_PLACE, state] = state
    blocks[_PAST, 0] = n
    for state in range(n):
        if accept[state] != 0:
            _mark(blocks, state)
    parts = _split(blocks, 1)
    for group in range(groups):
        cords[_FIRST, group] = group * n
        cords[_PAST, group] = group * n + n
        for state in range(n):
            edge = group * n + state
            cords[_ELEMENT, edge] = edge
            cords[_PLACE, edge] = edge
            cords[_PART, edge] = group
            incoming[trans[state, group] + 2] += 1
    for state in range(2, n + 2):
        incoming[state] += incoming[state - 1]
    for group in range(groups):
        for state in range(n):
            target = trans[state, group] + 1
            into[incoming[target]] = group * n + state
            incoming[target] += 1
    labels = groups
    block = 1
    cord = 0
    while cord < labels:
        for place in range(cords[_FIRST, cord], cords[_PAST, cord]):
            _mark(blocks, cords[_ELEMENT, place] % n)
        parts = _split(blocks, parts)
        cord += 1
        while block < parts:
            for place in range(blocks[_FIRST, block], blocks[_PAST, block]):
                state = blocks[_ELEMENT, place]
                for k in range(incoming[state], incoming[state + 1]):
                    _mark(cords, into[k])
            labels = _split(cords, labels)
            block += 1
    return parts


@njit(_INT(_I4S, _INT, _INT, _I4, _I4), **_KERNEL)
def breadth_first(trans, start, dead, order, number):
    """Number states breadth first from the start, classes in order; `dead` is 0 and the start 1.

    Args:
        trans: int32[n, K].
        start: a state other than `dead`.
        dead: the state that gets the number 0.
        order: int32[n]; afterwards the state of each number.
        number: int32[n]; zero. Afterwards the number of each state; unreachable ones keep 0.

    Returns:
        The number of states that are numbered, `dead` included.
    """
    order[0] = dead
    order[1] = start
    number[start] = 1
    count = 2
    at = 1
    while at < count:
        for group in range(trans.shape[1]):
            target = trans[order[at], group]
            if target != dead and number[target] == 0:
                number[target] = count
                order[count] = target
                count += 1
        at += 1
    return count
