"""Rows of keys and choices begin with the bytes that no member of the trie goes on with as dead.

::

    {"name", "size"}, nothing else:  KEY at the root      n s \\ "    UNFILLED: computed when a walk asks
                                                          the rest    DEAD

A walk of the vocabulary tries all bytes at its root, and computes a transition for each; here one look at the children
of the trie node settles nearly all of them.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .memory import HEADER, Column, get_i32, store_i32
from .opcodes import DEAD, UNFILLED, Op
from .records import OBJECT_FIELDS, TRIE_FIELDS, ObjectField, TrieField

__all__ = ["has_wide_child", "narrow_row"]

_INT = types.int64


@inner(types.boolean(HEADER, _INT))
def has_wide_child(header, node):
    """True if a trie node has a child that is not ASCII. O(children)."""
    child = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.CHILD))
    while child >= 0:
        if get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE) >= 128:
            return True
        child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    return False


@inner(_INT(HEADER, _INT))
def confining_node(header, config):
    """The trie node whose children alone continue a configuration at a character boundary, or -1."""
    if get_i32(header, Column.CONFIG_C, config) != 0:
        return -1
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.CHOICE:
        return np.int64(get_i32(header, Column.CONFIG_A, config))
    if op != Op.KEY:
        return -1
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    if get_i32(header, Column.OBJECT_SPEC, spec * OBJECT_FIELDS + ObjectField.ADDITIONAL) != -1:
        return -1
    return np.int64(get_i32(header, Column.CONFIG_A, config))


@inner(types.void(HEADER, _INT, _INT), inline=False)
def narrow_row(header, config, row):
    """Mark what is dead in a new row, at address ``row``, of a KEY without additional keys or a CHOICE."""
    node = confining_node(header, config)
    if node < 0:
        return
    for byte in range(256 if not has_wide_child(header, node) else 128):
        if byte != 34 and byte != 92:
            store_i32(row, byte, DEAD)
    child = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.CHILD))
    while child >= 0:
        code = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE))
        if 32 <= code < 128:
            store_i32(row, code, UNFILLED)
        child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
