"""Nodes of canvas graphs, interned: what the lexer may be in the middle of, and what a token may still emit.

Reading a byte, a token or anything at all leaves the lexer in one of several states, with or without lexemes ended.
Paths that emit the same are kept together, so a node is a set, and from a node each emission leads to one node::

    LexerSet   {q, ...}                     between two items of a canvas (bytes, tokens, holes)
    RestSet    {(emissions to come, q)}     within an open token, behind an emission

    {start} --any token--> {NAME, "(", ...}          nothing ended: one set for all tokens that end no lexeme
            --any token, NAME ended--> RestSet       what those tokens may still emit, and where they leave the lexer

That keeps completability exact, since what follows a node depends on its emissions so far and not on which of its
members they came from. It is the subset construction on the token lattice of grammar and vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...grammar.cfg.binary_lexer import TokenLexer
from .cfg_effects import TokenEffects
from .cfg_keys import INNER, SET, node_key, rest_order

__all__ = ["LexerSets", "Move", "Plan", "TokenNodes", "state_bits"]


@dataclass(frozen=True, slots=True)
class Move:
    """Where one step leads.

    Attributes:
        quiet: nodes after it if nothing is emitted; of :class:`LexerSets` at most one.
        emitting: (emission, node) by the emission that comes first; of :class:`LexerSets` (emission, emission, node),
            the second 0 if there is only one.
    """

    quiet: tuple[int, ...]
    emitting: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which of the effects at a node take which edge; the effects are numbered 0 to n - 1.

    Attributes:
        effects: int64[n]; of a lexer set, the effects themselves; of a rest set, its rests.
        after: int64[n]; lexer state behind the token.
        quiet: (lexer set, effects that end the token there).
        emitting: (emission, rest set, effects that go there, their numbers at that rest set).
    """

    effects: NDArray[np.int64]
    after: NDArray[np.int64]
    quiet: tuple[tuple[int, NDArray[np.int64]], ...]
    emitting: tuple[tuple[int, int, NDArray[np.int64], NDArray[np.int64]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The edges of one open token at place 0.

    Attributes:
        source, target: int64; keys of nodes.
        emission: int64; 0 for an empty edge.
        after: lexer sets behind the token.
    """

    source: NDArray[np.int64]
    emission: NDArray[np.int64]
    target: NDArray[np.int64]
    after: frozenset[int]


class LexerSets:
    """Sets of lexer states, and steps over bytes.

    Attributes:
        members: states of each set, ascending.
        emitted: int64; offsets by emission, and the classes of terminals in each.
    """

    def __init__(self, lexer: TokenLexer) -> None:
        self.lexer = lexer
        self.members: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._edges = lexer.edge.tolist()
        self._offset = lexer.offset.tolist()
        self._bytes: dict[tuple[int, int], Move] = {}
        self._anything: dict[int, Move] = {}
        self._endings: dict[int, tuple[int, ...]] = {}
        self.start = self.number([0])
        counts = [len(classes) for classes in lexer.emissions]
        self.emitted: tuple[NDArray[np.int64], NDArray[np.int64]] = (
            np.cumsum([0, *counts]),
            np.array([cls for classes in lexer.emissions for cls in classes], np.int64),
        )

    def number(self, states: Iterable[int]) -> int:
        """The set of some states; -1 if there are none."""
        key = tuple(sorted(set(states)))
        if not key:
            return -1
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self.members)
            self.members.append(key)
        return known

    def after_byte(self, node: int, byte: int) -> Move:
        """The step over one byte."""
        cls = int(self.lexer.byte_class[byte])
        known = self._bytes.get((node, cls))
        if known is None:
            found = []
            for state in self.members[node]:
                at = state * self.lexer.classes + cls
                found += self._edges[self._offset[at] : self._offset[at + 1]]
            known = self._bytes[node, cls] = self._grouped(found)
        return known

    def closed(self, node: int) -> int:
        """All states that any bytes lead to that end no lexeme."""
        reached = set(self.members[node])
        pending = list(reached)
        while pending:
            for one, two, after in self._leaving(pending.pop()):
                if not one and not two and after not in reached:
                    reached.add(after)
                    pending.append(after)
        return self.number(reached)

    def after_anything(self, node: int) -> Move:
        """Of a closed set: the steps over a byte that ends a lexeme, to closed sets."""
        known = self._anything.get(node)
        if known is None:
            found = [edge for state in self.members[node] for edge in self._leaving(state) if edge[0] or edge[1]]
            move = self._grouped(found)
            emitting = tuple((one, two, self.closed(after)) for one, two, after in move.emitting)
            known = self._anything[node] = Move((node,), emitting)
        return known

    def endings(self, node: int) -> tuple[int, ...]:
        """The emissions (0 is one) with which the text may end."""
        known = self._endings.get(node)
        if known is None:
            endings = {ending for state in self.members[node] for ending in self.lexer.endings(state)}
            known = self._endings[node] = tuple(sorted(endings))
        return known

    def _leaving(self, state: int) -> list[list[int]]:
        first = self._offset[state * self.lexer.classes]
        edges: list[list[int]] = self._edges
        return edges[first : self._offset[(state + 1) * self.lexer.classes]]

    def _grouped(self, edges: list[list[int]]) -> Move:
        quiet: set[int] = set()
        emitting: dict[tuple[int, int], set[int]] = {}
        for one, two, after in edges:
            if not one and not two:
                quiet.add(after)
            else:
                emitting.setdefault((one or two, two if one else 0), set()).add(after)
        return Move(
            (self.number(quiet),) if quiet else (),
            tuple((one, two, self.number(states)) for (one, two), states in emitting.items()),
        )


class TokenNodes:
    """Steps of lexer sets over whole tokens, and the rests within them.

    Attributes:
        sets: the lexer sets.
        effects: of the tokens.
        apart: effects of tokens are kept apart, a node for each rest and each lexer state after a token. What a token
            does can then be read off the edges exactly; the nodes are more.
        longest: most emissions to come of each rest set.
    """

    def __init__(
        self,
        sets: LexerSets,
        effects: TokenEffects,
        *,
        apart: bool = False,
        allowed: NDArray[np.bool_] | None = None,
    ) -> None:
        self.sets = sets
        self.apart = apart
        self._allowed = np.arange(len(effects.sequence)) if allowed is None else np.flatnonzero(allowed)
        self._origin = effects.origin[self._allowed]
        self.effects = effects
        self.longest: list[int] = []
        self._rests: list[NDArray[np.int64]] = []
        self._numbers: dict[bytes, int] = {}
        self._moves: dict[int, Move] = {}
        self._open: dict[int, Move] = {}
        self._first_edges: dict[int, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = {}
        self._columns: dict[frozenset[int], Column] = {}
        self._plans: dict[tuple[bool, int], Plan] = {}

    def hits(self, node: int) -> NDArray[np.int64]:
        """The effects that some token has from some state of a lexer set."""
        mask = state_bits(self.sets.members[node], self.effects.origin.shape[1])
        return self._allowed[(self._origin & mask).any(axis=1)]

    def after_token(self, node: int) -> Move:
        """The step of a lexer set over any token; emissions lead to rest sets."""
        known = self._open.get(node)
        if known is None:
            hits = self.hits(node)
            effects = self.effects
            sequence = effects.sequence[hits]
            known = self._grouped(effects.head[sequence], effects.tail[sequence], effects.after[hits])
            self._open[node] = known
        return known

    def after_rest(self, node: int) -> Move:
        """What a rest set does next: end the token (quiet), or emit."""
        known = self._moves.get(node)
        if known is None:
            rests = self._rests[node]
            sequence, after = rests >> 32, rests & 0xFFFFFFFF
            known = self._grouped(self.effects.head[sequence], self.effects.tail[sequence], after.astype(np.int32))
            self._moves[node] = known
        return known

    def rest_key(self, rest: int) -> int:
        """The key of a rest set of a token at place 0: the lexer set behind it if nothing can be emitted any more."""
        move = self.after_rest(rest)
        if not move.emitting:
            return node_key(1, SET, 0, move.quiet[0])
        return node_key(0, INNER, rest_order(self.longest[rest]), rest)

    def column(self, before: frozenset[int]) -> Column:
        """The edges of an open token behind some lexer sets."""
        known = self._columns.get(before)
        if known is None:
            known = self._columns[before] = self._column(before)
        return known

    def _column(self, before: frozenset[int]) -> Column:
        edges: list[tuple[int, int, int]] = []
        after: set[int] = set()
        waiting: list[int] = []
        seen: set[int] = set()

        def leave(key: int, move: Move) -> None:
            for node in move.quiet:
                after.add(node)
                edges.append((key, 0, node_key(1, SET, 0, node)))
            for emission, rest in move.emitting:
                target = self.rest_key(rest)
                edges.append((key, emission, target))
                if target not in seen:
                    seen.add(target)
                    inner = self.after_rest(rest)
                    if inner.emitting:
                        waiting.append(rest)
                    else:
                        after.add(inner.quiet[0])

        for node in sorted(before):
            leave(node_key(0, SET, 0, node), self.after_token(node))
        while waiting:
            rest = waiting.pop()
            leave(self.rest_key(rest), self.after_rest(rest))
        table = np.array(edges, np.int64).reshape(-1, 3)
        source, emission, target = np.ascontiguousarray(table.T)
        return Column(source, emission, target, frozenset(after))

    def token_plan(self, node: int) -> Plan:
        """The effects of all tokens from a lexer set."""
        known = self._plans.get((False, node))
        if known is None:
            hits = self.hits(node)
            effects = self.effects
            sequence = effects.sequence[hits]
            known = self._plan(hits, effects.head[sequence], effects.tail[sequence], effects.after[hits])
            self._plans[False, node] = known
        return known

    def first_edges(self, node: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Effects kept apart: of each effect from a lexer set, its number, the first emission, and the key behind it.

        The keys are those of a token at place 0.
        """
        known = self._first_edges.get(node)
        if known is None:
            plan = self.token_plan(node)
            head = np.zeros(len(plan.effects), np.int64)
            target = np.zeros(len(plan.effects), np.int64)
            for number, chosen in plan.quiet:
                target[chosen] = node_key(1, SET, 0, number)
            for emission, rest, chosen, _ in plan.emitting:
                head[chosen] = emission
                target[chosen] = self.rest_key(rest)
            known = self._first_edges[node] = (plan.effects, head, target)
        return known

    def rest_plan(self, node: int) -> Plan:
        """The rests of a rest set."""
        known = self._plans.get((True, node))
        if known is None:
            rests = self._rests[node]
            sequence = rests >> 32
            after = (rests & 0xFFFFFFFF).astype(np.int32)
            known = self._plan(rests, self.effects.head[sequence], self.effects.tail[sequence], after)
            self._plans[True, node] = known
        return known

    def _plan(
        self, effects: NDArray[np.int64], head: NDArray[np.int32], tail: NDArray[np.int32], after: NDArray[np.int32]
    ) -> Plan:
        quiet = np.flatnonzero(head == 0)
        codes = (tail.astype(np.int64) << 32) | after
        if self.apart:
            groups = [quiet[after[quiet] == state] for state in np.unique(after[quiet])]
        else:
            groups = [quiet] if quiet.size else []
        emitting = []
        for one in np.unique(head[head > 0]).tolist():
            chosen = np.flatnonzero(head == one)
            parts = [chosen[codes[chosen] == code] for code in np.unique(codes[chosen])] if self.apart else [chosen]
            for part in parts:
                rest = self._number(codes[part])
                emitting.append((one, rest, part, np.searchsorted(self._rests[rest], codes[part])))
        return Plan(
            effects,
            after.astype(np.int64),
            tuple((self.sets.number(np.unique(after[part]).tolist()), part) for part in groups),
            tuple(emitting),
        )

    def _grouped(self, head: NDArray[np.int32], tail: NDArray[np.int32], after: NDArray[np.int32]) -> Move:
        ended = np.unique(after[head == 0]).tolist()
        codes = (tail.astype(np.int64) << 32) | after
        groups = [(int(one), codes[head == one]) for one in np.unique(head) if one]
        if self.apart:
            quiet = tuple(self.sets.number([state]) for state in ended)
            return Move(
                quiet, tuple((one, self._number(code)) for one, some in groups for code in np.unique(some)[:, None])
            )
        return Move(
            (self.sets.number(ended),) if ended else (), tuple((one, self._number(some)) for one, some in groups)
        )

    def _number(self, codes: NDArray[np.int64]) -> int:
        rests = np.unique(codes)
        key = rests.tobytes()
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self._rests)
            self._rests.append(rests)
            self.longest.append(int(self.effects.length[rests >> 32].max()))
        return known


def state_bits(states: Iterable[int], words: int) -> NDArray[np.uint64]:
    """uint64[words]: a set of lexer states."""
    mask = np.zeros(words, np.uint64)
    for state in states:
        mask[state >> 6] |= np.uint64(1 << (state & 63))
    return mask
