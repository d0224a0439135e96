"""What can still come of an object or an array of which clauses must hold: whether it can be finished, and how.

Objects are finished by asking further members for one atom of each clause (:meth:`Objects.ways`), arrays by the
shortest way through their states (Dijkstra, *A note on two problems in connexion with graphs*, 1959), an edge being the
shortest item that leads from one to the next.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Protocol

from ..regex import CharDfa
from .arrays import Arrays, ArrayState
from .atoms import Duplicate, NameSet, atoms_of
from .document import Conjunction, Document
from .members import Items, Label, Members, MemberSource
from .objects import Objects, ObjectState
from .shapes import Shape, Types
from .verdicts import joined
from .ways import Ways

__all__ = ["WAYS", "Residuals", "Schemas"]

Text = Callable[[Conjunction], bytes | None]
"""The shortest value of a conjunction, or None."""

_FEW = 4
"""Clauses up to which ways are compared."""

WAYS = 8
"""Ways to fulfil the clauses of an object of which the shortest is taken."""


class Schemas(MemberSource, Protocol):
    """What is known of the conjunctions of a document."""

    def shapes(self, conjuncts: Conjunction) -> list[Shape]:
        """The alternatives."""

    def items(self, conjuncts: Conjunction) -> Items:
        """The items of arrays."""

    def name_set(self, names: NameSet) -> CharDfa:
        """The names of a set."""

    def object_text(self, members: Members, at: Text) -> bytes | None:
        """The shortest members of an object."""

    def value(self, conjuncts: Conjunction) -> bytes | None:
        """The shortest value."""

    def satisfiable(self, conjuncts: Conjunction) -> bool:
        """True if there is a value."""


class Residuals:
    """Finishes the objects and arrays of one document.

    Args:
        document: the document.
        schemas: what is known of its conjunctions.
        ordered: keys come in the schema's order.
    """

    def __init__(self, document: Document, schemas: Schemas, *, ordered: bool) -> None:
        self._schemas = schemas
        self._lives: dict[ObjectState | ArrayState, bool] = {}

        def contains(names: NameSet, name: str) -> bool:
            return schemas.name_set(names).accepts(name)

        self.objects = Objects(document, schemas, contains, ordered=ordered)
        self.ways = Ways(schemas, contains)
        self.arrays = Arrays(document, schemas)

    def object_text(
        self, state: ObjectState, used: frozenset[str], at: Text, fewest: int = 0, ways: int = WAYS
    ) -> bytes | None:
        """Short members that finish an object, without the brace; None if nothing finishes it.

        Args:
            state: the state.
            used: all keys that cannot come any more.
            at: shortest values.
            fewest: members that must come at least.
            ways: how many ways to compare.
        """
        objects = state.family.objects
        tried = self.ways.of(state, used, lambda conjuncts: at(conjuncts) is not None, fewest)
        texts = (self._schemas.object_text(self._schemas.members(objects, way), at) for way in tried)
        found = islice((text for text in texts if text is not None), ways if len(state.clauses) <= _FEW else 1)
        return min(found, key=lambda text: (len(text), text), default=None)

    def array_text(self, state: ArrayState, at: Text, fewest: int = 0) -> bytes | None:
        """The shortest items that finish an array, without the bracket; None if nothing finishes it.

        Args:
            state: the state; not a pending one.
            at: shortest values.
            fewest: items that must come at least.
        """
        order = count()
        waiting: list[tuple[int, int, bytes, int, ArrayState]] = [(0, 0, b"", fewest, state)]
        seen: set[tuple[int, ArrayState]] = set()
        while waiting:
            _, _, text, wanted, one = heapq.heappop(waiting)
            if one.finished and wanted <= 0:
                return text
            if (wanted, one) in seen:
                continue
            seen.add((wanted, one))
            for item, following in self._items(one, at):
                if not wanted and not _helps(one, following):
                    continue
                longer = text + b"," + item if text else item
                heapq.heappush(waiting, (len(longer), next(order), longer, max(wanted - 1, 0), following))
        return None

    def _items(self, state: ArrayState, at: Text) -> Iterator[tuple[bytes, ArrayState]]:
        """The shortest items of each class, with the states behind them."""
        for conjuncts, following in self.arrays.after_item(state, lambda one: at(one) is not None):
            text = at(conjuncts)
            if text is None or not following.pending:
                if text is not None:
                    yield text, following
                continue
            for other in self._distinct(conjuncts, self._choices(following), at):
                yield other, self.arrays.after_value(following, other)

    def _choices(self, state: ArrayState) -> int:
        """How many different values an item may have to be tried with: those to come may need the first of them."""
        items = state.family.items
        ahead = {items.at(index) for index in range(state.index, min(items.fewest, len(items.prefix) + 1))}
        return 1 if len(ahead) <= 1 else items.fewest - state.index + len(state.values) + 1

    def _distinct(self, conjuncts: Conjunction, wanted: int, at: Text) -> Iterator[bytes]:
        """Different values of a conjunction, short ones first, as many as wanted if there are so many."""
        taken: frozenset[int] = frozenset()
        for _ in range(wanted):
            rest = joined(conjuncts, (self.arrays.none_of(taken),)) if taken else conjuncts
            text = at(rest)
            if text is None:
                return
            yield text
            taken |= {self.arrays.value(text)}

    def has_more(self, conjuncts: Conjunction, count: int) -> bool:
        """True if a conjunction has more different values than that."""
        if any(map(self._endless, self._schemas.shapes(conjuncts))):
            return True
        return len(list(self._distinct(conjuncts, count + 1, self._schemas.value))) > count

    def _endless(self, shape: Shape) -> bool:
        """True if a shape plainly has values without end: an object takes any key, or an array any number of items."""
        schemas = self._schemas
        if shape.types & Types.OBJECT and not shape.object_clauses:
            members = schemas.members(shape.objects)
            open_ended = (
                members.most is None and members.make_others is None and schemas.satisfiable(members.additional)
            )
            if open_ended and schemas.object_text(members, schemas.value) is not None:
                return True
        if shape.types & Types.ARRAY and not shape.array_clauses:
            items = schemas.items(shape.arrays)
            ahead = {items.rest, *items.prefix}
            return items.most is None and all(map(schemas.satisfiable, ahead))
        return False

    def object_lives(self, state: ObjectState) -> bool:
        """True if an object can be finished from a state."""
        found = self._lives.get(state)
        if found is None:
            found = self.object_text(state, state.used, self._schemas.value, ways=1) is not None
            self._lives[state] = found
        return found

    def array_lives(self, state: ArrayState) -> bool:
        """True if an array can be finished from a state that is not pending."""
        found = self._lives.get(state)
        if found is None:
            found = self._lives[state] = state.finished or self.array_text(state, self._schemas.value) is not None
        return found

    def keys(self, state: ObjectState, name: str) -> list[tuple[Conjunction, ObjectState]]:
        """What the value of a key of the family may be, with the states behind it that can be finished."""
        value = self.ways.value(state.family, name)
        found = self.objects.after_key(state, name, value, self._schemas.satisfiable)
        return [(conjuncts, following) for conjuncts, following in found if self.object_lives(following)]

    def others(self, state: ObjectState, label: Label) -> list[tuple[Conjunction, ObjectState]]:
        """What the value of an undeclared key may be, with the states behind it that can be finished."""
        found = self.objects.after_other(state, label, self._schemas.satisfiable)
        return [(conjuncts, following) for conjuncts, following in found if self.object_lives(following)]

    def items(self, state: ArrayState) -> list[tuple[Conjunction, ArrayState]]:
        """What the next item may be, with the states behind it; pending ones can be finished whatever the value is."""
        found = []
        for conjuncts, following in self.arrays.after_item(state, self._schemas.satisfiable):
            if not following.pending:
                if self.array_lives(following):
                    found.append((conjuncts, following))
                continue
            kept = self._without_dead_ends(conjuncts, following)
            if kept is not None:
                found.append((kept, following))
        return found

    def _without_dead_ends(self, conjuncts: Conjunction, state: ArrayState) -> Conjunction | None:
        """The values of an item after which a pending state can be finished; None if there are none.

        Only values that few others could stand for matter: those of items to come that have hardly more values than
        there are items.
        """
        items = state.family.items
        ahead = max(items.fewest - state.index, 0)
        enough = ahead + len(state.values) + sum(1 for _ in atoms_of(state.clauses)) + 1
        scarce: set[int] = set()
        for index in range(state.index, min(state.index + ahead, len(items.prefix) + 1)):
            texts = list(self._distinct(items.at(index), enough + 1, self._schemas.value))
            if len(texts) <= enough:
                scarce.update(self.arrays.value(text) for text in texts)
        dead = frozenset(value for value in scarce if not self.array_lives(self.arrays.with_value(state, value)))
        rest = joined(conjuncts, (self.arrays.none_of(dead),)) if dead else conjuncts
        if not self._schemas.satisfiable(rest):
            return None
        taken = self.arrays.none_of(frozenset((*scarce, *state.values))) if scarce else None
        usual = rest if taken is None else joined(rest, (taken,))
        text = self._schemas.value(usual)
        if text is None or self.array_lives(self.arrays.after_value(state, text)):
            return rest
        alive = scarce - dead
        only = joined(rest, (self.arrays.one_of(frozenset(alive)),)) if alive else None
        return only if only is not None and self._schemas.satisfiable(only) else None


def _helps(before: ArrayState, after: ArrayState) -> bool:
    """False for an item that brings an array no nearer to its end: it only adds to the values that there are.

    One such value helps where two equal ones are wanted.
    """
    if before.clauses != after.clauses or before.index != after.index:
        return True
    return not before.values and any(isinstance(atom, Duplicate) for atom in atoms_of(before.clauses))
