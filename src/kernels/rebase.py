"""A stack of configurations moved onto another bottom: END at its bottom replaced.

::

    STRING ── ITEMS ── END   onto MEMBERS x   STRING ── ITEMS ── MEMBERS x

Parents may be SETs, so a stack is a directed graph without cycles; each part of it is moved once, and remembered
(MEMO). Nothing here recurses.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .alternatives import push_members, reserve_work, unite
from .compiling import inner
from .intern import intern_config
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64, put_i32, put_i64
from .opcodes import UNFILLED, Op, Question

__all__ = ["rebased"]

_INT = types.int64


@inner(_INT(HEADER, _INT, _INT))
def question_of(header, config, bottom):
    """The MEMO of a configuration moved onto a bottom."""
    return intern_config(header, Op.MEMO, config, bottom, Question.REBASED, 0)


@inner(_INT(HEADER, _INT, _INT))
def known(header, config, bottom):
    """The configuration moved onto a bottom, UNFILLED if it was not yet."""
    question = question_of(header, config, bottom)
    return np.int64(get_i32(header, Column.CONFIG_ROW, question)) if question != 0 else np.int64(UNFILLED)


@inner(_INT(HEADER, _INT, _INT, _INT))
def moved(header, config, bottom, top):
    """The configuration moved onto a bottom; UNFILLED, and parts to be moved before it at ``WORK[top:]``."""
    op = np.int64(get_i32(header, Column.CONFIG_OP, config))
    if op == Op.END:
        return bottom
    if op != Op.SET:
        parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
        below = known(header, parent, bottom)
        if below == UNFILLED:
            put_i64(header, Column.WORK, top, parent)
            return UNFILLED
        return intern_config(
            header,
            op,
            np.int64(get_i32(header, Column.CONFIG_A, config)),
            get_i64(header, Column.CONFIG_B, config),
            np.int64(get_i32(header, Column.CONFIG_C, config)),
            below,
        )
    end = push_members(header, config, top)
    for i in range(top, end):
        below = known(header, get_i64(header, Column.WORK, i), bottom)
        if below == UNFILLED:
            put_i64(header, Column.WORK, top, get_i64(header, Column.WORK, i))
            return UNFILLED
        put_i64(header, Column.WORK, i, below)
    return unite(header, top, end)


@inner(_INT(HEADER, _INT, _INT, _INT), inline=False)
def rebased(header, config, bottom, at):
    """A configuration whose stack ends at END, with ``bottom`` there. Works above ``WORK[at]``.

    O(n) for n configurations that were not moved yet. Meaningless if it leaves a status.
    """
    top = at
    if not reserve_work(header, top + 2):
        return 0
    put_i64(header, Column.WORK, top, config)
    top += 1
    while top > at:
        one = get_i64(header, Column.WORK, top - 1)
        if not reserve_work(header, top + 2):
            return 0
        result = known(header, one, bottom)
        if result == UNFILLED:
            result = moved(header, one, bottom, top)
            if header[SCALARS + Scalar.STATUS] != 0:
                return 0
            if result == UNFILLED:
                top += 1
                continue
            put_i32(header, Column.CONFIG_ROW, question_of(header, one, bottom), result)
        top -= 1
    return known(header, config, bottom)
