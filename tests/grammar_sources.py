"""Random grammars as text for each front end, each with its meaning, which no reader has touched.

Half of the Lark grammars are made of terminals that overlap (`from_terminals`); all others are expression trees
(`from_rules`), whose meaning is plain BNF over literals and sets of letters; exceptions are subtracted as automata.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import interegular
from interegular.fsm import FSM
from tests.oracles.grammar_prefix import ByteOracle, DynamicPrefixes, Letters, LongestPrefixes, productive, reduced
from tests.oracles.languages import RULES, Rules, random_rules, to_gbnf, to_iso, to_lark, to_w3c

from gramarye.grammar.expression import Characters, Choice, Difference, Expression, Reference, Repeat, Sequence, Text
from gramarye.grammar.ir import Grammar, LexerKind, Rule, Terminal

__all__ = ["FRONT_ENDS", "Source"]

MOST_ITEMS = 20_000
"""Items that an oracle makes before it gives up: nothing bounds its sets on a very ambiguous grammar."""


@dataclass(frozen=True)
class Source:
    """A grammar as text.

    Attributes:
        options: the arguments of `compile` that name it.
        meaning: what it says; None if its language is empty.
        letters: the characters that it tells apart.
        flawed: whether something in it derives no text, so that a reader may refuse it.
    """

    options: dict[str, Any]
    meaning: Grammar | None
    letters: Letters
    flawed: bool = False

    def oracle(self) -> ByteOracle:
        assert self.meaning is not None
        kind = DynamicPrefixes if self.meaning.lexer == "dynamic" else LongestPrefixes
        return ByteOracle(kind(self.meaning, self.letters, MOST_ITEMS))


_TERMINALS = (
    Terminal("A", "a", literal=True),
    Terminal("B", "b", literal=True),
    Terminal("AB", "ab", literal=True),
    Terminal("ABC", "abc", literal=True),
    Terminal("E_ACUTE", "é", literal=True),
    Terminal("SUN", "日", literal=True),
    Terminal("JAPAN", "日本", literal=True),
    Terminal("A_E", "aé", literal=True),
    Terminal("SMILE", "😀", literal=True),
    Terminal("AB_ANY", "ab", "i", literal=True),
    Terminal("A_B", "a+b"),
    Terminal("B_C", "[ab]c*"),
    Terminal("AS", "a+"),
    Terminal("WORD", "[abc]+"),
    Terminal("TWO", "[abc]{2,3}"),
    Terminal("ODD", "b(cc)*"),
    Terminal("E_A", "é?a"),
    Terminal("ACCENTS", "[éê]+"),
    Terminal("SUNNY", "日[^ab]?"),
    Terminal("NOT_AB", "[^ab]"),
    Terminal("QUOTED", '"[^"]*"'),
    Terminal("LAZY", "a[abcé]*b", lazy=True),
    Terminal("LAZY_TAIL", "b[abc]*c", lazy=True, tail="c?"),
)
_LAZY_TEXT = {"LAZY": "/a[abcé]*?b/", "LAZY_TAIL": "/b[abc]*?cc?/"}
_IGNORED = (" ", " +", " +", "é", "b", "[ ê]+", "ad?")


def from_terminals(rng: random.Random, lexer: LexerKind) -> Source:
    """A Lark grammar, ambiguous, nullable and recursive in every way, with terminals that overlap."""
    nonterminals = ["s", "x", "y", "z"][: rng.randrange(1, 5)]
    terminals = rng.sample(_TERMINALS, rng.randrange(1, 6))
    if lexer == "dynamic":
        terminals = [terminal for terminal in terminals if not terminal.lazy] or [_TERMINALS[0]]
    terminals = [
        Terminal(t.name, t.pattern, t.flags, t.literal, rng.choice((0, 0, 0, 1, -1)), t.lazy, t.tail) for t in terminals
    ]
    names = [terminal.name for terminal in terminals]
    rules = {
        Rule(origin, tuple(rng.choice(nonterminals + names + names) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))))
        for origin in nonterminals
        for _ in range(rng.randrange(1, 4))
    }
    if rng.random() < 0.4:
        terminals.append(Terminal("WS", rng.choice(_IGNORED), priority=rng.choice((0, 0, 1, -1))))
    ignore = ("WS",) if terminals[-1].name == "WS" else ()
    ordered = tuple(sorted(rules, key=lambda rule: (rule.origin, rule.expansion)))
    meaning = reduced(Grammar(tuple(terminals), ordered, "s", ignore, lexer))
    told_apart = {
        letter for terminal in terminals for letter in terminal.pattern if letter.isalpha() or letter in ' "😀'
    }
    letters = Letters((ord(letter),) * 2 for letter in told_apart | {letter.upper() for letter in told_apart})
    text = "" if meaning is None else _lark_text(meaning, rng)
    return Source({"lark": text, "start": "s", "lexer": lexer}, meaning, letters)


def _lark_text(grammar: Grammar, rng: random.Random) -> str:
    inline = {
        terminal.name: f'"{terminal.pattern}"{terminal.flags}'
        for terminal in grammar.terminals
        if terminal.literal and terminal.priority == 0 and rng.random() < 0.5
    }
    lines = [
        f"{origin}: " + " | ".join(" ".join(inline.get(name, name) for name in body) for body in bodies)
        for origin, bodies in grammar.alternatives.items()
    ]
    for terminal in grammar.terminals:
        if terminal.name not in inline:
            name = terminal.name + (f".{terminal.priority}" if terminal.priority else "")
            literal = f'"{terminal.pattern}"{terminal.flags}'
            pattern = literal if terminal.literal else _LAZY_TEXT.get(terminal.name, f"/{terminal.pattern}/")
            lines.append(f"{name}: {pattern}")
    lines += [f"%ignore {name}" for name in grammar.ignore]
    return "\n".join(lines) + "\n"


class _Lowering:
    """Expression trees as plain BNF over literals and sets of letters."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters
        self.terminals: dict[str, Terminal] = {}
        self.rules: list[Rule] = []
        self._fresh = 0

    def rule(self, *bodies: tuple[str, ...]) -> str:
        self._fresh += 1
        name = f"_{self._fresh}"
        self.rules += [Rule(name, body) for body in bodies]
        return name

    def symbol(self, part: Expression) -> str:
        match part:
            case Text(""):
                return self.rule(())
            case Text(text):
                # A letter that stands for others besides is the first of a range, never part of a text.
                return self.terminals.setdefault(f"'{text}'", Terminal(f"'{text}'", text, literal=True)).name
            case Characters():
                pattern = self.pattern(part)
                return self.terminals.setdefault(pattern, Terminal(pattern, pattern)).name
            case Reference(name):
                return name
            case Sequence(items):
                return self.rule(tuple(map(self.symbol, items)))
            case Choice(items):
                return self.rule(*((self.symbol(item),) for item in items))
            case Repeat(item, low, high):
                once = self.symbol(item)
                bodies = [(once,) * count for count in range(low, low + 1 if high is None else high + 1)]
                name = self.rule(*dict.fromkeys(bodies))
                if high is None:
                    self.rules.append(Rule(name, (name, once)))
                return name
            case Difference():
                return self.right_linear(self.automaton(part))
        raise TypeError(part)

    def pattern(self, part: Characters) -> str:
        """The letters of a range."""
        inside = [x for x in self.letters.all if any(first <= ord(x) <= last for first, last in part.ranges)]
        return "[" + "".join(map(re.escape, inside)) + "]"

    def automaton(self, part: Expression) -> FSM:
        """What an expression without references matches."""
        match part:
            case Text(text):
                return interegular.parse_pattern(re.escape(text)).to_fsm()
            case Characters():
                return interegular.parse_pattern(self.pattern(part)).to_fsm()
            case Sequence(items):
                return FSM.concatenate(*map(self.automaton, items))
            case Choice(items):
                return FSM.union(*map(self.automaton, items))
            case Repeat(item, low, high):
                once = self.automaton(item)
                if high is None:
                    return FSM.concatenate(once.times(low), once.star())
                return FSM.union(*(once.times(count) for count in range(low, high + 1)))
            case Difference(kept, removed):
                return self.automaton(kept).difference(self.automaton(removed))
        raise TypeError(part)

    def right_linear(self, automaton: FSM) -> str:
        """The start of rules with the language of an automaton."""
        names = {state: self.rule() for state in automaton.states}
        for state, edges in automaton.map.items():
            for letter in self.letters.all:
                after = edges.get(automaton.alphabet[letter]) if letter in automaton.alphabet else None
                if after is not None:
                    self.rules.append(Rule(names[state], (self.symbol(Text(letter)), names[after])))
        self.rules += [Rule(names[state], ()) for state in automaton.finals]
        return names[automaton.initial]


