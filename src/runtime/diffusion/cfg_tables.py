"""A compiled grammar made ready for canvases: binary rules, lexing without context, token effects.

::

    CfgTables ─> BinaryGrammar ─> Rules      (kernels/canvas)
              └> TokenLexer ──┬─> LexerSets  steps over bytes     fragments, intersection
              Vocabulary ─────┴─> TokenNodes steps over tokens    exact canvases
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from ...errors import GrammarError
from ...grammar.cfg.binary import binary_grammar
from ...grammar.cfg.binary_context import collisions
from ...grammar.cfg.binary_lexer import token_lexer
from ...grammar.cfg.tables import CfgTables
from ...kernels.canvas.cfg_arrays import Chart, Rules
from ...kernels.canvas.cfg_inside import Room, inside
from ..vocabulary import Vocabulary
from .cfg_core import core_effects
from .cfg_effects import token_effects
from .cfg_keys import Item
from .cfg_lattice import Lattice, lattice
from .cfg_nodes import LexerSets, TokenNodes

__all__ = ["TokenGrammar", "reaches"]

_LEAST_WIDTH, _MOST_WIDTH = 2, 32
_SEQUENCES = 20_000
"""Sequences of emissions times open positions that a lattice is made of."""


class TokenGrammar:
    """What all canvases of a constraint share.

    Attributes:
        grammar: the normal form.
        lexer: the automaton of its terminals.
        rules: the normal form for the kernels.
        sets: lexer sets.
        vocabulary: the tokens.

    Raises:
        GrammarError: the parser's context can change how texts are cut into lexemes.
        LimitError: the lexer is too large.
    """

    def __init__(self, tables: CfgTables, vocabulary: Vocabulary) -> None:
        found = collisions(tables)
        if found:
            absent, present = found[0]
            raise GrammarError(
                f"a canvas cannot be lexed without context: {absent} takes lexemes away from {present} where only "
                f"{present} can stand" + (f", and so do {len(found) - 1} other pairs" if len(found) > 1 else ""),
                pointer=absent,
                span=tables.grammar.terminal[absent].span,
                expected=["terminals that collide nowhere, or that can all stand in the same places"],
                hint='choose lexer="basic": longest match among all terminals, wherever the parser is',
            )
        self.vocabulary = vocabulary
        self.grammar = binary_grammar(tables.productions, [terminal.name for terminal in tables.terminals])
        self.lexer = token_lexer(
            tables.pool,
            tables.terminals,
            tables.terminal,
            self.grammar.class_of,
            self.grammar.follows,
            dynamic=tables.grammar.lexer == "dynamic",
        )
        self.sets = LexerSets(self.lexer)
        grammar = self.grammar
        self.rules = Rules(
            terminals=grammar.terminals,
            start=grammar.start,
            empty=grammar.empty,
            nullable=grammar.nullable,
            first=grammar.first,
            unit_offset=grammar.unit_offset,
            unit=grammar.unit,
            pair_offset=grammar.pair_offset,
            pair=grammar.pair,
            left_offset=grammar.left_offset,
            left=grammar.left,
            levels=int(grammar.level.max()) + 1,
            level=grammar.level,
        )
        self._room = Room()

    @cached_property
    def nodes(self) -> TokenNodes:
        """Steps over the tokens of the vocabulary."""
        return TokenNodes(self.sets, token_effects(self.grammar, self.lexer, self.vocabulary, self.vocabulary.cache))

    @cached_property
    def width(self) -> int:
        """Open positions that bounds of masks look at: the fewer, the more there is that a token can emit."""
        return min(_MOST_WIDTH, max(_LEAST_WIDTH, _SEQUENCES // len(self.nodes.effects.head)))

    @cached_property
    def core(self) -> TokenNodes:
        """Steps over few tokens that write every terminal and end every lexeme: small lattices that mostly suffice."""
        chosen = core_effects(self.nodes.effects, self.lexer, self.vocabulary)
        return TokenNodes(self.sets, self.nodes.effects, allowed=chosen)

    @cached_property
    def apart(self) -> TokenNodes:
        """The same with every effect apart, for exact masks."""
        return TokenNodes(self.sets, self.nodes.effects, apart=True)

    def text_lattice(self, items: Sequence[Item]) -> Lattice | None:
        """The graph of bytes and holes."""
        return lattice(self.sets, items, {len(items)}, self.grammar.terminals)

    def token_lattice(self, nodes: TokenNodes, items: Sequence[Item], ends: Collection[int]) -> Lattice | None:
        """The graph of bytes, open tokens and holes, with the given moves over tokens."""
        return lattice(self.sets, items, ends, self.grammar.terminals, nodes)

    def chart(self, graph: Lattice) -> Chart:
        """The spans that the symbols of the grammar derive."""
        return inside(self.rules, graph.graph, self._room)

    def derives(self, graph: Lattice | None) -> bool:
        """Whether some path of a graph is a text of the grammar."""
        return graph is not None and reaches(self.rules, graph, self.chart(graph))


def reaches(rules: Rules, found: Lattice, chart: Chart) -> bool:
    """Whether a chart has the whole text."""
    row = int(chart.number[rules.start, found.graph.start])
    if row < 0:
        return False
    final = found.graph.final
    word = int(chart.begin[row]) + (final >> 6) - int(found.graph.low[found.graph.start])
    return bool(chart.bits[word] & np.uint64(1 << (final & 63)))
