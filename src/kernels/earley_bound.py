"""A lower bound on the bytes that finish a text: exact for the parser, blind to what the lexer forbids.

The bound of a return node is the length of a shortest path to the end of the text in the graph of nodes, where an
item costs the fewest bytes that the rest of its rule takes. The graph is acyclic but for the systems of
left-recursive nodes, in each of which the bounds are relaxed together (Bellman 1958). Deep stacks make long chains of
nodes, so the order of computation is kept on a stack in the work space.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley import lexer_of
from .earley_items import LOW, SELF, named_node
from .earley_lexer import STATE_FIELDS, LexerField, lexer_field
from .earley_memo import Memo, push, recall, remember
from .intern import intern_list
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, put_i64

__all__ = ["config_bound", "record_bound"]

_INT = types.int64
_FAR = 1 << 40


@inner(_INT(HEADER, _INT, _INT))
def push_unknown(header, items, end):
    """Append the nodes of a list of items whose bounds are not known, unless marked SELF; returns the new end."""
    for i in range(get_i64(header, Column.LIST_OFFSET, items), get_i64(header, Column.LIST_OFFSET, items + 1)):
        node = get_i64(header, Column.LIST_DATA, i) & LOW
        outer = get_i64(header, Column.LIST_DATA, i) >= 0 and node != 0 and node & SELF == 0
        if outer and recall(header, Memo.BOUND, node, 0) < 0:
            end = push(header, end, node)
    return end


@inner(_INT(HEADER, _INT))
def list_bound(header, items):
    """Fewest bytes over a list of items, all of whose nodes are known."""
    best = np.int64(_FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, items), get_i64(header, Column.LIST_OFFSET, items + 1)):
        item = get_i64(header, Column.LIST_DATA, i)
        cost = np.int64(get_i32(header, Column.EARLEY_LENGTH, item >> 32))
        if item & LOW != 0:
            cost += recall(header, Memo.BOUND, item & LOW, 0)
        best = min(best, cost)
    return best


@inner(types.void(HEADER, _INT, _INT))
def relax_system(header, system, base):
    """Remember the bounds of all members of a system whose outer nodes are known.

    ``SCRATCH[base:]`` holds pairs (member, bound so far).
    """
    first = get_i64(header, Column.LIST_OFFSET, system)
    last = get_i64(header, Column.LIST_OFFSET, system + 1)
    end = base
    for i in range(first, last):
        if get_i64(header, Column.LIST_DATA, i) < 0:
            end = push(header, push(header, end, -1 - get_i64(header, Column.LIST_DATA, i)), _FAR)
    if header[SCALARS + Scalar.STATUS] != 0:
        return
    changed = True
    while changed:
        changed = False
        member = base - 2
        for i in range(first, last):
            item = get_i64(header, Column.LIST_DATA, i)
            if item < 0:
                member += 2
                continue
            cost = np.int64(get_i32(header, Column.EARLEY_LENGTH, item >> 32))
            node = item & LOW
            if node & SELF != 0:
                for j in range(base, end, 2):
                    if get_i64(header, Column.SCRATCH, j) == node ^ SELF:
                        cost += get_i64(header, Column.SCRATCH, j + 1)
            elif node != 0:
                cost += recall(header, Memo.BOUND, node, 0)
            if cost < get_i64(header, Column.SCRATCH, member + 1):
                put_i64(header, Column.SCRATCH, member + 1, cost)
                changed = True
    for j in range(base, end, 2):
        node = named_node(header, SELF | get_i64(header, Column.SCRATCH, j), system, end)
        remember(header, Memo.BOUND, node, 0, get_i64(header, Column.SCRATCH, j + 1))


@inner(types.void(HEADER, _INT, _INT))
def bound_nodes(header, base, end):
    """Find the bounds of the nodes ``SCRATCH[base:end]`` and of all that they lead to."""
    while end > base and header[SCALARS + Scalar.STATUS] == 0:
        node = get_i64(header, Column.SCRATCH, end - 1)
        if recall(header, Memo.BOUND, node, 0) >= 0:
            end -= 1
            continue
        head = get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, node))
        items = node if head >= 0 else -head
        more = push_unknown(header, items, end)
        if more > end:
            end = more
        elif head >= 0:
            remember(header, Memo.BOUND, node, 0, list_bound(header, items))
        else:
            relax_system(header, items, end)


@inner(_INT(HEADER, _INT, _INT))
def set_bound(header, earley_set, base):
    """Fewest bytes that finish from an Earley set with nothing pending. Works above ``SCRATCH[base]``."""
    bound_nodes(header, base, push_unknown(header, earley_set, base))
    return list_bound(header, earley_set) if header[SCALARS + Scalar.STATUS] == 0 else np.int64(0)


@inner(_INT(HEADER, _INT, _INT, _INT))
def record_bound(header, earley_set, lexer, base):
    """Fewest bytes that finish from a record of ``earley.py``. Works above ``SCRATCH[base]``."""
    if lexer == call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, earley_set, base, 0):
        return set_bound(header, earley_set, base)
    states = lexer_field(header, lexer, LexerField.STATES)
    best = np.int64(_FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, states), get_i64(header, Column.LIST_OFFSET, states + 1)):
        state = get_i64(header, Column.LIST_DATA, i)
        terminal = np.int64(get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS))
        after = recall(header, Memo.AFTER, earley_set, terminal)
        if after < 0:
            push(header, base, terminal)
            alone = intern_list(header, base, 1)
            after = set_bound(header, call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, alone, base), base)
            remember(header, Memo.AFTER, earley_set, terminal, after)
        best = min(best, np.int64(get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS + 2)) + after)
    return best


@inner(_INT(HEADER, _INT))
def config_bound(header, config):
    """A lower bound on the bytes that finish the text of a configuration EARLEY."""
    records = np.int64(get_i32(header, Column.CONFIG_A, config))
    best = np.int64(_FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, records), get_i64(header, Column.LIST_OFFSET, records + 1)):
        record = get_i64(header, Column.LIST_DATA, i)
        bound = call_entry(header, Scalar.EARLEY_BOUND_ENTRY, record >> 32, lexer_of(header, record), 0)
        best = min(best, bound)
    return best
