"""Transitions that approximations leave out, so that a machine has an end of configurations.

What is left is a part of the language, so whatever is spelled within it is valid::

    NUMBERS    1e3, 10.0, 5.00000000000000000        integers but by their digits alone, and long spellings of constants
    ESCAPES    "n\\u0061me": 1, "a\\u00e9"            escapes in keys and enumerated strings, \\u in all others
    ORDER      {"b": 1, "a": 2}                      declared keys in another order than the schema's
    KEYS       {"a": 1, "more": 2}                   further keys in objects that declare some

Configurations that differ in what no longer matters become one: in the schema's order, the optional keys before the
last one seen count as seen, whether they were or not; of an integer's digits, the zeros at its end are not counted.
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import inner
from ..intern import intern_config
from ..json_object import FREE_KEY, next_in_order, object_field, seen_add, seen_count, seen_has
from ..memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64
from ..names import names_count
from ..opcodes import NumberKind, Op
from ..records import NUMBER_FIELDS, NumberField, ObjectField

__all__ = ["ESCAPES", "KEYS", "NUMBERS", "ORDER", "narrowed"]

_INT = types.int64

NUMBERS, ESCAPES, ORDER, KEYS = 1, 2, 4, 8

_MOST = 16
"""Zeros, digits or exponents that may be counted in the spelling of a constant."""
_BACKSLASH, _LETTER_U = 92, 117
_DIGIT_0, _DIGIT_9 = 48, 57


@inner(_INT(HEADER, _INT))
def number_kind(header, config):
    """Kind of a NUMBER; -1 for other configurations."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.NUMBER:
        return -1
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    return np.int64(get_i32(header, Column.NUMBER_SPEC, spec * NUMBER_FIELDS + NumberField.KIND))


@inner(_INT(HEADER, _INT))
def narrowed_number(header, target):
    """A NUMBER behind a byte, its zeros forgotten; 0 if it is left out. Other configurations themselves."""
    kind = number_kind(header, target)
    count = get_i64(header, Column.CONFIG_B, target)
    other = np.int64(get_i32(header, Column.CONFIG_C, target))
    if kind == NumberKind.EQUAL and (abs(count >> 4) > 4 * _MOST or abs(other) > _MOST):
        return 0
    if kind != NumberKind.INTEGER or other == 0:
        return target
    spec = np.int64(get_i32(header, Column.CONFIG_A, target))
    return intern_config(header, Op.NUMBER, spec, count, 0, np.int64(get_i32(header, Column.CONFIG_PARENT, target)))


