"""Strings of JSON text: any string within length bounds, a pattern, or one of several.

    STRING   a: spec         b: characters read (as far as the bounds care)   c: decoder state
    PATTERN  a: automaton    b: its state, and the characters read            c: decoder state
    CHOICE   a: trie node    b: .                                             c: decoder state

Each begins after the opening quotation mark and gives way to its parent at the closing one. Patterns and tries work on
code points; bytes and escapes become code points in ``characters.py``, so an automaton is never multiplied by UTF-8.
A half-read character is kept only while some character that it may still become leads on: no prefix is a dead end.

Nor is an automaton multiplied by bounds on the length: ``b`` of a PATTERN is ``state + (characters read + 1 << 32)``
while they matter, and the state alone from where every string of the automaton keeps them. Whether the bounds can
still be kept is read from a table: row ``k`` holds, by state, how many characters more than ``k`` the shortest string
of at least ``k`` characters has that leads to acceptance (-1: there is none; the last PERIOD rows repeat for ever)::

    (ab)*, 3 to 5 characters        state  1  2      1 --a--> 2 --b--> 1 (accepts)
                                 row 0     0  1
                                 row 1     1  0      after "aba" (state 2, 3 read): at least 0 more, the shortest has 1
                                 row 2     0  1
"""

from __future__ import annotations

import numpy as np
from numba import types

from .characters import INVALID, canonical, piece_high, piece_low, pieces, read_byte
from .compiling import inner
from .intern import intern_config
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64, get_u8
from .opcodes import Op
from .records import CHAR_DFA_FIELDS, TRIE_FIELDS, CharDfaField, TrieField

__all__ = [
    "choice_step",
    "pattern_start",
    "pattern_step",
    "pattern_twin",
    "string_step",
    "trie_child",
    "trie_has_child_in",
    "trie_like",
]

_INT = types.int64


