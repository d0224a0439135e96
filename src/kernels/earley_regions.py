"""What a lexer state does with the tokens below a node of the trie, whatever the parser does: tables, made as needed.

Within a lexeme a token is allowed for as long as the lexer is alive, and the parser is asked only where the lexeme
ends. So the part of a mask that lies below a trie node depends on the lexer state there, and not on the Earley set::

    region (node " s", lexer { NAME after "s", SELECT after "s" })
        tokens   " set", " self", " some", ...            alive to their ends: ids, or a mask if they are many
        groups of exits
            lexer { NAME after "select", SELECT accepting }, END, nodes [" select"]: some byte below ends the lexeme
            lexer { INTEGER accepting, FLOAT }, SPLIT, nodes [" 1"]: after some byte below it may have ended, or go on
        parts    regions of children, shared by many regions

``before`` (0: none) is a lexer state whose bytes are left out: those by which the lexeme before could go on.

Regions of large subtrees are put together (``earley_parts.py``). The pool of regions is a stack; when it is full all of
them are forgotten (``runtime/cfg_binding.py``).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import types

from .compiling import inner
from .earley_lexer import LEXER_FIELDS, LexerField, lexer_field, lexer_step
from .earley_memo import Memo, ask_room, push, recall, remember
from .earley_set import TERMINAL_FIELDS
from .intern import sort_unique
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    address_64,
    call_entry,
    get_i32,
    get_i64,
    get_u8,
    get_u64,
    load_i32,
    load_i64,
    load_u32,
    load_u64,
    put_i32,
    store_i32,
    store_i64,
    store_u32,
)

__all__ = [
    "DENSE",
    "END",
    "GROUP_FIELDS",
    "NODE_BITS",
    "REGION_FIELDS",
    "SPLIT",
    "GroupField",
    "RegionField",
    "allow",
    "class_at",
    "exit_at",
    "exit_kind",
    "node_depth",
    "node_size",
    "node_token",
    "plain_region",
    "region_field",
    "reserve",
    "store_exits",
    "unite",
    "unite_tokens",
]

_INT = types.int64


class RegionField(IntEnum):
    """Fields of a region."""

    COUNT = 0  # number of tokens, DENSE: a mask
    TOKENS = 1  # index in the pool of their ids, or of their mask
    GROUPS = 2  # number of groups of exits
    FIRST_GROUP = 3  # index in the pool
    PARTS = 4  # number of parts
    FIRST_PART = 5  # index in the pool of their indices


class GroupField(IntEnum):
    """Fields of a group of exits."""

    LEXER = 0  # the lexer state where the lexeme may end
    KIND = 1  # END or SPLIT
    COUNT = 2  # number of nodes
    FIRST = 3  # index in the pool of the nodes
    CLASSES = 4  # bit set of the classes of bytes below the nodes, 8 words


REGION_FIELDS = 6
GROUP_FIELDS = 12
END = 0
SPLIT = 1
DENSE = -1

NODE_BITS = 23
"""Bits of a trie node in a number."""

_NODES = (1 << NODE_BITS) - 1


@inner(_INT(types.uint64))
def node_depth(word):
    """Bytes from the root to a node of the trie."""
    return np.int64((word >> np.uint64(8)) & np.uint64(0xFFF))


@inner(_INT(types.uint64))
def node_size(word):
    """Nodes of a subtree."""
    return np.int64(word >> np.uint64(41))


@inner(_INT(types.uint64))
def node_token(word):
    """The token that ends at a node, or -1."""
    return np.int64((word >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1


@inner(types.void(_INT, _INT))
def allow(mask, token):
    """Set a token's bit in the mask at an address, unless the token is -1."""
    if token >= 0:
        store_u32(mask, token >> 5, load_u32(mask, token >> 5) | (np.uint32(1) << np.uint32(token & 31)))


@inner(_INT(HEADER, _INT, _INT))
def region_field(header, region, field):
    """One field of a region."""
    return np.int64(get_i32(header, Column.EARLEY_REGION, region + field))


@inner(types.void(HEADER, _INT, _INT, _INT))
def unite_tokens(header, count, at, mask):
    """Allow ``count`` tokens that lie at ``at`` in the pool, or the mask there, in the mask at an address."""
    tokens = address_32(header, Column.EARLEY_REGION, at)
    if count == DENSE:
        for i in range(header[SCALARS + Scalar.WORDS]):
            store_u32(mask, i, load_u32(mask, i) | load_u32(tokens, i))
    for i in range(count):
        allow(mask, np.int64(load_u32(tokens, i)))


@inner(types.void(HEADER, _INT, _INT))
def unite(header, region, mask):
    """Allow the tokens of a region in the mask at an address."""
    count = region_field(header, region, RegionField.COUNT)
    unite_tokens(header, count, region_field(header, region, RegionField.TOKENS), mask)


