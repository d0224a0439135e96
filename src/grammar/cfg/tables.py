"""A grammar as arrays, laid out as the columns EARLEY_* of kernels/memory.py say.

Dots are shared between rules that end alike: the dot before ``c d`` is one dot in ``a: b . c d`` and ``e: . c d``. The
first two are fixed::

    dot 0   the end of every rule
    dot 1   before ACCEPT: the start symbol is complete
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import Span
from ..ir import Grammar, Terminal
from .adjacency import MOST_TERMINALS, neighbours, suffix_relations
from .analysis import first_terminals, nullable_names, shortest_lengths
from .left_corner import Corner, LeftCorners, left_corners
from .liveness import Lexicon, Separation, separation
from .reduce import Productions, reduce_grammar
from .terminals import TerminalPool, pool_terminals

__all__ = ["ACCEPT", "CfgTables", "Place", "build_tables"]

ACCEPT = 1 << 30
"""Symbol behind dot 1; the same number as in kernels/earley_set.py."""

_ACCEPT_DOT = 1

Ragged = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Offsets int32[n + 1] and the concatenated lists."""


@dataclass(frozen=True, slots=True)
class Place:
    """A dot in terms of the source.

    Attributes:
        rule: the rule of the source in which it stands.
        rest: names of the symbols behind it.
        span: where the rule is defined.
    """

    rule: str
    rest: tuple[str, ...]
    span: Span | None


@dataclass(frozen=True, slots=True, eq=False)
class CfgTables:
    """A reduced grammar in arrays; terminals, nonterminals and dots are numbered from 0.

    Attributes:
        grammar: what it was made of.
        productions: the reduced rules.
        terminals: the terminals in order of their numbers.
        nonterminals: names in order of their numbers.
        places: what each dot means in the source.
        start: the dot before the start symbol.
        pool: automata of the terminals.
        symbol: int32[dots]; terminal, ``-1 - nonterminal``, or ACCEPT. 0 at dot 0, where it means nothing.
        next: int32[dots]; dot behind the symbol.
        nullable: uint8[dots]; 1 if all that follows can be empty.
        length: int32[dots]; fewest bytes of what follows.
        skip: per dot, the dots reached over nullable symbols, the end of the rule excepted.
        parent: per nonterminal, flattened pairs (nonterminal that begins with it, dot behind it).
        corner: per terminal, flattened pairs (nonterminal that begins with it, dot behind it).
        first: per nonterminal, the terminals that it can begin with.
        reach: uint32[nonterminals, words]; bit m of row n: n can begin with m.
        component: int32[nonterminals, 2]; left-corner component, and 1 if it is recursive.
        member, unit, ancestor: see left_corner.LeftCorners.
        terminal: int32[terminals, 3]; first state in the pool, rank, 1 if ignored.
        separation: whether longest match can doom a text; proved for dynamic lexing.
        relation: int64[dots, terminals + 1], see adjacency.py; int64[0, 1] where separation is proved.
    """

    grammar: Grammar
    productions: Productions
    terminals: tuple[Terminal, ...]
    nonterminals: tuple[str, ...]
    places: tuple[Place, ...]
    start: int
    pool: TerminalPool
    symbol: NDArray[np.int32]
    next: NDArray[np.int32]
    nullable: NDArray[np.uint8]
    length: NDArray[np.int32]
    skip: Ragged
    parent: Ragged
    corner: Ragged
    first: Ragged
    reach: NDArray[np.uint32]
    component: NDArray[np.int32]
    member: Ragged
    unit: Ragged
    ancestor: Ragged
    terminal: NDArray[np.int32]
    separation: Separation
    relation: NDArray[np.int64]


