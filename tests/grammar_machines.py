"""A grammar in an arena of its own, fed byte by byte, and random grammars with terminals that overlap."""

from __future__ import annotations

import random

from gramarye.grammar.cfg import CfgTables, build_tables
from gramarye.grammar.ir import Grammar, LexerKind, Rule, Terminal
from gramarye.grammar.lark_reader import read_lark
from gramarye.grammar.validate import validated
from gramarye.kernels.columns import Scalar
from gramarye.kernels.earley_entries import earley_complete_entry, earley_step_entry
from gramarye.runtime.arena import Arena
from gramarye.runtime.cfg_binding import bind_grammar, initial_config
from gramarye.runtime.completion_cfg import shortest_completion
from gramarye.runtime.explain_cfg import Expected, expected
from gramarye.runtime.limits import Limits
from gramarye.runtime.spare import SpareArrays

END = 1
"""A parent of which nothing is asked."""


class GrammarMachine:
    """The Earley kernels on one grammar."""

    def __init__(
        self, grammar: Grammar | str, lexer: LexerKind | None = None, limits: Limits | None = None, fill: int = 0
    ) -> None:
        """`fill`: entries by which the table of answers is held for fuller than it is."""
        self.grammar = read_lark(grammar, lexer=lexer) if isinstance(grammar, str) else grammar
        self.limits = limits or Limits()
        self.arena = Arena(self.limits, SpareArrays())
        self.tables: CfgTables = build_tables(self.grammar)
        number = bind_grammar(self.arena, self.tables)
        self.arena.set(Scalar.EARLEY_MEMOS, fill)
        self.start = initial_config(self.arena, self.tables, number, END)

    def step(self, config: int, byte: int) -> int:
        return int(self.arena.run(earley_step_entry, config, byte))

    def feed(self, text: str | bytes, config: int | None = None) -> int:
        """The configuration after a text, 0 if it is no prefix of a word."""
        config = self.start if config is None else config
        for byte in text.encode() if isinstance(text, str) else text:
            config = self.step(config, byte)
            if config == 0:
                return 0
        return config

    def complete(self, config: int) -> bool:
        return bool(self.arena.run(earley_complete_entry, config))

    def is_prefix(self, text: str | bytes) -> bool:
        return self.feed(text) != 0

    def accepts(self, text: str | bytes) -> bool:
        config = self.feed(text)
        return config != 0 and self.complete(config)

    def next_bytes(self, text: str) -> str:
        config = self.feed(text)
        return "".join(chr(byte) for byte in range(256) if self.step(config, byte))

    def completion(self, text: str) -> str:
        return shortest_completion(self.arena, self.feed(text), self.limits).decode()

    def expected(self, text: str) -> list[Expected]:
        return expected(self.arena, self.tables, self.feed(text))

    def made(self) -> tuple[int, int]:
        """Configurations and lists interned so far."""
        return self.arena.get(Scalar.CONFIGS), self.arena.get(Scalar.LISTS)


ALPHABET = "abcd"

_TERMINALS = (
    Terminal("A", "a", literal=True),
    Terminal("B", "b", literal=True),
    Terminal("C", "c", literal=True),
    Terminal("AB", "ab", literal=True),
    Terminal("ABC", "abc", literal=True),
    Terminal("A_B", "a+b"),
    Terminal("AB_C", "[ab]c*"),
    Terminal("A_", "a+"),
    Terminal("BC", "bc?b?"),
    Terminal("TWO", "[a-c]{2,3}"),
    Terminal("ODD", "b(cc)*"),
)
_IGNORED = ("d", "d+", "[db]", "b", "ad?")


def random_grammar(seed: int, lexer: LexerKind) -> Grammar:
    """A small grammar over ALPHABET: ambiguous, nullable and recursive in every way, with overlapping terminals.

    Raises:
        GrammarError: its language is empty, or a rule of it derives nothing.
    """
    rng = random.Random(seed)
    nonterminals = ["s", "x", "y", "z"][: rng.randrange(1, 5)]
    terminals = rng.sample(_TERMINALS, rng.randrange(1, 5))
    names = [terminal.name for terminal in terminals]
    rules = {
        Rule(origin, tuple(rng.choice(nonterminals + names + names) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))))
        for origin in nonterminals
        for _ in range(rng.randrange(1, 4))
    }
    if rng.random() < 0.3:
        terminals.append(Terminal("WS", rng.choice(_IGNORED), priority=rng.choice((0, 0, 1, -1))))
    ignore = ("WS",) if terminals[-1].name == "WS" else ()
    ordered = tuple(sorted(rules, key=lambda rule: (rule.origin, rule.expansion)))
    return validated(Grammar(tuple(terminals), ordered, "s", ignore, lexer))
