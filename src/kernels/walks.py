r"""Walks of the vocabulary's tries from a configuration: which tokens lead somewhere.

::

    trie      a ── b ── c          STACK[depth]      configuration after that prefix
               \── x               STACK_ROW[depth]  its first transition

One walk in preorder, over the whole trie or the part below some nodes; the subtree of a dead byte is skipped. Strings
and blanks have tries of their own, of what follows the closing quotation mark (``runtime/json_string_tables.py``) or
the run of blanks (``runtime/blank_tokens.py``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .doubtful import set_bit
from .json_machine import is_blank
from .machine import row_of, successor
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    address_64,
    get_i32,
    get_i64,
    get_u64,
    load_i32,
    load_i64,
    load_u32,
    load_u64,
    put_i32,
    put_i64,
    store_i32,
    store_i64,
)
from .opcodes import DEAD, Op, Whitespace

__all__ = ["allow_inside", "enter", "unite_words", "walk", "walk_all", "walk_suffixes"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")


@inner(types.void(_INT, _MASK))
def unite_words(address, mask):
    """Allow what the words at an address allow."""
    for i in range(mask.size):
        mask[i] |= load_u32(address, i)


@inner(types.void(HEADER, _INT, _INT))
def enter(header, config, depth):
    """Put a configuration on the stack of the walk."""
    put_i32(header, Column.STACK, depth, config)
    put_i64(header, Column.STACK_ROW, depth, row_of(header, config))


@inner(types.void(HEADER, _INT, _INT, _INT, _MASK), inline=False)
def walk(header, config, first, last, mask):
    """Allow the tokens at the trie nodes ``first`` .. ``last - 1`` that a configuration accepts.

    ``config`` is the configuration before node ``first``; the nodes are all the descendants of one node.
    """
    if first >= last:
        return
    base = np.int64((get_u64(header, Column.TRIE, first) >> np.uint64(8)) & np.uint64(0xFFF)) - 1
    enter(header, config, base)
    trie = address_64(header, Column.TRIE, 0)
    transitions = address_32(header, Column.ROW_DATA, 0)
    config_rows = address_32(header, Column.CONFIG_ROW, 0)
    stack = address_32(header, Column.STACK, 0)
    stack_rows = address_64(header, Column.STACK_ROW, 0)
    i = first
    visited = np.int64(0)
    while i < last:
        node = load_u64(trie, i)
        visited += 1
        byte = np.int64(node & np.uint64(0xFF))
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        size = np.int64(node >> np.uint64(41))
        row = load_i64(stack_rows, depth - 1)
        target = np.int64(load_i32(transitions, row + byte))
        if target < 0:
            target = successor(header, np.int64(load_i32(stack, depth - 1)), row, byte)
            if header[SCALARS + Scalar.STATUS] != 0:
                break
        if target == 0:
            i += size
            continue
        token = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if token >= 0:
            set_bit(mask, token)
        if size > 1:
            below = np.int64(load_i32(config_rows, target)) << 8
            if below < 0:
                below = row_of(header, target)
                if below < 0:
                    break
            store_i32(stack, depth, target)
            store_i64(stack_rows, depth, below)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _MASK))
def allow_suffix(header, suffix, characters, fewest, most, mask):
    """Allow the tokens of a suffix whose characters before the quotation mark keep the string within its bounds.

    ``characters`` -1: those of which QUOTE_LIVE says that what they begin with leads to configuration ``fewest``.
    """
    for i in range(
        np.int64(get_i32(header, Column.SUFFIX_OFFSETS, suffix)),
        np.int64(get_i32(header, Column.SUFFIX_OFFSETS, suffix + 1)),
    ):
        if characters < 0:
            quote = np.int64(get_i32(header, Column.SUFFIX_QUOTE, i))
            allowed = get_i32(header, Column.QUOTE_LIVE, quote) == fewest
        else:
            total = characters + get_i32(header, Column.SUFFIX_CHARS, i)
            allowed = total >= fewest and (most < 0 or total <= most)
        if allowed:
            set_bit(mask, np.int64(get_i32(header, Column.SUFFIX_TOKENS, i)))


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _MASK))
def walk_suffixes(header, config, characters, fewest, most, mask):
    """Allow the tokens that close a string and go on from ``config``, the configuration after the quotation mark.

    See :func:`allow_suffix` for the bounds.
    """
    allow_suffix(header, 0, characters, fewest, most, mask)
    enter(header, config, 0)
    i = np.int64(1)
    last = header[SCALARS + Scalar.SUFFIX_NODES]
    visited = np.int64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.SUFFIX_TRIE, i)
        visited += 1
        byte = np.int64(node & np.uint64(0xFF))
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        row = get_i64(header, Column.STACK_ROW, depth - 1)
        target = successor(header, np.int64(get_i32(header, Column.STACK, depth - 1)), row, byte)
        if target == 0:
            i += np.int64(node >> np.uint64(41))
            continue
        suffix = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if suffix >= 0:
            allow_suffix(header, suffix, characters, fewest, most, mask)
        if np.int64(node >> np.uint64(41)) > 1:
            enter(header, target, depth)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _MASK))
def allow_inside(header, most, mask):
    """Allow the tokens that stay inside a string and begin at most ``most`` characters (-1: any number)."""
    if most < 0 or most >= header[SCALARS + Scalar.STRING_MAX_CHARS]:
        unite_words(address_32(header, Column.STRING_MASK, 0), mask)
        return
    row = most * header[COLUMNS + Column.STRING_MASK]
    unite_words(address_32(header, Column.STRING_MASK_BY_CHARS, row), mask)


@inner(types.boolean(HEADER, _INT))
def between_tokens(header, config):
    """True if blanks leave a configuration of JSON text as it is."""
    if header[SCALARS + Scalar.WHITESPACE] != Whitespace.ANY:
        return False
    first, last = np.int64(0), np.int64(1)
    if get_i32(header, Column.CONFIG_OP, config) == Op.SET:
        members = np.int64(get_i32(header, Column.CONFIG_A, config))
        first = get_i64(header, Column.LIST_OFFSET, members)
        last = get_i64(header, Column.LIST_OFFSET, members + 1)
    one = config
    for i in range(first, last):
        if get_i32(header, Column.CONFIG_OP, config) == Op.SET:
            one = get_i64(header, Column.LIST_DATA, i)
        op = get_i32(header, Column.CONFIG_OP, one)
        inside = op == Op.OBJECT or op == Op.NEXT_KEY or op == Op.COLON or op == Op.MEMBERS
        inside = inside or op == Op.ARRAY or op == Op.ITEMS or op == Op.VALUE
        if not inside and op != Op.DOCUMENT and op != Op.FINISHED:
            return False
    return True


@inner(types.void(HEADER, _INT, _MASK))
def walk_blanks(header, config, mask):
    """Allow the tokens that begin with blanks, which leave ``config`` as it is."""
    unite_words(address_32(header, Column.BLANK_MASK, 0), mask)
    enter(header, config, 0)
    i = np.int64(1)
    last = header[COLUMNS + Column.BLANK_TRIE]
    visited = np.int64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.BLANK_TRIE, i)
        visited += 1
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        row = get_i64(header, Column.STACK_ROW, depth - 1)
        before = np.int64(get_i32(header, Column.STACK, depth - 1))
        target = successor(header, before, row, np.int64(node & np.uint64(0xFF)))
        if target == 0:
            i += np.int64(node >> np.uint64(41))
            continue
        rest = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if rest >= 0:
            first = np.int64(get_i32(header, Column.BLANK_TOKENS, rest))
            for j in range(first, np.int64(get_i32(header, Column.BLANK_TOKENS, rest + 1))):
                set_bit(mask, np.int64(get_i32(header, Column.BLANK_TOKENS, j)))
        if np.int64(node >> np.uint64(41)) > 1:
            enter(header, target, depth)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _MASK), inline=False)
def walk_all(header, config, mask):
    """Allow the tokens that a configuration accepts: a walk of the subtrees whose first byte is not dead."""
    row = row_of(header, config)
    if row < 0:
        return
    blanks = between_tokens(header, config)
    if blanks:
        walk_blanks(header, config, mask)
    for byte in range(256):
        if get_i32(header, Column.ROW_DATA, row + byte) == DEAD or (blanks and is_blank(byte)):
            continue
        if header[SCALARS + Scalar.STATUS] != 0:
            return
        first = np.int64(get_i32(header, Column.TRIE_START, byte))
        walk(header, config, first, np.int64(get_i32(header, Column.TRIE_START, byte + 1)), mask)
