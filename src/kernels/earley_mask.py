"""Masks of context-free grammars: the lexer by its regions, the parser only where a lexeme ends.

Tasks lie on a stack in the work space; each says what is before the children of a trie node::

    SCRATCH  [ node | Earley set | before << 32 | lexer state ]  x tasks

    (root, S, start of S)  --region--> its tokens are allowed; at each of its exits the parser scans what was accepted
                           --> (node of the exit, S after it, start of that; before: the lexer state that ended)

Below a node with few descendants the trie itself is walked. What may split in two ways to go on, records with a
watcher, dynamic lexing, and grammars in which lexing can doom texts are left to the walk of configurations in
``masks.py``: they are put into ``Column.EARLEY_PENDING`` as triples (configuration, first node, node behind the last).
Reference: that walk, and ``tests/oracles/masks.py``.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley import WATCHED
from .earley_items import LOW
from .earley_lexer import LexerField, lexer_field, lexer_step
from .earley_memo import ask_room, push
from .earley_parts import region_of
from .earley_regions import (
    GROUP_FIELDS,
    SPLIT,
    GroupField,
    RegionField,
    allow,
    class_at,
    exit_kind,
    node_depth,
    node_size,
    node_token,
    region_field,
    unite,
)
from .intern import intern_config, intern_list
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    call_entry,
    get_i32,
    get_i64,
    get_u8,
    get_u64,
    put_i32,
    put_i64,
)
from .opcodes import Op

__all__ = ["earley_mask"]

_INT = types.int64

_LEAST = 64
"""Fewest nodes of a subtree for which a region is kept."""

_TASK_FIELDS = 3
_PENDING_FIELDS = 3


@inner(types.void(HEADER, _INT, _INT, _INT))
def leave(header, config, first, last):
    """Leave the trie nodes ``first`` .. ``last - 1`` to the walk of configurations."""
    at = header[SCALARS + Scalar.EARLEY_PENDINGS] * _PENDING_FIELDS
    if at + _PENDING_FIELDS > header[COLUMNS + Column.EARLEY_PENDING]:
        ask_room(header, Column.EARLEY_PENDING)
        return
    put_i64(header, Column.EARLEY_PENDING, at, config)
    put_i64(header, Column.EARLEY_PENDING, at + 1, first)
    put_i64(header, Column.EARLEY_PENDING, at + 2, last)
    header[SCALARS + Scalar.EARLEY_PENDINGS] += 1


@inner(_INT(HEADER, _INT, _INT, _INT))
def record_config(header, config, record, base):
    """The configuration that has one record alone, with the other fields of ``config``."""
    records = intern_list(header, base, 1) if push(header, base, record) > base else np.int64(0)
    if records == 0:
        return 0
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return intern_config(header, Op.EARLEY, records, get_i64(header, Column.CONFIG_B, config), 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def push_task(header, end, node, earley_set, lexer, before):
    """Append a task; returns the new end."""
    return push(header, push(header, push(header, end, node), earley_set), (before << 32) | lexer)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def enter_child(header, child, earley_set, lexer, end, mask):
    """Go to a trie node from the lexer state before it: its token, and the task of what is below. New end."""
    word = get_u64(header, Column.TRIE, child)
    header[SCALARS + Scalar.VISITED] += 1
    after = lexer_step(header, lexer, class_at(header, child), end)
    if after == 0:
        return end
    allow(mask, node_token(word))
    if node_size(word) > 1:
        end = push_task(header, end, child, earley_set, after, 0)
    return end


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT))
def take_end(header, node, lexer, scanned, start, end, mask):
    """Go on below a node where the lexeme ends for some bytes; returns the new end of the tasks."""
    size = node_size(get_u64(header, Column.TRIE, node))
    if size >= _LEAST:
        extends = lexer_field(header, lexer, LexerField.EXTENDS) != 0
        return push_task(header, end, node, scanned, start, lexer if extends else np.int64(0))
    child = node + 1
    while child < node + size:
        if lexer_step(header, lexer, class_at(header, child), end) == 0:
            end = enter_child(header, child, scanned, start, end, mask)
        child += node_size(get_u64(header, Column.TRIE, child))
    return end


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _INT), inline=False)
def take_split(header, config, record, node, start, end):
    """Leave the children of a node that split in two to the walk of configurations, if both ways can be gone.

    ``record`` is the one at the node, ``start`` the lexer state where its lexeme has ended.
    """
    lexer = record & LOW
    last = node + node_size(get_u64(header, Column.TRIE, node))
    child = node + 1
    while child < last:
        size = node_size(get_u64(header, Column.TRIE, child))
        cls = class_at(header, child)
        if exit_kind(header, lexer, cls, end) == SPLIT and lexer_step(header, start, cls, end) != 0:
            leave(header, record_config(header, config, record, end), child, child + size)
        child += size


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def group_lives(header, group, start, base):
    """True if a byte below some node of a group of exits can begin a lexeme from the lexer state ``start``."""
    for word in range(8):
        bits = np.int64(get_i32(header, Column.EARLEY_REGION, group + GroupField.CLASSES + word))
        cls = 32 * word
        while bits != 0:
            if bits & 1 != 0 and lexer_step(header, start, np.int64(cls), base) != 0:
                return True
            bits = (bits >> 1) & 0x7FFFFFFF
            cls += 1
    return False


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def take_exits(header, config, earley_set, region, end, mask):
    """Take the exits of a region but for its parts; returns the new end of the tasks."""
    first = region_field(header, region, RegionField.FIRST_GROUP)
    last = first + region_field(header, region, RegionField.GROUPS) * GROUP_FIELDS
    for group in range(first, last, GROUP_FIELDS):
        lexer = region_field(header, group, GroupField.LEXER)
        accepted = lexer_field(header, lexer, LexerField.ACCEPTED)
        scanned = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, accepted, end)
        start = call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, scanned, end, 0)
        if header[SCALARS + Scalar.STATUS] != 0:
            return end
        if not group_lives(header, group, start, end):
            continue
        split = region_field(header, group, GroupField.KIND) == SPLIT
        node = region_field(header, group, GroupField.FIRST)
        for i in range(node, node + region_field(header, group, GroupField.COUNT)):
            at = np.int64(get_i32(header, Column.EARLEY_REGION, i))
            if split:
                take_split(header, config, (earley_set << 32) | lexer, at, start, end)
            else:
                end = take_end(header, at, lexer, scanned, start, end, mask)
    return end


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT, _INT))
def take_region(header, config, node, earley_set, lexer, before, end, mask):
    """Do a task by its region; returns the new end of the tasks."""
    region = region_of(header, node, lexer, before, end)
    if region < 0:
        return end
    unite(header, region, mask)
    first = region_field(header, region, RegionField.FIRST_PART)
    for i in range(first, first + region_field(header, region, RegionField.PARTS)):
        end = take_exits(header, config, earley_set, np.int64(get_i32(header, Column.EARLEY_REGION, i)), end, mask)
    return take_exits(header, config, earley_set, region, end, mask)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT, _INT, _INT))
def take_walk(header, config, node, earley_set, lexer, before, end, mask):
    """Do a task by walking its few nodes; returns the new end of the tasks."""
    word = get_u64(header, Column.TRIE, node)
    top = node_depth(word)
    last = node + node_size(word)
    put_i32(header, Column.STACK, top, lexer)
    put_i64(header, Column.STACK_ROW, top, -1)
    i = node + 1
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        word = get_u64(header, Column.TRIE, i)
        header[SCALARS + Scalar.VISITED] += 1
        depth = node_depth(word)
        cls = np.int64(get_u8(header, Column.EARLEY_CLASS, np.int64(word & np.uint64(0xFF))))
        above = np.int64(get_i32(header, Column.STACK, depth - 1))
        if before != 0 and depth == top + 1 and lexer_step(header, before, cls, end) != 0:
            i += node_size(word)
            continue
        after = lexer_step(header, above, cls, end)
        accepted = lexer_field(header, above, LexerField.ACCEPTED)
        if accepted != 0 and (after == 0 or lexer_field(header, after, LexerField.ACCEPTED) == 0):
            scanned = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, accepted, end)
            start = call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, scanned, end, 0)
            if header[SCALARS + Scalar.STATUS] != 0:
                return end
            if after == 0:
                end = enter_child(header, i, scanned, start, end, mask)
            elif lexer_step(header, start, cls, end) != 0:
                one = record_config(header, config, (earley_set << 32) | above, end)
                leave(header, one, i, i + node_size(word))
        if after == 0:
            i += node_size(word)
            continue
        allow(mask, node_token(word))
        put_i32(header, Column.STACK, depth, after)
        i += 1
    return end


@inner(_INT(HEADER, _INT, _INT), inline=False)
def earley_mask(header, config, mask):
    """Allow the tokens of EARLEY in the mask at an address, but for what is left to the walk of configurations.

    Returns the number of triples in ``Column.EARLEY_PENDING``. Meaningless if it leaves a status.
    """
    header[SCALARS + Scalar.EARLEY_PENDINGS] = 0
    nodes = header[SCALARS + Scalar.TRIE_NODES]
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    plain = header[SCALARS + Scalar.EARLEY_DYNAMIC] == 0 and header[SCALARS + Scalar.EARLEY_DOOMED] != 1
    plain = plain and header[SCALARS + Scalar.EARLEY_BASIC] == 0
    if not plain or get_i32(header, Column.CONFIG_OP, parent) != Op.END:
        leave(header, config, 1, nodes)
        return header[SCALARS + Scalar.EARLEY_PENDINGS]
    records = np.int64(get_i32(header, Column.CONFIG_A, config))
    end = np.int64(0)
    for i in range(get_i64(header, Column.LIST_OFFSET, records), get_i64(header, Column.LIST_OFFSET, records + 1)):
        record = get_i64(header, Column.LIST_DATA, i)
        if record & WATCHED != 0:
            leave(header, record_config(header, config, record, end), 1, nodes)
        else:
            end = push_task(header, end, 0, record >> 32, record & LOW, 0)
    while end > 0 and header[SCALARS + Scalar.STATUS] == 0:
        end -= _TASK_FIELDS
        node = get_i64(header, Column.SCRATCH, end)
        earley_set = get_i64(header, Column.SCRATCH, end + 1)
        lexer = get_i64(header, Column.SCRATCH, end + 2) & LOW
        before = get_i64(header, Column.SCRATCH, end + 2) >> 32
        if node_size(get_u64(header, Column.TRIE, node)) >= _LEAST:
            end = take_region(header, config, node, earley_set, lexer, before, end, mask)
        else:
            end = take_walk(header, config, node, earley_set, lexer, before, end, mask)
    return header[SCALARS + Scalar.EARLEY_PENDINGS]
