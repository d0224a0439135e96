"""What can be empty, what can come first and next, and how short it can be: least fixpoints over the rules."""

from __future__ import annotations

from collections.abc import Mapping

from .reduce import Productions

__all__ = ["first_terminals", "following_terminals", "nullable_names", "shortest_lengths"]


def nullable_names(productions: Productions) -> set[str]:
    """Nonterminals that derive the empty text."""
    nullable: set[str] = set()
    changed = True
    while changed:
        changed = False
        for origin, alternatives in productions.items():
            if origin not in nullable and any(nullable.issuperset(p.symbols) for p in alternatives):
                nullable.add(origin)
                changed = True
    return nullable


def first_terminals(productions: Productions, nullable: set[str]) -> dict[str, set[str]]:
    """Terminals that a text of each nonterminal can begin with."""
    first: dict[str, set[str]] = {origin: set() for origin in productions}
    changed = True
    while changed:
        changed = False
        for origin, alternatives in productions.items():
            before = len(first[origin])
            for production in alternatives:
                for symbol in production.symbols:
                    first[origin] |= first.get(symbol, {symbol})
                    if symbol not in nullable:
                        break
            changed |= len(first[origin]) > before
    return first


def following_terminals(productions: Productions, nullable: set[str]) -> dict[str, set[str]]:
    """Terminals that can come directly after a text of each symbol (FOLLOW of LL parsing, of terminals too)."""
    first = first_terminals(productions, nullable)
    follow: dict[str, set[str]] = {}
    changed = True
    while changed:
        changed = False
        for origin, alternatives in productions.items():
            for production in alternatives:
                trailer = set(follow.get(origin, ()))
                for symbol in reversed(production.symbols):
                    known = follow.setdefault(symbol, set())
                    if not trailer <= known:
                        known |= trailer
                        changed = True
                    trailer = (trailer if symbol in nullable else set()) | first.get(symbol, {symbol})
    return follow


def shortest_lengths(productions: Productions, terminals: Mapping[str, int]) -> dict[str, int]:
    """Fewest bytes of a text of each symbol, given those of the terminals; lexing is not taken into account."""
    lengths = dict(terminals)
    changed = True
    while changed:
        changed = False
        for origin, alternatives in productions.items():
            for production in alternatives:
                if all(symbol in lengths for symbol in production.symbols):
                    length = sum(lengths[symbol] for symbol in production.symbols)
                    if length < lengths.get(origin, length + 1):
                        lengths[origin] = length
                        changed = True
    return lengths
