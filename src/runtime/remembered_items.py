"""Answers to what follows an item whose text was remembered (``kernels/json_record.py``)."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from ..errors import LimitError
from ..kernels.columns import Column
from ..kernels.json_record import MOST_RECORDS, REFUSED
from ..kernels.opcodes import Status
from .machine import Machine

__all__ = ["answer_items", "remembered_text"]


def remembered_text(machine: Machine, name: int) -> bytes:
    """The bytes of a NAME."""
    found = bytearray()
    _, byte, _, _, above = machine.fields(name)
    while above:
        found.append(byte)
        _, byte, _, _, above = machine.fields(above)
    found.reverse()
    return bytes(found)


def answer_items(machine: Machine, item_read: Callable[[int, bytes], int]) -> None:
    """Let a machine ask ``item_read`` for the array spec behind an item, by the spec that waits and the item's text.

    ``item_read`` returns a negative number where nothing may follow.
    """
    there = weakref.proxy(machine)

    def answer(memo: int) -> None:
        _, spec, name, _, _ = there.fields(memo)
        behind = item_read(spec, remembered_text(there, name))
        there.arena.column(Column.CONFIG_ROW)[memo] = behind if behind >= 0 else REFUSED

    def stop(_: int) -> None:
        raise LimitError(
            "arrays of distinct items lie in each other too deeply", expected=[f"at most {MOST_RECORDS:,} of them"]
        )

    machine.arena.on(Status.RECORDED, answer)
    machine.arena.on(Status.LIMIT, stop)