@inner(_INT(HEADER, _INT))
def in_order(header, colon):
    """A COLON whose object has seen all optional keys before the last one; 0 where a required one is missing.

    Objects that count their members, and several at once, are as they were.
    """
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, colon))
    if get_i32(header, Column.CONFIG_OP, members) != Op.MEMBERS:
        return colon
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    first = object_field(header, spec, ObjectField.REQUIRED)
    seen = get_i64(header, Column.CONFIG_B, members)
    required = np.int64(0)
    for key in range(object_field(header, spec, ObjectField.KEYS)):
        required += (get_i64(header, Column.KEY_REQUIRED, first + (key >> 6)) >> (key & 63)) & 1
    if object_field(header, spec, ObjectField.MOST) >= 0 or object_field(header, spec, ObjectField.FEWEST) > required:
        return colon
    filled = seen
    for key in range(next_in_order(header, spec, seen)):
        if seen_has(header, filled, key):
            continue
        if (get_i64(header, Column.KEY_REQUIRED, first + (key >> 6)) >> (key & 63)) & 1 != 0:
            return 0
        filled = seen_add(header, spec, filled, key)
        if header[SCALARS + Scalar.STATUS] != 0:
            return 0
    if filled == seen:
        return colon
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    below = np.int64(get_i32(header, Column.CONFIG_PARENT, members))
    members = intern_config(header, Op.MEMBERS, spec, filled, names, below)
    node = np.int64(get_i32(header, Column.CONFIG_A, colon))
    return intern_config(header, Op.COLON, node, 0, 0, members)


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def key_left_out(header, config, target, cuts):
    """True if a KEY goes on to, or is closed as, one that is left out. Keys of several objects at once never are."""
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if get_i32(header, Column.CONFIG_OP, members) != Op.MEMBERS:
        return False
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    declares = object_field(header, spec, ObjectField.KEYS) > 0
    op = get_i32(header, Column.CONFIG_OP, target)
    if op == Op.KEY:
        return (cuts & KEYS) != 0 and declares and get_i32(header, Column.CONFIG_A, target) == FREE_KEY
    behind = np.int64(get_i32(header, Column.CONFIG_PARENT, target))
    if op != Op.COLON or get_i32(header, Column.CONFIG_OP, behind) != Op.MEMBERS:
        return False
    before = get_i64(header, Column.CONFIG_B, members)
    after = get_i64(header, Column.CONFIG_B, behind)
    if before == after:
        return (cuts & KEYS) != 0 and declares
    return (cuts & ORDER) != 0 and before >= 0 and before > (before ^ after)


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def forgetful(header, config, colon, ordered):
    """A COLON behind an additional key that is not remembered, and not counted where the count no longer matters."""
    before = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    after = np.int64(get_i32(header, Column.CONFIG_PARENT, colon))
    if (
        get_i32(header, Column.CONFIG_OP, before) != Op.MEMBERS
        or get_i32(header, Column.CONFIG_OP, after) != Op.MEMBERS
    ):
        return colon
    names = np.int64(get_i32(header, Column.CONFIG_C, before))
    if get_i32(header, Column.CONFIG_C, after) == names or (ordered and names == 0):
        return colon
    spec = np.int64(get_i32(header, Column.CONFIG_A, before))
    count = seen_count(header, spec, get_i64(header, Column.CONFIG_B, before)) + names_count(header, names)
    if object_field(header, spec, ObjectField.MOST) >= 0 or count < object_field(header, spec, ObjectField.FEWEST):
        return colon
    spec = np.int64(get_i32(header, Column.CONFIG_A, after))
    seen = get_i64(header, Column.CONFIG_B, after)
    below = np.int64(get_i32(header, Column.CONFIG_PARENT, after))
    members = intern_config(header, Op.MEMBERS, spec, seen, names, below)
    return intern_config(header, Op.COLON, np.int64(get_i32(header, Column.CONFIG_A, colon)), 0, 0, members)


@inner(types.boolean(HEADER, _INT, _INT))
def escape_left_out(header, config, byte):
    """True if a byte begins an escape in a key or an enumerated string, or makes one of another string that of \\u."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.KEY or op == Op.CHOICE:
        return byte == _BACKSLASH
    inside = (op == Op.STRING or op == Op.PATTERN) and get_i32(header, Column.CONFIG_C, config) != 0
    return inside and byte == _LETTER_U


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def narrowed(header, config, byte, target, cuts):
    """The target of a transition as ``cuts`` leave it, a sum of the constants above; 0 if it is left out.

    Where the machine keeps the schema's order, what no longer matters of it is forgotten without cuts; additional keys,
    which explorations do not remember, are not counted without end.
    """
    op = get_i32(header, Column.CONFIG_OP, config)
    ordered = header[SCALARS + Scalar.ORDERED] != 0
    if (cuts & ESCAPES) != 0 and escape_left_out(header, config, byte):
        return 0
    if op == Op.KEY and key_left_out(header, config, target, cuts):
        return 0
    ordered = ordered or (cuts & ORDER) != 0
    if op == Op.KEY and get_i32(header, Column.CONFIG_OP, target) == Op.COLON:
        target = forgetful(header, config, target, ordered)
        return in_order(header, target) if ordered else target
    if (cuts & NUMBERS) == 0:
        return target
    goes_on = number_kind(header, config) == NumberKind.INTEGER and number_kind(header, target) == NumberKind.INTEGER
    if goes_on and not _DIGIT_0 <= byte <= _DIGIT_9:
        return 0
    return narrowed_number(header, target)