@inner(_INT(HEADER, _INT), inline=False)
def any_lexer(header, base):
    """The lexer state before any lexeme of the grammar, its transitions filled: by other bytes no lexeme begins."""
    known = header[SCALARS + Scalar.EARLEY_ANY]
    if known != 0:
        return known
    end = base
    for terminal in range(header[SCALARS + Scalar.EARLEY_TERMINALS]):
        first = np.int64(get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS))
        if first != 0:
            end = push(header, end, first)
    known = call_entry(header, Scalar.EARLEY_LEXER_ENTRY, base, end - base, 0)
    for cls in range(header[SCALARS + Scalar.EARLEY_CLASSES]):
        lexer_step(header, known, np.int64(cls), end)
    if header[SCALARS + Scalar.STATUS] == 0:
        header[SCALARS + Scalar.EARLEY_ANY] = known
    return known


@inner(_INT(_INT, _INT, _INT))
def exit_at(lexer, kind, node):
    """An exit as one number, so that those of a group are neighbours when sorted."""
    return (((lexer << 1) | kind) << NODE_BITS) | node


@inner(_INT(HEADER, _INT, _INT, _INT))
def exit_kind(header, lexer, cls, base):
    """What a byte of class ``cls`` does to a lexeme that may end before it: END, SPLIT, or -1 if it goes on."""
    after = lexer_step(header, lexer, cls, base)
    if after == 0:
        return END
    return SPLIT if lexer_field(header, after, LexerField.ACCEPTED) == 0 else -1


@inner(_INT(HEADER, _INT))
def reserve(header, length):
    """Index of ``length`` free elements of the pool, -1 with the status set if there are none."""
    first = header[SCALARS + Scalar.EARLEY_REGIONS]
    if first + length > header[COLUMNS + Column.EARLEY_REGION]:
        ask_room(header, Column.EARLEY_REGION)
        return -1
    return first


@inner(_INT(HEADER, _INT))
def class_at(header, node):
    """Class of the byte of a trie node."""
    return np.int64(get_u8(header, Column.EARLEY_CLASS, np.int64(get_u64(header, Column.TRIE, node) & np.uint64(0xFF))))


@inner(types.void(HEADER, _INT, _INT, _INT, _INT))
def note_classes(header, group, lexer, kind, base):
    """Set the classes of a group of exits, whose nodes are known."""
    for word in range(8):
        put_i32(header, Column.EARLEY_REGION, group + GroupField.CLASSES + word, 0)
    first = region_field(header, group, GroupField.FIRST)
    for i in range(first, first + region_field(header, group, GroupField.COUNT)):
        node = np.int64(get_i32(header, Column.EARLEY_REGION, i))
        last = node + node_size(get_u64(header, Column.TRIE, node))
        child = node + 1
        while child < last:
            cls = class_at(header, child)
            at = group + GroupField.CLASSES + (cls >> 5)
            known = np.int64(get_i32(header, Column.EARLEY_REGION, at))
            if (known >> (cls & 31)) & 1 == 0 and exit_kind(header, lexer, cls, base) == kind:
                put_i32(header, Column.EARLEY_REGION, at, known | (np.int64(1) << (cls & 31)))
            child += node_size(get_u64(header, Column.TRIE, child))


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def store_exits(header, region, at, base, end):
    """Store the exits ``SCRATCH[base:end]`` of a region in groups at ``at``. False with the status set.

    ::

        at  [ group, group, ... | nodes of the first | nodes of the second | ... ]
    """
    count = sort_unique(header, base, end - base)
    groups = np.int64(0)
    for i in range(count):
        before = get_i64(header, Column.SCRATCH, base + i - 1) >> NODE_BITS if i > 0 else np.int64(-1)
        groups += before != get_i64(header, Column.SCRATCH, base + i) >> NODE_BITS
    header[SCALARS + Scalar.EARLEY_REGIONS] = at
    if reserve(header, groups * GROUP_FIELDS + count) < 0:
        return False
    put_i32(header, Column.EARLEY_REGION, region + RegionField.GROUPS, groups)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.FIRST_GROUP, at)
    group = at - GROUP_FIELDS
    nodes = at + groups * GROUP_FIELDS
    for i in range(count):
        one = get_i64(header, Column.SCRATCH, base + i)
        if i == 0 or one >> NODE_BITS != get_i64(header, Column.SCRATCH, base + i - 1) >> NODE_BITS:
            group += GROUP_FIELDS
            put_i32(header, Column.EARLEY_REGION, group + GroupField.LEXER, one >> (NODE_BITS + 1))
            put_i32(header, Column.EARLEY_REGION, group + GroupField.KIND, (one >> NODE_BITS) & 1)
            put_i32(header, Column.EARLEY_REGION, group + GroupField.COUNT, 0)
            put_i32(header, Column.EARLEY_REGION, group + GroupField.FIRST, nodes + i)
        put_i32(header, Column.EARLEY_REGION, nodes + i, one & _NODES)
        size = region_field(header, group, GroupField.COUNT)
        put_i32(header, Column.EARLEY_REGION, group + GroupField.COUNT, size + 1)
    for i in range(groups):
        group = at + i * GROUP_FIELDS
        lexer = region_field(header, group, GroupField.LEXER)
        note_classes(header, group, lexer, region_field(header, group, GroupField.KIND), end)
    header[SCALARS + Scalar.EARLEY_REGIONS] = nodes + count
    return header[SCALARS + Scalar.STATUS] == 0