def _ranges(part: Expression) -> set[tuple[int, int]]:
    """All that an expression tells apart."""
    match part:
        case Text(text):
            return {(ord(letter),) * 2 for letter in text}
        case Characters(ranges):
            return set(ranges)
        case Sequence(items) | Choice(items):
            return set().union(*map(_ranges, items))
        case Repeat(item, _, _):
            return _ranges(item)
        case Difference(kept, removed):
            return _ranges(kept) | _ranges(removed)
    return set()


def from_rules(rules: Rules, options: dict[str, Any], lexer: LexerKind = "dynamic") -> Source:
    letters = Letters(set().union(*map(_ranges, rules.values())))
    lowering = _Lowering(letters)
    for name, expression in rules.items():
        lowering.rules.append(Rule(name, (lowering.symbol(expression),)))
    grammar = Grammar(tuple(lowering.terminals.values()), tuple(dict.fromkeys(lowering.rules)), RULES[0], (), lexer)
    flawed = not productive(grammar).issuperset(rule.origin for rule in grammar.rules)
    return Source(options, reduced(grammar), letters, flawed)


_LETTERS = "ab(é日"
_NEAR_LETTERS = "ab(é"
"""Of ISO's notation, which has no ranges."""


def lark_source(rng: random.Random, lexer: LexerKind) -> Source:
    if rng.random() < 0.5:
        return from_terminals(rng, lexer)
    rules = random_rules(rng, _LETTERS)
    return from_rules(rules, {"lark": to_lark(rules), "start": RULES[0], "lexer": lexer}, lexer)


def ebnf_source(rng: random.Random) -> Source:
    iso = rng.random() < 0.5
    rules = random_rules(rng, _NEAR_LETTERS if iso else _LETTERS, differences=rng.random() < 0.5)
    text, dialect = (to_iso(rules), "iso") if iso else (to_w3c(rules), "w3c")
    return from_rules(rules, {"ebnf": text, "dialect": dialect, "start": RULES[0]})


def gbnf_source(rng: random.Random) -> Source:
    rules = random_rules(rng, _LETTERS + "😀")
    return from_rules(rules, {"gbnf": to_gbnf(rules)})


FRONT_ENDS: dict[str, Callable[[random.Random], Source]] = {
    "lark longest": lambda rng: lark_source(rng, "longest"),
    "lark dynamic": lambda rng: lark_source(rng, "dynamic"),
    "ebnf": ebnf_source,
    "gbnf": gbnf_source,
}
