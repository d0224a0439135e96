"""Configurations as texts are read, with what must be remembered of a text, and as walks of the vocabulary see them.

A step makes KEY configurations that do not remember their key, and items above ITEMS that wait for their value. Whoever
reads a text asks for :func:`remembered` behind each step, which makes those that were just opened remember their text,
as do all that follow::

    {"          KEY, name 0  --remembered-->  KEY, the empty text  --"a"-->  KEY, "a"
                                                                                |
    mask of what may follow {"a:   that of KEY, name 0   <------sketched-------+

The two let the same tokens through, but for those in which a text ends that matters for the rest of the token: they are
tried byte by byte (``Column.DOUBTFUL``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import push_members, unite
from .compiling import inner
from .intern import fail, intern_config, intern_list, reserve_scratch
from .json_object import FREE_KEY, additional_allowed, free_half, half_name, object_field
from .json_record import record_begun, waits
from .key_names import key_name, key_state, packed_key
from .memory import COLUMNS, HEADER, Column, Scalar, call_entry, get_i32, get_i64, put_i64
from .names import name_root, names_have
from .opcodes import Op, Status
from .rebase import rebased
from .records import ObjectField

__all__ = ["remembered", "remembers", "sketched", "viewed"]

_INT = types.int64

SKETCH = -1
"""In place of the byte behind which something is to be remembered."""


@inner(types.boolean(HEADER, _INT))
def remembers_one(header, config):
    """True for a RECORD, and for a KEY that remembers its key."""
    op = get_i32(header, Column.CONFIG_OP, config)
    return op == Op.RECORD or (op == Op.KEY and get_i64(header, Column.CONFIG_B, config) < 0)


@inner(types.boolean(HEADER, _INT))
def remembers(header, config):
    """True for configurations that remember a text, and SETs with such a first member."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.SET:
        return remembers_one(header, config)
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    return remembers_one(header, get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, members)))


@inner(_INT(HEADER, _INT))
def remembered_key(header, config):
    """KEY just opened, its key remembered from here on if it may become an additional one; any other KEY itself."""
    packed = get_i64(header, Column.CONFIG_B, config)
    trie = np.int64(get_i32(header, Column.CONFIG_A, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    if packed < 0 or trie != object_field(header, spec, ObjectField.TRIE) or get_i32(header, Column.CONFIG_C, config):
        return config
    if not additional_allowed(header, spec, seen, np.int64(get_i32(header, Column.CONFIG_C, members))):
        return config
    return intern_config(header, Op.KEY, trie, packed_key(-name_root(header), key_state(packed)), 0, members)


@inner(_INT(HEADER, _INT))
def sketched_key(header, config):
    """KEY with as much of its key as the keys seen have in common with it."""
    packed = get_i64(header, Column.CONFIG_B, config)
    if packed >= 0:
        return config
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    half = np.int64(get_i32(header, Column.CONFIG_C, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    name = -key_name(packed)
    if not names_have(header, names, name):
        name = np.int64(0)
    if half != 0:
        name = half_name(header, names, name, half)
        if node == FREE_KEY and name == 0:
            half = free_half(header, object_field(header, spec, ObjectField.KEY_DFA), half)
    return intern_config(header, Op.KEY, node, packed_key(name, key_state(packed)), half, members)


@inner(_INT(HEADER, _INT, _INT, _INT))
def viewed_one(header, config, byte, at):
    """A plain configuration remembered behind a byte, or sketched. Works above ``WORK[at]``."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.KEY:
        return remembered_key(header, config) if byte != SKETCH else sketched_key(header, config)
    if byte == SKETCH:
        if op != Op.RECORD:
            return config
        inside = call_entry(header, Scalar.VIEW_ENTRY, np.int64(get_i32(header, Column.CONFIG_A, config)), SKETCH, at)
        return rebased(header, inside, np.int64(get_i32(header, Column.CONFIG_PARENT, config)), at)
    is_item = op == Op.STRING or op == Op.PATTERN or op == Op.CHOICE or op == Op.NUMBER or op == Op.LAZY
    is_item = is_item or op == Op.LITERAL or op == Op.OBJECT or op == Op.ARRAY
    if is_item and waits(header, np.int64(get_i32(header, Column.CONFIG_PARENT, config))):
        return record_begun(header, config, byte)
    return config


@inner(_INT(HEADER, _INT, _INT, _INT))
def viewed_set(header, config, byte, at):
    """A configuration that is no PRODUCT, each of its members remembered or sketched."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.SET:
        return viewed_one(header, config, byte, at)
    end = push_members(header, config, at)
    changed = False
    for i in range(at, end):
        one = get_i64(header, Column.WORK, i)
        other = viewed_one(header, one, byte, end)
        changed = changed or other != one
        put_i64(header, Column.WORK, i, other)
    return unite(header, at, end) if changed else config


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def viewed(header, config, byte, at):
    """A configuration remembered behind a byte of a text, or sketched (``byte`` SKETCH). Works above ``WORK[at]``.

    Meaningless if it leaves a status.
    """
    if get_i32(header, Column.CONFIG_OP, config) != Op.PRODUCT:
        return viewed_set(header, config, byte, at)
    factors = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = get_i64(header, Column.LIST_OFFSET, factors)
    count = get_i64(header, Column.LIST_OFFSET, factors + 1) - first
    if count > header[COLUMNS + Column.FACTORS]:
        fail(header, Status.GROW_WORK)
        return 0
    for i in range(count):
        factor = viewed_set(header, get_i64(header, Column.LIST_DATA, first + i), byte, at)
        put_i64(header, Column.FACTORS, i, factor)
    if not reserve_scratch(header, count):
        return 0
    for i in range(count):
        put_i64(header, Column.SCRATCH, i, get_i64(header, Column.FACTORS, i))
    return intern_config(header, Op.PRODUCT, intern_list(header, 0, count), 0, 0, 0)


@inner(_INT(HEADER, _INT, _INT))
def remembered(header, config, byte):
    """A configuration that a byte of a text led to, with what of the text must be remembered."""
    return call_entry(header, Scalar.VIEW_ENTRY, config, byte, np.int64(0))


@inner(_INT(HEADER, _INT))
def sketched(header, config):
    """A configuration as walks of the vocabulary see it."""
    return call_entry(header, Scalar.VIEW_ENTRY, config, np.int64(SKETCH), np.int64(0))
