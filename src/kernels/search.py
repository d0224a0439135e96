"""Breadth-first search from a configuration to where its own part of the text is over.

The part is over when the parent resumes (a string closed, a literal spelled), when a COLON follows a key, or, for parts
that need no closing byte (numbers, byte automata, whole machines under a PRODUCT), when the text may end there. Bytes
are tried in a given order, so the first path found is the shortest, and among those the first in that order::

    QUEUE   [ config | its predecessor's place | the byte between ]   read back from the goal
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import entry, inner
from .json_machine import top_op
from .machine import accepting, may_end, transition
from .memory import HEADER, SCALARS, Column, Scalar, get_i32
from .opcodes import Op

__all__ = ["GOAL_CHARACTER", "GOAL_COLON", "GOAL_END", "GOAL_PARENT", "GOAL_PART", "search"]

_INT = types.int64
_QUEUE = types.Array(types.int64, 2, "C")
_SEEN = types.Array(types.uint8, 1, "C")
_ORDER = types.Array(types.uint8, 1, "C")

GOAL_PARENT = 0
"""The parent of the first configuration."""
GOAL_PART = 1
"""Any configuration whose own part of the text may end (NUMBER, BYTES)."""
GOAL_COLON = 2
"""Any COLON; the search goes on beside them and marks them all."""
GOAL_END = 3
"""Any configuration that accepts the whole text."""
GOAL_CHARACTER = 4
"""Any string at a character boundary; the search goes on beside them and marks them all."""


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def reached(header, goal, parent, config):
    """True if a configuration is what the search is for."""
    if goal == GOAL_PARENT:
        return config == parent
    if goal == GOAL_PART:
        return may_end(header, config)
    if goal == GOAL_COLON:
        return top_op(header, config) == Op.COLON
    if goal == GOAL_CHARACTER:
        return get_i32(header, Column.CONFIG_C, config) == 0
    return accepting(header, config)


@entry(_INT(HEADER, _INT, _INT, _SEEN, _QUEUE, _ORDER))
def search(header, config, goal, seen, queue, order):
    """Search from ``config``; returns the place of a goal in ``queue``, or how much of it is filled if all count.

    Args:
        header: the machine.
        config: where to begin.
        goal: one of the GOAL constants.
        seen: uint8[configs], zeros; must have room for every configuration that is made.
        queue: int64[n, 3].
        order: uint8[k], the bytes to try.

    Returns:
        -1: there is none. -2: ``queue`` is full. -3: ``seen`` is too short. Meaningless if it leaves a status.
    """
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    queue[0, 0] = config
    queue[0, 1] = -1
    queue[0, 2] = 0
    filled = np.int64(1)
    at = np.int64(0)
    every = goal in (GOAL_COLON, GOAL_CHARACTER)
    if not every and reached(header, goal, parent, config):
        return 0
    while at < filled:
        before = queue[at, 0]
        if every and reached(header, goal, parent, before):
            at += 1
            continue
        for i in range(order.size):
            after = transition(header, before, np.int64(order[i]))
            if header[SCALARS + Scalar.STATUS] != 0:
                return -1
            if after == 0:
                continue
            if after >= seen.size:
                return -3
            if seen[after] != 0:
                continue
            if filled == queue.shape[0]:
                return -2
            seen[after] = 1
            queue[filled, 0] = after
            queue[filled, 1] = at
            queue[filled, 2] = np.int64(order[i])
            filled += 1
            if not every and reached(header, goal, parent, after):
                return filled - 1
        at += 1
    return filled if every else np.int64(-1)
