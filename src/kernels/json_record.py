r"""Items whose values matter for what follows: arrays in which no two items may be equal.

The text of such an item is remembered while it is read. RECORD holds the configuration that reads the item, with END
where what follows would be, and the bytes so far (a chain of NAMEs). Where the item is over, the array spec that waits
for its value is asked for the spec behind it; the answer is kept::

    RECORD  a: inner configuration   b: NAME of the bytes   parent: ITEMS of a spec that waits, or a SET with some

    ["x",  |"y         RECORD(STRING over END, '"y')
               |       '"' ends it:  ITEMS of the spec behind "y"      MEMO(spec, '"y"', ITEM_READ): which one

Walks of the vocabulary see the inner configuration above the parent itself (``key_views.py``): a spec that waits also
says what may follow if nothing is known of the value. The tokens in which that can be wrong are tried byte by byte
(``Column.DOUBTFUL``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import push_members
from .compiling import inner
from .intern import ask, fail, intern_config
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64
from .names import name_child, name_root
from .opcodes import UNFILLED, Op, Question, Status
from .records import ARRAY_FIELDS, ArrayField

__all__ = ["MOST_RECORDS", "REFUSED", "push_followed", "record_begun", "record_step", "waits"]

_INT = types.int64

REFUSED = -2
"""Answer to a question of which spec follows: none."""

MOST_RECORDS = 256
"""Items inside items that are remembered at the same time."""


@inner(types.boolean(HEADER, _INT))
def waiting_items(header, config):
    """True for ITEMS of a spec that waits for the value of the last item."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.ITEMS:
        return False
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    return get_i32(header, Column.ARRAY_SPEC, spec * ARRAY_FIELDS + ArrayField.PENDING) != 0


@inner(types.boolean(HEADER, _INT))
def waits(header, config):
    """True for ITEMS that wait for the value of the last item, and for a SET with some."""
    if config == 0 or get_i32(header, Column.CONFIG_OP, config) != Op.SET:
        return config != 0 and waiting_items(header, config)
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    for i in range(get_i64(header, Column.LIST_OFFSET, members), get_i64(header, Column.LIST_OFFSET, members + 1)):
        if waiting_items(header, get_i64(header, Column.LIST_DATA, i)):
            return True
    return False


@inner(_INT(HEADER, _INT, _INT))
def spec_behind(header, spec, name):
    """The array spec behind an item with a text, or REFUSED; UNFILLED with the status set if that is not known yet."""
    question = intern_config(header, Op.MEMO, spec, name, Question.ITEM_READ, 0)
    answer = np.int64(get_i32(header, Column.CONFIG_ROW, question)) if question != 0 else np.int64(UNFILLED)
    if answer == UNFILLED:
        ask(header, Status.RECORDED, question)
    return answer


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def push_followed(header, parent, name, at):
    """Write what follows an item with a text, by the parent of its RECORD, to ``WORK[at:]``.

    Returns the new end, -1 on failure.
    """
    first = at
    at = push_members(header, parent, at)
    kept = first
    for i in range(first, at):
        one = get_i64(header, Column.WORK, i)
        if waiting_items(header, one):
            spec = spec_behind(header, np.int64(get_i32(header, Column.CONFIG_A, one)), name)
            if spec == UNFILLED:
                return -1
            below = np.int64(get_i32(header, Column.CONFIG_PARENT, one))
            one = intern_config(header, Op.ITEMS, spec, 0, 0, below) if spec != REFUSED else np.int64(0)
        if one != 0:
            kept = push_members(header, one, kept)
    return kept if at >= 0 else np.int64(-1)


@inner(_INT(HEADER, _INT, _INT, _INT))
def record_step(header, config, byte, at):
    """RECORD after one more byte of the item, written to ``WORK[at:]``; returns the new end, -1 on failure."""
    inside = np.int64(get_i32(header, Column.CONFIG_A, config))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    depth = header[SCALARS + Scalar.RECORDS]
    if depth == MOST_RECORDS:
        fail(header, Status.LIMIT)
        return -1
    base = header[SCALARS + Scalar.WORK_BASE]
    header[SCALARS + Scalar.RECORDS] = depth + 1
    target = call_entry(header, Scalar.STEP_ENTRY, inside, byte, 0)
    if target != 0 and header[SCALARS + Scalar.STATUS] == 0:
        target = call_entry(header, Scalar.VIEW_ENTRY, target, byte, header[SCALARS + Scalar.WORK_BASE])
    header[SCALARS + Scalar.RECORDS] = depth
    header[SCALARS + Scalar.WORK_BASE] = base
    if header[SCALARS + Scalar.STATUS] != 0:
        return -1
    if target == 0:
        return at
    name = name_child(header, get_i64(header, Column.CONFIG_B, config), byte)
    if get_i32(header, Column.CONFIG_OP, target) == Op.END:
        return push_followed(header, parent, name, at)
    return push_members(header, intern_config(header, Op.RECORD, target, name, 0, parent), at)


@inner(_INT(HEADER, _INT, _INT))
def record_begun(header, config, byte):
    """The RECORD of an item of which one byte was read, ``config`` being the item above ITEMS that wait."""
    inside = intern_config(
        header,
        np.int64(get_i32(header, Column.CONFIG_OP, config)),
        np.int64(get_i32(header, Column.CONFIG_A, config)),
        get_i64(header, Column.CONFIG_B, config),
        np.int64(get_i32(header, Column.CONFIG_C, config)),
        intern_config(header, Op.END, 0, 0, 0, 0),
    )
    name = name_child(header, name_root(header), byte)
    return intern_config(header, Op.RECORD, inside, name, 0, np.int64(get_i32(header, Column.CONFIG_PARENT, config)))
