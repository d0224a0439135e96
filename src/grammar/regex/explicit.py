"""Automata from a transition function, for languages that are easier told as a machine than as an expression.

States are any hashable values; characters are told apart by the sets that are given::

    sets  {"digit": [0-9], "dot": [.]}      step("start", "digit") -> "whole"      step("start", "dot") -> None: refused
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .automata import CharDfa
from .charset import CharSet, partition
from .minimise import canonical

__all__ = ["explicit_automaton", "explore"]

State = TypeVar("State", bound=Hashable)
Letter = TypeVar("Letter", bound=Hashable)


def explore(
    start: State, letters: Iterable[Letter], step: Callable[[State, Letter], State | None]
) -> tuple[list[State], NDArray[np.int32]]:
    """The states reachable from ``start``, the first one, and int32[states, letters]: 1 + the next state, or 0."""
    numbers = {start: 0}
    order = [start]
    table: list[list[int]] = []
    columns = list(letters)
    for state in order:
        row = []
        for letter in columns:
            target = step(state, letter)
            if target is not None and target not in numbers:
                numbers[target] = len(order)
                order.append(target)
            row.append(0 if target is None else 1 + numbers[target])
        table.append(row)
    return order, np.array(table, np.int32)


def explicit_automaton(
    start: State,
    sets: Mapping[Letter, CharSet],
    step: Callable[[State, Letter], State | None],
    accepts: Callable[[State], bool],
) -> CharDfa:
    """The minimal automaton of a machine.

    Args:
        start: the start state.
        sets: disjoint sets of characters by name; a character in none of them is refused.
        step: the state after a character of a set; None: refused.
        accepts: whether a text may end in a state.
    """
    names = list(sets)
    states, table = explore(start, names, step)
    parts = partition(tuple(sets.values()))
    trans = np.zeros((len(states) + 1, parts.size), np.int32)
    for column, members in enumerate(parts.members):
        classes = [cls for cls in range(parts.size) if members >> cls & 1]
        trans[1:, classes] = table[:, [column]]
    accept = np.array([False, *map(accepts, states)]).astype(np.uint8)
    return canonical(trans, accept, 1, parts.bounds, parts.classes)