class _Dots:
    """Numbers for the ends of rules."""

    def __init__(self, terminals: dict[str, int], nonterminals: dict[str, int]) -> None:
        self._terminals = terminals
        self._nonterminals = nonterminals
        self._numbers: dict[tuple[str, ...], int] = {(): 0}
        self.symbol = [0, ACCEPT]
        self.next = [0, 0]
        self.places = [Place("", (), None), Place("", (), None)]

    def number(self, rest: tuple[str, ...], rule: str, span: Span | None) -> int:
        """The dot before the symbols `rest`, which end the given rule."""
        known = self._numbers.get(rest)
        if known is not None:
            return known
        following = self.number(rest[1:], rule, span)
        number = len(self.symbol)
        self._numbers[rest] = number
        name = rest[0]
        self.symbol.append(self._terminals[name] if name in self._terminals else -1 - self._nonterminals[name])
        self.next.append(following)
        self.places.append(Place(rule, rest, span))
        return number


def build_tables(grammar: Grammar) -> CfgTables:
    """The tables of a grammar.

    Raises:
        GrammarError: the language of the grammar is empty.
        RegexError: a terminal's pattern is malformed or not regular.
    """
    wanted = {symbol for rule in grammar.rules for symbol in rule.expansion} | set(grammar.ignore)
    terminals = tuple(terminal for terminal in grammar.terminals if terminal.name in wanted)
    pool = pool_terminals(terminals)
    lexemes = {terminal.name for index, terminal in enumerate(terminals) if pool.first[index] != 0}
    productions = reduce_grammar(grammar, lexemes)
    numbers = {terminal.name: index for index, terminal in enumerate(terminals)}
    names = {name: index for index, name in enumerate(productions)}
    nullable = nullable_names(productions)

    dots = _Dots(numbers, names)
    start = dots.number((grammar.start,), grammar.start, None)
    parents: list[list[Corner]] = [[] for _ in names]
    corners: list[list[int]] = [[] for _ in terminals]
    for origin, alternatives in productions.items():
        for production in alternatives:
            for at, symbol in enumerate(production.symbols):
                rest = production.symbols[at + 1 :]
                dot = dots.number(rest, production.rule, production.span)
                if symbol in numbers:
                    corners[numbers[symbol]] += [names[origin], dot]
                    break
                corner = Corner(names[origin], dot, nullable.issuperset(rest))
                if corner not in parents[names[symbol]]:
                    parents[names[symbol]].append(corner)
                if symbol not in nullable:
                    break
    first = first_terminals(productions, nullable)
    relation = left_corners(parents)
    records = _terminal_records(grammar, terminals, pool)
    proof = _separation(grammar, productions, terminals, records, pool)
    rests = [place.rest for place in dots.places]
    proof, relation_of_neighbours = _relation(proof, productions, terminals, records, pool, rests)
    lengths = shortest_lengths(
        productions, {terminal.name: pool.shortest(index) for index, terminal in enumerate(terminals)}
    )
    return CfgTables(
        grammar=grammar,
        productions=productions,
        terminals=terminals,
        nonterminals=tuple(names),
        places=tuple(dots.places),
        start=start,
        pool=pool,
        symbol=np.array(dots.symbol, np.int32),
        next=np.array(dots.next, np.int32),
        nullable=np.array([nullable.issuperset(place.rest) for place in dots.places], np.uint8) & _not_accept(dots),
        length=np.array([sum(lengths[name] for name in place.rest) for place in dots.places], np.int32),
        skip=_ragged(_skips(dots, {names[name] for name in nullable})),
        parent=_ragged([[n for corner in corners for n in (corner.origin, corner.dot)] for corners in parents], 2),
        corner=_ragged(_distinct_pairs(corners), 2),
        first=_ragged([sorted(numbers[name] for name in first[origin]) for origin in productions]),
        reach=_bit_rows(relation.reach),
        component=_components(relation),
        member=_ragged(relation.members),
        unit=_ragged(relation.unit),
        ancestor=_ragged(relation.ancestors),
        terminal=records,
        separation=proof,
        relation=relation_of_neighbours,
    )


