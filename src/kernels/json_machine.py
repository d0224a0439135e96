"""The structure of JSON text (RFC 8259): documents, values, objects, arrays, and the blanks between their tokens.

A schema node lists what a value may be; each record of its chain is one alternative::

    node 7: [ready | next 9 | string PATTERN 2 | number spec 0 | object spec 4 | array - | literals null,true]
    node 9: [ready | next - | ...            ]

The first byte of the value chooses within each record. A node that was not lowered yet stops the kernel with
``Status.LOWER_NODE``: schemas are lowered as far as texts reach, not further.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import push_members
from .compiling import inner
from .intern import ask, intern_config
from .json_number import number_start, number_step
from .json_object import entry_count, key_start, key_step, object_closes, object_start, object_takes_key
from .json_record import record_step
from .json_string import choice_step, pattern_start, pattern_step, string_step
from .lazy import lazy_step
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64
from .opcodes import Literal, Op, Status, Whitespace
from .records import (
    ARRAY_FIELDS,
    ENTRY_FIELDS,
    NODE_FIELDS,
    ArrayField,
    EntryField,
    NodeField,
    NodeState,
)

__all__ = [
    "MAX_INDENT",
    "is_blank",
    "json_step",
    "literal_byte",
    "top_op",
]

_INT = types.int64


MAX_INDENT = 256
"""Blanks after a line feed under bounded whitespace."""


@inner(types.boolean(_INT))
def is_blank(byte):
    """True for the four bytes of JSON whitespace."""
    return byte == 32 or byte == 10 or byte == 13 or byte == 9


@inner(_INT(_INT, _INT))
def literal_byte(literal, index):
    """Byte ``index`` of a literal name, or -1 past its end."""
    if literal == Literal.NULL:
        word = np.int64(0x6C6C756E)  # "null", least significant byte first
        return (word >> (8 * index)) & 255 if index < 4 else np.int64(-1)
    if literal == Literal.TRUE:
        word = np.int64(0x65757274)
        return (word >> (8 * index)) & 255 if index < 4 else np.int64(-1)
    word = np.int64(0x65736C6166)
    return (word >> (8 * index)) & 255 if index < 5 else np.int64(-1)


@inner(_INT(HEADER, _INT, _INT))
def literal_step(header, config, byte):
    """LITERAL after one more byte; the parent after the last."""
    literal = np.int64(get_i32(header, Column.CONFIG_A, config))
    index = get_i64(header, Column.CONFIG_B, config)
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if literal_byte(literal, index) != byte:
        return 0
    if literal_byte(literal, index + 1) < 0:
        return parent
    return intern_config(header, Op.LITERAL, literal, index + 1, 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def alternative_start(header, record, byte, parent):
    """One alternative of a schema node after the first byte of the value, or 0."""
    base = record * NODE_FIELDS
    if byte == 34:
        op = np.int64(get_i32(header, Column.NODE, base + NodeField.STRING))
        spec = np.int64(get_i32(header, Column.NODE, base + NodeField.STRING_SPEC))
        if op < 0:
            return 0
        if op == Op.PATTERN:
            return pattern_start(header, spec, parent)
        return intern_config(header, op, spec, 0, 0, parent)
    if byte == 123:
        spec = np.int64(get_i32(header, Column.NODE, base + NodeField.OBJECT))
        return object_start(header, spec, parent) if spec >= 0 else np.int64(0)
    if byte == 91:
        spec = np.int64(get_i32(header, Column.NODE, base + NodeField.ARRAY))
        return intern_config(header, Op.ARRAY, spec, 0, 0, parent) if spec >= 0 else np.int64(0)
    for literal in range(3):
        if byte == literal_byte(literal, 0):
            if (get_i32(header, Column.NODE, base + NodeField.LITERALS) >> literal) & 1 != 0:
                return intern_config(header, Op.LITERAL, literal, 1, 0, parent)
            return 0
    spec = np.int64(get_i32(header, Column.NODE, base + NodeField.NUMBER))
    return number_start(header, spec, byte, parent) if spec >= 0 else np.int64(0)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def value_start(header, node, byte, parent, at):
    """Write the alternatives of a value after its first byte to ``WORK[at:]``; returns the new end, -1 on failure."""
    starts = byte == 34 or byte == 123 or byte == 91 or byte == 45 or 48 <= byte <= 57
    if not starts and byte != 110 and byte != 116 and byte != 102:
        return at
    record = node
    while record >= 0:
        if get_i32(header, Column.NODE, record * NODE_FIELDS + NodeField.STATE) == NodeState.UNKNOWN:
            ask(header, Status.LOWER_NODE, record)
            return -1
        at = push_members(header, alternative_start(header, record, byte, parent), at)
        if at < 0:
            return -1
        record = np.int64(get_i32(header, Column.NODE, record * NODE_FIELDS + NodeField.NEXT))
    return at


@inner(_INT(HEADER, _INT, _INT))
def array_field(header, spec, field):
    """One field of an array spec."""
    return np.int64(get_i32(header, Column.ARRAY_SPEC, spec * ARRAY_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT))
def item_node(header, spec, index):
    """Schema node of item ``index``, or -1 if there may be none."""
    if index < array_field(header, spec, ArrayField.PREFIX_LENGTH):
        return np.int64(get_i32(header, Column.ARRAY_PREFIX, array_field(header, spec, ArrayField.PREFIX) + index))
    return array_field(header, spec, ArrayField.ITEMS)


@inner(_INT(HEADER, _INT, _INT, _INT))
def items_config(header, spec, count, parent):
    """ITEMS with ``count`` items read."""
    count = min(count, array_field(header, spec, ArrayField.COUNT_TO))
    return intern_config(header, Op.ITEMS, spec, count, 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def derived_items(header, config, byte, entry, at):
    """ARRAY and ITEMS whose next item has an entry: the values, each above ITEMS of the spec behind it.

    Writes to ``WORK[at:]``; returns the new end, -1 on failure.
    """
    first_one = get_i32(header, Column.CONFIG_OP, config) == Op.ARRAY
    if not first_one and byte != 44:
        return at
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    count = entry_count(header, entry)
    first = np.int64(get_i32(header, Column.ENTRY, entry * ENTRY_FIELDS + EntryField.FIRST))
    for i in range(first, first + count):
        node = np.int64(get_i32(header, Column.SUCCESSOR, 2 * i))
        after = intern_config(header, Op.ITEMS, np.int64(get_i32(header, Column.SUCCESSOR, 2 * i + 1)), 0, 0, parent)
        if first_one:
            at = value_start(header, node, byte, after, at)
        else:
            at = push_members(header, intern_config(header, Op.VALUE, node, 0, 0, after), at)
        if at < 0:
            return -1
    return at


@inner(_INT(HEADER, _INT, _INT, _INT))
def array_step(header, config, byte, at):
    """ARRAY and ITEMS after one more byte, written to ``WORK[at:]``; returns the new end, -1 on failure."""
    op = get_i32(header, Column.CONFIG_OP, config)
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    count = get_i64(header, Column.CONFIG_B, config)
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    entry = array_field(header, spec, ArrayField.ENTRY)
    if byte == 93:
        closes = count >= array_field(header, spec, ArrayField.FEWEST)
        return push_members(header, parent if closes else np.int64(0), at)
    if entry >= 0:
        return derived_items(header, config, byte, entry, at)
    most = array_field(header, spec, ArrayField.MOST)
    node = item_node(header, spec, count)
    if node < 0 or 0 <= most <= count:
        return at
    if op == Op.ARRAY:
        return value_start(header, node, byte, items_config(header, spec, 1, parent), at)
    if byte != 44:
        return at
    after = items_config(header, spec, count + 1, parent)
    return push_members(header, intern_config(header, Op.VALUE, node, 0, 0, after), at)


@inner(_INT(HEADER, _INT, _INT))
def object_step(header, config, byte):
    """OBJECT, NEXT_KEY, COLON and MEMBERS after one more byte, or 0."""
    op = get_i32(header, Column.CONFIG_OP, config)
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    seen = get_i64(header, Column.CONFIG_B, config)
    names = np.int64(get_i32(header, Column.CONFIG_C, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if op == Op.COLON:
        return intern_config(header, Op.VALUE, spec, 0, 0, parent) if byte == 58 else np.int64(0)
    if byte == 125:
        return parent if op != Op.NEXT_KEY and object_closes(header, config) else np.int64(0)
    if byte == 44 and op == Op.MEMBERS:
        takes = object_takes_key(header, config)
        return intern_config(header, Op.NEXT_KEY, spec, seen, names, parent) if takes else np.int64(0)
    if byte == 34 and op != Op.MEMBERS and object_takes_key(header, config):
        members = intern_config(header, Op.MEMBERS, spec, seen, names, parent)
        return key_start(header, members)
    return 0


@inner(_INT(HEADER, _INT))
def top_op(header, config):
    """Opcode of a configuration, of the first member of a SET."""
    if get_i32(header, Column.CONFIG_OP, config) == Op.SET:
        members = np.int64(get_i32(header, Column.CONFIG_A, config))
        config = get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, members))
    return np.int64(get_i32(header, Column.CONFIG_OP, config))


@inner(_INT(HEADER, _INT, _INT))
def bounded_blank(header, config, byte):
    """A SPACE above a configuration where pretty-printers put one, or 0.

    Line breaks after ``{``, ``[`` and ``,`` and before a closing bracket; spaces there too, and after ``:``.
    """
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.DOCUMENT or op == Op.FINISHED or op == Op.COLON or (byte != 32 and byte != 10):
        return 0
    if op == Op.MEMBERS and not object_closes(header, config):
        return 0
    if op == Op.ITEMS:
        spec = np.int64(get_i32(header, Column.CONFIG_A, config))
        if get_i64(header, Column.CONFIG_B, config) < array_field(header, spec, ArrayField.FEWEST):
            return 0
    if op == Op.VALUE and byte == 10:
        parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
        if top_op(header, parent) != Op.ITEMS:
            return 0
    return intern_config(header, Op.SPACE, 0 if byte == 32 else 1, 0, 0, config)


@inner(_INT(HEADER, _INT, _INT))
def blank_step(header, config, byte):
    """A blank before a token: the configuration itself, a SPACE above it, or 0, by the whitespace mode."""
    mode = header[SCALARS + Scalar.WHITESPACE]
    if mode == Whitespace.ANY:
        return config
    return bounded_blank(header, config, byte) if mode == Whitespace.BOUNDED else np.int64(0)


@inner(_INT(HEADER, _INT, _INT))
def space_step(header, config, byte):
    """SPACE after one more blank, or 0.

    ``a``: 0 after one space, 1 after a line feed, 2 + n after n blanks behind it.
    """
    state = np.int64(get_i32(header, Column.CONFIG_A, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if state == 0 or state > MAX_INDENT or (byte != 32 and byte != 9):
        return 0
    return intern_config(header, Op.SPACE, max(state + 1, np.int64(2)), 0, 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def structure_step(header, config, byte, at):
    """Any structural opcode after one more byte, written to ``WORK[at:]``; returns the new end, -1 on failure."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if is_blank(byte):
        return push_members(header, blank_step(header, config, byte), at)
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if op == Op.VALUE or op == Op.DOCUMENT:
        return value_start(header, np.int64(get_i32(header, Column.CONFIG_A, config)), byte, parent, at)
    if op == Op.ARRAY or op == Op.ITEMS:
        return array_step(header, config, byte, at)
    if op == Op.FINISHED:
        return at
    return push_members(header, object_step(header, config, byte), at)


@inner(_INT(HEADER, _INT, _INT, _INT))
def json_step(header, config, byte, at):
    """Any opcode of JSON text after one more byte, written to ``WORK[at:]``; returns the new end, -1 on failure."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.RECORD:
        return record_step(header, config, byte, at)
    if op == Op.STRING:
        target = string_step(header, config, byte)
    elif op == Op.KEY:
        target = key_step(header, config, byte)
    elif op == Op.NUMBER:
        target = number_step(header, config, byte)
    elif op == Op.LAZY:
        target = lazy_step(header, config, byte)
    elif op == Op.CHOICE:
        target = choice_step(header, config, byte)
    elif op == Op.PATTERN:
        target = pattern_step(header, config, byte)
    elif op == Op.LITERAL:
        target = literal_step(header, config, byte)
    elif op == Op.SPACE:
        target = space_step(header, config, byte)
    else:
        return structure_step(header, config, byte, at)
    return push_members(header, target, at)