@inner(_INT(HEADER, _INT, _INT))
def make_dense(header, tokens, count):
    """Turn the ids at ``tokens`` in the pool into a mask there; returns its end."""
    words = header[SCALARS + Scalar.WORDS]
    mask = address_32(header, Column.EARLEY_REGION, tokens + count)
    for i in range(words):
        store_u32(mask, i, 0)
    ids = address_32(header, Column.EARLEY_REGION, tokens)
    for i in range(count):
        allow(mask, np.int64(load_u32(ids, i)))
    for i in range(words):
        store_u32(ids, i, load_u32(mask, i))
    return tokens + words


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def walk_region(header, node, lexer, before, tokens, base):
    """Walk a subtree: its tokens to ``tokens`` in the pool, their number to its ``tokens - 1``, exits above ``base``.

    Returns the end of the exits. Meaningless if it leaves a status.
    """
    word = get_u64(header, Column.TRIE, node)
    top = node_depth(word)
    last = node + node_size(word)
    trie = address_64(header, Column.TRIE, 0)
    rows = address_32(header, Column.EARLEY_ROW, 0)
    lexers = address_32(header, Column.EARLEY_LEXER, 0)
    ids = address_32(header, Column.EARLEY_REGION, tokens)
    stack = address_32(header, Column.STACK, 0)
    nodes = address_64(header, Column.STACK_ROW, 0)
    classes = header[SCALARS + Scalar.EARLEY_CLASSES]
    begins = any_lexer(header, base) * classes
    count = np.int64(0)
    end = base
    latest = np.int64(-1)
    store_i32(stack, top, lexer)
    store_i64(nodes, top, node)
    i = node + 1
    visited = np.int64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        word = load_u64(trie, i)
        visited += 1
        depth = node_depth(word)
        cls = np.int64(get_u8(header, Column.EARLEY_CLASS, np.int64(word & np.uint64(0xFF))))
        if before != 0 and depth == top + 1 and lexer_step(header, before, cls, end) != 0:
            i += node_size(word)
            continue
        above = np.int64(load_i32(stack, depth - 1))
        after = np.int64(load_i32(rows, above * classes + cls))
        if after < 0:
            after = lexer_step(header, above, cls, end)
        if load_i32(lexers, above * LEXER_FIELDS + LexerField.ACCEPTED) != 0 and load_i32(rows, begins + cls) != 0:
            ends = after == 0
            if ends or load_i32(lexers, after * LEXER_FIELDS + LexerField.ACCEPTED) == 0:
                one = exit_at(above, END if ends else SPLIT, load_i64(nodes, depth - 1))
                if one != latest:
                    end = push(header, end, one)
                    latest = one
        if after == 0:
            i += node_size(word)
            continue
        token = node_token(word)
        store_i32(ids, count, token)
        count += token >= 0
        store_i32(stack, depth, after)
        store_i64(nodes, depth, i)
        i += 1
    put_i32(header, Column.EARLEY_REGION, tokens - 1, count)
    header[SCALARS + Scalar.VISITED] += visited
    return end


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def build_plain(header, node, lexer, before, base):
    """Make a region by a walk of the subtree. Returns its index, -1 with the status set. Above ``SCRATCH[base]``."""
    words = header[SCALARS + Scalar.WORDS]
    size = node_size(get_u64(header, Column.TRIE, node))
    region = reserve(header, REGION_FIELDS + 1 + size + words)
    if region < 0:
        return -1
    tokens = region + REGION_FIELDS + 1
    end = walk_region(header, node, lexer, before, tokens, base)
    if header[SCALARS + Scalar.STATUS] != 0:
        return -1
    count = region_field(header, tokens, -1)
    dense = count > words // 2
    put_i32(header, Column.EARLEY_REGION, region + RegionField.COUNT, DENSE if dense else count)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.TOKENS, tokens)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.PARTS, 0)
    at = make_dense(header, tokens, count) if dense else tokens + count
    return region if store_exits(header, region, at, base, end) else np.int64(-1)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def plain_region(header, node, lexer, before, base):
    """The region of a subtree that is not put together from parts, made if need be; -1 with the status set."""
    generation = header[SCALARS + Scalar.EARLEY_GENERATION]
    known = recall(header, Memo.REGION, (generation << NODE_BITS) | node, (before << 32) | lexer)
    if known >= 0:
        return known
    region = build_plain(header, node, lexer, before, base)
    if region >= 0:
        remember(header, Memo.REGION, (generation << NODE_BITS) | node, (before << 32) | lexer, region)
    return region
