"""Objects of which clauses must hold: what is left of the clauses after each member.

A state is what the members so far leave to be said; it is derived from the state before when a member is read, in the
manner of Brzozowski's derivatives (*Derivatives of regular expressions*, 1964)::

    not ("kind" is "a"), or all "size" are numbers        state 0
      after "kind": "b"       nothing                     no state: a plain object from here on
      after "kind": "a"       all "size" are numbers      state 1
      after "size": true      not ("kind" is "a")         state 2

What a member's value must be is divided into classes with one answer to each question of the clauses
(``verdicts.py``); each class leads to a state of its own. Whether a state can be finished is a search (``ways.py``).
States without clauses are plain objects, which the machine handles alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .atoms import FALSE, AllMembers, Atom, Clauses, Length, NameSet, SomeMember, atoms_of, hold, left_of
from .document import Document
from .members import NO_MORE, Label, MemberSource
from .shapes import Conjunction
from .verdicts import Verdicts, classes_of

__all__ = ["Family", "ObjectState", "Objects"]

_FEW_NAMES = 64
"""Undeclared names up to which each is told from the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """An object schema with clauses, which its states share.

    Attributes:
        objects: the subschemas that hold besides.
        clauses: those at the start.
        names: declared keys and those that the clauses name, in the schema's order.
        place: their places.
        name_sets: the sets of names of the clauses.
        tracked: the keys of which a state knows whether they were there.
        counted: whether a state knows the number of members.
    """

    objects: Conjunction
    clauses: Clauses
    names: tuple[str, ...]
    place: dict[str, int]
    name_sets: tuple[NameSet, ...]
    tracked: frozenset[str]
    counted: bool


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What is left to be said of an object.

    Attributes:
        family: the object schema.
        clauses: those that are not fulfilled yet; never an empty one.
        used: the tracked keys that cannot come any more.
        count: members so far, if they are counted.
    """

    family: Family
    clauses: Clauses
    used: frozenset[str] = frozenset()
    count: int = 0

    @property
    def finished(self) -> bool:
        """True if the clauses hold if no more members come."""
        return hold(
            self.clauses,
            lambda atom: isinstance(atom, AllMembers) or (isinstance(atom, Length) and atom.least == 0),
        )


class Objects:
    """Derives the states of the objects of one document.

    Args:
        document: the document.
        source: the members of the conjunctions.
        contains: whether a set of names has a name.
        ordered: whether keys come in the schema's order.
    """

    def __init__(
        self,
        document: Document,
        source: MemberSource,
        contains: Callable[[NameSet, str], bool],
        *,
        ordered: bool,
    ) -> None:
        self._document = document
        self._source = source
        self._contains = contains
        self._ordered = ordered
        self._families: dict[tuple[Conjunction, Clauses], Family] = {}

    def start(self, objects: Conjunction, clauses: Clauses) -> ObjectState:
        """The state before the first member."""
        key = (objects, clauses)
        family = self._families.get(key)
        if family is None:
            family = self._families[key] = self._family(objects, clauses)
        return ObjectState(family, clauses)

    def _family(self, objects: Conjunction, clauses: Clauses) -> Family:
        members = self._source.members(objects, NO_MORE)
        names = dict.fromkeys(members.keys)
        sets: dict[NameSet, None] = {}
        mentioned: set[str] = set()
        lengths = False
        for atom in atoms_of(clauses):
            if isinstance(atom, (SomeMember, AllMembers)):
                if isinstance(atom.names, str):
                    names.setdefault(atom.names)
                    mentioned.add(atom.names)
                else:
                    sets.setdefault(atom.names)
            lengths = lengths or isinstance(atom, Length)
        counted = lengths or members.fewest > 0 or members.most is not None
        if sets:
            few = self._few_names(objects, tuple(names), tuple(sets))
            names.update(dict.fromkeys(few))
            mentioned.update(few)
        tracked = frozenset(names) if counted or self._ordered else frozenset(mentioned)
        place = {name: at for at, name in enumerate(names)}
        return Family(objects, clauses, tuple(names), place, tuple(sets), tracked, counted)

    def _few_names(self, objects: Conjunction, names: tuple[str, ...], sets: tuple[NameSet, ...]) -> list[str]:
        """The undeclared keys in sets of names that have few of them: it matters which of these were there."""
        language = self._source.labelled(objects, names, sets)
        found: list[str] = []
        for number in range(len(sets)):
            inside = {label for label in language.labels if label is not None and number in label[1]}
            within = language.kept(inside.__contains__)
            count = 0 if within.empty else int(within.words()[within.automaton.start])
            if 0 < count <= _FEW_NAMES:
                found.extend(name for name, _ in within.names(count))
        return found

    def after_key(
        self, state: ObjectState, name: str, value: Conjunction, possible: Callable[[Conjunction], bool]
    ) -> list[tuple[Conjunction, ObjectState]]:
        """The classes of the value of a key of the family, with the state behind each.

        Args:
            state: the state before the member.
            name: the key.
            value: what its value must be, by the subschemas.
            possible: whether a conjunction has values.
        """
        if name in state.used:
            return []

        def meant(names: str | NameSet) -> bool:
            return names == name if isinstance(names, str) else self._contains(names, name)

        family = state.family
        used = state.used
        if self._ordered:
            used = frozenset((*used, *family.names[: family.place[name] + 1]))
        elif name in family.tracked:
            used = used | {name}
        return self._after(state, value, meant, used, possible)

    def after_other(
        self, state: ObjectState, label: Label, possible: Callable[[Conjunction], bool]
    ) -> list[tuple[Conjunction, ObjectState]]:
        """The classes of the value of an undeclared key, with the state behind each."""
        value, numbers = label
        within = {state.family.name_sets[number] for number in numbers}
        used = frozenset(state.family.names) if self._ordered else state.used
        return self._after(state, value, within.__contains__, used, possible)

    def _after(
        self,
        state: ObjectState,
        value: Conjunction,
        meant: Callable[[str | NameSet], bool],
        used: frozenset[str],
        possible: Callable[[Conjunction], bool],
    ) -> list[tuple[Conjunction, ObjectState]]:
        asked = [
            atom.value
            for atom in atoms_of(state.clauses)
            if isinstance(atom, (SomeMember, AllMembers)) and meant(atom.names)
        ]
        count = state.count + 1 if state.family.counted else 0
        results = []
        for conjuncts, verdicts in classes_of(self._document, value, asked, possible):
            clauses = left_of(state.clauses, partial(_left, meant=meant, verdicts=verdicts, used=used))
            if clauses != FALSE:
                results.append((conjuncts, ObjectState(state.family, clauses, used, count)))
        return results


def _left(atom: Atom, meant: Callable[[str | NameSet], bool], verdicts: Verdicts, used: frozenset[str]) -> Atom | bool:
    """What is left of an atom after a member."""
    if isinstance(atom, Length):
        least = max(atom.least - 1, 0)
        if least == 0 and atom.most is None:
            return True
        return atom.most != 0 and Length(least, None if atom.most is None else atom.most - 1)
    if isinstance(atom, (SomeMember, AllMembers)):
        some = isinstance(atom, SomeMember)
        holds = verdicts[atom.value] if meant(atom.names) else not some
        if holds is some:
            return holds
        return holds if isinstance(atom.names, str) and atom.names in used else atom
    raise TypeError(f"{atom} does not speak of objects")
