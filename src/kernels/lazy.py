"""Automata that are made as texts reach them: numbers of sets for which there are no fast kinds (json_number.py).

States are numbered across all automata of a machine; 0 is dead. A state's transitions are filled in, all at once, when
a text first leads on from it; whether a number may end in it is known from the beginning::

    LAZY_TRANS   state * LAZY_LETTERS + letter -> state     -1 at the first: not filled in yet, Status.LOWER_STATE
    LAZY_ACCEPT  state -> 0 or 1

    letter       0 .. 9   .   e E   +   -
                 0 .. 9   10   11   12  13

What fills them in: ``grammar/schema/lazy_states.py``.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .intern import ask, intern_config
from .memory import HEADER, Column, get_i32, get_u8
from .opcodes import UNFILLED, Op, Status
from .records import LAZY_LETTERS

__all__ = ["lazy_accepts", "lazy_start", "lazy_step"]

_INT = types.int64


@inner(_INT(_INT))
def letter_of(byte):
    """The letter that a byte is, or -1."""
    if 48 <= byte <= 57:
        return byte - 48
    if byte == 46:
        return 10
    if byte == 101 or byte == 69:
        return 11
    if byte == 43:
        return 12
    return 13 if byte == 45 else -1


@inner(_INT(HEADER, _INT, _INT, _INT))
def lazy_start(header, state, byte, parent):
    """The LAZY configuration that a byte leads to from a state, or 0. A status if the state is not filled in yet."""
    letter = letter_of(byte)
    if letter < 0:
        return 0
    if get_i32(header, Column.LAZY_TRANS, state * LAZY_LETTERS) == UNFILLED:
        ask(header, Status.LOWER_STATE, state)
        return 0
    following = np.int64(get_i32(header, Column.LAZY_TRANS, state * LAZY_LETTERS + letter))
    return intern_config(header, Op.LAZY, following, 0, 0, parent) if following != 0 else np.int64(0)


@inner(_INT(HEADER, _INT, _INT))
def lazy_step(header, config, byte):
    """LAZY after one more byte, or 0."""
    state = np.int64(get_i32(header, Column.CONFIG_A, config))
    return lazy_start(header, state, byte, np.int64(get_i32(header, Column.CONFIG_PARENT, config)))


@inner(types.boolean(HEADER, _INT))
def lazy_accepts(header, config):
    """True if the number may end here."""
    return get_u8(header, Column.LAZY_ACCEPT, np.int64(get_i32(header, Column.CONFIG_A, config))) != 0
