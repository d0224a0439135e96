"""Arrays of which clauses must hold: what is left of the clauses after each item.

A state is derived from the state before when an item is read, as for objects (``objects.py``)::

    {"contains": C, "prefixItems": [A]}      state 0: some item is C           at item 0
      after an item that is C                state 1: nothing                  at item 1
      after one that is not                  state 2: some item is C           at item 1

Where no two items may be equal, or some two must be, a state knows the values so far. What the value of an item is
shows only when its text is over: :meth:`Arrays.after_value` then leads from the state without it to the one with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from .atoms import (
    FALSE,
    AllItems,
    Atom,
    Clauses,
    Contains,
    ContainsAtMost,
    Duplicate,
    SomeItem,
    Unique,
    atoms_of,
    hold,
    left_of,
)
from .document import Document
from .members import Items
from .shapes import Conjunction
from .values import canonical, to_json
from .verdicts import Verdicts, classes_of

__all__ = ["ArrayFamily", "ArrayState", "Arrays"]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFamily:
    """An array schema with clauses, which its states share.

    Attributes:
        arrays: the subschemas that hold besides.
        items: what they say of the items.
        settled: from this item on, all items are alike.
    """

    arrays: Conjunction
    items: Items
    settled: int


@dataclass(frozen=True, slots=True)
class ArrayState:
    """What is left to be said of an array.

    Attributes:
        family: the array schema.
        clauses: those that are not fulfilled yet; never an empty one.
        index: how many items there are so far, as far as it matters.
        values: the numbers of the values so far, if it matters which.
        pending: the value of the last item is not among them yet.
    """

    family: ArrayFamily
    clauses: Clauses
    index: int = 0
    values: frozenset[int] = frozenset()
    pending: bool = False

    @property
    def remembers(self) -> bool:
        """True if it matters which values there are."""
        return any(isinstance(atom, (Unique, Duplicate)) for atom in atoms_of(self.clauses))

    @property
    def finished(self) -> bool:
        """True if no more items need come."""
        return self.index >= self.family.items.fewest and hold(
            self.clauses, lambda atom: isinstance(atom, (AllItems, ContainsAtMost, Unique))
        )


class ItemSource(Protocol):
    """What is known of the items of the arrays of a document."""

    def items(self, conjuncts: Conjunction) -> Items:
        """The items of a conjunction."""


class Arrays:
    """Derives the states of the arrays of one document.

    Args:
        document: the document.
        source: the items of the conjunctions.
    """

    def __init__(self, document: Document, source: ItemSource) -> None:
        self._document = document
        self._source = source
        self._families: dict[tuple[Conjunction, Clauses], ArrayFamily] = {}
        self._numbers: dict[bytes, int] = {}
        self._texts: list[bytes] = []
        self._enums: dict[frozenset[int], int] = {}

    def start(self, arrays: Conjunction, clauses: Clauses) -> ArrayState:
        """The state before the first item."""
        key = (arrays, clauses)
        family = self._families.get(key)
        if family is None:
            items = self._source.items(arrays)
            settled = max(len(items.prefix), items.fewest, items.most or 0)
            for atom in atoms_of(clauses):
                if isinstance(atom, (SomeItem, AllItems)):
                    settled = max(settled, atom.first, atom.last or 0)
            family = self._families[key] = ArrayFamily(arrays, items, settled)
        return ArrayState(family, clauses)

    def after_item(
        self, state: ArrayState, possible: Callable[[Conjunction], bool]
    ) -> list[tuple[Conjunction, ArrayState]]:
        """The classes of the next item, with the state behind each; it is ``pending`` if it remembers values.

        Args:
            state: the state before the item.
            possible: whether a conjunction has values.
        """
        items, index = state.family.items, state.index
        if items.most is not None and index >= items.most:
            return []
        asked = [
            atom.value
            for atom in atoms_of(state.clauses)
            if isinstance(atom, (Contains, ContainsAtMost))
            or (isinstance(atom, (SomeItem, AllItems)) and _at(atom, index))
        ]
        repeated: Conjunction = ()
        if state.remembers and state.values:
            repeated = (self.one_of(state.values),)
            asked.append(repeated)
        results = []
        for conjuncts, verdicts in classes_of(self._document, items.at(index), asked, possible):
            again = bool(repeated) and verdicts[repeated]
            clauses = left_of(state.clauses, partial(_left, index=index, verdicts=verdicts, again=again))
            if clauses != FALSE:
                following = replace(state, clauses=clauses, index=min(index + 1, state.family.settled))
                results.append(
                    (conjuncts, replace(following, pending=True) if following.remembers else _forget(following))
                )
        return results

    def after_value(self, state: ArrayState, text: bytes) -> ArrayState:
        """A pending state once the text of its last item is known."""
        return self.with_value(state, self.value(text))

    def with_value(self, state: ArrayState, value: int) -> ArrayState:
        """A pending state once the number of the value of its last item is known."""
        return replace(state, values=state.values | {value}, pending=False)

    def value(self, text: bytes) -> int:
        """The number of the value of a JSON text: equal values have equal numbers."""
        number = self._numbers.setdefault(canonical(text), len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def one_of(self, values: frozenset[int]) -> int:
        """The index of the subschema of the values with some numbers."""
        found = self._enums.get(values)
        if found is None:
            listed = [to_json(self._texts[number]) for number in sorted(values)]
            found = self._enums[values] = self._document.synthetic({"enum": listed}, "").index
        return found

    def none_of(self, values: frozenset[int]) -> int:
        """The index of the subschema of all other values."""
        return self._document.opposite(self._document.subschemas[self.one_of(values)]).index


def _forget(state: ArrayState) -> ArrayState:
    return replace(state, values=frozenset()) if state.values else state


def _at(atom: SomeItem | AllItems, index: int) -> bool:
    """True if an atom speaks of an item."""
    return atom.first <= index and (atom.last is None or index < atom.last)


def _left(atom: Atom, index: int, verdicts: Verdicts, again: bool) -> Atom | bool:
    """What is left of an atom after item ``index``."""
    if isinstance(atom, (SomeItem, AllItems)):
        some = isinstance(atom, SomeItem)
        holds = verdicts[atom.value] if _at(atom, index) else not some
        if holds is some:
            return holds
        return holds if atom.last is not None and index + 1 >= atom.last else atom
    if isinstance(atom, Contains):
        count = atom.count - int(verdicts[atom.value])
        return count == 0 or Contains(atom.value, count)
    if isinstance(atom, ContainsAtMost):
        count = atom.count - int(verdicts[atom.value])
        return count >= 0 and ContainsAtMost(atom.value, count)
    if isinstance(atom, Unique):
        return not again and atom
    if isinstance(atom, Duplicate):
        return again or atom
    raise TypeError(f"{atom} does not speak of arrays")
