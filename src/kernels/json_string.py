"""Strings of JSON text: any string within length bounds, a pattern, or one of several.

    STRING   a: spec         b: characters read (as far as the bounds care)   c: decoder state
    PATTERN  a: automaton    b: its state                                     c: decoder state
    CHOICE   a: trie node    b: .                                             c: decoder state

Each begins after the opening quotation mark and gives way to its parent at the closing one. Patterns and tries work on
code points; bytes and escapes become code points in ``characters.py``, so an automaton is never multiplied by UTF-8.
A half-read character is kept only while some character that it may still become leads on: no prefix is a dead end.
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
    "pattern_is_over",
    "pattern_step",
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


@inner(types.boolean(HEADER, _INT))
def pattern_is_over(header, config):
    """True if a PATTERN at a character boundary takes any characters from here on, and may end at any of them."""
    if get_i32(header, Column.CONFIG_C, config) != 0:
        return False
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    if get_u8(header, Column.CHAR_ACCEPT, dfa_field(header, dfa, CharDfaField.ACCEPT) + state) == 0:
        return False
    first = dfa_field(header, dfa, CharDfaField.BOUNDS)
    for interval in range(first, first + dfa_field(header, dfa, CharDfaField.INTERVALS)):
        surrogates = get_i32(header, Column.CHAR_BOUND, interval) == 0xD800
        if not surrogates and dfa_next(header, dfa, state, interval) != state:
            return False
    return True


@inner(_INT(HEADER, _INT, _INT))
def pattern_step(header, config, byte):
    """PATTERN after one more byte; the parent after the closing quotation mark; 0 if refused."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if pending == 0 and byte == 34:
        accepts = get_u8(header, Column.CHAR_ACCEPT, dfa_field(header, dfa, CharDfaField.ACCEPT) + state)
        return parent if accepts != 0 else np.int64(0)
    read = read_byte(header, pending, byte)
    if read == INVALID:
        return 0
    if read < 0:
        following = dfa_next(header, dfa, state, interval_of(header, dfa, -2 - read))
        return intern_config(header, Op.PATTERN, dfa, following, 0, parent) if following != 0 else np.int64(0)
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    alive = False
    for i in range(pieces(read, plainly)):
        low = piece_low(read, plainly, i)
        alive = alive or dfa_alive(header, dfa, state, low, piece_high(read, plainly, i))
    if not alive:
        return 0
    interval = interval_of(header, dfa, piece_low(read, plainly, 0))
    if pieces(read, plainly) == 1 and interval == interval_of(header, dfa, piece_high(read, plainly, 0)):
        read = canonical(read, np.int64(get_i32(header, Column.CHAR_BOUND, interval)))
    return intern_config(header, Op.PATTERN, dfa, state, read, parent)


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
