"""Puts the tables of a context-free grammar into an arena, and grows what the Earley kernels fill.

::

    CfgTables --bind_grammar--> columns EARLEY_*      kernels/earley.py reads them
                                 EARLEY_MEMO, EARLEY_LEXER, EARLEY_ROW start small and double when a kernel asks
"""

from __future__ import annotations

import numpy as np

from ..errors import LimitError
from ..grammar.cfg.tables import CfgTables
from ..kernels.columns import Column, Scalar
from ..kernels.earley import WATCHED_ONLY
from ..kernels.earley_entries import install_earley_entries
from ..kernels.earley_lexer import LEXER_FIELDS
from ..kernels.earley_live import SEARCH_LIMIT
from ..kernels.earley_memo import MEMO_FIELDS, rehash_memo
from ..kernels.opcodes import Status
from .arena import Arena

__all__ = ["bind_grammar"]

_INITIAL_MEMOS = 1024
_INITIAL_LEXERS = 64


def bind_grammar(arena: Arena, tables: CfgTables) -> int:
    """Make a grammar known to the machine in an arena.

    Returns:
        the number of the grammar, the argument of ``earley_initial``.

    Raises:
        LimitError: the arena has a grammar already.
    """
    if arena.get(Scalar.EARLEY_CLASSES):
        raise LimitError("one constraint can hold one context-free grammar", hint="merge the grammars into one")
    _bind_columns(arena, tables)
    classes = tables.pool.classes
    arena.bind(Column.EARLEY_MEMO, np.zeros(_INITIAL_MEMOS * MEMO_FIELDS, np.int64))
    arena.bind(Column.EARLEY_LEXER, np.zeros(_INITIAL_LEXERS * LEXER_FIELDS, np.int32))
    arena.bind(Column.EARLEY_ROW, np.zeros(_INITIAL_LEXERS * classes, np.int32))
    arena.set(Scalar.EARLEY_MEMOS, 0)
    arena.set(Scalar.EARLEY_LEXERS, 1)
    arena.set(Scalar.EARLEY_CLASSES, classes)
    arena.set(Scalar.EARLEY_TERMINALS, len(tables.terminals))
    arena.set(Scalar.EARLEY_START, tables.start)
    arena.set(Scalar.EARLEY_DYNAMIC, int(tables.grammar.lexer == "dynamic"))
    arena.set(Scalar.EARLEY_DOOMED, _doomed(tables))
    arena.set(Scalar.EARLEY_WORDS, tables.reach.shape[1])
    arena.set(Scalar.EARLEY_SEARCH, arena.limits.search)
    install_earley_entries(arena.header)
    arena.on(Status.GROW_EARLEY, lambda detail: _grow(arena, detail))
    return 0


def _doomed(tables: CfgTables) -> int:
    """Which records the machine must examine: none, all, or those with a watcher."""
    if tables.grammar.lexer == "dynamic":
        return 0
    return WATCHED_ONLY if tables.separation.proved else 1


def _bind_columns(arena: Arena, tables: CfgTables) -> None:
    state = np.stack([tables.pool.terminal, tables.pool.accept.astype(np.int32), tables.pool.distance], axis=1)
    ragged = {
        "SKIP": tables.skip,
        "PARENT": tables.parent,
        "CORNER": tables.corner,
        "FIRST": tables.first,
        "MEMBER": tables.member,
        "UNIT": tables.unit,
        "ANCESTOR": tables.ancestor,
    }
    for name, (offsets, values) in ragged.items():
        arena.bind(Column[f"EARLEY_{name}_OFFSET"], offsets)
        arena.bind(Column[f"EARLEY_{name}"], values)
    arena.bind(Column.EARLEY_CLASS, tables.pool.byte_class)
    arena.bind(Column.EARLEY_SYMBOL, tables.symbol)
    arena.bind(Column.EARLEY_NEXT, tables.next)
    arena.bind(Column.EARLEY_NULLABLE, tables.nullable)
    arena.bind(Column.EARLEY_LENGTH, tables.length)
    arena.bind(Column.EARLEY_REACH, tables.reach)
    arena.bind(Column.EARLEY_COMPONENT, tables.component)
    arena.bind(Column.EARLEY_TERMINAL, tables.terminal)
    arena.bind(Column.EARLEY_DFA, tables.pool.trans)
    arena.bind(Column.EARLEY_STATE, np.ascontiguousarray(state))


def _grow(arena: Arena, detail: int) -> None:
    """Double a column that a kernel found full."""
    if detail == SEARCH_LIMIT:
        raise LimitError(
            f"no way to finish the text was found within {arena.limits.search:,} steps of search",
            hint="let an ignored terminal separate the others, use lexer='dynamic', or raise Limits(search=...)",
        )
    column = Column(detail)
    old = arena.column(column)
    arena.bind(column, np.zeros(old.size * 2, old.dtype))
    if column is Column.EARLEY_MEMO:
        rehash_memo(arena.header, old)
    else:
        arena.column(column)[: old.size] = old
