"""Number specs: the numbers of a shape in the machine's tables, by the fast kinds where they will do."""

from __future__ import annotations

from ...kernels.columns import Column
from ...kernels.opcodes import NumberKind
from ...kernels.records import BOUNDS_FIELDS, NUMBER_FIELDS
from .decimals import Number
from .lazy_states import LazyStates, Tables
from .number_lengths import shortest
from .number_sets import NumberSet
from .numbers import (
    PLAIN_ZEROS,
    Bounds,
    Interval,
    interval_of,
    kept_numbers,
    lazy_sets,
    normalised,
    without_multiples,
)
from .shapes import Shape

__all__ = ["NumberSpecs"]

_NONE = -1


class NumberSpecs:
    """The number specs of one machine.

    Args:
        tables: where the records go.
        plain: numbers in their plain spelling only.
    """

    def __init__(self, tables: Tables, *, plain: bool) -> None:
        self._tables = tables
        self._plain = plain
        self._states = LazyStates(tables)
        self._singles: dict[tuple[NumberKind, Number | None, bool], int] = {}
        self._intervals: dict[tuple[Interval, bool], int] = {}
        self._lazy: dict[NumberSet, int] = {}

    def specs(self, shape: Shape) -> list[int]:
        """The specs of a shape's numbers, which are alternatives; none if it has no numbers."""
        sets = lazy_sets(shape, plain=self._plain)
        if sets is not None:
            automata = [(one, self._states.automaton(one)) for one in sets]
            return [self._automatic(one) for one, automaton in automata if not automaton.empty]
        shape = without_multiples(shape)
        literal = self._plain or shape.number is NumberKind.INTEGER_LITERAL
        if shape.numbers is not None:
            return [
                self._single(NumberKind.EQUAL, number, literal and abs(number[2]) <= PLAIN_ZEROS)
                for number in kept_numbers(shape)
            ]
        interval = interval_of(shape)
        if interval is None:
            kind = shape.number
            if kind is NumberKind.INTEGER and self._plain:
                kind = NumberKind.INTEGER_LITERAL
            return [self._single(kind, None, False)]
        return [] if interval.empty else [self._interval(interval, literal)]

    def lower_state(self, state: int) -> None:
        """Fill in the transitions of a LAZY state."""
        self._states.fill(state)

    def words(self, state: int) -> str:
        """What a number must be that is read in a LAZY state."""
        return self._states.state(state)[0].numbers.words

    def completion(self, state: int) -> bytes:
        """The shortest bytes after which a number may end that is read in a LAZY state."""
        return shortest(*self._states.state(state))

    def _automatic(self, numbers: NumberSet) -> int:
        found = self._lazy.get(numbers)
        if found is None:
            start = self._states.start(self._states.automaton(numbers))
            found = self._lazy[numbers] = self._append([NumberKind.LAZY, start, 0, 0, 0, 0])
        return found

    def _append(self, record: list[int]) -> int:
        return self._tables.append(Column.NUMBER_SPEC, record) // NUMBER_FIELDS

    def _interval(self, interval: Interval, plain: bool) -> int:
        found = self._intervals.get((interval, plain))
        if found is None:
            sides = [self._bounds(side) for side in (interval.positive, interval.negative)]
            found = self._append([NumberKind.RANGE, *sides, int(interval.zero), int(interval.whole), int(plain)])
            self._intervals[interval, plain] = found
        return found

    def _bounds(self, bounds: Bounds | None) -> int:
        if bounds is None:
            return _NONE
        record: list[int] = []
        for value, strict in ((bounds.low, bounds.low_strict), (bounds.high, bounds.high_strict)):
            digits, exponent = normalised(value) if value is not None else ("", 0)
            first = self._tables.append(Column.NUMBER_DIGITS, [int(digit) for digit in digits])
            record.extend((int(value is not None), first, len(digits), exponent, int(strict)))
        return self._tables.append(Column.NUMBER_BOUNDS, record) // BOUNDS_FIELDS

    def _single(self, kind: NumberKind, number: Number | None, literal: bool) -> int:
        key = (kind, number, literal)
        found = self._singles.get(key)
        if found is None:
            negative, digits, exponent = number if number is not None else (False, "", 0)
            first = self._tables.append(Column.NUMBER_DIGITS, [int(digit) for digit in digits])
            found = self._singles[key] = self._append([kind, first, len(digits), exponent, int(negative), int(literal)])
        return found
