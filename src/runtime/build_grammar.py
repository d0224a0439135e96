"""A context-free grammar as the start configuration of a machine, with its completions and descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import GrammarError
from ..grammar.cfg.tables import build_tables
from ..grammar.ir import Grammar
from ..kernels.earley import earley_initial
from ..kernels.grammar_entries import install_grammar_entries
from .cfg_binding import bind_grammar
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
    """

    start: int
    completion: Callable[[int], bytes]
    describe: Callable[[int], list[Expectation]]


def grammar_parts(machine: Machine, grammar: Grammar) -> GrammarParts:
    """Put a grammar into a machine.

    Raises:
        GrammarError: its language is empty, or its lexing lets no text of it through.
    """
    arena = machine.arena
    install_grammar_entries(arena.header)
    number = bind_grammar(arena, build_tables(grammar))
    start = int(arena.run(earley_initial, number, machine.end))
    if start == 0:
        raise GrammarError(
            f"no text of {grammar.start!r} survives longest-match lexing",
            hint='separate terminals that run together, %ignore blanks, or compile with lexer="dynamic"',
        )

    def completion(config: int) -> bytes:
        return shortest_completion(arena, config, arena.limits)

    def describe(config: int) -> list[Expectation]:
        return [Expectation(name, rule, span) for name, rule, span in expected(arena, config)]

    return GrammarParts(start, completion, describe)
