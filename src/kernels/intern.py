"""Hash-consing: equal configurations, and equal lists of integers, are stored once and named by one int.

Open addressing with linear probing over a power-of-two table that the arena keeps at most half full::

    CONFIG_HASH  [ 0 | 7 | 0 | 3 | ... ]      entry = index of a configuration, 0 = free
                       |
    CONFIG_OP[7], CONFIG_A[7], CONFIG_B[7], CONFIG_C[7], CONFIG_PARENT[7]

    LIST_HASH    [ 0 | 2 | ... ]              entry = index of a list
    LIST_DATA    [ ... LIST_OFFSET[2] .. LIST_OFFSET[3] ... ]

When something is full, the status is set, 0 is returned, and nothing is changed: the caller's caller grows the arena
and repeats, which is safe because interning is idempotent.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import entry, inner
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    get_i32,
    get_i64,
    put_i32,
    put_i64,
)
from .opcodes import UNFILLED, Status

__all__ = [
    "ask",
    "fail",
    "find_config",
    "intern_config",
    "intern_entry",
    "intern_list",
    "intern_set",
    "rehash",
    "reserve_scratch",
    "sort_unique",
]

_INT = types.int64


@inner(types.void(HEADER, _INT))
def fail(header, status):
    """Set the status, unless one is set already."""
    if header[SCALARS + Scalar.STATUS] == 0:
        header[SCALARS + Scalar.STATUS] = status


@inner(types.void(HEADER, _INT, _INT))
def ask(header, status, detail):
    """Set the status and what it is about, unless one is set already."""
    if header[SCALARS + Scalar.STATUS] == 0:
        header[SCALARS + Scalar.STATUS] = status
        header[SCALARS + Scalar.DETAIL] = detail


@inner(types.boolean(HEADER, _INT))
def reserve_scratch(header, length):
    """True if the work space has ``length`` elements; otherwise the status asks for more."""
    if length <= header[COLUMNS + Column.SCRATCH]:
        return True
    fail(header, Status.GROW_SCRATCH)
    return False


@inner(types.uint64(types.uint64, types.uint64))
def mix(state, value):
    """One round of a multiplicative hash (constants of MurmurHash3's finaliser)."""
    state = (state ^ value) * np.uint64(0xFF51AFD7ED558CCD)
    return state ^ (state >> np.uint64(32))


@inner(_INT(_INT, _INT, _INT, _INT, _INT))
def hash_config(op, a, b, c, parent):
    """Non-negative hash of a record."""
    h = mix(np.uint64(op) + np.uint64(0x9E3779B97F4A7C15), np.uint64(a))
    h = mix(h, np.uint64(b))
    h = mix(h, (np.uint64(c) << np.uint64(32)) ^ np.uint64(parent))
    return np.int64(h >> np.uint64(1))


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def place_of(header, op, a, b, c, parent):
    """Place in CONFIG_HASH of the record ``(op, a, b, c, parent)``, or of a free entry for it."""
    mask = header[COLUMNS + Column.CONFIG_HASH] - 1
    slot = hash_config(op, a, b, c, parent) & mask
    while True:
        found = np.int64(get_i32(header, Column.CONFIG_HASH, slot))
        if found == 0 or (
            get_i32(header, Column.CONFIG_PARENT, found) == parent
            and get_i32(header, Column.CONFIG_A, found) == a
            and get_i64(header, Column.CONFIG_B, found) == b
            and get_i32(header, Column.CONFIG_C, found) == c
            and get_i32(header, Column.CONFIG_OP, found) == op
        ):
            return slot
        slot = (slot + 1) & mask


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT), inline=False)
def find_config(header, op, a, b, c, parent):
    """Index of the record ``(op, a, b, c, parent)``, 0 if there is none."""
    return np.int64(get_i32(header, Column.CONFIG_HASH, place_of(header, op, a, b, c, parent)))


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT), inline=False)
def intern_config(header, op, a, b, c, parent):
    """Index of the record ``(op, a, b, c, parent)``, new or old; 0 with the status set if there is no room."""
    slot = place_of(header, op, a, b, c, parent)
    found = np.int64(get_i32(header, Column.CONFIG_HASH, slot))
    if found != 0:
        return found
    new = header[SCALARS + Scalar.CONFIGS]
    if new >= header[COLUMNS + Column.CONFIG_OP]:
        fail(header, Status.GROW_CONFIGS)
        return 0
    header[SCALARS + Scalar.CONFIGS] = new + 1
    put_i32(header, Column.CONFIG_HASH, slot, new)
    put_i32(header, Column.CONFIG_OP, new, op)
    put_i32(header, Column.CONFIG_A, new, a)
    put_i64(header, Column.CONFIG_B, new, b)
    put_i32(header, Column.CONFIG_C, new, c)
    put_i32(header, Column.CONFIG_PARENT, new, parent)
    put_i32(header, Column.CONFIG_ROW, new, UNFILLED)
    put_i32(header, Column.CONFIG_MASK, new, UNFILLED)
    return new


