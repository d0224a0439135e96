r"""Sets of configurations: several ways in which the text so far can be read.

A SET is one configuration whose field ``a`` names an interned, sorted list of others. Two members that differ only in
their parents are merged into one above a SET of those parents, so stacks are shared and n alternatives that go through
the same nested value cost one step, not n::

    {MEMBERS x}            {MEMBERS y}                     {MEMBERS x} {MEMBERS y}
        |                      |                                \\       /
      VALUE n                VALUE n          becomes              SET
                                                                    |
                                                                 VALUE n

The members are collected in ``WORK``; nothing here recurses.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .intern import fail, intern_config, intern_list, reserve_scratch, sort_unique
from .memory import COLUMNS, HEADER, Column, get_i32, get_i64, put_i64
from .opcodes import Op, Status

__all__ = ["intern_alternatives", "push_members", "reserve_work"]

_INT = types.int64


@inner(types.boolean(HEADER, _INT))
def reserve_work(header, length):
    """True if ``WORK`` has ``length`` elements; otherwise the status asks for more."""
    if length <= header[COLUMNS + Column.WORK]:
        return True
    fail(header, Status.GROW_WORK)
    return False


@inner(_INT(HEADER, _INT, _INT), inline=False)
def push_members(header, config, at):
    """Write the members of a configuration (itself, if it is no SET) to ``WORK[at:]``.

    Returns the new end, -1: no room.
    """
    if config == 0:
        return at
    if get_i32(header, Column.CONFIG_OP, config) != Op.SET:
        if not reserve_work(header, at + 1):
            return -1
        put_i64(header, Column.WORK, at, config)
        return at + 1
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = get_i64(header, Column.LIST_OFFSET, members)
    last = get_i64(header, Column.LIST_OFFSET, members + 1)
    if not reserve_work(header, at + last - first):
        return -1
    for i in range(first, last):
        put_i64(header, Column.WORK, at, get_i64(header, Column.LIST_DATA, i))
        at += 1
    return at


@inner(types.boolean(HEADER, _INT, _INT))
def same_top(header, one, other):
    """True if two configurations differ in their parents alone, and do not look at them (a KEY does)."""
    return (
        get_i32(header, Column.CONFIG_OP, one) == get_i32(header, Column.CONFIG_OP, other)
        and get_i32(header, Column.CONFIG_OP, one) != Op.KEY
        and get_i32(header, Column.CONFIG_A, one) == get_i32(header, Column.CONFIG_A, other)
        and get_i64(header, Column.CONFIG_B, one) == get_i64(header, Column.CONFIG_B, other)
        and get_i32(header, Column.CONFIG_C, one) == get_i32(header, Column.CONFIG_C, other)
        and get_i32(header, Column.CONFIG_PARENT, one) != 0
        and get_i32(header, Column.CONFIG_PARENT, other) != 0
    )


@inner(_INT(HEADER, _INT, _INT), inline=False)
def unite(header, base, end):
    """The SET of the plain configurations ``WORK[base:end]``; the one itself if they are one; 0 if there is none."""
    length = end - base
    if not reserve_scratch(header, length):
        return 0
    for i in range(length):
        put_i64(header, Column.SCRATCH, i, get_i64(header, Column.WORK, base + i))
    length = sort_unique(header, 0, length)
    if length == 0:
        return 0
    if length == 1:
        return get_i64(header, Column.SCRATCH, 0)
    return intern_config(header, Op.SET, intern_list(header, 0, length), 0, 0, 0)


@inner(_INT(HEADER, _INT, _INT), inline=False)
def intern_alternatives(header, base, end):
    """One configuration for the plain configurations ``WORK[base:end]``, equal tops merged.

    O(n^2) for n alternatives.
    """
    if end - base <= 1:
        return get_i64(header, Column.WORK, base) if end > base else np.int64(0)
    for i in range(base, end):
        one = get_i64(header, Column.WORK, i)
        if one == 0:
            continue
        at = np.int64(-1)
        for j in range(i + 1, end):
            other = get_i64(header, Column.WORK, j)
            if other == 0:
                continue
            if other == one:
                put_i64(header, Column.WORK, j, 0)
            elif same_top(header, one, other):
                if at < 0:
                    at = push_members(header, np.int64(get_i32(header, Column.CONFIG_PARENT, one)), end)
                    if at < 0:
                        return 0
                at = push_members(header, np.int64(get_i32(header, Column.CONFIG_PARENT, other)), at)
                if at < 0:
                    return 0
                put_i64(header, Column.WORK, j, 0)
        if at >= 0:
            merged = intern_config(
                header,
                np.int64(get_i32(header, Column.CONFIG_OP, one)),
                np.int64(get_i32(header, Column.CONFIG_A, one)),
                get_i64(header, Column.CONFIG_B, one),
                np.int64(get_i32(header, Column.CONFIG_C, one)),
                unite(header, end, at),
            )
            put_i64(header, Column.WORK, i, merged)
    kept = base
    for i in range(base, end):
        one = get_i64(header, Column.WORK, i)
        if one != 0:
            put_i64(header, Column.WORK, kept, one)
            kept += 1
    return unite(header, base, kept)
