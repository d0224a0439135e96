"""Return nodes of predicted nonterminals: what resumes when a nonterminal that begins here is complete.

An *environment* is the list of the nonterminals after a dot of an Earley set, each with the items behind it::

    [ nonterminal << 32 | list of items,  ... ]

In it, the node of a nonterminal n is the union, over every rule that can begin with n (its left-corner *parents*)::

    items behind n in the environment itself
    A -> n . rest        with the node of A                             (A is of an outer left-corner component)
    A -> n . rest        with SELF | A                                  (A is of the same component: left recursion)

Only the part of the environment from which n can be reached matters (:func:`restrict`), so the node is the same for all
environments that agree there. Left-recursive components (Moore, Removing left recursion from context-free grammars,
2000, treats them by rewriting the grammar, which turns them into right recursion and costs a node a repetition) are
solved whole, as systems whose members name each other symbolically; equal systems are one::

    system  [ -1 - A,  dot << 32 | SELF | B,  ...,  -1 - B,  dot << 32 | SELF | A, ... ]

Dropping subsumed items from the system before it is interned ties the knot: a system that only repeats an older one,
one level further in, becomes the older one.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley_items import LOW, SELF, advance, intern_items, named_node, push_skips
from .earley_memo import Memo, push, push_list, recall, remember
from .intern import intern_list, sort_unique
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, get_u32, put_i64

__all__ = ["reaches", "return_node"]

_INT = types.int64


@inner(types.boolean(HEADER, _INT, _INT))
def reaches(header, environment, nonterminal):
    """True if some nonterminal of the environment can begin with the given one."""
    words = header[SCALARS + Scalar.EARLEY_WORDS]
    for i in range(
        get_i64(header, Column.LIST_OFFSET, environment), get_i64(header, Column.LIST_OFFSET, environment + 1)
    ):
        outer = get_i64(header, Column.LIST_DATA, i) >> 32
        word = get_u32(header, Column.EARLEY_REACH, outer * words + (nonterminal >> 5))
        if (word >> (nonterminal & 31)) & 1 != 0:
            return True
    return False


@inner(_INT(HEADER, _INT, _INT, _INT))
def restrict(header, nonterminal, environment, base):
    """The part of an environment whose nonterminals can begin with the given one; 0 if there is none."""
    words = header[SCALARS + Scalar.EARLEY_WORDS]
    end = base
    for i in range(
        get_i64(header, Column.LIST_OFFSET, environment), get_i64(header, Column.LIST_OFFSET, environment + 1)
    ):
        entry = get_i64(header, Column.LIST_DATA, i)
        word = get_u32(header, Column.EARLEY_REACH, (entry >> 32) * words + (nonterminal >> 5))
        if (word >> (nonterminal & 31)) & 1 != 0:
            end = push(header, end, entry)
    return intern_list(header, base, end - base)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def push_sources(header, nonterminal, environment, recursive, end):
    """Append what resumes after one nonterminal: from the environment, and from each of its parents; new end."""
    for i in range(
        get_i64(header, Column.LIST_OFFSET, environment), get_i64(header, Column.LIST_OFFSET, environment + 1)
    ):
        entry = get_i64(header, Column.LIST_DATA, i)
        if entry >> 32 == nonterminal:
            end = push_list(header, end, entry & LOW)
    component = get_i32(header, Column.EARLEY_COMPONENT, nonterminal * 2)
    for i in range(
        get_i32(header, Column.EARLEY_PARENT_OFFSET, nonterminal),
        get_i32(header, Column.EARLEY_PARENT_OFFSET, nonterminal + 1),
    ):
        parent = get_i32(header, Column.EARLEY_PARENT, i * 2)
        dot = get_i32(header, Column.EARLEY_PARENT, i * 2 + 1)
        if recursive and get_i32(header, Column.EARLEY_COMPONENT, parent * 2) == component:
            end = push_skips(header, end, dot, SELF | parent)
        elif reaches(header, environment, parent):
            node = recall(header, Memo.NODE, parent, restrict(header, parent, environment, end))
            if node > 0:
                end = advance(header, end, dot, node)
    return end


@inner(_INT(HEADER, _INT, _INT))
def intern_system(header, base, length):
    """Index of the system ``SCRATCH[base : base + length]``, with the contents of its members remembered."""
    system = intern_list(header, base, length)
    if system == 0 or recall(header, Memo.SYSTEM, system, 0) != -1:
        return system
    work = base + length
    at = base
    while at < work and header[SCALARS + Scalar.STATUS] == 0:
        nonterminal = -1 - get_i64(header, Column.SCRATCH, at)
        at += 1
        end = work
        while at < work and get_i64(header, Column.SCRATCH, at) >= 0:
            item = get_i64(header, Column.SCRATCH, at)
            at += 1
            if item & SELF != 0:
                item = (item >> 32 << 32) | named_node(header, item, system, end)
            end = push(header, end, item)
        items = intern_list(header, work, sort_unique(header, work, end - work))
        remember(header, Memo.CONTENT, named_node(header, SELF | nonterminal, system, work), 0, items)
    return system


@inner(_INT(HEADER, _INT, _INT))
def reduced_system(header, system, base):
    """The system without the items that others of the same member and dot subsume."""
    known = recall(header, Memo.SYSTEM, system, 0)
    if known > 0:
        return known
    end = push_list(header, base, system)
    length = end - base
    kept = base
    at = base
    while at < end:
        put_i64(header, Column.SCRATCH, kept, get_i64(header, Column.SCRATCH, at))
        kept += 1
        at += 1
        first = end
        last = end
        while at < end and get_i64(header, Column.SCRATCH, at) >= 0:
            last = push(header, last, get_i64(header, Column.SCRATCH, at))
            at += 1
        count = call_entry(header, Scalar.EARLEY_DROP_ENTRY, first, last - first, system)
        if header[SCALARS + Scalar.STATUS] != 0:
            return 0
        for i in range(count):
            put_i64(header, Column.SCRATCH, kept, get_i64(header, Column.SCRATCH, first + i))
            kept += 1
    reduced = system
    if kept - base < length:
        reduced = intern_system(header, base, kept - base)
        remember(header, Memo.SYSTEM, reduced, 0, reduced)
    remember(header, Memo.SYSTEM, system, 0, reduced)
    return reduced


@inner(types.void(HEADER, _INT, _INT, _INT))
def solve_component(header, nonterminal, environment, base):
    """Find and remember the nodes of all members of a component. Those of outer components must be known."""
    component = get_i32(header, Column.EARLEY_COMPONENT, nonterminal * 2)
    if get_i32(header, Column.EARLEY_COMPONENT, nonterminal * 2 + 1) == 0:
        end = push_sources(header, nonterminal, environment, False, base)
        items = intern_items(header, base, end - base)
        remember(header, Memo.NODE, nonterminal, environment, items)
        return
    first = get_i32(header, Column.EARLEY_MEMBER_OFFSET, component)
    last = get_i32(header, Column.EARLEY_MEMBER_OFFSET, component + 1)
    end = base
    for i in range(first, last):
        member = np.int64(get_i32(header, Column.EARLEY_MEMBER, i))
        start = push(header, end, -1 - member)
        end = start
        for j in range(
            get_i32(header, Column.EARLEY_UNIT_OFFSET, member), get_i32(header, Column.EARLEY_UNIT_OFFSET, member + 1)
        ):
            end = push_sources(header, np.int64(get_i32(header, Column.EARLEY_UNIT, j)), environment, True, end)
        end = start + sort_unique(header, start, end - start)
    system = intern_system(header, base, end - base)
    if header[SCALARS + Scalar.STATUS] != 0:
        return
    system = reduced_system(header, system, base)
    for i in range(last - 1, first - 1, -1):  # return_node asks for the first member, so that comes last
        member = np.int64(get_i32(header, Column.EARLEY_MEMBER, i))
        remember(header, Memo.NODE, member, environment, named_node(header, SELF | member, system, base))


@inner(_INT(HEADER, _INT, _INT, _INT))
def return_node(header, nonterminal, environment, base):
    """The return node of a nonterminal that is predicted in an environment that reaches it; 0 on failure.

    Works above ``SCRATCH[base]``.
    """
    node = recall(header, Memo.NODE, nonterminal, environment)
    if node >= 0:
        return node
    own = restrict(header, nonterminal, environment, base)
    if recall(header, Memo.NODE, nonterminal, own) < 0:
        for i in range(
            get_i32(header, Column.EARLEY_ANCESTOR_OFFSET, nonterminal),
            get_i32(header, Column.EARLEY_ANCESTOR_OFFSET, nonterminal + 1),
        ):
            ancestor = np.int64(get_i32(header, Column.EARLEY_ANCESTOR, i))
            outer = restrict(header, ancestor, own, base)
            if outer != 0 and recall(header, Memo.NODE, ancestor, outer) < 0:
                solve_component(header, ancestor, outer, base)
            if header[SCALARS + Scalar.STATUS] != 0:
                return 0
    node = recall(header, Memo.NODE, nonterminal, own)
    if own != environment:
        remember(header, Memo.NODE, nonterminal, environment, node)
    return max(node, np.int64(0))