@inner(_INT(HEADER, _INT, _INT))
def string_step(header, config, byte):
    """STRING after one more byte; the parent after the closing quotation mark; 0 if refused."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    count = get_i64(header, Column.CONFIG_B, config)
    state = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    fewest = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec))
    most = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec + 1))
    if state == 0:
        if byte == 34:
            return parent if count >= fewest else np.int64(0)
        if 0 <= most <= count:
            return 0
    read = read_byte(header, state, byte)
    if read == INVALID:
        return 0
    if read >= 0:
        return intern_config(header, Op.STRING, spec, count, canonical(read, 0), parent)
    count += 1
    if most < 0:
        count = min(count, fewest)
    return intern_config(header, Op.STRING, spec, count, 0, parent)


@inner(_INT(HEADER, _INT, _INT))
def dfa_field(header, dfa, field):
    """One field of a character automaton."""
    return np.int64(get_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT))
def interval_of(header, dfa, code):
    """Index (absolute, in CHAR_BOUND) of the interval that holds a code point. Binary search."""
    low = dfa_field(header, dfa, CharDfaField.BOUNDS)
    high = low + dfa_field(header, dfa, CharDfaField.INTERVALS)
    while high - low > 1:
        middle = (low + high) // 2
        if get_i32(header, Column.CHAR_BOUND, middle) <= code:
            low = middle
        else:
            high = middle
    return low


@inner(_INT(HEADER, _INT, _INT, _INT))
def dfa_next(header, dfa, state, interval):
    """Successor of a state by an interval of code points; 0 is dead."""
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    first = dfa_field(header, dfa, CharDfaField.TRANSITIONS)
    cls = np.int64(get_i32(header, Column.CHAR_CLASS, interval))
    return np.int64(get_i32(header, Column.CHAR_TRANS, first + state * classes + cls))


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def dfa_alive(header, dfa, state, low, high):
    """True if some code point in ``low`` .. ``high`` leads on from a state."""
    interval = interval_of(header, dfa, low)
    last = interval_of(header, dfa, high)
    while interval <= last:
        if dfa_next(header, dfa, state, interval) != 0:
            return True
        interval += 1
    return False


@inner(types.boolean(HEADER, _INT, _INT, _INT), inline=False)
def pattern_alive(header, dfa, state, read):
    """True if some string leads from a state to acceptance and keeps the bounds, ``read`` characters being read."""
    fewest = dfa_field(header, dfa, CharDfaField.FEWEST)
    most = dfa_field(header, dfa, CharDfaField.MOST)
    missing = max(fewest - read, np.int64(0))
    row = missing
    rows = dfa_field(header, dfa, CharDfaField.ROWS)
    if row >= rows:
        period = dfa_field(header, dfa, CharDfaField.PERIOD)
        row = rows - period + (row - rows) % period
    first = dfa_field(header, dfa, CharDfaField.LENGTHS)
    slack = get_i32(header, Column.CHAR_LENGTH, first + row * dfa_field(header, dfa, CharDfaField.STATES) + state)
    return slack >= 0 and (most < 0 or read + missing + slack <= most)


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def pattern_settled(header, dfa, state, read):
    """True if every string that leads from a state to acceptance keeps the bounds."""
    states = dfa_field(header, dfa, CharDfaField.STATES)
    first = dfa_field(header, dfa, CharDfaField.LENGTHS)
    if read + get_i32(header, Column.CHAR_LENGTH, first + state) < dfa_field(header, dfa, CharDfaField.FEWEST):
        return False
    most = dfa_field(header, dfa, CharDfaField.MOST)
    longest = get_i32(header, Column.CHAR_LENGTH, first + dfa_field(header, dfa, CharDfaField.ROWS) * states + state)
    return most < 0 or (longest >= 0 and read + longest <= most)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def pattern_at(header, dfa, state, counted, parent):
    """PATTERN in a live state at a character boundary, after ``counted - 1`` characters (0: they do not matter).

    A STRING where the automaton lets everything through.
    """
    if state == dfa_field(header, dfa, CharDfaField.ANYTHING):
        spec = dfa_field(header, dfa, CharDfaField.STRING)
        fewest = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec))
        unbounded = get_i32(header, Column.STRING_SPEC, 2 * spec + 1) < 0
        read = fewest if counted == 0 or (unbounded and counted > fewest) else counted - 1
        return intern_config(header, Op.STRING, spec, read, 0, parent)
    if counted > 0 and pattern_settled(header, dfa, state, counted - 1):
        counted = np.int64(0)
    return intern_config(header, Op.PATTERN, dfa, state + (counted << 32), 0, parent)


@inner(_INT(HEADER, _INT, _INT))
def pattern_start(header, dfa, parent):
    """PATTERN after the opening quotation mark."""
    bounded = dfa_field(header, dfa, CharDfaField.FEWEST) > 0 or dfa_field(header, dfa, CharDfaField.MOST) >= 0
    start = dfa_field(header, dfa, CharDfaField.START)
    return pattern_at(header, dfa, start, np.int64(1) if bounded else np.int64(0), parent)


@inner(_INT(HEADER, _INT, _INT))
def pattern_twin(header, config, characters):
    """A configuration that the next ``characters`` take to the same places as a PATTERN, but for its count.

    The PATTERN without a count if the bounds cannot matter so soon; otherwise the configuration itself.
    """
    counted = get_i64(header, Column.CONFIG_B, config) >> 32
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    if counted == 0 or counted - 1 < dfa_field(header, dfa, CharDfaField.FEWEST):
        return config
    if counted - 1 + characters > dfa_field(header, dfa, CharDfaField.ROOM):
        return config
    state = get_i64(header, Column.CONFIG_B, config) & 0xFFFFFFFF
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    return intern_config(
        header, Op.PATTERN, dfa, state, pending, np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    )


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT))
def pattern_lives_in(header, dfa, state, counted, low, high):
    """True if some code point in ``low`` .. ``high`` leads on from a state within the bounds."""
    if counted == 0:
        return dfa_alive(header, dfa, state, low, high)
    interval = interval_of(header, dfa, low)
    last = interval_of(header, dfa, high)
    dead = np.int64(0)
    while interval <= last:
        following = dfa_next(header, dfa, state, interval)
        if following != dead:
            if pattern_alive(header, dfa, following, counted):
                return True
            dead = following
        interval += 1
    return False


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def pattern_accepts(header, dfa, state, counted):
    """True if the string may end here."""
    if get_u8(header, Column.CHAR_ACCEPT, dfa_field(header, dfa, CharDfaField.ACCEPT) + state) == 0:
        return False
    most = dfa_field(header, dfa, CharDfaField.MOST)
    read = counted - 1
    return counted == 0 or (read >= dfa_field(header, dfa, CharDfaField.FEWEST) and (most < 0 or read <= most))


@inner(_INT(HEADER, _INT, _INT))
def pattern_step(header, config, byte):
    """PATTERN after one more byte; the parent after the closing quotation mark; 0 if refused."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    packed = get_i64(header, Column.CONFIG_B, config)
    state = packed & 0xFFFFFFFF
    counted = packed >> 32
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if pending == 0 and byte == 34:
        return parent if pattern_accepts(header, dfa, state, counted) else np.int64(0)
    read = read_byte(header, pending, byte)
    if read == INVALID:
        return 0
    if read < 0:
        following = dfa_next(header, dfa, state, interval_of(header, dfa, -2 - read))
        if following == 0 or (counted > 0 and not pattern_alive(header, dfa, following, counted)):
            return 0
        return pattern_at(header, dfa, following, counted + 1 if counted > 0 else np.int64(0), parent)
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    alive = False
    for i in range(pieces(read, plainly)):
        low = piece_low(read, plainly, i)
        alive = alive or pattern_lives_in(header, dfa, state, counted, low, piece_high(read, plainly, i))
    if not alive:
        return 0
    interval = interval_of(header, dfa, piece_low(read, plainly, 0))
    if pieces(read, plainly) == 1 and interval == interval_of(header, dfa, piece_high(read, plainly, 0)):
        read = canonical(read, np.int64(get_i32(header, Column.CHAR_BOUND, interval)))
    return intern_config(header, Op.PATTERN, dfa, packed, read, parent)


