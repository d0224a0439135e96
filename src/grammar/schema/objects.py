"""Objects of which clauses must hold: what is left of the clauses after each member.

A state is what the members so far leave to be said; it is derived from the state before when a member is read, in the
manner of Brzozowski's derivatives (*Derivatives of regular expressions*, 1964)::

    not ("kind" is "a"), or all "size" are numbers        state 0
      after "kind": "b"       nothing                     no state: a plain object from here on
      after "kind": "a"       all "size" are numbers      state 1
      after "size": true      not ("kind" is "a")         state 2

What a member's value must be is divided into classes with one answer to each question of the clauses
(``verdicts.py``); each class leads to a state of its own. Whether a state can be finished is a search for one way to
fulfil each clause (:meth:`Objects.ways`). States without clauses are plain objects, which the machine handles alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from .atoms import AllMembers, Atom, Clause, Clauses, Length, NameSet, SomeMember
from .document import Document
from .key_language import KeyLanguage
from .members import NO_MORE, Further, Label, Members
from .shapes import Conjunction
from .verdicts import Verdicts, classes_of, joined

__all__ = ["Family", "ObjectState", "Objects"]


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
        return all(
            any(isinstance(atom, AllMembers) or (isinstance(atom, Length) and atom.least == 0) for atom in clause)
            for clause in self.clauses
        )


class Objects:
    """Derives the states of the objects of one document.

    Args:
        document: the document.
        members: the members of a conjunction, of those that are still to come.
        labelled: the keys that a conjunction does not declare, labelled by their values and by some sets of names.
        contains: whether a set of names has a name.
        ordered: whether keys come in the schema's order.
    """

    def __init__(
        self,
        document: Document,
        members: Callable[[Conjunction, Further], Members],
        labelled: Callable[[Conjunction, Further, tuple[str, ...], tuple[NameSet, ...]], KeyLanguage[Label]],
        contains: Callable[[NameSet, str], bool],
        *,
        ordered: bool,
    ) -> None:
        self._document = document
        self._members = members
        self._labelled = labelled
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
        members = self._members(objects, NO_MORE)
        names = dict.fromkeys(members.keys)
        sets: dict[NameSet, None] = {}
        mentioned: set[str] = set()
        lengths = False
        for clause in clauses:
            for atom in clause:
                if isinstance(atom, (SomeMember, AllMembers)):
                    if isinstance(atom.names, str):
                        names.setdefault(atom.names)
                        mentioned.add(atom.names)
                    else:
                        sets.setdefault(atom.names)
                lengths = lengths or isinstance(atom, Length)
        counted = lengths or members.fewest > 0 or members.most is not None
        tracked = frozenset(names) if counted or self._ordered else frozenset(mentioned)
        place = {name: at for at, name in enumerate(names)}
        return Family(objects, clauses, tuple(names), place, tuple(sets), tracked, counted)

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
            for clause in state.clauses
            for atom in clause
            if isinstance(atom, (SomeMember, AllMembers)) and meant(atom.names)
        ]
        count = state.count + 1 if state.family.counted else 0
        results = []
        for conjuncts, verdicts in classes_of(self._document, value, asked, possible):
            clauses: dict[Clause, None] = {}
            for clause in state.clauses:
                left = _left(clause, meant, verdicts, used)
                if left is not None:
                    clauses.setdefault(left)
            if () not in clauses:
                results.append((conjuncts, ObjectState(state.family, tuple(clauses), used, count)))
        return results

    def ways(
        self, state: ObjectState, used: frozenset[str], possible: Callable[[Conjunction], bool], fewest: int = 0
    ) -> Iterator[Further]:
        """Ways to fulfil the clauses: what to ask of the members still to come. None of them may have members.

        Args:
            state: the state.
            used: all keys that cannot come any more.
            possible: whether a conjunction has values.
            fewest: members that must still come.
        """
        clauses = tuple(sorted(state.clauses, key=len))
        return self._choose(state.family, clauses, Further(used=used, count=state.count, fewest=fewest), possible)

    def _choose(
        self, family: Family, clauses: Clauses, further: Further, possible: Callable[[Conjunction], bool]
    ) -> Iterator[Further]:
        if not clauses:
            yield further
            return
        first, rest = clauses[0], clauses[1:]
        if any(_said(atom, further) for atom in first):
            yield from self._choose(family, rest, further, possible)
            return
        for atom in sorted(first, key=_effort):
            for more in self._fulfil(family, atom, further, possible):
                yield from self._choose(family, rest, more, possible)

    def _fulfil(
        self, family: Family, atom: Atom, further: Further, possible: Callable[[Conjunction], bool]
    ) -> Iterator[Further]:
        """What one atom asks of the members still to come, in each way in which it can be fulfilled."""
        if isinstance(atom, Length):
            bounds = [bound for bound in (further.most, atom.most) if bound is not None]
            yield replace(further, fewest=max(further.fewest, atom.least), most=min(bounds, default=None))
        elif isinstance(atom, AllMembers):
            more = replace(further, everywhere=(*further.everywhere, (atom.names, atom.value)))
            if not isinstance(atom.names, str) or all(
                possible(value) for name, value in self._chosen(family, more) if name == atom.names
            ):
                yield more
        elif isinstance(atom, SomeMember):
            for name in self._candidates(family, atom.names, atom.value, further, possible):
                more = replace(further, named=(*further.named, (name, atom.value)))
                if all(possible(value) for chosen, value in self._chosen(family, more) if chosen == name):
                    yield more

    def _chosen(self, family: Family, further: Further) -> list[tuple[str, Conjunction]]:
        """What the members that must be there have to be."""
        members = self._members(family.objects, further)
        return [(name, members.keys[name]) for name, _ in further.named]

    def _candidates(
        self,
        family: Family,
        names: str | NameSet,
        value: Conjunction,
        further: Further,
        possible: Callable[[Conjunction], bool],
    ) -> list[str]:
        """Names that a member can be given: those of the family, those chosen, and one new for each kind of value."""
        if isinstance(names, str):
            return [] if names in further.used else [names]
        known = dict.fromkeys((*(name for name, _ in further.named), *family.names))
        found = [name for name in known if name not in further.used and self._contains(names, name)]
        language = self._labelled(family.objects, further, family.names, (names,))
        for label in dict.fromkeys(label for label in language.labels if label is not None and label[1]):
            if possible(joined(label[0], value)):
                new = (name for name, _ in language.kept(label.__eq__).names(len(known) + 1) if name not in known)
                found.extend(islice(new, 1))
        return found


def _effort(atom: Atom) -> int:
    """How much an atom asks for: those that ask for no member first."""
    if isinstance(atom, AllMembers):
        return 0
    return 1 if isinstance(atom, Length) else 2


def _said(atom: Atom, further: Further) -> bool:
    """True if what is asked already fulfils an atom."""
    if isinstance(atom, AllMembers):
        return (atom.names, atom.value) in further.everywhere or atom.names in further.used
    return isinstance(atom, SomeMember) and (atom.names, atom.value) in further.named


def _left(
    clause: Clause, meant: Callable[[str | NameSet], bool], verdicts: Verdicts, used: frozenset[str]
) -> Clause | None:
    """What is left of a clause after a member; None if it is fulfilled."""
    left: list[Atom] = []
    for atom in clause:
        if isinstance(atom, Length):
            least = max(atom.least - 1, 0)
            if least == 0 and atom.most is None:
                return None
            if atom.most is None or atom.most > 0:
                left.append(Length(least, None if atom.most is None else atom.most - 1))
        elif isinstance(atom, (SomeMember, AllMembers)):
            gone = isinstance(atom.names, str) and atom.names in used
            some = isinstance(atom, SomeMember)
            holds = verdicts[atom.value] if meant(atom.names) else not some
            if (some and holds) or (gone and not some and holds):
                return None
            if not gone and (some or holds):
                left.append(atom)
    return tuple(dict.fromkeys(left))