def _relation(
    proof: Separation,
    productions: Productions,
    terminals: Sequence[Terminal],
    records: NDArray[np.int32],
    pool: TerminalPool,
    suffixes: list[tuple[str, ...]],
) -> tuple[Separation, NDArray[np.int64]]:
    """The relation of neighbours where it is needed, and the culprits with those first that can never be neighbours."""
    if proof.proved or len(terminals) > MOST_TERMINALS:
        return proof, np.zeros((0, 1), np.int64)
    pairs = neighbours(pool, np.flatnonzero(records[:, 2]).tolist())
    names = tuple(terminal.name for terminal in terminals)
    possible = {(one, other) for i, one in enumerate(names) for j, other in enumerate(names) if pairs[i, j]}
    culprits = tuple(sorted(proof.culprits, key=possible.__contains__))
    return Separation(False, culprits), suffix_relations(productions, names, pairs, suffixes)


def _separation(
    grammar: Grammar,
    productions: Productions,
    terminals: Sequence[Terminal],
    records: NDArray[np.int32],
    pool: TerminalPool,
) -> Separation:
    if grammar.lexer == "dynamic":
        return Separation(True)
    ignored = sum(1 << index for index, record in enumerate(records) if record[2])
    names = tuple(terminal.name for terminal in terminals)
    return separation(Lexicon.of(productions, names, tuple(records[:, 1].tolist()), ignored, pool))


def _not_accept(dots: _Dots) -> NDArray[np.uint8]:
    """0 at the dot before ACCEPT, behind which nothing stands and which is no end of a rule."""
    return np.array([symbol != ACCEPT for symbol in dots.symbol], np.uint8)


def _skips(dots: _Dots, nullable: set[int]) -> list[list[int]]:
    skips: list[list[int]] = []
    for dot, symbol in enumerate(dots.symbol):
        if dot == 0:
            skips.append([])
        elif symbol < 0 and -1 - symbol in nullable:
            skips.append([dot, *skips[dots.next[dot]]])
        else:
            skips.append([dot])
    return skips


def _distinct_pairs(lists: Iterable[list[int]]) -> list[list[int]]:
    return [
        [number for pair in dict.fromkeys(zip(flat[::2], flat[1::2], strict=True)) for number in pair] for flat in lists
    ]


def _components(relation: LeftCorners) -> NDArray[np.int32]:
    rows = [(component, int(relation.recursive[component])) for component in relation.component]
    return np.array(rows, np.int32).reshape(-1, 2)


def _terminal_records(grammar: Grammar, terminals: Sequence[Terminal], pool: TerminalPool) -> NDArray[np.int32]:
    """First state, rank as a small number, and whether the terminal is ignored. Terminals without lexemes: state 0."""
    order = {rank: index for index, rank in enumerate(sorted({terminal.rank for terminal in terminals}))}
    rows = [
        (pool.first[index], order[terminal.rank], terminal.name in grammar.ignore and pool.first[index] != 0)
        for index, terminal in enumerate(terminals)
    ]
    return np.array(rows, np.int32).reshape(-1, 3)


def _ragged(lists: Sequence[Sequence[int]], width: int = 1) -> Ragged:
    """Offsets (in units of `width`) and the concatenated lists."""
    offsets = np.zeros(len(lists) + 1, np.int32)
    np.cumsum([len(numbers) // width for numbers in lists], out=offsets[1:])
    return offsets, np.array([number for numbers in lists for number in numbers], np.int32)


def _bit_rows(rows: Sequence[int]) -> NDArray[np.uint32]:
    """Sets of small numbers, given as Python ints, as rows of 32-bit words."""
    words = max(1, (len(rows) + 31) // 32)
    data = b"".join(row.to_bytes(4 * words, "little") for row in rows)
    return np.frombuffer(data, "<u4").astype(np.uint32).reshape(-1, words)