@inner(_INT(HEADER, _INT, _INT))
def trie_child(header, node, code):
    """Child of a trie node by code point, or -1."""
    child = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.CHILD))
    while child >= 0 and get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE) < code:
        child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    if child >= 0 and get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE) == code:
        return child
    return -1


@inner(_INT(HEADER, _INT, _INT, _INT))
def trie_has_child_in(header, node, low, high):
    """First child of a trie node whose code point lies in ``low`` .. ``high``, or -1."""
    child = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.CHILD))
    while child >= 0:
        code = get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE)
        if code > high:
            return -1
        if code >= low:
            return child
        child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    return -1


@inner(types.boolean(HEADER, _INT, _INT))
def trie_like(header, node, state):
    """True if some child continues a half-read character."""
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    for i in range(pieces(state, plainly)):
        if trie_has_child_in(header, node, piece_low(state, plainly, i), piece_high(state, plainly, i)) >= 0:
            return True
    return False


@inner(_INT(HEADER, _INT, _INT))
def choice_step(header, config, byte):
    """CHOICE after one more byte; the parent after the closing quotation mark; 0 if refused."""
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if pending == 0 and byte == 34:
        ends = get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.VALUE) >= 0
        return parent if ends else np.int64(0)
    read = read_byte(header, pending, byte)
    if read == INVALID:
        return 0
    if read < 0:
        child = trie_child(header, node, -2 - read)
        return intern_config(header, Op.CHOICE, child, 0, 0, parent) if child >= 0 else np.int64(0)
    if not trie_like(header, node, read):
        return 0
    return intern_config(header, Op.CHOICE, node, 0, read, parent)