@inner(_INT(HEADER, _INT, _INT), inline=False)
def sort_unique(header, base, length):
    """Sort ``SCRATCH[base : base + length]`` and drop repetitions; returns the new length.

    Shell sort: lists are short.
    """
    gap = np.int64(1)
    while gap < length // 3:
        gap = gap * 3 + 1
    while gap > 0:
        for i in range(gap, length):
            value = get_i64(header, Column.SCRATCH, base + i)
            j = i
            while j >= gap and get_i64(header, Column.SCRATCH, base + j - gap) > value:
                put_i64(header, Column.SCRATCH, base + j, get_i64(header, Column.SCRATCH, base + j - gap))
                j -= gap
            put_i64(header, Column.SCRATCH, base + j, value)
        gap //= 3
    kept = np.int64(0)
    for i in range(length):
        value = get_i64(header, Column.SCRATCH, base + i)
        if kept == 0 or get_i64(header, Column.SCRATCH, base + kept - 1) != value:
            put_i64(header, Column.SCRATCH, base + kept, value)
            kept += 1
    return kept


@inner(_INT(HEADER, _INT, _INT, _INT))
def append_list(header, base, length, key):
    """Store a list without looking for an equal one; returns its index, 0 if there is no room."""
    new = header[SCALARS + Scalar.LISTS]
    start = get_i64(header, Column.LIST_OFFSET, new)
    if new >= header[COLUMNS + Column.LIST_KEY]:
        fail(header, Status.GROW_LISTS)
        return 0
    if start + length > header[COLUMNS + Column.LIST_DATA]:
        fail(header, Status.GROW_LIST_DATA)
        return 0
    for i in range(length):
        put_i64(header, Column.LIST_DATA, start + i, get_i64(header, Column.SCRATCH, base + i))
    put_i64(header, Column.LIST_OFFSET, new + 1, start + length)
    put_i64(header, Column.LIST_KEY, new, key)
    header[SCALARS + Scalar.LISTS] = new + 1
    header[SCALARS + Scalar.LIST_LENGTH] = start + length
    return new


@inner(_INT(HEADER, _INT, _INT), inline=False)
def intern_list(header, base, length):
    """Index of the list ``SCRATCH[base : base + length]``, order kept. The empty list is 0, which is also "no room"."""
    if length == 0:
        return 0
    state = np.uint64(0x243F6A8885A308D3)
    for i in range(length):
        state = mix(state, np.uint64(get_i64(header, Column.SCRATCH, base + i)))
    key = np.int64(state >> np.uint64(1))
    mask = header[COLUMNS + Column.LIST_HASH] - 1
    slot = key & mask
    while True:
        found = np.int64(get_i32(header, Column.LIST_HASH, slot))
        if found == 0:
            break
        if get_i64(header, Column.LIST_KEY, found) == key:
            start = get_i64(header, Column.LIST_OFFSET, found)
            if get_i64(header, Column.LIST_OFFSET, found + 1) - start == length:
                i = np.int64(0)
                while i < length and get_i64(header, Column.LIST_DATA, start + i) == get_i64(
                    header, Column.SCRATCH, base + i
                ):
                    i += 1
                if i == length:
                    return found
        slot = (slot + 1) & mask
    new = append_list(header, base, length, key)
    if new > 0:
        put_i32(header, Column.LIST_HASH, slot, new)
    return new


@inner(_INT(HEADER, _INT, _INT))
def intern_set(header, base, length):
    """Like :func:`intern_list` after sorting and dropping repetitions (in place)."""
    return intern_list(header, base, sort_unique(header, base, length))


@entry(types.void(HEADER))
def rehash(header):
    """Fill both hash tables anew, after the arena has replaced them by larger ones of zeros."""
    mask = header[COLUMNS + Column.CONFIG_HASH] - 1
    for index in range(1, header[SCALARS + Scalar.CONFIGS]):
        slot = mask & hash_config(
            np.int64(get_i32(header, Column.CONFIG_OP, index)),
            np.int64(get_i32(header, Column.CONFIG_A, index)),
            get_i64(header, Column.CONFIG_B, index),
            np.int64(get_i32(header, Column.CONFIG_C, index)),
            np.int64(get_i32(header, Column.CONFIG_PARENT, index)),
        )
        while get_i32(header, Column.CONFIG_HASH, slot) != 0:
            slot = (slot + 1) & mask
        put_i32(header, Column.CONFIG_HASH, slot, index)
    mask = header[COLUMNS + Column.LIST_HASH] - 1
    for index in range(1, header[SCALARS + Scalar.LISTS]):
        slot = get_i64(header, Column.LIST_KEY, index) & mask
        while get_i32(header, Column.LIST_HASH, slot) != 0:
            slot = (slot + 1) & mask
        put_i32(header, Column.LIST_HASH, slot, index)


@entry(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def intern_entry(header, op, a, b, c, parent):
    """:func:`intern_config` for Python."""
    return intern_config(header, op, a, b, c, parent)
