"""What a context-free grammar expected where a byte was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..errors import Span
from ..grammar.cfg.analysis import nullable_names
from ..grammar.cfg.reduce import Production
from ..grammar.cfg.tables import ACCEPT, CfgTables, Place
from ..kernels.columns import Column
from ..kernels.earley import WATCHED
from ..kernels.earley_lexer import LEXER_FIELDS, LexerField
from .arena import Arena

__all__ = ["Expected", "expected"]

_LOW = 0xFFFFFFFF


class Expected(NamedTuple):
    """One terminal that may come.

    Attributes:
        terminal: its name; the empty string for the end of the text.
        rule: the rule of the source in which it stands, or None for an ignored terminal.
        span: where that rule is defined.
        begun: a part of its lexeme has been read already.
    """

    terminal: str
    rule: str | None
    span: Span | None
    begun: bool


def expected(arena: Arena, tables: CfgTables, config: int) -> list[Expected]:
    """The terminals that an EARLEY configuration is in the middle of or may go on with, without repetitions.

    Ignored terminals come last. Those that prediction adds are named with the rule that begins with them.
    """
    found: dict[Expected, None] = {}
    records = _list(arena, int(arena.column(Column.CONFIG_A)[config]))
    for record in records:
        for one in _of_record(arena, tables, record):
            found.setdefault(one)
    return sorted(found, key=lambda one: one.rule is None)


def _of_record(arena: Arena, tables: CfgTables, record: int) -> Iterator[Expected]:
    lexer = record & _LOW
    if lexer & WATCHED:
        lexer = _list(arena, lexer ^ WATCHED)[0]
    states = _list(arena, int(arena.column(Column.EARLEY_LEXER)[lexer * LEXER_FIELDS + LexerField.STATES]))
    first = set(tables.pool.first.tolist())
    begun = {tables.terminals[tables.pool.terminal[state]].name: state not in first for state in states}
    named = set()
    for symbol, place in _symbols(arena, tables, record >> 32):
        if symbol in begun:
            named.add(symbol)
            yield Expected(symbol, place.rule, place.span, begun[symbol])
        elif symbol == "" and not any(begun.values()):
            yield Expected("", tables.grammar.start, None, False)
    for symbol in begun.keys() - named:
        yield Expected(symbol, None, None, begun[symbol])


def _symbols(arena: Arena, tables: CfgTables, earley_set: int) -> Iterator[tuple[str, Place | Production]]:
    """Terminals that an Earley set can take, with the rule where each stands; the empty name for the end."""
    nullable = nullable_names(tables.productions)
    pending: list[str] = []
    for item in _list(arena, earley_set):
        place = tables.places[item >> 32]
        if tables.symbol[item >> 32] == ACCEPT:
            yield "", place
        else:
            pending.append(place.rest[0])
            yield place.rest[0], place
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        for production in tables.productions.get(name, ()):
            for symbol in production.symbols:
                yield symbol, production
                pending.append(symbol)
                if symbol not in nullable:
                    break


def _list(arena: Arena, index: int) -> list[int]:
    offsets = arena.column(Column.LIST_OFFSET)
    return [int(value) for value in arena.column(Column.LIST_DATA)[offsets[index] : offsets[index + 1]]]
