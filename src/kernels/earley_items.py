"""Items, return nodes, and when one return node can do everything that another can.

Vocabulary of the Earley kernels
--------------------------------
dot
    A place in a rule, named by what follows it: rules that end alike share their dots. Dot 0 is the end of a rule.
return node
    What resumes when a nonterminal is complete: a set of items, named by an int. Earley (1970) keeps the *position*
    where the nonterminal began, which differs at every byte; the node is the same wherever the same things resume.
item
    ``dot << 32 | node``: what the rest of a rule is, and what resumes after it. A node is already flattened through
    dots at ends of rules, so right recursion leaves nothing behind, and nullable symbols are skipped beforehand.

A node is one of two lists::

    [ item, item, ... ]           the items themselves
    [ -system, nonterminal ]      a member of a system of left-recursive nodes (earley_return.py), whose items name
                                  each other as SELF | nonterminal

Subsumption
-----------
Items of one set that share the dot differ in what resumes. If node b *simulates* node a -- for each item of a, b has an
item with the same dot whose node simulates that item's node -- then every text and every lookahead of ``dot << 32 | a``
is one of ``dot << 32 | b``, and the former is dropped. That keeps the sets of ambiguous grammars finite: in
``e: e "+" e | "a"`` the node of the inner ``e`` becomes equal to the node of the outer one. The greatest simulation
(Henzinger, Henzinger, Kopke 1995) is computed on the pairs that the question reaches, and remembered for all of them.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley_memo import Memo, push, push_list, recall, remember
from .intern import intern_list, sort_unique
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, get_u8, put_i64

__all__ = ["LOW", "SELF", "advance", "content", "drop_subsumed", "intern_items", "named_node", "push_skips"]

_INT = types.int64

LOW = 0xFFFFFFFF
"""Bits of an item that hold its node."""

SELF = 1 << 31
"""Mark, in place of a node, of a member of the system that the item itself belongs to."""

_MOST_PAIRS = 64
_PAIR_FIELDS = 3


@inner(_INT(HEADER, _INT))
def content(header, node):
    """The list of items that resume at a return node."""
    if node == 0:
        return 0
    if get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, node)) >= 0:
        return node
    return max(np.int64(0), recall(header, Memo.CONTENT, node, 0))


@inner(_INT(HEADER, _INT, _INT, _INT))
def push_skips(header, end, dot, node):
    """Append the items at a dot and at the dots behind nullable symbols; returns the new end."""
    for i in range(
        get_i32(header, Column.EARLEY_SKIP_OFFSET, dot), get_i32(header, Column.EARLEY_SKIP_OFFSET, dot + 1)
    ):
        end = push(header, end, (np.int64(get_i32(header, Column.EARLEY_SKIP, i)) << 32) | node)
    return end


@inner(_INT(HEADER, _INT, _INT, _INT))
def advance(header, end, dot, node):
    """Append all items that "the dot was reached" stands for, those of the node if the rule can end; new end."""
    end = push_skips(header, end, dot, node)
    if get_u8(header, Column.EARLEY_NULLABLE, dot) != 0:
        end = push_list(header, end, content(header, node))
    return end


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def find_pair(header, base, count, one, other):
    """Index of the pair among the ``count`` pairs at ``SCRATCH[base:]``, or -1."""
    for i in range(count):
        if (
            get_i64(header, Column.SCRATCH, base + i * _PAIR_FIELDS) == one
            and get_i64(header, Column.SCRATCH, base + i * _PAIR_FIELDS + 1) == other
        ):
            return i
    return -1


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def find_answer(header, base, count, item, first, last):
    """Is there an answer to an item among the items ``LIST_DATA[first:last]``?

    1: yes, by itself or by what is remembered; 2: yes, if a pair at ``SCRATCH[base:]`` that is not refuted holds;
    3: perhaps, there are pairs that are neither remembered nor among these; 0: no.
    """
    verdict = np.int64(0)
    for j in range(first, last):
        answer = get_i64(header, Column.LIST_DATA, j)
        if answer >> 32 != item >> 32:
            break
        if answer == item:
            return 1
        known = recall(header, Memo.SUBSUMED, item & LOW, answer & LOW)
        if known == 1:
            return 1
        if known < 0 and verdict != 2:
            pair = find_pair(header, base, count, item & LOW, answer & LOW)
            if pair < 0:
                verdict = 3
            elif get_i64(header, Column.SCRATCH, base + pair * _PAIR_FIELDS + 2) == 1:
                verdict = 2
    return verdict


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def simulate_pair(header, base, count, at, collecting):
    """Examine pair ``at``: does its second node have an answer to each item of its first?

    If not, the pair's third field becomes 0. Otherwise, while collecting, the pairs that the answers hang on are
    appended. Returns the number of pairs.
    """
    one = content(header, get_i64(header, Column.SCRATCH, base + at * _PAIR_FIELDS))
    other = content(header, get_i64(header, Column.SCRATCH, base + at * _PAIR_FIELDS + 1))
    last = get_i64(header, Column.LIST_OFFSET, other + 1)
    for adding in range(1 + collecting):
        start = get_i64(header, Column.LIST_OFFSET, other)
        for i in range(get_i64(header, Column.LIST_OFFSET, one), get_i64(header, Column.LIST_OFFSET, one + 1)):
            item = get_i64(header, Column.LIST_DATA, i)
            while start < last and get_i64(header, Column.LIST_DATA, start) >> 32 < item >> 32:
                start += 1
            answer = find_answer(header, base, count, item, start, last)
            if answer == 0:
                put_i64(header, Column.SCRATCH, base + at * _PAIR_FIELDS + 2, 0)
                return count
            j = start
            while adding == 1 and answer > 1 and j < last and get_i64(header, Column.LIST_DATA, j) >> 32 == item >> 32:
                node = get_i64(header, Column.LIST_DATA, j) & LOW
                j += 1
                fresh = recall(header, Memo.SUBSUMED, item & LOW, node) < 0
                if fresh and find_pair(header, base, count, item & LOW, node) < 0:
                    end = push(header, push(header, base + count * _PAIR_FIELDS, item & LOW), node)
                    push(header, end, 1)
                    if header[SCALARS + Scalar.STATUS] != 0:
                        return count
                    count += 1
    return count


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def subsumed(header, one, other, base):
    """True if node ``other`` is known to simulate node ``one``. Works above ``SCRATCH[base]``.

    More than ``_MOST_PAIRS`` undecided pairs are not worth it: the answer is then False, which costs room alone.
    """
    if one == other:
        return True
    known = recall(header, Memo.SUBSUMED, one, other)
    if known >= 0:
        return known == 1
    end = push(header, base, one)
    end = push(header, end, other)
    push(header, end, 1)
    count = np.int64(1)
    at = np.int64(0)
    while at < count and header[SCALARS + Scalar.STATUS] == 0:
        count = simulate_pair(header, base, count, at, 1)
        at += 1
        if count > _MOST_PAIRS:
            remember(header, Memo.SUBSUMED, one, other, 0)
            return False
    changed = True
    while changed and header[SCALARS + Scalar.STATUS] == 0:
        changed = False
        for i in range(count):
            if get_i64(header, Column.SCRATCH, base + i * _PAIR_FIELDS + 2) == 1:
                simulate_pair(header, base, count, i, 0)
                changed |= get_i64(header, Column.SCRATCH, base + i * _PAIR_FIELDS + 2) == 0
    if header[SCALARS + Scalar.STATUS] != 0:
        return False
    for i in range(count):
        at = base + i * _PAIR_FIELDS
        remember(
            header,
            Memo.SUBSUMED,
            get_i64(header, Column.SCRATCH, at),
            get_i64(header, Column.SCRATCH, at + 1),
            get_i64(header, Column.SCRATCH, at + 2),
        )
    return get_i64(header, Column.SCRATCH, base + 2) == 1


@inner(_INT(HEADER, _INT, _INT, _INT))
def named_node(header, item, system, base):
    """The node of an item of a system, whether it is named SELF or not; 0 without room."""
    node = item & LOW
    if node & SELF == 0:
        return node
    end = push(header, push(header, base, -system), node ^ SELF)
    return intern_list(header, base, 2) if end == base + 2 else np.int64(0)


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT, _INT))
def is_spare(header, first, last, at, system, work):
    """True if ``SCRATCH[at]`` is subsumed by another item among ``SCRATCH[first:last]``, all with the same dot.

    Of two that subsume each other one is kept: SELF before a node, an older node before a younger one.
    """
    item = get_i64(header, Column.SCRATCH, at)
    node = named_node(header, item, system, work)
    for i in range(first, last):
        answer = get_i64(header, Column.SCRATCH, i)
        if i == at or answer < 0:
            continue
        other = named_node(header, answer, system, work)
        if subsumed(header, node, other, work):
            precedes = (item & SELF) > (answer & SELF) or ((item & SELF) == (answer & SELF) and item < answer)
            if not (precedes and subsumed(header, other, node, work)):
                return True
    return False


@inner(_INT(HEADER, _INT, _INT, _INT))
def drop_subsumed(header, base, length, system):
    """Drop subsumed items from the sorted ``SCRATCH[base : base + length]``; returns the new length.

    ``system`` is the system that SELF stands for, if any. Works above the items.
    """
    end = base + length
    kept = base
    first = base
    while first < end:
        dot = get_i64(header, Column.SCRATCH, first) >> 32
        last = first + 1
        while last < end and get_i64(header, Column.SCRATCH, last) >> 32 == dot:
            last += 1
        if last - first > 1:
            for i in range(first, last):
                if is_spare(header, first, last, i, system, end):
                    put_i64(header, Column.SCRATCH, i, -1)
        for i in range(first, last):
            item = get_i64(header, Column.SCRATCH, i)
            if item >= 0:
                put_i64(header, Column.SCRATCH, kept, item)
                kept += 1
        first = last
    return kept - base


@inner(_INT(HEADER, _INT, _INT))
def intern_items(header, base, length):
    """The interned set of the items ``SCRATCH[base : base + length]`` without those that are subsumed; 0 if empty."""
    length = sort_unique(header, base, length)
    return intern_list(header, base, call_entry(header, Scalar.EARLEY_DROP_ENTRY, base, length, 0))
