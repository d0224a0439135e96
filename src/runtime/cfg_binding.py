"""Puts the tables of a context-free grammar into an arena, and grows what the Earley kernels fill.

::

    CfgTables --bind_grammar--> columns EARLEY_*      kernels/earley.py reads them
                                 EARLEY_MEMO, EARLEY_LEXER, EARLEY_ROW start small and double when a kernel asks
"""

from __future__ import annotations

import weakref

import numpy as np

from ..errors import GrammarError, LimitError
from ..grammar.cfg.tables import CfgTables
from ..kernels.columns import Column, Scalar
from ..kernels.earley import WATCHED_ONLY
from ..kernels.earley_entries import earley_initial_entry, install_earley_entries
from ..kernels.earley_lexer import LEXER_FIELDS
from ..kernels.earley_live import SEARCH_LIMIT
from ..kernels.earley_memo import MEMO_FIELDS, rehash_memo
from ..kernels.opcodes import Status
from .arena import Arena

__all__ = ["bind_grammar", "initial_config"]

_INITIAL_MEMOS = 1 << 15
_INITIAL_LEXERS = 64
_INITIAL_PENDING = 3 * 64
_INITIAL_SCRATCH = 1 << 16
_REGIONS = 1 << 23
"""Elements of the pool of regions, 32 MiB of address space: pages come as regions are made."""
_SEARCH_SHARE = 20
"""A search for one record of many in a mask may visit this part of ``Limits.search``."""


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
    arena.bind(Column.EARLEY_REGION, arena.spare.take(np.int32, _REGIONS))
    arena.bind(Column.SCRATCH, np.zeros(_INITIAL_SCRATCH, np.int64))
    arena.bind(Column.EARLEY_PENDING, np.zeros(_INITIAL_PENDING, np.int64))
    arena.set(Scalar.EARLEY_MEMOS, 0)
    arena.set(Scalar.EARLEY_LEXERS, 1)
    arena.set(Scalar.EARLEY_REGIONS, 1)
    arena.set(Scalar.EARLEY_CLASSES, classes)
    arena.set(Scalar.EARLEY_TERMINALS, len(tables.terminals))
    arena.set(Scalar.EARLEY_START, tables.start)
    arena.set(Scalar.EARLEY_DYNAMIC, int(tables.grammar.lexer == "dynamic"))
    arena.set(Scalar.EARLEY_BASIC, int(tables.grammar.lexer == "basic"))
    arena.set(Scalar.EARLEY_DOOMED, _doomed(tables))
    arena.set(Scalar.EARLEY_WORDS, tables.reach.shape[1])
    arena.set(Scalar.EARLEY_SEARCH, max(1, arena.limits.search // _SEARCH_SHARE))
    install_earley_entries(arena.header)
    there = weakref.proxy(arena)
    arena.on(Status.GROW_EARLEY, lambda detail: _grow(there, tables, detail))
    return 0


def initial_config(arena: Arena, tables: CfgTables, grammar: int, parent: int) -> int:
    """The configuration before a text of the grammar, after whose end ``parent`` resumes.

    Raises:
        GrammarError: the parser would accept some text, and the lexer cuts every such text in another way.
        LimitError: the search for such a text was given up.
    """
    config = int(arena.run(earley_initial_entry, grammar, parent))
    if config:
        return config
    source = tables.grammar
    message = f"no text of {source.start} survives longest-match lexing"
    hint = "let an ignored terminal (%ignore) separate the others, or choose lexer='dynamic'"
    if not tables.separation.culprits:
        raise GrammarError(message, pointer=source.start, hint=hint)
    one, other = tables.separation.culprits[0]
    message += f": {other} can never begin where {one} has ended"
    raise GrammarError(message, pointer=one, span=source.terminal[one].span, hint=hint)


def _doomed(tables: CfgTables) -> int:
    """Which records the machine must examine: none, all, or those with a watcher.

    Under basic lexing a lexeme may be on its way to terminals that the parser cannot take, so all are.
    """
    if tables.grammar.lexer == "dynamic":
        return 0
    if tables.grammar.lexer == "basic":
        return 1
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
    arena.bind(Column.EARLEY_RELATION, tables.relation)
    arena.bind(Column.EARLEY_COMPONENT, tables.component)
    arena.bind(Column.EARLEY_TERMINAL, tables.terminal)
    arena.bind(Column.EARLEY_DFA, tables.pool.trans)
    arena.bind(Column.EARLEY_STATE, np.ascontiguousarray(state))


def _grow(arena: Arena, tables: CfgTables, detail: int) -> None:
    """Double a column that a kernel found full."""
    if detail == SEARCH_LIMIT:
        raise LimitError(
            f"whether the text can be finished was not decided within {arena.get(Scalar.EARLEY_SEARCH):,} steps"
            + "".join(f"; {one} and {other} may not be separable" for one, other in tables.separation.culprits[:1]),
            hint="let an ignored terminal separate the others, use lexer='dynamic', or raise Limits(search=...)",
        )
    column = Column(detail)
    if column is Column.EARLEY_REGION:
        _forget_regions(arena)
        return
    old = arena.column(column)
    arena.bind(column, np.zeros(old.size * 2, old.dtype))
    if column is Column.EARLEY_MEMO:
        rehash_memo(arena.header, old)
    else:
        arena.column(column)[: old.size] = old


def _forget_regions(arena: Arena) -> None:
    """Begin the pool of regions anew; a larger one where not one mask was made since it was last begun."""
    if arena.get(Scalar.EARLEY_REGION_MASKS) == arena.get(Scalar.MASKS_BUILT) and arena.get(Scalar.EARLEY_GENERATION):
        arena.bind(Column.EARLEY_REGION, arena.spare.take(np.int32, 2 * arena.column(Column.EARLEY_REGION).size))
    arena.set(Scalar.EARLEY_REGION_MASKS, arena.get(Scalar.MASKS_BUILT))
    arena.set(Scalar.EARLEY_GENERATION, arena.get(Scalar.EARLEY_GENERATION) + 1)
    arena.set(Scalar.EARLEY_REGIONS, 1)
