"""The one form that every grammar front end is read into: plain BNF over named terminals.

All EBNF sugar (options, repetitions, groups, templates, imports) is gone; what is left is four nouns::

    Grammar
    ├── terminals   Terminal("NAME",  pattern="[a-z_]+", literal=False, priority=0)
    │               Terminal("IF",    pattern="if",      literal=True,  priority=0)
    ├── rules       Rule("expr", ("expr", "PLUS", "term"))     one Rule an alternative
    │               Rule("expr", ("term",))         () is the empty alternative
    ├── start       "expr"
    ├── ignore      ("WS",)                         may stand between any two lexemes, and at both ends
    └── lexer       "longest" | "basic" | "dynamic"

The language of a Grammar
-------------------------
A *lexeme* of a terminal is a **non-empty** string that its pattern matches as a whole, seen alone:
lookarounds and anchors see the lexeme and nothing around it. The empty string is never a lexeme, even where
the pattern matches it; readers express that case by an alternative without the terminal, so whoever builds
automata just drops the empty string (the start state of a lexeme automaton is never accepting).

``lexer="dynamic"``
    Every way to cut the text into lexemes counts. Priorities and `lazy` say nothing.

``lexer="longest"``
    At a position of the text the *candidates* are the terminals that the parser can take there, and the
    ignored ones. The lexeme is the longest prefix of the remaining text that any candidate matches. Of the
    candidates that match exactly that prefix only those with the greatest `rank` stay (explicit priority
    first, then literals over patterns); the parser takes all of these at once. An ignored terminal leaves
    the parser where it is.

    A `lazy` terminal stops at the first place where it can: its lexemes are ``h t`` where ``h`` is not empty
    and matches `pattern`, no proper non-empty prefix of ``h`` does, and ``t`` matches `tail`. So
    ``/".*?"i?/`` is read as the pattern ``".*?"`` (of which only the strings without an inner quote are
    left: cut all edges that leave accepting states of its automaton) followed by the tail ``i?``, which is
    greedy again because longest match makes it so.

``lexer="basic"``
    Longest match where all terminals are candidates everywhere, whatever the parser can take; if it takes none of
    those that stay, the text is not in the language. How a text is cut into lexemes then needs no parser.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..errors import Span

__all__ = ["Grammar", "LexerKind", "Rule", "Terminal"]

LexerKind = Literal["longest", "basic", "dynamic"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """A named set of lexemes.

    Attributes:
        name: unique among the terminals and rule names of its grammar.
        pattern: source of a regular expression in Python's dialect, or the text itself if `literal`.
        flags: a subset of "imsx" in that order, as in `re`; for a literal only "i" has an effect.
        literal: the pattern is plain text, not a regular expression.
        priority: explicit priority; greater wins.
        lazy: (longest-match lexing only) only the shortest matches of the pattern count (see above).
        tail: if lazy, a regular expression that follows the shortest match; its flags are `flags` too.
        span: where the terminal is defined in the grammar's source, if it stands there.
    """

    name: str
    pattern: str
    flags: str = ""
    literal: bool = False
    priority: int = 0
    lazy: bool = False
    tail: str = ""
    span: Span | None = None

    @property
    def rank(self) -> tuple[int, bool]:
        """Preference among terminals that match the same lexeme: the greatest wins, equals stay together."""
        return (self.priority, self.literal)

    @property
    def regex(self) -> str:
        """The pattern as a regular expression in Python's dialect, to be compiled with `flags`."""
        return re.escape(self.pattern) if self.literal else self.pattern


@dataclass(frozen=True, slots=True)
class Rule:
    """One alternative of a nonterminal.

    Attributes:
        origin: the nonterminal defined.
        expansion: names of terminals and nonterminals; () derives the empty string.
        priority: explicit priority of the rule. It ranks derivations and does not change the language.
        span: where the nonterminal is defined in the grammar's source, if it stands there.
    """

    origin: str
    expansion: tuple[str, ...]
    priority: int = 0
    span: Span | None = None


@dataclass(frozen=True)
class Grammar:
    """A context-free grammar over named terminals, and the lexing that gives it its language.

    Invariants (established by `validate.validated`, which every reader ends with): names of terminals and of
    nonterminals are disjoint; every symbol of every expansion is one or the other; `start` is a nonterminal;
    every nonterminal is reachable from `start` and derives some string; no terminal is without lexemes.

    Attributes:
        terminals: without duplicates in name.
        rules: without duplicates; alternatives of a nonterminal need not be adjacent.
        start: the nonterminal whose strings are the language.
        ignore: names of terminals that may stand between lexemes.
        lexer: how a text is cut into lexemes (see the module's docstring).
        source: the text that was read, for messages; spans point into it.
    """

    terminals: tuple[Terminal, ...]
    rules: tuple[Rule, ...]
    start: str
    ignore: tuple[str, ...] = ()
    lexer: LexerKind = "longest"
    source: str = ""

    @functools.cached_property
    def terminal(self) -> Mapping[str, Terminal]:
        """Terminals by name."""
        return {terminal.name: terminal for terminal in self.terminals}

    @functools.cached_property
    def alternatives(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Expansions by nonterminal, in order of the rules."""
        collected: dict[str, list[tuple[str, ...]]] = {}
        for rule in self.rules:
            collected.setdefault(rule.origin, []).append(rule.expansion)
        return {origin: tuple(expansions) for origin, expansions in collected.items()}
