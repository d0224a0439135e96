"""Rules that matter: no unproductive or unreachable symbols, and nonterminals without a life of their own inlined.

Every nonterminal costs the parser a return node wherever it is predicted, so two kinds are replaced by their rules::

    sum: term | sum "+" term        term only stands alone       sum: atom | "-" atom | sum "+" term ...
    atom: NAME                      one short rule               x: "(" NAME ")"  for  x: "(" atom ")"

The language stays, and so do the sequences of terminals that derive it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ...errors import GrammarError, Span
from ..ir import Grammar

__all__ = ["Production", "Productions", "reduce_grammar"]

_LONGEST_INLINED = 3
_MOST_COPIES = 24


@dataclass(frozen=True, slots=True)
class Production:
    """One rule of the reduced grammar.

    Attributes:
        symbols: names of terminals and nonterminals.
        rule: the rule of the source that it comes from, for messages.
        span: where that rule stands.
    """

    symbols: tuple[str, ...]
    rule: str
    span: Span | None = None


Productions = dict[str, list[Production]]
"""Rules by nonterminal, without duplicates; the first key is the start."""


def reduce_grammar(grammar: Grammar, lexemes: Collection[str]) -> Productions:
    """The reduced rules of a grammar.

    Args:
        grammar: what a reader returned.
        lexemes: names of the terminals that have at least one non-empty lexeme.

    Raises:
        GrammarError: the language is empty.
    """
    productions: Productions = {grammar.start: []}
    for rule in grammar.rules:
        production = Production(rule.expansion, rule.origin, rule.span)
        productions.setdefault(rule.origin, []).append(production)
    productions = _productive(productions, lexemes)
    if not productions.get(grammar.start):
        raise GrammarError(
            f"the language of the grammar is empty: {grammar.start} derives no text",
            pointer=grammar.start,
            hint="give it an alternative that ends",
        )
    productions = _reachable(productions, grammar.start)
    productions = _inlined(_distinct(productions), grammar.start)
    return _reachable(productions, grammar.start)


def _productive(productions: Productions, lexemes: Collection[str]) -> Productions:
    """Only rules all of whose symbols derive some text."""
    productive = set(lexemes)
    changed = True
    while changed:
        changed = False
        for origin, alternatives in productions.items():
            if origin not in productive and any(productive.issuperset(p.symbols) for p in alternatives):
                productive.add(origin)
                changed = True
    return {
        origin: [production for production in alternatives if productive.issuperset(production.symbols)]
        for origin, alternatives in productions.items()
        if origin in productive
    }


def _reachable(productions: Productions, start: str) -> Productions:
    """Only nonterminals that occur in some text derived from the start, in order of discovery."""
    reached: Productions = {start: productions[start]}
    pending = [start]
    while pending:
        for production in productions[pending.pop()]:
            for symbol in production.symbols:
                if symbol in productions and symbol not in reached:
                    reached[symbol] = productions[symbol]
                    pending.append(symbol)
    return reached


def _distinct(productions: Productions) -> Productions:
    """Without duplicate alternatives and without ``a: a``."""
    return {origin: _distinct_alternatives(origin, alternatives) for origin, alternatives in productions.items()}


def _distinct_alternatives(origin: str, alternatives: Iterable[Production]) -> list[Production]:
    kept: dict[tuple[str, ...], Production] = {}
    for production in alternatives:
        if production.symbols != (origin,):
            kept.setdefault(production.symbols, production)
    return list(kept.values())


def _inlined(productions: Productions, start: str) -> Productions:
    """Inline what can be, one nonterminal after another, until nothing changes."""
    productions = dict(productions)
    alone, within = _occurrences(productions)
    changed = True
    while changed:
        changed = False
        for name in list(productions):
            if name == start or name not in productions:
                continue
            alternatives = productions[name]
            if any(name in production.symbols for production in alternatives):
                continue
            only_alone = not within[name] and alone[name] * len(alternatives) <= _MOST_COPIES
            short = len(alternatives) == 1 and 0 < len(alternatives[0].symbols) <= _LONGEST_INLINED
            if only_alone or short:
                del productions[name]
                _count(alternatives, alone, within, -1)
                _replace(productions, name, alternatives, alone, within)
                changed = True
                break
    return productions


def _occurrences(productions: Mapping[str, list[Production]]) -> tuple[Counter[str], Counter[str]]:
    """How often each symbol is the whole of a rule, and how often it is a part of a longer one."""
    alone: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for alternatives in productions.values():
        _count(alternatives, alone, within, 1)
    return alone, within


def _count(alternatives: Iterable[Production], alone: Counter[str], within: Counter[str], sign: int) -> None:
    """Add some rules to the counts of :func:`_occurrences`, or take them away (sign -1)."""
    for production in alternatives:
        counts = alone if len(production.symbols) == 1 else within
        for symbol in production.symbols:
            counts[symbol] += sign


def _replace(
    productions: Productions, name: str, body: list[Production], alone: Counter[str], within: Counter[str]
) -> None:
    """Put the alternatives of a nonterminal in place of its name, wherever it stands; keeps the counts up to date."""
    for origin, alternatives in productions.items():
        if not any(name in production.symbols for production in alternatives):
            continue
        replaced: list[Production] = []
        for production in alternatives:
            if production.symbols == (name,):
                replaced.extend(body)
            elif name in production.symbols:
                symbols = tuple(
                    part for symbol in production.symbols for part in (body[0].symbols if symbol == name else (symbol,))
                )
                replaced.append(Production(symbols, production.rule, production.span))
            else:
                replaced.append(production)
        _count(alternatives, alone, within, -1)
        productions[origin] = _distinct_alternatives(origin, replaced)
        _count(productions[origin], alone, within, 1)
