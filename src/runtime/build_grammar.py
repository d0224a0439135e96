"""A context-free grammar as the start configuration of a machine, with its completions and descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..grammar.cfg.tables import CfgTables, build_tables
from ..grammar.ir import Grammar
from .cfg_binding import bind_grammar, initial_config
from .completion_cfg import shortest_completion
from .explain import Expectation
from .explain_cfg import expected
from .machine import Machine

__all__ = ["GrammarParts", "grammar_parts"]


@dataclass(frozen=True, slots=True)
class GrammarParts:
    """What a constraint needs of a grammar.

    Attributes:
        start: the configuration of the empty text.
        completion: the shortest completion of a configuration.
        describe: what a configuration expects.
        tables: the grammar.
    """

    start: int
    completion: Callable[[int], bytes]
    describe: Callable[[int], list[Expectation]]
    tables: CfgTables


@lru_cache(maxsize=16)
def _tables(grammar: Grammar) -> CfgTables:
    """The tables of a grammar; those of the last grammars are kept."""
    return build_tables(grammar)


def grammar_parts(machine: Machine, grammar: Grammar) -> GrammarParts:
    """Put a grammar into a machine.

    Raises:
        GrammarError: its language is empty, or its lexing lets no text of it through.
    """
    arena = machine.arena
    tables = _tables(grammar)
    start = initial_config(arena, tables, bind_grammar(arena, tables), machine.end)

    def completion(config: int) -> bytes:
        return shortest_completion(arena, config, arena.limits)

    def describe(config: int) -> list[Expectation]:
        return [
            Expectation(one.terminal or "the end of the text", one.rule, one.span)
            for one in expected(arena, tables, config)
        ]

    return GrammarParts(start, completion, describe, tables)
