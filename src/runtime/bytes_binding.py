"""Puts byte automata into an arena, their 256 columns folded into classes of bytes that no state tells apart."""

from __future__ import annotations

import numpy as np

from ..grammar.regex import ByteDfa
from ..kernels.columns import Column
from .arena import Arena

__all__ = ["bind_bytes"]


def bind_bytes(arena: Arena, automaton: ByteDfa) -> int:
    """Make an automaton known to the machine; returns its number, field ``a`` of Op.BYTES."""
    columns, classes = np.unique(automaton.trans, axis=1, return_inverse=True)
    record = [
        arena.append(Column.DFA_TRANS, columns),
        columns.shape[1],
        arena.append(Column.DFA_ACCEPT, automaton.accept),
        arena.append(Column.DFA_CLASS, classes.ravel().astype(np.uint8)),
    ]
    return arena.append(Column.DFA, record) // len(record)
