"""A lower bound on the bytes that finish a text: exact for the parser, blind to what the lexer forbids.

The bound of a return node is the length of a shortest path to the end of the text in the graph of nodes, where an
item costs the fewest bytes that the rest of its rule takes. The graph is acyclic but for the systems of
left-recursive nodes, in each of which the bounds are relaxed together (Bellman 1958). Deep stacks make long chains of
nodes, so the order of computation is kept on a stack in the work space.

Where the tables have the relation of neighbours (grammar/cfg/adjacency.py), each node also has its *finishers*: the
terminals after which, as far as neighbours go, longest match lets the text be finished. A terminal that is not one is
never worth taking.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley import lexer_of
from .earley_items import LOW, SELF, named_node
from .earley_lexer import STATE_FIELDS, LexerField, lexer_field
from .earley_memo import Memo, push, recall, remember
from .earley_set import earley_accepts
from .intern import intern_list
from .memory import COLUMNS, HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, put_i64

__all__ = ["FAR", "config_bound", "record_bound"]

_INT = types.int64

FAR = 1 << 40
"""A bound that says: never."""

_ANY = -1
_MEMBER_FIELDS = 3


@inner(_INT(HEADER, _INT, _INT))
def push_unknown(header, items, end):
    """Append the nodes of a list of items whose bounds are not known, unless marked SELF; returns the new end."""
    for i in range(get_i64(header, Column.LIST_OFFSET, items), get_i64(header, Column.LIST_OFFSET, items + 1)):
        node = get_i64(header, Column.LIST_DATA, i) & LOW
        outer = get_i64(header, Column.LIST_DATA, i) >= 0 and node != 0 and node & SELF == 0
        if outer and recall(header, Memo.BOUND, node, 0) < 0:
            end = push(header, end, node)
    return end


@inner(_INT(HEADER, _INT, _INT))
def finishers_before(header, dot, behind):
    """Bit set of the terminals before a dot from which the rest of the rule can lead to one of the set ``behind``."""
    if header[COLUMNS + Column.EARLEY_RELATION] == 0:
        return _ANY
    count = header[SCALARS + Scalar.EARLEY_TERMINALS] + 1
    found = np.int64(0)
    for terminal in range(count):
        if get_i64(header, Column.EARLEY_RELATION, dot * count + terminal) & behind != 0:
            found |= np.int64(1) << terminal
    return found


@inner(_INT(HEADER, _INT))
def list_finishers(header, items):
    """Bit set of the last terminals after which a list of items can be finished; all its nodes must be known."""
    found = np.int64(0)
    for i in range(get_i64(header, Column.LIST_OFFSET, items), get_i64(header, Column.LIST_OFFSET, items + 1)):
        item = get_i64(header, Column.LIST_DATA, i)
        behind = recall(header, Memo.FINISHERS, item & LOW, 0) if item & LOW != 0 else np.int64(_ANY)
        found |= finishers_before(header, item >> 32, behind)
    return found


@inner(_INT(HEADER, _INT))
def list_bound(header, items):
    """Fewest bytes over a list of items, all of whose nodes are known."""
    best = np.int64(FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, items), get_i64(header, Column.LIST_OFFSET, items + 1)):
        item = get_i64(header, Column.LIST_DATA, i)
        cost = np.int64(get_i32(header, Column.EARLEY_LENGTH, item >> 32))
        if item & LOW != 0:
            cost += recall(header, Memo.BOUND, item & LOW, 0)
        best = min(best, cost)
    return best


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def relax_item(header, item, member, base, end):
    """Better the bound and the finishers at ``SCRATCH[member]`` by one item of that member; True if they changed."""
    cost = np.int64(get_i32(header, Column.EARLEY_LENGTH, item >> 32))
    behind = np.int64(_ANY)
    node = item & LOW
    if node & SELF != 0:
        for j in range(base, end, _MEMBER_FIELDS):
            if get_i64(header, Column.SCRATCH, j) == node ^ SELF:
                cost += get_i64(header, Column.SCRATCH, j + 1)
                behind = get_i64(header, Column.SCRATCH, j + 2)
    elif node != 0:
        cost += recall(header, Memo.BOUND, node, 0)
        behind = recall(header, Memo.FINISHERS, node, 0)
    before = get_i64(header, Column.SCRATCH, member + 2)
    finishers = before | finishers_before(header, item >> 32, behind)
    changed = finishers != before or cost < get_i64(header, Column.SCRATCH, member + 1)
    put_i64(header, Column.SCRATCH, member + 2, finishers)
    put_i64(header, Column.SCRATCH, member + 1, min(cost, get_i64(header, Column.SCRATCH, member + 1)))
    return changed


@inner(types.void(HEADER, _INT, _INT))
def relax_system(header, system, base):
    """Remember bounds and finishers of all members of a system whose outer nodes are known.

    ``SCRATCH[base:]`` holds triples (member, bound so far, finishers so far).
    """
    first = get_i64(header, Column.LIST_OFFSET, system)
    last = get_i64(header, Column.LIST_OFFSET, system + 1)
    end = base
    for i in range(first, last):
        if get_i64(header, Column.LIST_DATA, i) < 0:
            end = push(header, push(header, end, -1 - get_i64(header, Column.LIST_DATA, i)), FAR)
            end = push(header, end, 0)
    if header[SCALARS + Scalar.STATUS] != 0:
        return
    changed = True
    while changed:
        changed = False
        member = base - _MEMBER_FIELDS
        for i in range(first, last):
            item = get_i64(header, Column.LIST_DATA, i)
            if item < 0:
                member += _MEMBER_FIELDS
            elif relax_item(header, item, member, base, end):
                changed = True
    for j in range(base, end, _MEMBER_FIELDS):
        node = named_node(header, SELF | get_i64(header, Column.SCRATCH, j), system, end)
        remember(header, Memo.FINISHERS, node, 0, get_i64(header, Column.SCRATCH, j + 2))
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
            remember(header, Memo.FINISHERS, node, 0, list_finishers(header, items))
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
    plain = header[COLUMNS + Column.EARLEY_RELATION] == 0 or earley_accepts(header, earley_set)
    if plain and lexer == call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, earley_set, base, 0):
        return set_bound(header, earley_set, base)
    states = lexer_field(header, lexer, LexerField.STATES)
    best = np.int64(FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, states), get_i64(header, Column.LIST_OFFSET, states + 1)):
        state = get_i64(header, Column.LIST_DATA, i)
        terminal = np.int64(get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS))
        after = recall(header, Memo.AFTER, earley_set, terminal)
        if after < 0:
            push(header, base, terminal)
            alone = intern_list(header, base, 1)
            behind = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, alone, base)
            after = set_bound(header, behind, base)
            if header[SCALARS + Scalar.STATUS] == 0 and (list_finishers(header, behind) >> terminal) & 1 == 0:
                after = np.int64(FAR)
            remember(header, Memo.AFTER, earley_set, terminal, after)
        best = min(best, np.int64(get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS + 2)) + after)
    return best


@inner(_INT(HEADER, _INT))
def config_bound(header, config):
    """A lower bound on the bytes that finish the text of a configuration EARLEY."""
    records = np.int64(get_i32(header, Column.CONFIG_A, config))
    best = np.int64(FAR)
    for i in range(get_i64(header, Column.LIST_OFFSET, records), get_i64(header, Column.LIST_OFFSET, records + 1)):
        record = get_i64(header, Column.LIST_DATA, i)
        bound = call_entry(header, Scalar.EARLEY_BOUND_ENTRY, record >> 32, lexer_of(header, record), 0)
        best = min(best, bound)
    return best
