r"""How many additional keys are left, where an automaton allows only so many: none may come twice.

By state of the automaton, ``KEY_WORDS`` holds the number of keys that it accepts from there; -1 if there is no end to
them. Those among the keys seen are subtracted, so a key is let through as far as some key that begins so is left::

    patternProperties ^[ab]c?$, seen "a", "ac"      {"   4 - 2 left     {"a   2 - 2: refused     {"b   2 - 0 left
"""

from __future__ import annotations

import numpy as np
from numba import types

from .characters import MAX_CODE_POINT
from .compiling import inner
from .intern import reserve_scratch
from .json_string import dfa_alive, dfa_next, interval_of
from .memory import HEADER, Column, get_i32, get_i64, put_i64
from .names import MARK, TREE_DEPTH, UNKNOWN, names_have
from .opcodes import Op
from .records import CHAR_DFA_FIELDS, CharDfaField

__all__ = ["ENDLESS", "key_goes_on", "key_goes_on_in", "keys_left"]

_INT = types.int64

ENDLESS = -1
"""More keys than an object can have."""


@inner(_INT(_INT, _INT))
def characters(low, high):
    """Number of characters in a range of code points: surrogates are none."""
    surrogates = min(high, np.int64(0xDFFF)) - max(low, np.int64(0xD800)) + 1
    return high - low + 1 - max(surrogates, np.int64(0))


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT, _INT))
def is_taken(header, dfa, labels, mark, name, state, first):
    """True if a text of a set, given by its mark, goes on from ``name`` and is accepted from ``state``.

    With ``first`` >= 0, the next character must lie in ``first >> 32`` .. ``first & 0xFFFFFFFF``.
    """
    length = np.int64(0)
    at = np.int64(get_i32(header, Column.CONFIG_PARENT, mark))
    while at != name and at != 0:
        if not reserve_scratch(header, TREE_DEPTH + length + 1):
            return False
        put_i64(header, Column.SCRATCH, TREE_DEPTH + length, np.int64(get_i32(header, Column.CONFIG_A, at)))
        length += 1
        at = np.int64(get_i32(header, Column.CONFIG_PARENT, at))
    if at == 0 and name != 0:
        return False
    if name == 0:
        length -= 1  # the empty text
    if first >= 0:
        code = get_i64(header, Column.SCRATCH, TREE_DEPTH + length - 1)
        if length == 0 or code < first >> 32 or code > first & 0xFFFFFFFF:
            return False
    while length > 0 and state != 0:
        length -= 1
        code = get_i64(header, Column.SCRATCH, TREE_DEPTH + length)
        state = dfa_next(header, dfa, state, interval_of(header, dfa, code))
    return state != 0 and get_i32(header, Column.KEY_LABEL, labels + state) != -1


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT), inline=False)
def taken(header, dfa, labels, names, name, state, first):
    """Number of texts of a set that :func:`is_taken` counts. O(n) for n characters in the set.

    Texts of which nothing is known are taken for accepted, and go on from no ``name`` but the empty one, which is 0.
    """
    if names == 0 or not reserve_scratch(header, TREE_DEPTH):
        return 0
    total = np.int64(0)
    put_i64(header, Column.SCRATCH, 0, names)
    depth = np.int64(1)
    while depth > 0:
        depth -= 1
        tree = get_i64(header, Column.SCRATCH, depth)
        while get_i32(header, Column.CONFIG_OP, tree) == Op.NAMES:
            put_i64(header, Column.SCRATCH, depth, np.int64(get_i32(header, Column.CONFIG_PARENT, tree)))
            depth += 1
            tree = np.int64(get_i32(header, Column.CONFIG_A, tree))
        a = get_i32(header, Column.CONFIG_A, tree)
        if a <= UNKNOWN:
            total += 1 if name == 0 else 0
        elif a == MARK and is_taken(header, dfa, labels, tree, name, state, first):
            total += 1
    return total


@inner(_INT(HEADER, _INT, _INT, _INT))
def keys_left(header, dfa, labels, names):
    """Number of keys that an automaton accepts and that are not in a set, or ENDLESS. ``dfa`` -1 accepts all."""
    if dfa < 0:
        return ENDLESS
    start = np.int64(get_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + CharDfaField.START))
    words = get_i64(header, Column.KEY_WORDS, labels + start)
    if words < 0:
        return ENDLESS
    return words - taken(header, dfa, labels, names, np.int64(0), start, np.int64(-1))


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT))
def key_goes_on(header, dfa, labels, names, name, state):
    """True if some key is left that begins with ``name``, at the end of which the automaton is in ``state``.

    ``name`` 0: one that no text in the set begins with.
    """
    if dfa < 0:
        return True
    words = get_i64(header, Column.KEY_WORDS, labels + state) if state != 0 else np.int64(0)
    if words <= 0 or name == 0 or not names_have(header, names, name):
        return words != 0
    return words > taken(header, dfa, labels, names, name, state, np.int64(-1))


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT, _INT, _INT), inline=False)
def key_goes_on_in(header, dfa, labels, names, name, state, low, high):
    """Like :func:`key_goes_on`, the next character being in ``low`` .. ``high``."""
    if dfa < 0:
        return True
    if state == 0 or not dfa_alive(header, dfa, state, low, high):
        return False
    if name == 0 or not names_have(header, names, name):
        return True
    total = np.int64(0)
    interval = interval_of(header, dfa, low)
    last = interval_of(header, dfa, high)
    end = np.int64(get_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + CharDfaField.BOUNDS))
    end += np.int64(get_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + CharDfaField.INTERVALS))
    while interval <= last:
        following = dfa_next(header, dfa, state, interval)
        words = get_i64(header, Column.KEY_WORDS, labels + following) if following != 0 else np.int64(0)
        if words < 0:
            return True
        begin = max(low, np.int64(get_i32(header, Column.CHAR_BOUND, interval)))
        until = np.int64(MAX_CODE_POINT)
        if interval + 1 < end:
            until = np.int64(get_i32(header, Column.CHAR_BOUND, interval + 1)) - 1
        total += words * characters(begin, min(high, until))
        interval += 1
    return total > taken(header, dfa, labels, names, name, state, (low << 32) | high)
