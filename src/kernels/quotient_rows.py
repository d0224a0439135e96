"""A pattern's automaton as the masks of its states need it: merged by what is live, over coarse classes of characters.

Whether a token that stays inside a string is allowed depends on which states are live, not on which accept, so states
that only acceptance tells apart are merged (``merge.py``). ``.*a.*b`` is one state then. Where bounds on the length
matter, states are merged only if the bounds treat them alike, so there are three kinds of quotients. Their records in
QUOTIENT are made when they are first asked for::

    automaton   class of each ASCII character (128) | QUOTIENTS (3) | wide classes | wide states
    quotient    HEAD | merged state of each state | a state of each merged one | rows | successors by class | overlaps
    row         successor by coarse class: 0 dead, MIXED: it depends on the character | by row of PENDING_REACH

A coarse class is MIXED where its characters lead to different states. A character that a token only begins is live (1)
if all characters of some class that it may become are, dead (0) if none is, and MIXED otherwise. An automaton's class
is wide if it has characters beyond ASCII; a state, if such a character leads on.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import types

from .coarse_classes import COARSE, NO_CLASS
from .compiling import inner
from .intern import fail
from .json_string import dfa_field, interval_of
from .memory import COLUMNS, HEADER, SCALARS, Column, Scalar, address_32, get_i32, get_u64, load_i32, put_i32, store_i32
from .merge import Kind, merge_states
from .opcodes import Status
from .records import CHAR_DFA_FIELDS, CharDfaField

__all__ = [
    "MIXED",
    "Head",
    "Kind",
    "automaton_record",
    "class_row",
    "letter_class",
    "quotient_field",
    "quotient_record",
    "wide",
]

MIXED = -1

_INT = types.int64
_QUOTIENTS = 128
_WIDE = 131
_HEAD = 6


class Head(IntEnum):
    """int32 fields at the beginning of a quotient's record; the last five are places in QUOTIENT."""

    PAIRS = 0  # number of overlaps
    MERGED = 1  # by state of the automaton
    MEMBER = 2  # by merged state: one of its states
    ROWS = 3  # by merged state: its row, or 0: none yet
    SUCCESSORS = 4  # by merged state and class
    OVERLAPS = 5  # coarse class + (class << 8) where the two have a character in common


@inner(_INT(HEADER, _INT))
def reserve(header, length):
    """Place of ``length`` more elements of QUOTIENT, not yet taken; 0 with the status set if there is no room."""
    used = max(header[SCALARS + Scalar.QUOTIENT_USED], 1)
    if used + length > header[COLUMNS + Column.QUOTIENT]:
        fail(header, Status.GROW_QUOTIENT)
        return 0
    return used


@inner(_INT(HEADER, _INT), inline=False)
def automaton_record(header, dfa):
    """Place of an automaton's record, made if need be; 0 with the status set if there is no room."""
    found = dfa_field(header, dfa, CharDfaField.QUOTIENT)
    if found != 0:
        return found
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    length = _WIDE + classes + dfa_field(header, dfa, CharDfaField.STATES)
    record = reserve(header, length)
    if record == 0:
        return 0
    for i in range(length):
        put_i32(header, Column.QUOTIENT, record + i, 0)
    for code in range(128):
        interval = interval_of(header, dfa, np.int64(code))
        put_i32(header, Column.QUOTIENT, record + code, get_i32(header, Column.CHAR_CLASS, interval))
    end = dfa_field(header, dfa, CharDfaField.BOUNDS) + dfa_field(header, dfa, CharDfaField.INTERVALS)
    for interval in range(interval_of(header, dfa, np.int64(128)), end):
        cls = np.int64(get_i32(header, Column.CHAR_CLASS, interval))
        put_i32(header, Column.QUOTIENT, record + _WIDE + cls, 1)
    header[SCALARS + Scalar.QUOTIENT_USED] = record + length
    put_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + CharDfaField.QUOTIENT, record)
    return record


@inner(types.boolean(HEADER, _INT, _INT, _INT), inline=False)
def wide(header, record, dfa, state):
    """True if some character beyond ASCII leads on from a state."""
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    place = record + _WIDE + classes + state
    known = get_i32(header, Column.QUOTIENT, place)
    if known == 0:
        known = np.int32(1)
        first = dfa_field(header, dfa, CharDfaField.TRANSITIONS) + state * classes
        for cls in range(classes):
            if get_i32(header, Column.CHAR_TRANS, first + cls) != 0:
                known |= get_i32(header, Column.QUOTIENT, record + _WIDE + cls) << 1
        put_i32(header, Column.QUOTIENT, place, known)
    return known > 1


@inner(_INT(HEADER, _INT, _INT, _INT))
def letter_class(header, record, dfa, code):
    """The automaton's class of a code point."""
    if code < 128:
        return np.int64(get_i32(header, Column.QUOTIENT, record + code))
    return np.int64(get_i32(header, Column.CHAR_CLASS, interval_of(header, dfa, code)))


