"""Bytes that are dead by the opcode alone, whatever the fields of the configuration: rows begin with them.

::

    row of a MEMBERS configuration      ,   }   blanks          UNFILLED: computed when a walk asks
                                        all other bytes         DEAD

A walk of the vocabulary tries all 256 bytes at its root; without the templates nine of ten of those steps would be
computed to find nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .opcodes import DEAD, UNFILLED, Op

__all__ = ["ROW_TEMPLATES"]

_BLANKS = b" \n\r\t"
_VALUE = b'"{[-0123456789ntf'
_AFTER = b",]}"  # what may follow a value, whatever holds it
_STRING = bytes([*range(0x20, 0x80), *range(0x80, 0xF5)])

_LIVE: dict[Op, bytes] = {
    Op.DEAD: b"",
    Op.END: b"",
    Op.DOCUMENT: _VALUE + _BLANKS,
    Op.VALUE: _VALUE + _BLANKS,
    Op.FINISHED: _BLANKS,
    Op.LITERAL: b"nultrefas",
    Op.NUMBER: b"0123456789+-.eE" + _AFTER + _BLANKS,
    Op.LAZY: b"0123456789+-.eE" + _AFTER + _BLANKS,
    Op.STRING: _STRING,
    Op.PATTERN: _STRING,
    Op.CHOICE: _STRING,
    Op.KEY: _STRING,
    Op.OBJECT: b'"}' + _BLANKS,
    Op.NEXT_KEY: b'"' + _BLANKS,
    Op.COLON: b":" + _BLANKS,
    Op.MEMBERS: b",}" + _BLANKS,
    Op.ARRAY: b"]" + _VALUE + _BLANKS,
    Op.ITEMS: b",]" + _BLANKS,
}
"""The bytes that may lead on. Opcodes that are not named here may take any."""


def _templates(live: dict[Op, Iterable[int]]) -> NDArray[np.int32]:
    """int32[opcodes, 256]: UNFILLED or DEAD."""
    templates = np.full((max(Op) + 1, 256), UNFILLED, np.int32)
    for op, alive in live.items():
        templates[op] = DEAD
        templates[op, list(alive)] = UNFILLED
    templates.flags.writeable = False
    return templates


ROW_TEMPLATES: NDArray[np.int32] = _templates(dict(_LIVE))
"""int32[opcodes, 256]: the row that a configuration begins with."""
