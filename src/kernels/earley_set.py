"""Earley sets: what the parser may take next, and the set after a terminal.

A set is the interned list of its *kernel* items (those that scanning made); what prediction adds is not stored. A
nonterminal n is predicted wherever one of the nonterminals after a dot can begin with n, and the tables know which
rules begin with a given terminal; so only the return nodes of the rules that a terminal really enters are ever made::

    set { S -> a . X c }     environment { X: [S -> a X . c] }      scan "b":  X -> Y . d, Y -> "b" . e
                                                                               return_node(Y) = { X -> Y . d }
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley_items import LOW, advance, intern_items
from .earley_memo import Memo, push, recall, remember
from .earley_return import reaches
from .intern import intern_list
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64

__all__ = ["ACCEPT", "TERMINAL_FIELDS", "earley_accepts", "environment_of", "push_scanned", "scan"]

_INT = types.int64

ACCEPT = 1 << 30
"""Symbol after the dot of the item that says: the start symbol is complete."""

TERMINAL_FIELDS = 3


@inner(_INT(HEADER, _INT, _INT))
def environment_of(header, earley_set, base):
    """The environment of an Earley set (see earley_return.py). Works above ``SCRATCH[base]``."""
    known = recall(header, Memo.ENVIRONMENT, earley_set, 0)
    if known >= 0:
        return known
    first = get_i64(header, Column.LIST_OFFSET, earley_set)
    last = get_i64(header, Column.LIST_OFFSET, earley_set + 1)
    entries = base
    for i in range(first, last):
        symbol = get_i32(header, Column.EARLEY_SYMBOL, get_i64(header, Column.LIST_DATA, i) >> 32)
        if symbol >= 0:
            continue
        seen = False
        for j in range(first, i):
            seen |= get_i32(header, Column.EARLEY_SYMBOL, get_i64(header, Column.LIST_DATA, j) >> 32) == symbol
        if seen:
            continue
        end = entries
        for j in range(i, last):
            item = get_i64(header, Column.LIST_DATA, j)
            if get_i32(header, Column.EARLEY_SYMBOL, item >> 32) == symbol:
                end = advance(header, end, np.int64(get_i32(header, Column.EARLEY_NEXT, item >> 32)), item & LOW)
        behind = intern_items(header, entries, end - entries)
        entries = push(header, entries, ((-1 - np.int64(symbol)) << 32) | behind)
    environment = intern_list(header, base, entries - base)
    remember(header, Memo.ENVIRONMENT, earley_set, 0, environment)
    return environment


@inner(_INT(HEADER, _INT, _INT, _INT))
def push_scanned(header, earley_set, terminal, end):
    """Append the items of a set after one terminal; returns the new end."""
    first = get_i64(header, Column.LIST_OFFSET, earley_set)
    last = get_i64(header, Column.LIST_OFFSET, earley_set + 1)
    ignored = get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS + 2) != 0
    for i in range(first, last):
        item = get_i64(header, Column.LIST_DATA, i)
        if get_i32(header, Column.EARLEY_SYMBOL, item >> 32) == terminal:
            end = advance(header, end, np.int64(get_i32(header, Column.EARLEY_NEXT, item >> 32)), item & LOW)
        if ignored:
            end = push(header, end, item)
    environment = call_entry(header, Scalar.EARLEY_ENVIRONMENT_ENTRY, earley_set, end, 0)
    if environment == 0:
        return end
    last = get_i32(header, Column.EARLEY_CORNER_OFFSET, terminal + 1)
    for i in range(get_i32(header, Column.EARLEY_CORNER_OFFSET, terminal), last):
        nonterminal = np.int64(get_i32(header, Column.EARLEY_CORNER, i * 2))
        if reaches(header, environment, nonterminal):
            node = call_entry(header, Scalar.EARLEY_NODE_ENTRY, nonterminal, environment, end)
            if header[SCALARS + Scalar.STATUS] != 0:
                return end
            end = advance(header, end, np.int64(get_i32(header, Column.EARLEY_CORNER, i * 2 + 1)), node)
    return end


@inner(_INT(HEADER, _INT, _INT, _INT))
def scan(header, earley_set, terminals, base):
    """The Earley set after any terminal of an interned list; 0 if none can be taken. Works above ``SCRATCH[base]``."""
    known = recall(header, Memo.SCAN, earley_set, terminals)
    if known >= 0:
        return known
    end = base
    for i in range(get_i64(header, Column.LIST_OFFSET, terminals), get_i64(header, Column.LIST_OFFSET, terminals + 1)):
        end = push_scanned(header, earley_set, get_i64(header, Column.LIST_DATA, i), end)
    after = intern_items(header, base, end - base)
    remember(header, Memo.SCAN, earley_set, terminals, after)
    return after


@inner(types.boolean(HEADER, _INT))
def earley_accepts(header, earley_set):
    """True if the start symbol is complete at an Earley set."""
    for i in range(
        get_i64(header, Column.LIST_OFFSET, earley_set), get_i64(header, Column.LIST_OFFSET, earley_set + 1)
    ):
        if get_i32(header, Column.EARLEY_SYMBOL, get_i64(header, Column.LIST_DATA, i) >> 32) == ACCEPT:
            return True
    return False
