"""Binary normal form of a grammar that keeps its empty and unit rules; its size is linear in the grammar's.

Every rule has at most two symbols on its right side; the ends of longer rules become symbols of their own, shared
between rules that end alike (Lange and Leiss 2009: 2NF, the least blow-up of all binary forms)::

    object: "{" member "}"            object -> "{" <member "}">         <member "}"> -> member "}"
    list:   | item list               list   -> ε                        list -> item list

    symbols   0 ... T-1      T           T+1 ...               ...
              terminals      END         nonterminals          ends of rules         top -> start END

END stands for the end of the text, so that a whole text is one path of `top`. Terminals that every rule treats alike
(``"+"`` and ``"-"``, the comparison operators) are one symbol, a *class*: what distinguishes them is not the grammar's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .reduce import Productions

__all__ = ["BinaryGrammar", "binary_grammar"]

Symbols = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BinaryGrammar:
    """A grammar in binary normal form, n symbols.

    Attributes:
        names: of the symbols, for messages.
        terminals: T, the number of classes of terminals that occur in rules.
        start: the symbol `top`.
        class_of: class of each terminal of the grammar by name; terminals without rules have none.
        empty: uint8[n]; the symbol has an empty rule.
        nullable: uint8[n]; it derives the empty sequence.
        first: uint64[n, ceil((T + 1) / 64)]; classes that a sequence derived from it can begin with.
        unit_offset, unit: children B of the rules ``A -> B``, by A.
        pair_offset, pair: int32[., 2]; (B, C) of the rules ``A -> B C``, by A.
        left_offset, left: int32[., 2]; (A, C) of the rules ``A -> B C``, by B.
        level: int32[n]; above the levels of the symbols that it begins with, left recursion aside.
        follows: bool[T, T]; [t, u]: u can come directly after t.
    """

    names: tuple[str, ...]
    terminals: int
    start: int
    class_of: dict[str, int]
    empty: NDArray[np.uint8]
    nullable: NDArray[np.uint8]
    first: NDArray[np.uint64]
    unit_offset: NDArray[np.int32]
    unit: NDArray[np.int32]
    pair_offset: NDArray[np.int32]
    pair: NDArray[np.int32]
    left_offset: NDArray[np.int32]
    left: NDArray[np.int32]
    level: NDArray[np.int32]
    follows: NDArray[np.bool_]

    @property
    def end(self) -> int:
        """The terminal END."""
        return self.terminals

    @property
    def rules(self) -> int:
        """Number of rules of all kinds."""
        return int(self.empty.sum()) + len(self.unit) + len(self.pair)


def binary_grammar(productions: Productions, terminals: Sequence[str]) -> BinaryGrammar:
    """The normal form of reduced rules.

    Args:
        productions: rules by nonterminal; the first is the start.
        terminals: names of all terminals.
    """
    class_of = _terminal_classes(productions, terminals)
    builder = _Builder(productions, class_of)
    return builder.grammar()


def _terminal_classes(productions: Productions, terminals: Sequence[str]) -> dict[str, int]:
    """Classes of terminals that can stand for one another at every single place of every rule.

    Equal sets of places suffice: exchanging one occurrence then leads from a rule to a rule, so do many exchanges.
    """
    wanted = frozenset(terminals)
    places: dict[str, set[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {}
    for origin, alternatives in productions.items():
        for production in alternatives:
            symbols = production.symbols
            for at, symbol in enumerate(symbols):
                if symbol in wanted:
                    places.setdefault(symbol, set()).add((origin, symbols[:at], symbols[at + 1 :]))
    numbers: dict[frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]], int] = {}
    return {name: numbers.setdefault(frozenset(places[name]), len(numbers)) for name in terminals if name in places}


class _Builder:
    """Numbers the symbols and collects the rules."""

    def __init__(self, productions: Productions, class_of: dict[str, int]) -> None:
        self._class_of = class_of
        self._count = 1 + max(class_of.values(), default=-1)
        self._names = [""] * self._count + ["END"]
        for name, number in class_of.items():
            self._names[number] += ("" if not self._names[number] else "|") + name
        self._numbers = dict(class_of)
        for name in productions:
            self._numbers[name] = self._symbol(name)
        self._ends: dict[Symbols, int] = {}
        self._empty: set[int] = set()
        self._unit: set[tuple[int, int]] = set()
        self._pair: set[tuple[int, int, int]] = set()
        for name, alternatives in productions.items():
            for production in alternatives:
                self._add(self._numbers[name], tuple(self._numbers[symbol] for symbol in production.symbols))
        self._start = self._symbol("top")
        self._add(self._start, (self._numbers[next(iter(productions))], self._count))

    def _symbol(self, name: str) -> int:
        self._names.append(name)
        return len(self._names) - 1

    def _add(self, origin: int, symbols: Symbols) -> None:
        """Add a rule, the ends of a long one as symbols of their own."""
        while len(symbols) > 2:
            rest = symbols[1:]
            known = self._ends.get(rest)
            following = known if known is not None else self._symbol(" ".join(self._names[s] for s in rest))
            self._pair.add((origin, symbols[0], following))
            if known is not None:
                return
            self._ends[rest] = origin = following
            symbols = rest
        if len(symbols) == 2:
            self._pair.add((origin, symbols[0], symbols[1]))
        elif not symbols:
            self._empty.add(origin)
        elif symbols[0] != origin:
            self._unit.add((origin, symbols[0]))

    def grammar(self) -> BinaryGrammar:
        """All of it in arrays."""
        count = len(self._names)
        nullable = self._nullable()
        unit = sorted(self._unit)
        pair = sorted(self._pair)
        left = sorted((b, a, c) for a, b, c in pair)
        empty = np.zeros(count, np.uint8)
        empty[sorted(self._empty)] = 1
        flags = np.zeros(count, np.uint8)
        flags[sorted(nullable)] = 1
        first = self._closure(nullable, forwards=True)
        last = self._closure(nullable, forwards=False)
        return BinaryGrammar(
            names=tuple(self._names),
            terminals=self._count,
            start=self._start,
            class_of=self._class_of,
            empty=empty,
            nullable=flags,
            first=_bit_rows(first, self._count + 1),
            unit_offset=_offsets([rule[0] for rule in unit], count),
            unit=np.array([rule[1] for rule in unit], np.int32),
            pair_offset=_offsets([rule[0] for rule in pair], count),
            pair=np.array([rule[1:] for rule in pair], np.int32).reshape(-1, 2),
            left_offset=_offsets([rule[0] for rule in left], count),
            left=np.array([rule[1:] for rule in left], np.int32).reshape(-1, 2),
            level=self._levels(nullable),
            follows=self._follows(first, last),
        )

    def _nullable(self) -> set[int]:
        found = set(self._empty)
        while True:
            new = {a for a, b in self._unit if b in found} | {a for a, b, c in self._pair if b in found and c in found}
            if new <= found:
                return found
            found |= new

    def _levels(self, nullable: set[int]) -> NDArray[np.int32]:
        """Depth-first from the start: a symbol is finished after those that it begins with."""
        children: list[list[int]] = [[] for _ in self._names]
        for origin, inner in sorted(self._unit):
            children[origin].append(inner)
        for origin, one, other in sorted(self._pair):
            children[origin] += [one, other] if one in nullable else [one]
        level = [-1] * len(children)
        for root in range(len(children)):
            path = [(root, iter(children[root]))] if level[root] < 0 else []
            while path:
                symbol, following = path[-1]
                level[symbol] = max(level[symbol], 0)
                inner = next((one for one in following if level[one] < 0), -1)
                if inner >= 0:
                    path.append((inner, iter(children[inner])))
                    continue
                path.pop()
                done = {one for one, _ in path}
                level[symbol] = 1 + max((level[one] for one in children[symbol] if one not in done), default=-1)
        return np.array(level, np.int32)

    def _closure(self, nullable: set[int], *, forwards: bool) -> list[int]:
        """Bit sets of the classes that sequences of each symbol can begin (or end) with."""
        sets = [1 << symbol if symbol <= self._count else 0 for symbol in range(len(self._names))]
        changed = True
        while changed:
            changed = False
            for origin, inner in self._unit:
                changed |= _include(sets, origin, inner)
            for origin, one, other in self._pair:
                near, far = (one, other) if forwards else (other, one)
                changed |= _include(sets, origin, near)
                if near in nullable:
                    changed |= _include(sets, origin, far)
        return sets

    def _follows(self, first: list[int], last: list[int]) -> NDArray[np.bool_]:
        """Neighbours in sequences of terminals.

        A binary rule puts the last terminals of its left symbol before the first of its right one; nullable symbols
        between two others are skipped by the symbols that stand for the ends of rules.
        """
        found = np.zeros((self._count + 1, self._count + 1), np.bool_)
        for _, one, other in self._pair:
            before = [t for t in range(self._count + 1) if last[one] >> t & 1]
            after = [t for t in range(self._count + 1) if first[other] >> t & 1]
            found[np.ix_(before, after)] = True
        return found[:-1, :-1].copy()


def _include(sets: list[int], into: int, of: int) -> bool:
    """``sets[into] |= sets[of]``; whether that changed it."""
    merged = sets[into] | sets[of]
    changed = merged != sets[into]
    sets[into] = merged
    return changed


def _offsets(origins: list[int], count: int) -> NDArray[np.int32]:
    """Where the rules of each symbol begin in a list sorted by symbol."""
    return np.searchsorted(np.array(origins, np.int64), np.arange(count + 1)).astype(np.int32)


def _bit_rows(sets: list[int], width: int) -> NDArray[np.uint64]:
    """Sets of numbers below `width`, given as Python ints, as rows of 64-bit words."""
    words = (width + 63) // 64
    data = b"".join(bits.to_bytes(8 * words, "little") for bits in sets)
    return np.frombuffer(data, "<u8").astype(np.uint64).reshape(-1, words)
