"""The states of automata that are made as texts reach them, as rows of the machine's tables (``kernels/lazy.py``).

::

    NumberAutomaton A    start -> 1    "1" -> 2    "12" -> 7 ...       states of all automata are numbered together
    NumberAutomaton B    start -> 3 ...
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...kernels.columns import Column
from ...kernels.opcodes import UNFILLED
from ...kernels.records import LAZY_LETTERS
from .number_automaton import NumberAutomaton, State
from .number_sets import NumberSet

__all__ = ["LazyStates", "Tables"]


class Tables(Protocol):
    """Where rows go: the arena of a machine."""

    def append(self, column: Column, values: Sequence[int]) -> int:
        """Append elements to a table; returns the index of the first."""

    def write(self, column: Column, first: int, values: Sequence[int]) -> None:
        """Write over elements of a table."""


class LazyStates:
    """Numbers the states of automata and fills in their transitions.

    Args:
        tables: where the rows go.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._automata: dict[NumberSet, NumberAutomaton] = {}
        self._numbers: dict[NumberAutomaton, dict[State, int]] = {}
        self._states: list[tuple[NumberAutomaton, State] | None] = []

    def automaton(self, numbers: NumberSet) -> NumberAutomaton:
        """The automaton of a set of numbers."""
        found = self._automata.get(numbers)
        if found is None:
            found = self._automata[numbers] = NumberAutomaton(numbers)
        return found

    def start(self, automaton: NumberAutomaton) -> int:
        """Number of an automaton's start, filled in."""
        known = self._numbers.get(automaton)
        if known is None:
            if not self._states:  # number 0 is dead
                self._states.append(None)
                self._append([0] * LAZY_LETTERS, [0])
            known = self._numbers[automaton] = {}
            known[automaton.start] = len(self._states)
            self._states.append((automaton, automaton.start))
            self._append([UNFILLED] * LAZY_LETTERS, [0])
            self.fill(known[automaton.start])
        return known[automaton.start]

    def state(self, number: int) -> tuple[NumberAutomaton, State]:
        """A state, and the automaton that it belongs to."""
        found = self._states[number]
        if found is None:
            raise ValueError("the dead state belongs to no automaton")
        return found

    def fill(self, number: int) -> None:
        """Fill in the transitions of a state."""
        automaton, state = self.state(number)
        known = self._numbers[automaton]
        first = len(self._states)
        accepted: list[bool] = []
        row = []
        for following in automaton.row(state):
            target = 0 if following is None else known.get(following, -1)
            if following is not None and target < 0:
                target = known[following] = len(self._states)
                self._states.append((automaton, following))
                accepted.append(automaton.accepts(following))
            row.append(target)
        if accepted:
            self._append([UNFILLED] * (LAZY_LETTERS * (len(self._states) - first)), accepted)
        self._tables.write(Column.LAZY_TRANS, LAZY_LETTERS * number, row)

    def _append(self, rows: list[int], accepted: list[bool] | list[int]) -> None:
        self._tables.append(Column.LAZY_TRANS, rows)
        self._tables.append(Column.LAZY_ACCEPT, accepted)
