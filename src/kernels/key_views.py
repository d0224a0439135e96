"""Configurations as texts are read, with the key so far remembered, and as walks of the vocabulary see them.

A step makes KEY configurations that do not remember their key; whoever reads a text asks for :func:`remembered` behind
each step, which makes those that were just opened remember theirs, as do all that follow::

    {"          KEY, name 0  --remembered-->  KEY, the empty text  --"a"-->  KEY, "a"
                                                                                |
    mask of what may follow {"a:   that of KEY, name 0   <------sketched-------+

The two let the same tokens through, but for those in which a key and a good part of a later one of the same object lie
(``Column.KEY_TOKENS``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import push_members, unite
from .compiling import inner
from .intern import fail, intern_config, intern_list, reserve_scratch
from .json_object import FREE_KEY, additional_allowed, free_half, half_name, object_field
from .key_names import key_name, key_state, packed_key
from .memory import COLUMNS, HEADER, Column, get_i32, get_i64, put_i64
from .names import name_root, names_have
from .opcodes import Op, Status
from .records import ObjectField

__all__ = ["remembered", "remembers", "sketched"]

_INT = types.int64


@inner(types.boolean(HEADER, _INT))
def remembers(header, config):
    """True for a KEY that remembers its key."""
    return get_i32(header, Column.CONFIG_OP, config) == Op.KEY and get_i64(header, Column.CONFIG_B, config) < 0


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


@inner(_INT(HEADER, _INT, types.boolean))
def viewed_set(header, config, remembering):
    """A configuration that is no PRODUCT, with each KEY in it remembered or sketched."""
    end = push_members(header, config, np.int64(0))
    changed = False
    for i in range(end):
        one = get_i64(header, Column.WORK, i)
        if get_i32(header, Column.CONFIG_OP, one) == Op.KEY:
            other = remembered_key(header, one) if remembering else sketched_key(header, one)
            changed = changed or other != one
            put_i64(header, Column.WORK, i, other)
    return unite(header, np.int64(0), end) if changed else config


@inner(_INT(HEADER, _INT, types.boolean), inline=False)
def viewed(header, config, remembering):
    """A configuration with each KEY in it remembered or sketched. Meaningless if it leaves a status."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.KEY:
        return remembered_key(header, config) if remembering else sketched_key(header, config)
    if op == Op.SET:
        return viewed_set(header, config, remembering)
    if op != Op.PRODUCT:
        return config
    factors = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = get_i64(header, Column.LIST_OFFSET, factors)
    count = get_i64(header, Column.LIST_OFFSET, factors + 1) - first
    if count > header[COLUMNS + Column.FACTORS]:
        fail(header, Status.GROW_WORK)
        return 0
    for i in range(count):
        factor = viewed_set(header, get_i64(header, Column.LIST_DATA, first + i), remembering)
        put_i64(header, Column.FACTORS, i, factor)
    if not reserve_scratch(header, count):
        return 0
    for i in range(count):
        put_i64(header, Column.SCRATCH, i, get_i64(header, Column.FACTORS, i))
    return intern_config(header, Op.PRODUCT, intern_list(header, 0, count), 0, 0, 0)


@inner(_INT(HEADER, _INT))
def remembered(header, config):
    """A configuration that a step led to while a text is read, its keys remembered."""
    return viewed(header, config, True)


@inner(_INT(HEADER, _INT))
def sketched(header, config):
    """A configuration as walks of the vocabulary see it."""
    return viewed(header, config, False)
