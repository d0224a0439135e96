"""Masks of PATTERN configurations, and of keys that an automaton reads along, at a character boundary.

A token either stays inside the string, which does not depend on what comes after it (``quotient.py``), or closes it:
then it is what comes before the quotation mark, of which a vocabulary has few, and what follows it::

    QUOTE_LETTERS   ""   "s"  "."  ...      run each once   --> QUOTE_LIVE: the configuration behind the string
    suffixes        ": 1"  "}"  ...         one walk of their trie for each of these (masks.walk_suffixes)
    tokens          pairs of the two

Where bounds on the length matter, behind d characters of a token a state is live if its entry of CHAR_LENGTH at
``DEPTH_BOUND[2 * d]`` is at least 0 and at most ``DEPTH_BOUND[2 * d + 1]``.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .json_object import FREE_KEY, close_key, object_field
from .json_string import dfa_field, pattern_accepts
from .key_names import packed_key
from .letters import CHARACTER
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    get_i32,
    get_i64,
    load_u32,
    put_i32,
    put_i64,
)
from .quotient import class_walk, letter_walk
from .quotient_rows import automaton_record, letter_class
from .records import CharDfaField, ObjectField

__all__ = ["allow_inside_automaton", "close_other_keys", "closes_pattern"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")
_ANY = 1 << 40


@inner(types.void(HEADER, _INT, _INT))
def bound_depths(header, dfa, counted):
    """Fill in DEPTH_BOUND for a string of which ``counted - 1`` characters have been read."""
    states = dfa_field(header, dfa, CharDfaField.STATES)
    first = dfa_field(header, dfa, CharDfaField.LENGTHS)
    fewest = dfa_field(header, dfa, CharDfaField.FEWEST)
    most = dfa_field(header, dfa, CharDfaField.MOST)
    rows = dfa_field(header, dfa, CharDfaField.ROWS)
    period = dfa_field(header, dfa, CharDfaField.PERIOD)
    for depth in range(header[COLUMNS + Column.DEPTH_BOUND] // 2):
        read = counted - 1 + depth
        missing = max(fewest - read, np.int64(0))
        row = missing
        if row >= rows:
            row = rows - period + (row - rows) % period
        put_i64(header, Column.DEPTH_BOUND, 2 * depth, first + row * states)
        put_i64(header, Column.DEPTH_BOUND, 2 * depth + 1, np.int64(_ANY) if most < 0 else most - read - missing)


@inner(types.void(HEADER, _INT, _INT, _MASK))
def allow_inside_automaton(header, dfa, packed, mask):
    """Allow the tokens that stay inside a string of an automaton, at a character boundary. ``mask`` is all zeros.

    ``packed``: its state, and the characters read, as in a PATTERN.
    """
    record = automaton_record(header, dfa)
    if record == 0:
        return
    if packed >> 32 > 0:
        bound_depths(header, dfa, packed >> 32)
    if not letter_walk(header, record, dfa, packed, np.uint64(0), mask):
        class_walk(header, record, dfa, packed, mask)
    if header[SCALARS + Scalar.PLAIN] != 0:
        inside = address_32(header, Column.STRING_MASK, 0)
        for i in range(mask.size):
            mask[i] &= load_u32(inside, i)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def before_quote(header, record, dfa, state, quote):
    """State of an automaton behind what some tokens spell before their quotation mark; 0 if it is refused."""
    transitions = dfa_field(header, dfa, CharDfaField.TRANSITIONS)
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    i = np.int64(get_i32(header, Column.QUOTE_STARTS, quote))
    last = np.int64(get_i32(header, Column.QUOTE_STARTS, quote + 1))
    while i < last and state != 0:
        code = np.int64(get_i32(header, Column.QUOTE_LETTERS, i)) - CHARACTER
        cls = letter_class(header, record, dfa, code)
        state = np.int64(get_i32(header, Column.CHAR_TRANS, transitions + state * classes + cls))
        i += 1
    return state


@inner(types.boolean(HEADER, _INT))
def closes_pattern(header, config):
    """Write to QUOTE_LIVE what follows the string of a PATTERN at a character boundary; True if some token closes it.

    By what comes before the quotation mark: the configuration behind the string, or 0 if it may not end there.
    """
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    packed = get_i64(header, Column.CONFIG_B, config)
    parent = get_i32(header, Column.CONFIG_PARENT, config)
    counted = packed >> 32
    record = automaton_record(header, dfa)
    if record == 0:
        return False
    some = False
    for quote in range(header[COLUMNS + Column.QUOTE_LIVE]):
        length = get_i32(header, Column.QUOTE_STARTS, quote + 1) - get_i32(header, Column.QUOTE_STARTS, quote)
        state = before_quote(header, record, dfa, packed & 0xFFFFFFFF, np.int64(quote))
        after = counted + length if counted > 0 else np.int64(0)
        live = state != 0 and pattern_accepts(header, dfa, state, after)
        put_i32(header, Column.QUOTE_LIVE, quote, parent if live else 0)
        some = some or live
    return some


@inner(types.void(HEADER, _INT, _INT))
def close_other_keys(header, members, state):
    """Write to QUOTE_LIVE what follows a key that no declared key and none seen begins like.

    ``state``: of the key automaton.
    """
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    record = automaton_record(header, dfa)
    if record == 0:
        return
    for quote in range(header[COLUMNS + Column.QUOTE_LIVE]):
        behind = before_quote(header, record, dfa, state, np.int64(quote))
        after = np.int64(0)
        if behind != 0:
            after = close_key(header, np.int64(FREE_KEY), packed_key(np.int64(0), behind), members)
        put_i32(header, Column.QUOTE_LIVE, quote, after)
