"""The token automaton of a constraint: a byte automaton, and its edges by sets of tokens.

::

    state    1 ─── {"{", "{ ", ...} ──> 2 ─── {'"'} ──> 3 ...            int32 targets and sets, by state
             accepting ─── {end tokens} ──> PAD ─── {end tokens} ──┐
                                             ^────────────────────┘      PAD: the text is over

One automaton serves all canvases of a constraint, of any length that it is right about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels.canvas.edges import EDGES, EXPANDED, SETS, TOKENS, rehash_sets, token_edges
from ...kernels.canvas.edges import PROGRESS as EDGE_PROGRESS
from ...kernels.canvas.sets import next_state, pack_sets
from .canvas_states import ByteAutomaton

if TYPE_CHECKING:
    from ..vocabulary import Vocabulary

__all__ = ["TokenAutomaton", "token_automaton"]

_ROW_TOKENS = 1024
"""Tokens from which on a set is kept as a row of bits besides: 16 KB of a vocabulary of 128k tokens."""


class _Edges(NamedTuple):
    """Edges by state and the sets of tokens that they carry, duplicates of tokens not among them yet."""

    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    sets: NDArray[np.int32]
    set_sizes: NDArray[np.int64]
    set_tokens: NDArray[np.int32]


@dataclass(eq=False)
class TokenAutomaton:
    """Edges of n states: those of the byte automaton, and PAD, the last one.

    Attributes:
        bytes: the byte automaton.
        vocabulary: the tokens.
        edge_offsets: int64[n + 1].
        edge_targets: int32[E]; the edges of a state are sorted by how soon the text can end behind them.
        edge_sets: int32[E].
        set_offsets: int64[N]; the last set is that of the end tokens.
        set_sizes: int64[N].
        set_tokens: int32[T], the tokens of each set.
        distance: int64[n], tokens after which the text can end; n where it cannot. End tokens count for nothing.
    """

    bytes: ByteAutomaton
    vocabulary: Vocabulary
    edge_offsets: NDArray[np.int64]
    edge_targets: NDArray[np.int32]
    edge_sets: NDArray[np.int32]
    set_offsets: NDArray[np.int64]
    set_sizes: NDArray[np.int64]
    set_tokens: NDArray[np.int32]
    distance: NDArray[np.int64]

    @property
    def states(self) -> int:
        """n, with the dead state and PAD."""
        return self.edge_offsets.size - 1

    @property
    def pad(self) -> int:
        """The state behind an end token."""
        return self.states - 1

    @property
    def set_count(self) -> int:
        """N, the number of sets of tokens."""
        return int(self.set_sizes.size)

    @cached_property
    def words(self) -> int:
        """64-bit words of a mask."""
        return (len(self.vocabulary) + 63) // 64

    @cached_property
    def row_of_set(self) -> NDArray[np.int32]:
        """int32[N], the row of bits of each large set; -1 for the others."""
        large = self.set_sizes >= _ROW_TOKENS
        return np.where(large, np.cumsum(large) - 1, -1).astype(np.int32)

    @cached_property
    def rows(self) -> NDArray[np.uint64]:
        """uint64[large sets, words], the large sets as bits."""
        numbers = np.flatnonzero(self.row_of_set >= 0)
        rows = np.zeros((numbers.size, self.words), np.uint64)
        pack_sets(numbers, self.set_offsets, self.set_sizes, self.set_tokens, rows)
        return rows

    @property
    def nbytes(self) -> int:
        """Bytes of the edges and sets."""
        arrays = (self.bytes.table, self.edge_offsets, self.edge_targets, self.edge_sets, self.set_tokens, self.rows)
        return sum(array.nbytes for array in arrays)

    def spelled(self, token: int) -> NDArray[np.uint8]:
        """The bytes of a token, uint8[k]."""
        offsets = self.vocabulary.tables.token_offsets
        return self.vocabulary.tables.token_buffer[offsets[token] : offsets[token + 1]]

    def ends(self, token: int) -> bool:
        """True for an end token."""
        return token in self.vocabulary.eos_ids

    def next(self, state: int, token: int) -> int:
        """The state behind a token; 0: it is refused."""
        if self.ends(token):
            return self.pad if state == self.pad or self.bytes.accept[state] else 0
        text = self.spelled(token)
        if state == self.pad or not text.size:
            return 0
        return int(next_state(self.bytes.table, self.bytes.classes, state, text))


def token_automaton(automaton: ByteAutomaton, vocabulary: Vocabulary) -> TokenAutomaton:
    """Make the edges of a byte automaton over a vocabulary: one walk of the trie a state."""
    edges = _with_end(_with_duplicates(_walked(automaton, vocabulary), vocabulary), automaton, vocabulary)
    distance = _distances(edges, automaton)
    owner = np.repeat(np.arange(edges.offsets.size - 1), np.diff(edges.offsets))
    order = np.lexsort((distance[edges.targets], owner))
    set_offsets = np.cumsum(edges.set_sizes) - edges.set_sizes
    return TokenAutomaton(
        automaton,
        vocabulary,
        edges.offsets,
        np.ascontiguousarray(edges.targets[order]),
        np.ascontiguousarray(edges.sets[order]),
        set_offsets,
        edges.set_sizes,
        edges.set_tokens,
        distance,
    )


def _walked(automaton: ByteAutomaton, vocabulary: Vocabulary) -> _Edges:
    """The edges as the walks of the trie give them, without end tokens and second tokens of the same bytes."""
    states = len(automaton.table)
    edges, tokens, sets = 16 * states, 4 * len(vocabulary), 256
    targets, numbers = np.empty(edges, np.int32), np.empty(edges, np.int32)
    set_tokens = np.empty(tokens, np.int32)
    bounds = np.empty((2, sets), np.int64)
    keys = np.empty(sets, np.uint64)
    found = np.zeros(2 * sets, np.int32)
    offsets = np.zeros(states + 1, np.int64)
    progress = np.zeros(EDGE_PROGRESS, np.int64)
    progress[EXPANDED] = 1
    scratch = (
        np.zeros(vocabulary.longest + 1, np.int32),
        np.empty((4, len(vocabulary)), np.int32),
        np.zeros(states, np.int32),
        np.empty(states + 1, np.int64),
    )
    trie = vocabulary.tables.trie
    while not token_edges(
        trie,
        automaton.table,
        automaton.classes,
        *scratch,
        offsets,
        targets,
        numbers,
        set_tokens,
        bounds[0],
        bounds[1],
        keys,
        found,
        progress,
    ):
        if progress[SETS] == keys.size:
            keys = np.concatenate((keys, np.empty_like(keys)))
            bounds = np.ascontiguousarray(np.concatenate((bounds, np.empty_like(bounds)), axis=1))
            found = np.zeros(2 * keys.size, np.int32)
            rehash_sets(keys, int(progress[SETS]), found)
        elif progress[TOKENS] + len(vocabulary) > set_tokens.size:
            set_tokens = np.concatenate((set_tokens, np.empty_like(set_tokens)))
        else:
            targets = np.concatenate((targets, np.empty_like(targets)))
            numbers = np.concatenate((numbers, np.empty_like(numbers)))
    last, count = int(progress[EDGES]), int(progress[SETS])
    return _Edges(offsets, targets[:last], numbers[:last], bounds[1, :count].copy(), set_tokens[: progress[TOKENS]])


def _with_duplicates(edges: _Edges, vocabulary: Vocabulary) -> _Edges:
    """Add to each set the tokens that have the same bytes as one in it."""
    tables = vocabulary.tables
    if not tables.duplicate_first.size:
        return edges
    further = np.zeros(len(vocabulary), np.int64)
    further[tables.duplicate_first] = np.diff(tables.duplicate_offsets)
    start = np.zeros(len(vocabulary), np.int64)
    start[tables.duplicate_first] = tables.duplicate_offsets[:-1]
    count = further[edges.set_tokens]
    owner = np.repeat(np.arange(edges.set_sizes.size), edges.set_sizes)
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    added = tables.duplicate_ids[np.repeat(start[edges.set_tokens], count) + within]
    owners = np.concatenate((owner, np.repeat(owner, count)))
    tokens = np.concatenate((edges.set_tokens, added))
    order = np.argsort(owners, kind="stable")
    sizes = np.bincount(owners, minlength=edges.set_sizes.size)
    return edges._replace(set_sizes=sizes, set_tokens=np.ascontiguousarray(tokens[order]))


def _with_end(edges: _Edges, automaton: ByteAutomaton, vocabulary: Vocabulary) -> _Edges:
    """Add PAD, and the edges of the end tokens that lead there."""
    states = len(automaton.table)
    accepting = np.flatnonzero(automaton.accept)
    place = np.concatenate((edges.offsets[accepting + 1], [edges.targets.size]))
    count = np.diff(edges.offsets)
    count[accepting] += 1
    return _Edges(
        np.concatenate(([0], np.cumsum(np.concatenate((count, [1]))))),
        np.insert(edges.targets, place, states),
        np.insert(edges.sets, place, edges.set_sizes.size),
        np.concatenate((edges.set_sizes, [len(vocabulary.eos_ids)])),
        np.concatenate((edges.set_tokens, vocabulary.tables.eos)),
    )


def _distances(edges: _Edges, automaton: ByteAutomaton) -> NDArray[np.int64]:
    """Tokens after which the text can end, by state: breadth first from the accepting states, backwards."""
    states = edges.offsets.size - 1
    owner = np.repeat(np.arange(states), np.diff(edges.offsets))
    distance = np.full(states, states, np.int64)
    distance[np.flatnonzero(automaton.accept)] = 0
    distance[states - 1] = 0
    step = 0
    frontier = distance == 0
    while frontier.any():
        step += 1
        before = np.zeros(states, np.bool_)
        before[owner[frontier[edges.targets]]] = True
        frontier = before & (distance == states)
        distance[frontier] = step
    return distance
