"""Whether the parser's context can change how a text is cut into lexemes; decided when a canvas is first made.

Longest match takes as candidates the terminals that the parser can take at a place. Spans of a canvas are lexed before
it is known what stands to their left, so for them every terminal is a candidate everywhere. Texts that are lexed
without context are lexed alike with it: the longest lexeme of all is a candidate's, or the parser takes none. The
converse can fail only if a terminal t that is no candidate takes a lexeme away from a candidate u::

    lexeme of u    i n t                    t outranks u on the same lexeme, or
    lexeme of t    i n t x                  t has a longer one, and what u left ("x") can begin the next lexeme

A pair (t, u) *collides* if that can happen on automata, and t is not a candidate wherever u is.
"""

from __future__ import annotations

from .analysis import following_terminals, nullable_names
from .tables import CfgTables

__all__ = ["collisions"]


def collisions(tables: CfgTables) -> list[tuple[str, str]]:
    """Pairs (t, u) of names for which context may decide; none: lexing needs no context.

    O(pairs * states^2) in the worst case; few pairs share more than a first byte.
    """
    if tables.grammar.lexer != "longest":
        return []
    return _Finder(tables).pairs()


class _Finder:
    def __init__(self, tables: CfgTables) -> None:
        self._tables = tables
        self._names = [terminal.name for terminal in tables.terminals]
        nullable = nullable_names(tables.productions)
        follow = following_terminals(tables.productions, nullable)
        wanted = set(self._names)
        self._follow = {name: follow.get(name, set()) & wanted for name in self._names}
        self._ignored = {name for name, record in zip(self._names, tables.terminal.tolist(), strict=True) if record[2]}
        pool = tables.pool
        self._trans = pool.trans.tolist()
        self._accept = pool.accept.tolist()
        self._opening = {
            name: {cls for cls, state in enumerate(self._trans[int(first)]) if state}
            for name, first in zip(self._names, pool.first, strict=True)
            if first
        }

    def pairs(self) -> list[tuple[str, str]]:
        """The pairs that collide."""
        found = []
        for t, absent in enumerate(self._names):
            if absent in self._ignored or absent not in self._opening:
                continue
            for u, present in enumerate(self._names):
                if u != t and present in self._opening and self._apart(absent, present) and self._takes(t, u):
                    found.append((absent, present))
        return found

    def _apart(self, absent: str, present: str) -> bool:
        """Whether `present` may be a candidate where `absent` is not.

        What can be taken at a place is a part of what can follow the terminal before it, and which part is the
        parser's secret: only a terminal that every rule treats like `present` is surely there with it.
        """
        if present in self._ignored:
            return True
        return not self._alike(absent, present)

    def _alike(self, one: str, other: str) -> bool:
        places: dict[str, set[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {one: set(), other: set()}
        for origin, alternatives in self._tables.productions.items():
            for production in alternatives:
                for at, symbol in enumerate(production.symbols):
                    if symbol in places:
                        places[symbol].add((origin, production.symbols[:at], production.symbols[at + 1 :]))
        return places[one] == places[other] != set()

    def _takes(self, t: int, u: int) -> bool:
        """Whether a lexeme of u is one of t, of higher rank, or begins a longer one whose rest can be begun."""
        pool = self._tables.pool
        records = self._tables.terminal
        outranks = records[t, 1] > records[u, 1]
        pending = [(int(pool.first[t]), int(pool.first[u]))]
        seen = set(pending)
        while pending:
            one, other = pending.pop()
            if self._accept[other] and ((outranks and self._accept[one]) or self._rest_begins(one, u)):
                return True
            for pair in zip(self._trans[one], self._trans[other], strict=True):
                if pair[0] and pair[1] and pair not in seen:
                    seen.add(pair)
                    pending.append(pair)
        return False

    def _rest_begins(self, state: int, u: int) -> bool:
        """Whether a byte that leads on from a state of t can begin a lexeme behind one of u."""
        name = self._names[u]
        after = self._ignored | (set(self._names) if name in self._ignored else self._follow[name])
        onwards = {cls for cls, following in enumerate(self._trans[state]) if following}
        return any(onwards & self._opening[other] for other in after if other in self._opening)
