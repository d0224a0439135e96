"""The machine: one byte takes a configuration to the next; 0 is dead.

:func:`step` computes, :func:`transition` keeps what it computed::

    CONFIG_ROW[config] --> ROW_DATA[row * 256 + byte] = successor, DEAD, or UNFILLED --step--> successor

A part of the text whose end shows only at the byte after it (a number, a byte automaton in an accepting state) hands
that byte on to its parent besides reading it itself; both results are alternatives. The alternatives still to be
stepped and their successors lie in ``WORK``, so nothing recurses::

    WORK:  [ to step, to step, ... | successor, successor, ... ]
             0                count  TARGETS
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import intern_alternatives, push_members, unite
from .compiling import entry, inner
from .intern import fail, intern_config, intern_list, reserve_scratch
from .json_machine import is_blank, top_op
from .json_number import number_accepts
from .json_record import push_followed
from .key_views import remembered, remembers, sketched
from .lazy import lazy_accepts
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    call_entry,
    get_i32,
    get_i64,
    get_u8,
    put_i32,
    put_i64,
    store_i32,
)
from .narrow import narrow_row
from .opcodes import Op, Status
from .templates import ROW_TEMPLATES

__all__ = [
    "accepting",
    "accepting_entry",
    "advance",
    "advance_bytes",
    "advance_entry",
    "bytes_accepts",
    "item_over",
    "may_end",
    "may_end_entry",
    "row_of",
    "sketched_entry",
    "step",
    "successor",
    "transition",
]

_INT = types.int64

DFA_FIELDS = 4

_INSIDE = 10
"""The share of ``WORK``, 1 / 2 ** 10, that the successors of a step inside another may fill."""


@inner(_INT(HEADER, _INT, _INT))
def bytes_step(header, config, byte):
    """BYTES after one more byte, or 0."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    first = np.int64(get_i32(header, Column.DFA, dfa * DFA_FIELDS))
    classes = np.int64(get_i32(header, Column.DFA, dfa * DFA_FIELDS + 1))
    cls = np.int64(get_u8(header, Column.DFA_CLASS, dfa * 256 + byte))
    following = np.int64(get_i32(header, Column.DFA_TRANS, first + state * classes + cls))
    if following == 0:
        return 0
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return intern_config(header, Op.BYTES, dfa, following, 0, parent)


@inner(types.boolean(HEADER, _INT))
def bytes_accepts(header, config):
    """True if a byte automaton may end here."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = np.int64(get_i32(header, Column.DFA, dfa * DFA_FIELDS + 2))
    return get_u8(header, Column.DFA_ACCEPT, first + get_i64(header, Column.CONFIG_B, config)) != 0


@inner(types.boolean(HEADER, _INT))
def may_end(header, config):
    """True if the part of the text that a configuration reads may end here, so that its parent resumes."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.NUMBER:
        return number_accepts(header, config)
    if op == Op.BYTES:
        return bytes_accepts(header, config)
    if op == Op.LAZY:
        return lazy_accepts(header, config)
    if op == Op.EARLEY:
        return call_entry(header, Scalar.EARLEY_COMPLETE_ENTRY, config, 0, 0) != 0
    return op == Op.SPACE


@inner(types.boolean(HEADER, _INT, _INT))
def hands_on(header, config, byte):
    """True if a byte is also read by the parent, the configuration's own part being over before it."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.SPACE:
        below = top_op(header, np.int64(get_i32(header, Column.CONFIG_PARENT, config)))
        if below == Op.MEMBERS or below == Op.ITEMS:
            return byte == 125 or byte == 93
        return not is_blank(byte)
    if op != Op.NUMBER and op != Op.BYTES and op != Op.EARLEY and op != Op.LAZY:
        return False
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return get_i32(header, Column.CONFIG_OP, parent) != Op.END and may_end(header, config)


@inner(types.boolean(HEADER, _INT))
def ends_item(header, config):
    """True if the inner configuration of a RECORD may be the end of its item: it is a number."""
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return get_i32(header, Column.CONFIG_OP, parent) == Op.END and may_end(header, config)


@inner(types.boolean(HEADER, _INT))
def record_may_end(header, config):
    """True for a RECORD whose item may be over before the next byte."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.RECORD:
        return False
    inside = np.int64(get_i32(header, Column.CONFIG_A, config))
    if get_i32(header, Column.CONFIG_OP, inside) != Op.SET:
        return ends_item(header, inside)
    members = np.int64(get_i32(header, Column.CONFIG_A, inside))
    for i in range(get_i64(header, Column.LIST_OFFSET, members), get_i64(header, Column.LIST_OFFSET, members + 1)):
        if ends_item(header, get_i64(header, Column.LIST_DATA, i)):
            return True
    return False


