"""Regions of large subtrees, put together (see ``earley_regions.py``).

The lexer state { NAME, SELECT, SET, ... } before a lexeme differs from one Earley set to the next, but its automaton
states do not, and neither do most of the lexer states after one byte::

    tokens (root, { NAME, SELECT })  =  tokens (root, { NAME })  |  tokens (root, { SELECT })
    exits  (root, { NAME, SELECT })  =  those of the parts   ("a", { NAME })   ("s", { NAME, SELECT })   ...

Each of the masks and parts on the right is made once.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley_lexer import LexerField, lexer_field, lexer_step
from .earley_memo import Memo, push, recall, remember
from .earley_regions import (
    DENSE,
    END,
    NODE_BITS,
    REGION_FIELDS,
    SPLIT,
    RegionField,
    allow,
    class_at,
    exit_at,
    node_size,
    node_token,
    plain_region,
    region_field,
    reserve,
    store_exits,
    unite,
    unite_tokens,
)
from .memory import (
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    call_entry,
    get_i32,
    get_i64,
    get_u64,
    put_i32,
    store_u32,
)

__all__ = ["region_of"]

_INT = types.int64

_COMPOSED = 4096
"""Fewest nodes of a subtree whose region is put together from those of its children."""


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def part_of(header, child, lexer, before, base):
    """The region below a child from the lexer state before it; 0 if there is nothing, -1 with the status set."""
    cls = class_at(header, child)
    if before != 0 and lexer_step(header, before, cls, base) != 0:
        return 0
    after = lexer_step(header, lexer, cls, base)
    if after == 0 or node_size(get_u64(header, Column.TRIE, child)) == 1:
        return 0
    return plain_region(header, child, after, 0, base)


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _INT))
def unite_children(header, node, lexer, before, mask, base):
    """Allow the tokens of a region in the mask at an address, child by child. The parts are there."""
    last = node + node_size(get_u64(header, Column.TRIE, node))
    child = node + 1
    while child < last:
        word = get_u64(header, Column.TRIE, child)
        cls = class_at(header, child)
        if before == 0 or lexer_step(header, before, cls, base) == 0:
            if lexer_step(header, lexer, cls, base) != 0:
                allow(mask, node_token(word))
            part = part_of(header, child, lexer, before, base)
            if part > 0:
                unite(header, part, mask)
        child += node_size(word)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def build_parts(header, node, lexer, before, base):
    """Make the regions of all children. Returns the number of tokens, more than a mask has words if one is dense."""
    words = header[SCALARS + Scalar.WORDS]
    last = node + node_size(get_u64(header, Column.TRIE, node))
    child = node + 1
    total = np.int64(0)
    while child < last and header[SCALARS + Scalar.STATUS] == 0:
        part = part_of(header, child, lexer, before, base)
        if part > 0:
            count = region_field(header, part, RegionField.COUNT)
            total += count if count != DENSE else words
        total += 1
        child += node_size(get_u64(header, Column.TRIE, child))
    return total


@inner(_INT(HEADER, _INT, _INT))
def reserve_mask(header, length, further):
    """Index of ``length`` free elements, an empty mask and ``further`` free ones behind; -1 with the status set."""
    words = header[SCALARS + Scalar.WORDS]
    first = reserve(header, length + words + further)
    if first >= 0:
        mask = address_32(header, Column.EARLEY_REGION, first + length)
        for i in range(words):
            store_u32(mask, i, 0)
    return first


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def list_children(header, node, lexer, before, at, base):
    """Write the tokens of a region to ``at`` in the pool, child by child; returns their end. The parts are there."""
    last = node + node_size(get_u64(header, Column.TRIE, node))
    child = node + 1
    while child < last:
        word = get_u64(header, Column.TRIE, child)
        cls = class_at(header, child)
        if before == 0 or lexer_step(header, before, cls, base) == 0:
            token = node_token(word)
            if token >= 0 and lexer_step(header, lexer, cls, base) != 0:
                put_i32(header, Column.EARLEY_REGION, at, token)
                at += 1
            part = part_of(header, child, lexer, before, base)
            if part > 0:
                first = region_field(header, part, RegionField.TOKENS)
                for i in range(first, first + region_field(header, part, RegionField.COUNT)):
                    put_i32(header, Column.EARLEY_REGION, at, np.int64(get_i32(header, Column.EARLEY_REGION, i)))
                    at += 1
        child += node_size(word)
    return at


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def build_tokens(header, node, lexer, before, base):
    """Index in the pool of ``[ count, ids ]``, or ``[ DENSE, mask ]``, of the tokens of a region; -1 on failure."""
    words = header[SCALARS + Scalar.WORDS]
    most = build_parts(header, node, lexer, before, base)
    if header[SCALARS + Scalar.STATUS] != 0:
        return -1
    if most <= words:
        tokens = reserve(header, 1 + most)
        if tokens < 0:
            return -1
        end = list_children(header, node, lexer, before, tokens + 1, base)
        put_i32(header, Column.EARLEY_REGION, tokens, end - tokens - 1)
    else:
        tokens = reserve_mask(header, 1, 0)
        if tokens < 0:
            return -1
        unite_children(header, node, lexer, before, address_32(header, Column.EARLEY_REGION, tokens + 1), base)
        put_i32(header, Column.EARLEY_REGION, tokens, DENSE)
        end = tokens + 1 + words
    header[SCALARS + Scalar.EARLEY_REGIONS] = end
    return tokens


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def tokens_of(header, node, state, before, base):
    """:func:`build_tokens` of the lexer state that is one automaton state alone, remembered; -1 with the status set."""
    end = push(header, base, state)
    lexer = call_entry(header, Scalar.EARLEY_LEXER_ENTRY, base, end - base, 0)
    place = (header[SCALARS + Scalar.EARLEY_GENERATION] << NODE_BITS) | node
    tokens = recall(header, Memo.TOKENS, place, (before << 32) | lexer)
    if tokens < 0 and header[SCALARS + Scalar.STATUS] == 0:
        tokens = build_tokens(header, node, lexer, before, base)
        if tokens >= 0:
            remember(header, Memo.TOKENS, place, (before << 32) | lexer, tokens)
    return tokens


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT))
def unite_states(header, node, lexer, before, mask, base):
    """Make the tokens of each automaton state of a lexer state; add them to the mask at an address, unless it is 0."""
    states = lexer_field(header, lexer, LexerField.STATES)
    for i in range(get_i64(header, Column.LIST_OFFSET, states), get_i64(header, Column.LIST_OFFSET, states + 1)):
        one = tokens_of(header, node, get_i64(header, Column.LIST_DATA, i), before, base)
        if header[SCALARS + Scalar.STATUS] != 0:
            return False
        if mask != 0:
            unite_tokens(header, region_field(header, one, 0), one + 1, mask)
    return True


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def push_parts(header, node, lexer, before, base):
    """Collect the regions of the children that have exits above ``SCRATCH[base]``; returns their end."""
    last = node + node_size(get_u64(header, Column.TRIE, node))
    child = node + 1
    end = base
    while child < last and header[SCALARS + Scalar.STATUS] == 0:
        part = part_of(header, child, lexer, before, end)
        if part > 0 and region_field(header, part, RegionField.GROUPS) > 0:
            end = push(header, end, part)
        child += node_size(get_u64(header, Column.TRIE, child))
    return end


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def build_composed(header, node, lexer, before, base):
    """Make a region from those of the children. Returns its index, -1 with the status set. Above ``SCRATCH[base]``."""
    end = push_parts(header, node, lexer, before, base)
    if header[SCALARS + Scalar.STATUS] != 0 or not unite_states(header, node, lexer, before, 0, end):
        return -1
    parts = end - base
    region = reserve_mask(header, REGION_FIELDS, parts)
    if region < 0:
        return -1
    tokens = region + REGION_FIELDS
    first_part = tokens + header[SCALARS + Scalar.WORDS]
    put_i32(header, Column.EARLEY_REGION, region + RegionField.COUNT, DENSE)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.TOKENS, tokens)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.PARTS, parts)
    put_i32(header, Column.EARLEY_REGION, region + RegionField.FIRST_PART, first_part)
    unite_states(header, node, lexer, before, address_32(header, Column.EARLEY_REGION, tokens), end)
    for i in range(parts):
        put_i32(header, Column.EARLEY_REGION, first_part + i, get_i64(header, Column.SCRATCH, base + i))
    end = base
    if lexer_field(header, lexer, LexerField.ACCEPTED) != 0:
        end = push(header, push(header, end, exit_at(lexer, END, node)), exit_at(lexer, SPLIT, node))
    return region if store_exits(header, region, first_part + parts, base, end) else np.int64(-1)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def region_of(header, node, lexer, before, base):
    """The region of a lexer state below a node, made if need be; -1 with the status set. Above ``SCRATCH[base]``."""
    if node_size(get_u64(header, Column.TRIE, node)) < _COMPOSED:
        return plain_region(header, node, lexer, before, base)
    generation = header[SCALARS + Scalar.EARLEY_GENERATION]
    known = recall(header, Memo.COMPOSED, (generation << NODE_BITS) | node, (before << 32) | lexer)
    if known >= 0:
        return known
    region = build_composed(header, node, lexer, before, base)
    if region >= 0:
        remember(header, Memo.COMPOSED, (generation << NODE_BITS) | node, (before << 32) | lexer, region)
    return region