@inner(_INT(HEADER, _INT, _INT, _INT))
def find_overlaps(header, dfa, at, seen):
    """Write the pairs of a coarse class and a class of the automaton that have a character in common to ``at``.

    ``seen``: a place of zeros for every pair. Returns the number of pairs.
    """
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    end = dfa_field(header, dfa, CharDfaField.BOUNDS) + dfa_field(header, dfa, CharDfaField.INTERVALS)
    count = np.int64(0)
    intervals = header[COLUMNS + Column.COARSE_BOUND]
    for i in range(intervals):
        coarse = np.int64(get_i32(header, Column.COARSE_CLASS, i))
        if coarse == NO_CLASS:
            continue
        past = np.int64(get_i32(header, Column.COARSE_BOUND, i + 1)) if i + 1 < intervals else np.int64(0x110000)
        j = interval_of(header, dfa, np.int64(get_i32(header, Column.COARSE_BOUND, i)))
        while j < end and get_i32(header, Column.CHAR_BOUND, j) < past:
            cls = np.int64(get_i32(header, Column.CHAR_CLASS, j))
            if get_i32(header, Column.QUOTIENT, seen + coarse * classes + cls) == 0:
                put_i32(header, Column.QUOTIENT, seen + coarse * classes + cls, 1)
                put_i32(header, Column.QUOTIENT, at + count, coarse | cls << 8)
                count += 1
            j += 1
    return count


@inner(_INT(HEADER, _INT, _INT))
def quotient_field(header, quotient, field):
    """One field of a quotient's record."""
    return np.int64(get_i32(header, Column.QUOTIENT, quotient + field))


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def quotient_record(header, record, dfa, kind):
    """Place of a quotient's record, made if need be; 0 with the status set if there is no room."""
    known = record + _QUOTIENTS + kind
    if get_i32(header, Column.QUOTIENT, known) != 0:
        return np.int64(get_i32(header, Column.QUOTIENT, known))
    states = dfa_field(header, dfa, CharDfaField.STATES)
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    pairs = COARSE * classes
    most = _HEAD + 3 * states + states * classes + 2 * pairs + 8 * states
    quotient = reserve(header, most)
    if quotient == 0:
        return 0
    for i in range(most):
        put_i32(header, Column.QUOTIENT, quotient + i, 0)
    merged = quotient + _HEAD
    member = merged + states
    count = merge_states(header, dfa, kind, merged, member)
    rows = member + count
    successors = rows + count
    at = successors + count * classes
    transitions = dfa_field(header, dfa, CharDfaField.TRANSITIONS)
    for i in range(count):
        put_i32(header, Column.QUOTIENT, rows + i, 0)
        one = transitions + np.int64(get_i32(header, Column.QUOTIENT, member + i)) * classes
        for cls in range(classes):
            target = get_i32(header, Column.QUOTIENT, merged + get_i32(header, Column.CHAR_TRANS, one + cls))
            put_i32(header, Column.QUOTIENT, successors + i * classes + cls, target)
    for i in range(2 * pairs):
        put_i32(header, Column.QUOTIENT, at + i, 0)
    found = find_overlaps(header, dfa, at, at + pairs)
    put_i32(header, Column.QUOTIENT, quotient + Head.PAIRS, found)
    put_i32(header, Column.QUOTIENT, quotient + Head.MERGED, merged)
    put_i32(header, Column.QUOTIENT, quotient + Head.MEMBER, member)
    put_i32(header, Column.QUOTIENT, quotient + Head.ROWS, rows)
    put_i32(header, Column.QUOTIENT, quotient + Head.SUCCESSORS, successors)
    put_i32(header, Column.QUOTIENT, quotient + Head.OVERLAPS, at)
    header[SCALARS + Scalar.QUOTIENT_USED] = at + found
    put_i32(header, Column.QUOTIENT, known, quotient)
    return quotient


@inner(types.void(HEADER, _INT, types.uint64, types.uint64))
def fill_pending(header, row, live, mixed):
    """Fill in what a state does with unfinished characters; ``live``, ``mixed``: sets of coarse classes."""
    plain = header[SCALARS + Scalar.PLAIN]
    for i in range(header[COLUMNS + Column.PENDING_REACH] // 2):
        reach = get_u64(header, Column.PENDING_REACH, 2 * i + plain)
        cell = np.int64(0)
        if reach & live != 0:
            cell = np.int64(1)
        elif reach & mixed != 0:
            cell = np.int64(MIXED)
        put_i32(header, Column.QUOTIENT, row + COARSE + i, cell)


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def class_row(header, quotient, dfa, state):
    """Place of a merged state's row, made if need be; 0 with the status set if there is no room."""
    known = quotient_field(header, quotient, Head.ROWS) + state
    if get_i32(header, Column.QUOTIENT, known) != 0:
        return np.int64(get_i32(header, Column.QUOTIENT, known))
    length = COARSE + header[COLUMNS + Column.PENDING_REACH] // 2
    row = reserve(header, length)
    if row == 0:
        return 0
    first = quotient_field(header, quotient, Head.SUCCESSORS) + state * dfa_field(header, dfa, CharDfaField.CLASSES)
    successors = address_32(header, Column.QUOTIENT, first)
    cells = address_32(header, Column.QUOTIENT, row)
    pairs = address_32(header, Column.QUOTIENT, quotient_field(header, quotient, Head.OVERLAPS))
    met = np.uint64(0)
    mixed = np.uint64(0)
    live = np.uint64(0)
    for i in range(quotient_field(header, quotient, Head.PAIRS)):
        pair = np.int64(load_i32(pairs, i))
        bit = np.uint64(1) << np.uint64(pair & 255)
        target = load_i32(successors, pair >> 8)
        if met & bit == 0:
            met |= bit
            store_i32(cells, pair & 255, target)
            if target != 0:
                live |= bit
        elif load_i32(cells, pair & 255) != target:
            mixed |= bit
            store_i32(cells, pair & 255, np.int32(MIXED))
    fill_pending(header, row, live & ~mixed, mixed)
    header[SCALARS + Scalar.QUOTIENT_USED] = row + length
    put_i32(header, Column.QUOTIENT, known, row)
    return row