@inner(_INT(HEADER, _INT, _INT, _INT))
def step_one(header, config, byte, at):
    """Write the successors of one plain configuration to ``WORK[at:]``; returns the new end, -1 on failure."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.END:
        return at
    if op == Op.BYTES:
        return push_members(header, bytes_step(header, config, byte), at)
    if op == Op.EARLEY:
        return push_members(header, call_entry(header, Scalar.EARLEY_STEP_ENTRY, config, byte, 0), at)
    return call_entry(header, Scalar.JSON_STEP_ENTRY, config, byte, at)


@inner(_INT(HEADER, _INT, _INT))
def step_alternatives(header, config, byte):
    """Successor of anything but a PRODUCT.

    Alternatives wait in the upper half of ``WORK``, successors fill the lower; of steps inside others (RECORD), both
    lie above the alternatives that wait there.
    """
    base = header[SCALARS + Scalar.WORK_BASE]
    half = base + (header[COLUMNS + Column.WORK] >> (1 if base == 0 else _INSIDE))
    waiting = push_members(header, config, half)
    end = base
    i = half
    while 0 <= i < waiting:
        one = get_i64(header, Column.WORK, i)
        i += 1
        if record_may_end(header, one):
            parent = np.int64(get_i32(header, Column.CONFIG_PARENT, one))
            waiting = push_followed(header, parent, get_i64(header, Column.CONFIG_B, one), waiting)
            if waiting < 0:
                return 0
        if hands_on(header, one, byte):
            waiting = push_members(header, np.int64(get_i32(header, Column.CONFIG_PARENT, one)), waiting)
            if waiting < 0:
                return 0
        header[SCALARS + Scalar.WORK_BASE] = waiting
        end = step_one(header, one, byte, end)
        header[SCALARS + Scalar.WORK_BASE] = base
        if end < 0 or header[SCALARS + Scalar.STATUS] != 0:
            return 0
        if end > half:
            fail(header, Status.GROW_WORK)
            return 0
    if waiting < 0:
        return 0
    return intern_alternatives(header, base, end)


@inner(_INT(HEADER, _INT, _INT))
def step(header, config, byte):
    """Successor of a configuration by one byte; DEAD if there is none. Meaningless if it leaves a status."""
    header[SCALARS + Scalar.STEPS] += 1
    if get_i32(header, Column.CONFIG_OP, config) != Op.PRODUCT:
        return step_alternatives(header, config, byte)
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = get_i64(header, Column.LIST_OFFSET, members)
    count = get_i64(header, Column.LIST_OFFSET, members + 1) - first
    if count > header[COLUMNS + Column.FACTORS]:
        fail(header, Status.GROW_WORK)
        return 0
    for i in range(count):
        factor = step_alternatives(header, get_i64(header, Column.LIST_DATA, first + i), byte)
        if factor == 0:
            return 0
        put_i64(header, Column.FACTORS, i, factor)
    if not reserve_scratch(header, count):
        return 0
    for i in range(count):
        put_i64(header, Column.SCRATCH, i, get_i64(header, Column.FACTORS, i))
    return intern_config(header, Op.PRODUCT, intern_list(header, 0, count), 0, 0, 0)


@inner(_INT(HEADER, _INT), inline=False)
def row_of(header, config):
    """Index of the first transition of a configuration in ``ROW_DATA``, made if need be; -1 if there is no room."""
    row = np.int64(get_i32(header, Column.CONFIG_ROW, config))
    if row >= 0:
        return row << 8
    row = header[SCALARS + Scalar.ROWS]
    if (row + 1) << 8 > header[COLUMNS + Column.ROW_DATA]:
        fail(header, Status.GROW_ROWS)
        return -1
    header[SCALARS + Scalar.ROWS] = row + 1
    op = np.int64(get_i32(header, Column.CONFIG_OP, config))
    first = address_32(header, Column.ROW_DATA, row << 8)
    for byte in range(256):
        store_i32(first, byte, ROW_TEMPLATES[op, byte])
    if op == Op.KEY or op == Op.CHOICE:
        narrow_row(header, config, first)
    put_i32(header, Column.CONFIG_ROW, config, row)
    return row << 8


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def successor(header, config, row, byte):
    """Successor from the row at ``row``, computed and stored if need be. DEAD with a status on failure."""
    target = np.int64(get_i32(header, Column.ROW_DATA, row + byte))
    if target >= 0:
        return target
    target = call_entry(header, Scalar.STEP_ENTRY, config, byte, 0)
    if header[SCALARS + Scalar.STATUS] != 0:
        return 0
    put_i32(header, Column.ROW_DATA, row + byte, target)
    return target


@inner(_INT(HEADER, _INT, _INT))
def transition(header, config, byte):
    """Successor of a configuration by one byte; kept in a row, but for those that remember a text of their own."""
    if config == 0:
        return 0
    if remembers(header, config):
        return call_entry(header, Scalar.STEP_ENTRY, config, byte, 0)
    row = row_of(header, config)
    return successor(header, config, row, byte) if row >= 0 else np.int64(0)


@inner(_INT(HEADER, _INT, _INT))
def advance(header, config, byte):
    """Successor of a configuration by one byte of a text, with what of the text must be remembered."""
    target = transition(header, config, byte)
    return remembered(header, target, byte) if target != 0 else np.int64(0)


@inner(types.boolean(HEADER, _INT))
def accepts_one(header, config):
    """True if anything but a PRODUCT accepts the end of the text here."""
    end = push_members(header, config, np.int64(0))
    i = np.int64(0)
    while i < end:
        one = get_i64(header, Column.WORK, i)
        i += 1
        op = get_i32(header, Column.CONFIG_OP, one)
        if op == Op.END or op == Op.FINISHED:
            return True
        if may_end(header, one):
            end = push_members(header, np.int64(get_i32(header, Column.CONFIG_PARENT, one)), end)
            if end < 0:
                return False
    return False


@inner(types.boolean(HEADER, _INT), inline=False)
def accepting(header, config):
    """True if the text may end here. Meaningless if it leaves a status."""
    if config == 0:
        return False
    if get_i32(header, Column.CONFIG_OP, config) != Op.PRODUCT:
        return accepts_one(header, config)
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    for i in range(get_i64(header, Column.LIST_OFFSET, members), get_i64(header, Column.LIST_OFFSET, members + 1)):
        if not accepts_one(header, get_i64(header, Column.LIST_DATA, i)):
            return False
    return True


@entry(_INT(HEADER, _INT, types.Array(types.uint8, 1, "C", readonly=True)))
def advance_bytes(header, config, text):
    """Successor by several bytes (uint8[n]); ``-1 - n`` if byte ``n`` is refused."""
    for i in range(text.size):
        config = advance(header, config, np.int64(text[i]))
        if config == 0:
            return -1 - i
    return config


@entry(_INT(HEADER, _INT, _INT))
def advance_entry(header, config, byte):
    """:func:`advance` for Python."""
    return advance(header, config, byte)


@entry(_INT(HEADER, _INT))
def item_over(header, config):
    """A configuration with what follows the item in place of each RECORD whose item may be over."""
    waiting = push_members(header, config, np.int64(0))
    end = waiting
    for i in range(waiting):
        one = get_i64(header, Column.WORK, i)
        if record_may_end(header, one):
            parent = np.int64(get_i32(header, Column.CONFIG_PARENT, one))
            end = push_followed(header, parent, get_i64(header, Column.CONFIG_B, one), end)
        else:
            end = push_members(header, one, end)
        if end < 0:
            return 0
    return unite(header, waiting, end)


@entry(_INT(HEADER, _INT))
def sketched_entry(header, config):
    """:func:`sketched` for Python."""
    return sketched(header, config)


@entry(types.boolean(HEADER, _INT))
def accepting_entry(header, config):
    """:func:`accepting` for Python."""
    return accepting(header, config)


@entry(types.boolean(HEADER, _INT))
def may_end_entry(header, config):
    """:func:`may_end` for Python."""
    return may_end(header, config)
