"""The byte automaton of what L tokens can spell: configurations of a machine, breadth first by tokens.

Where a machine has no end of configurations, those that a short canvas can reach are still few. States are numbered as
in ``explore.py``; those between two tokens wait in a queue, and each is walked along the trie of the vocabulary::

    queue   [ start | state behind "{" | behind "{\\"" | ... ]       level: tokens so far
              walked: its row, and the rows of the states inside tokens, get their transitions
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import entry, inner
from ..machine import accepting
from ..memory import HEADER, SCALARS, Scalar
from ..trie import DEPTH_BITS, DEPTH_SHIFT, SIZE_SHIFT, VALUE_SHIFT
from .explore import target_of

__all__ = ["FOUND", "LEVEL", "LEVEL_END", "PROGRESS", "QUEUED", "WALKED", "explore_tokens"]

_INT = types.int64
_I4 = types.Array(types.int32, 1, "C")
_I4S = types.Array(types.int32, 2, "C")
_I8 = types.Array(types.int64, 1, "C")
_U1 = types.Array(types.uint8, 1, "C")
_TRIE = types.Array(types.uint64, 1, "C", readonly=True)

WALKED, QUEUED, FOUND, LEVEL, LEVEL_END = 0, 1, 2, 3, 4
PROGRESS = 5
"""Length of the progress: states walked and queued, states found, tokens to the next state in the queue, and where the
queue's states of one token more begin."""

DEAD = -1
"""In a table: the transition is known to be dead."""

_TOKEN_MASK = np.uint64((1 << (SIZE_SHIFT - VALUE_SHIFT)) - 1)


@inner(_INT(HEADER, _INT, _INT, _I4, _I4, _I4S, _I8))
def known_target(header, state, byte, configs, states, table, progress):
    """State behind a byte, made if need be; 0: dead. -1: no room, or a status."""
    known = np.int64(table[state, byte])
    if known != 0:
        return max(known, np.int64(0))
    target = target_of(header, np.int64(configs[state]), byte, True)
    if header[SCALARS + Scalar.STATUS] != 0:
        return -1
    if target == 0:
        table[state, byte] = DEAD
        return 0
    if target >= states.size:
        return -1
    found = np.int64(states[target])
    if found == 0:
        found = progress[FOUND]
        if found == configs.size:
            return -1
        configs[found] = np.int32(target)
        states[target] = np.int32(found)
        progress[FOUND] = found + 1
    table[state, byte] = np.int32(found)
    return found


@inner(types.boolean(HEADER, _TRIE, _INT, types.boolean, _I4, _I4, _I4, _I4, _U1, _I4S, _I8))
def walk(header, trie, state, last, stack, configs, states, queue, queued, table, progress):
    """Walk one state along the trie, and queue those behind tokens unless they are of the ``last`` level."""
    stack[0] = np.int32(state)
    node = np.int64(1)
    while node < trie.size:
        word = trie[node]
        depth = np.int64((word >> np.uint64(DEPTH_SHIFT)) & np.uint64((1 << DEPTH_BITS) - 1))
        byte = np.int64(word & np.uint64(0xFF))
        target = known_target(header, np.int64(stack[depth - 1]), byte, configs, states, table, progress)
        if target < 0:
            return False
        if target == 0:
            node += np.int64(word >> np.uint64(SIZE_SHIFT))
            continue
        stack[depth] = np.int32(target)
        if not last and (word >> np.uint64(VALUE_SHIFT)) & _TOKEN_MASK != 0 and queued[target] == 0:
            queued[target] = 1
            queue[progress[QUEUED]] = np.int32(target)
            progress[QUEUED] += 1
        node += 1
    return True


@entry(types.boolean(HEADER, _TRIE, _INT, _I4, _I4, _I4, _I4, _U1, _I4S, _U1, _I8))
def explore_tokens(header, trie, levels, stack, configs, states, queue, queued, table, accept, progress):
    """Walk all states that fewer than ``levels`` tokens lead to, as far as there is room; call again to go on.

    Args:
        header: the machine; what must be remembered of a text is.
        trie: uint64[nodes], the vocabulary.
        levels: tokens of a text.
        stack: int32[longest token + 1], scratch.
        configs: int32[n], its first two elements set.
        states: int32[m], zero but for the start; room for every configuration of the machine.
        queue: int32[n]; its first element is 1, the start.
        queued: uint8[n]; 1 for the start.
        table: int32[n, 256], zero. Afterwards DEAD where a transition is known to be dead.
        accept: uint8[n], written for the states found.
        progress: int64[PROGRESS]; at first 0, 1, 2, 0, 1.

    Returns:
        False: n or m is too small. Meaningless if it leaves a status. O(states walked * nodes visited).
    """
    while progress[WALKED] < progress[QUEUED]:
        if progress[WALKED] == progress[LEVEL_END]:
            progress[LEVEL] += 1
            progress[LEVEL_END] = progress[QUEUED]
        if progress[LEVEL] == levels:
            break
        state = np.int64(queue[progress[WALKED]])
        last = progress[LEVEL] + 1 == levels
        if not walk(header, trie, state, last, stack, configs, states, queue, queued, table, progress):
            return False
        progress[WALKED] += 1
    for state in range(1, progress[FOUND]):
        accept[state] = 1 if accepting(header, np.int64(configs[state])) else 0
        if header[SCALARS + Scalar.STATUS] != 0:
            return False
    progress[WALKED] = progress[QUEUED]
    return True
