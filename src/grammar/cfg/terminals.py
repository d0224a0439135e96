"""Terminals to one pool of byte automata, over classes of bytes that no terminal tells apart.

The automaton of each terminal gets a first state of its own, to which nothing returns and which does not accept: the
empty string is never a lexeme, and "at the first state" then says "nothing of the lexeme has been read". ::

    pool   0 dead | 1 first of "+"   2 accepting | 3 first of NAME   4 accepting | ...
                    `---- terminal 0 ----'         `---- terminal 1 ----'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..ir import Terminal
from ..regex import ByteDfa, CharDfa, compile_regex, concat, to_bytes
from ..regex.minimise import canonical
from .spelling import spelled

__all__ = ["UNREACHABLE", "TerminalPool", "lexeme_dfa", "pool_terminals", "row_keys", "start_apart"]

UNREACHABLE = 1 << 29
"""Distance to acceptance of the dead state."""


@dataclass(frozen=True, slots=True, eq=False)
class TerminalPool:
    """Automata of several terminals over shared classes of bytes.

    Attributes:
        byte_class: uint8[256]; class of each byte.
        trans: int32[n, classes]; 0 is dead.
        terminal: int32[n]; the terminal that a state belongs to, -1 for the dead state.
        accept: uint8[n].
        distance: int32[n]; fewest bytes to acceptance, UNREACHABLE for the dead state.
        first: int32[terminals]; first state of each terminal, 0 for a terminal without lexemes.
    """

    byte_class: NDArray[np.uint8]
    trans: NDArray[np.int32]
    terminal: NDArray[np.int32]
    accept: NDArray[np.uint8]
    distance: NDArray[np.int32]
    first: NDArray[np.int32]

    @property
    def classes(self) -> int:
        """Number of classes of bytes."""
        return int(self.trans.shape[1])

    def shortest(self, terminal: int) -> int:
        """Fewest bytes of a lexeme."""
        return int(self.distance[self.first[terminal]])


def lexeme_dfa(terminal: Terminal) -> ByteDfa:
    """A byte automaton of the strings that a terminal's pattern describes, as `ir` defines them.

    Raises:
        RegexError: the pattern is malformed or not regular.
        LimitError: its automaton is too large.
    """
    if terminal.literal:
        return spelled(terminal.pattern, fold="i" in terminal.flags)
    head = compile_regex(terminal.regex, flags=terminal.flags)
    if terminal.lazy:
        head = concat(_shortest_matches(head), compile_regex(terminal.tail, flags=terminal.flags))
    return to_bytes(head)


@lru_cache(maxsize=2048)
def _lexemes(
    pattern: str, flags: str, literal: bool, lazy: bool, tail: str
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """:func:`start_apart` of a terminal's automaton, which terminals of other grammars often share."""
    terminal = Terminal("", pattern, flags, literal=literal, lazy=lazy, tail=tail)
    trans, accept = start_apart(lexeme_dfa(terminal))
    trans.flags.writeable = accept.flags.writeable = False
    return trans, accept


def _shortest_matches(dfa: CharDfa) -> CharDfa:
    """The non-empty strings of a language of which no proper non-empty prefix is in it."""
    trans = np.where(dfa.trans > 0, dfa.trans + 1, 0)
    trans = np.concatenate([trans[:1], trans[dfa.start : dfa.start + 1], trans[1:]])
    accept = np.concatenate([[0, 0], dfa.accept[1:]])
    trans[accept > 0] = 0
    return canonical(trans.astype(np.int32), accept.astype(np.uint8), min(1, dfa.start), dfa.bounds, dfa.classes)


def start_apart(dfa: ByteDfa) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Transitions and acceptance of the non-empty strings of an automaton: state 1 is the start, which nothing enters.

    Without such strings there is only the dead state 0.
    """
    entered = bool(np.any(dfa.trans == dfa.start))
    if not entered:
        order = np.arange(dfa.trans.shape[0])
        order[[1, dfa.start]] = order[[dfa.start, 1]]
        trans = order[dfa.trans[order]].astype(np.int32)
        accept = dfa.accept[order].copy()
    else:
        shifted = np.where(dfa.trans > 0, dfa.trans + 1, 0).astype(np.int32)
        trans = np.concatenate([shifted[:1], shifted[dfa.start : dfa.start + 1], shifted[1:]])
        accept = np.concatenate([dfa.accept[:1], dfa.accept[:1], dfa.accept[1:]])
    accept[1] = 0
    if dfa.start == 0 or not trans[1].any():
        return np.zeros((1, 256), np.int32), np.zeros(1, np.uint8)
    return trans, accept


def pool_terminals(terminals: Sequence[Terminal]) -> TerminalPool:
    """The pooled automata of terminals, in their order."""
    rows = [np.zeros((1, 256), np.int32)]
    accepts = [np.zeros(1, np.uint8)]
    owners = [np.full(1, -1, np.int32)]
    first = np.zeros(len(terminals), np.int32)
    size = 1
    for index, terminal in enumerate(terminals):
        trans, accept = _lexemes(terminal.pattern, terminal.flags, terminal.literal, terminal.lazy, terminal.tail)
        if len(accept) == 1:
            continue
        first[index] = size
        rows.append(np.where(trans[1:] > 0, trans[1:] + (size - 1), 0).astype(np.int32))
        accepts.append(accept[1:])
        owners.append(np.full(len(accept) - 1, index, np.int32))
        size += len(accept) - 1
    by_byte = np.ascontiguousarray(np.concatenate(rows).T)
    byte_class = np.zeros(256, np.uint8)
    known: dict[bytes, int] = {}
    columns = []
    for byte, key in enumerate(row_keys(by_byte)):
        if key not in known:
            known[key] = len(known)
            columns.append(by_byte[byte])
        byte_class[byte] = known[key]
    trans = np.ascontiguousarray(np.stack(columns, axis=1))
    accept = np.concatenate(accepts)
    return TerminalPool(byte_class, trans, np.concatenate(owners), accept, _distances(trans, accept), first)


def row_keys(rows: NDArray[np.int32]) -> list[bytes]:
    """The bytes of each row of a contiguous int32[n, m], for use as keys."""
    if not rows.shape[1]:
        return [b""] * rows.shape[0]
    keys: list[bytes] = rows.view(f"V{rows.shape[1] * rows.itemsize}")[:, 0].tolist()
    return keys


def _distances(trans: NDArray[np.int32], accept: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Fewest bytes from each state to acceptance. O(states * classes * the longest such distance)."""
    distance = np.where(accept > 0, 0, UNREACHABLE).astype(np.int32)
    while True:
        shorter = np.minimum(distance, distance[trans].min(axis=1) + 1)
        shorter[0] = UNREACHABLE
        if np.array_equal(shorter, distance):
            return distance
        distance = shorter.astype(np.int32)
