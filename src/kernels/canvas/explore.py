"""The byte automaton of a machine: its configurations and the transitions between them, breadth first.

::

    configs   [ 0 | start | 17 | 18 | ... ]      configuration of each state; state 0 is dead, 1 the start
    states    [ 0 | 1 | ... ]                    state of each configuration, 0: none yet
    table     int32[states, 256]                 successor by byte

Machines of nested texts have no end of configurations. The nesting can be bounded: transitions into deeper
configurations are then left out, which :data:`CUT` reports; and so can what is seldom written (``narrow.py``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import entry, inner
from ..key_views import remembered
from ..machine import accepting
from ..memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64
from ..opcodes import Op
from ..templates import ROW_TEMPLATES
from .narrow import narrowed

__all__ = ["CUT", "EXPANDED", "FLAGS", "FOUND", "PROGRESS", "REMEMBERS", "explore", "target_of"]

_INT = types.int64
_I4 = types.Array(types.int32, 1, "C")
_I4S = types.Array(types.int32, 2, "C")
_I8 = types.Array(types.int64, 1, "C")
_U1 = types.Array(types.uint8, 1, "C")

EXPANDED, FOUND, FLAGS = 0, 1, 2
PROGRESS = 3
"""Length of the progress of an exploration: states expanded, states found, and flags."""

REMEMBERS = 1
"""Flag: a text would have to be remembered somewhere."""
CUT = 2
"""Flag: some transition led deeper than the bound."""

_ANY_BYTE = 48


@inner(types.boolean(_INT))
def is_nested(op):
    """True for the frames of objects and arrays."""
    return op == Op.OBJECT or op == Op.NEXT_KEY or op == Op.MEMBERS or op == Op.ARRAY or op == Op.ITEMS


@inner(_INT(HEADER, _INT, _I4))
def one_height(header, config, heights):
    """Frames of objects and arrays in a configuration, those of its parts being known."""
    op = np.int64(get_i32(header, Column.CONFIG_OP, config))
    if op == Op.SET or op == Op.PRODUCT:
        listed = np.int64(get_i32(header, Column.CONFIG_A, config))
        most = np.int64(0)
        for i in range(get_i64(header, Column.LIST_OFFSET, listed), get_i64(header, Column.LIST_OFFSET, listed + 1)):
            most = max(most, np.int64(heights[get_i64(header, Column.LIST_DATA, i)]))
        return most
    if op == Op.RECORD:
        inside = np.int64(heights[get_i32(header, Column.CONFIG_A, config)])
        return inside + heights[get_i32(header, Column.CONFIG_PARENT, config)]
    return np.int64(heights[get_i32(header, Column.CONFIG_PARENT, config)]) + (1 if is_nested(op) else 0)


@inner(types.void(HEADER, _INT, _I4, _I4))
def measure(header, last, heights, measured):
    """Fill ``heights`` up to configuration ``last``: parts have smaller numbers than what is made of them."""
    for config in range(np.int64(measured[0]), last + 1):
        heights[config] = one_height(header, config, heights)
    measured[0] = max(np.int64(measured[0]), last + 1)


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def target_of(header, config, byte, exact):
    """Successor of a configuration by a byte, its texts remembered if ``exact``. Kept in no row."""
    op = np.int64(get_i32(header, Column.CONFIG_OP, config))
    if ROW_TEMPLATES[op, byte] == 0:
        return 0
    target = call_entry(header, Scalar.STEP_ENTRY, config, byte, 0)
    if exact and target != 0 and header[SCALARS + Scalar.STATUS] == 0:
        target = remembered(header, target, byte)
    return target


@entry(types.boolean(HEADER, _INT, _INT, _U1, _I4, _I4, _I4, _I4, _I4S, _U1, _I8))
def explore(header, deepest, cuts, alphabet, configs, states, heights, measured, table, accept, progress):
    """Expand states as far as there is room; call again to go on. Meaningless if it leaves a status.

    Texts that must be remembered are not: states allow what walks of the vocabulary do, and REMEMBERS is set.

    Args:
        header: the machine.
        deepest: frames of objects and arrays at most, -1: any number.
        cuts: what else is left out, see ``narrow.py``.
        alphabet: uint8[k], the bytes to try.
        configs: int32[n], its first two elements set.
        states: int32[m], zero but for the start; room for every configuration of the machine.
        heights: int32[m].
        measured: int32[1], the configurations whose height is known.
        table: int32[n, 256], zero.
        accept: uint8[n].
        progress: int64[PROGRESS]; at first 1, 2, 0.

    Returns:
        False: n or m is too small. O(states * k).
    """
    while progress[EXPANDED] < progress[FOUND]:
        state = progress[EXPANDED]
        config = np.int64(configs[state])
        accept[state] = 1 if accepting(header, config) else 0
        for i in range(alphabet.size):
            byte = np.int64(alphabet[i])
            target = target_of(header, config, byte, False)
            if header[SCALARS + Scalar.STATUS] != 0:
                return False
            if target != 0:
                target = narrowed(header, config, byte, target, cuts)
                if header[SCALARS + Scalar.STATUS] != 0:
                    return False
            if target == 0:
                continue
            if target >= states.size:
                return False
            found = np.int64(states[target])
            if found == 0:
                if deepest >= 0:
                    measure(header, target, heights, measured)
                    if heights[target] > deepest:
                        progress[FLAGS] |= CUT
                        continue
                if (progress[FLAGS] & REMEMBERS) == 0:
                    behind = remembered(header, target, np.int64(_ANY_BYTE))
                    if header[SCALARS + Scalar.STATUS] != 0:
                        return False
                    if behind != target:
                        progress[FLAGS] |= REMEMBERS
                found = progress[FOUND]
                if found == configs.size:
                    return False
                configs[found] = target
                states[target] = found
                progress[FOUND] = found + 1
            table[state, byte] = found
        progress[EXPANDED] = state + 1
    return True
