"""Merging the states of a pattern's automaton from which the same characters stay live.

Moore's algorithm ("Gedanken-experiments on sequential machines", 1956): states are in one part as long as nothing tells
them apart, first by what a state is (dead or live; where bounds on the length matter, its entries of CHAR_LENGTH),
then, round after round, by the parts of their successors, until no part is divided any more::

    a.*b      1 --a--> 2 --b--> 3       by live and dead alone   {1} {2 3}: 2 and 3 differ in acceptance only

In a round, states are looked up by their signature in a hash table (open addressing) of one state for each new part.
O(rounds * states * classes); automata for which that is more than WORK stay as they are.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import types

from .compiling import inner
from .intern import mix
from .json_string import dfa_field
from .memory import HEADER, Column, get_i32, put_i32
from .records import CharDfaField

__all__ = ["Kind", "merge_states"]

WORK = 1 << 15
"""Transitions that may be looked at: beyond some tens of microseconds, merging costs more than it saves."""

_INT = types.int64


class Kind(IntEnum):
    """What tells states apart to begin with, beside dead and live."""

    LIVE = 0  # nothing
    LONG = 1  # how many characters may follow at least, the upper bound being far
    BOUNDED = 2  # how many characters must follow


@inner(_INT(HEADER, _INT, _INT))
def length_of(header, kind, place):
    """What of an entry of CHAR_LENGTH tells states apart."""
    length = np.int64(get_i32(header, Column.CHAR_LENGTH, place))
    return min(length, np.int64(0)) if kind == Kind.LONG else length


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT))
def alike(header, dfa, kind, parts, one, other):
    """True if two states are in one part and so are their successors; ``parts`` 0: if they begin in one part."""
    if parts == 0:
        if (one == 0) != (other == 0):
            return False
        states = dfa_field(header, dfa, CharDfaField.STATES)
        first = dfa_field(header, dfa, CharDfaField.LENGTHS)
        rows = dfa_field(header, dfa, CharDfaField.ROWS) if kind != Kind.LIVE else np.int64(0)
        for row in range(rows):
            here = length_of(header, kind, first + row * states + one)
            if here != length_of(header, kind, first + row * states + other):
                return False
        return True
    if get_i32(header, Column.QUOTIENT, parts + one) != get_i32(header, Column.QUOTIENT, parts + other):
        return False
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    first = dfa_field(header, dfa, CharDfaField.TRANSITIONS)
    for cls in range(classes):
        here = get_i32(header, Column.CHAR_TRANS, first + one * classes + cls)
        there = get_i32(header, Column.CHAR_TRANS, first + other * classes + cls)
        if here != there and (
            get_i32(header, Column.QUOTIENT, parts + here) != get_i32(header, Column.QUOTIENT, parts + there)
        ):
            return False
    return True


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def signature(header, dfa, kind, parts, state):
    """Hash of what :func:`alike` compares."""
    key = np.uint64(state != 0)
    if parts == 0:
        states = dfa_field(header, dfa, CharDfaField.STATES)
        first = dfa_field(header, dfa, CharDfaField.LENGTHS)
        rows = dfa_field(header, dfa, CharDfaField.ROWS) if kind != Kind.LIVE else np.int64(0)
        for row in range(rows):
            key = mix(key, np.uint64(length_of(header, kind, first + row * states + state)))
        return np.int64(key >> np.uint64(20))
    key = mix(key, np.uint64(get_i32(header, Column.QUOTIENT, parts + state)))
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    first = dfa_field(header, dfa, CharDfaField.TRANSITIONS) + state * classes
    for cls in range(classes):
        target = get_i32(header, Column.CHAR_TRANS, first + cls)
        key = mix(key, np.uint64(get_i32(header, Column.QUOTIENT, parts + target)))
    return np.int64(key >> np.uint64(20))


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT), inline=False)
def divide(header, dfa, kind, parts, after, member, table):
    """Write the parts of a round to ``after``, numbered by their first states (``member``); returns how many.

    ``table``: a place for the hash table. All are places in QUOTIENT.
    """
    states = dfa_field(header, dfa, CharDfaField.STATES)
    size = np.int64(1)
    while size < 2 * states:
        size *= 2
    for i in range(size):
        put_i32(header, Column.QUOTIENT, table + i, -1)
    count = np.int64(0)
    for state in range(states):
        slot = signature(header, dfa, kind, parts, np.int64(state)) & (size - 1)
        while True:
            found = np.int64(get_i32(header, Column.QUOTIENT, table + slot))
            if found < 0:
                put_i32(header, Column.QUOTIENT, table + slot, state)
                put_i32(header, Column.QUOTIENT, member + count, state)
                put_i32(header, Column.QUOTIENT, after + state, count)
                count += 1
                break
            if alike(header, dfa, kind, parts, np.int64(state), found):
                put_i32(header, Column.QUOTIENT, after + state, get_i32(header, Column.QUOTIENT, after + found))
                break
            slot = (slot + 1) & (size - 1)
    return count


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def merge_states(header, dfa, kind, merged, member):
    """Write the merged state of each state to ``merged`` and a state of each merged one to ``member``.

    Returns the number of merged states; 0 is dead. ``member`` and what follows are places for ``6 * states`` elements;
    behind the last merged state they mean nothing.
    """
    states = dfa_field(header, dfa, CharDfaField.STATES)
    work = states * dfa_field(header, dfa, CharDfaField.CLASSES)
    other = member + states
    table = other + states
    count = divide(header, dfa, kind, np.int64(0), merged, member, table)
    spent = work
    while count < states:
        before = count
        spent += work
        if spent > WORK:
            for state in range(states):
                put_i32(header, Column.QUOTIENT, merged + state, state)
                put_i32(header, Column.QUOTIENT, member + state, state)
            return states
        count = divide(header, dfa, kind, merged, other, member, table)
        for state in range(states):
            put_i32(header, Column.QUOTIENT, merged + state, get_i32(header, Column.QUOTIENT, other + state))
        if count == before:
            break
    return count
