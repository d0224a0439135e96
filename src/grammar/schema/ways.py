"""Ways to finish an object of which clauses must hold: one atom of each clause, and what they ask of members to come.

A search clause by clause: what can be fulfilled in one way only is, then the clause with the fewest alternatives is
tried, those that ask for no member first (Davis, Logemann and Loveland, *A machine program for theorem proving*)::

    (all "a" are false, or some "b")  and  (some "c" is V)
        some "c" is V, the only atom of its clause
            all "a" are false                       one way
            some "b"                                another

A member that must be there has to have a value: what the subschemas say of it together with all that is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from ...errors import LimitError
from .atoms import AllMembers, Atom, Clause, Clauses, Length, NameSet, SomeMember, hold
from .key_language import KeyLanguage
from .members import NO_MORE, Further, Label, MemberSource
from .objects import Family, ObjectState
from .shapes import Conjunction
from .verdicts import joined

__all__ = ["Ways"]

_MOST_STEPS = 20_000
"""Choices that a search may make."""

Possible = Callable[[Conjunction], bool]
"""Whether a conjunction has values."""


class Ways:
    """Finds ways to finish the objects of one document.

    Args:
        source: the members of the conjunctions.
        contains: whether a set of names has a name.
    """

    def __init__(
        self,
        source: MemberSource,
        contains: Callable[[NameSet, str], bool],
    ) -> None:
        self._source = source
        self._contains = contains
        self._values: dict[tuple[Family, str], Conjunction] = {}
        self._fresh: dict[tuple[Family, Label, int], list[str]] = {}

    def of(self, state: ObjectState, used: frozenset[str], possible: Possible, fewest: int = 0) -> Iterator[Further]:
        """What to ask of the members still to come, in each way. None of them may have members.

        Exponential in the clauses at worst; the first way is found at once where clauses are independent.

        Args:
            state: the state.
            used: all keys that cannot come any more.
            possible: whether a conjunction has values.
            fewest: members that must still come.
        """
        needed = self._source.members(state.family.objects, NO_MORE)
        named = tuple((name, ()) for name in needed.keys if name in needed.required and name not in used)
        start = Further(named, (), used, state.count, fewest)
        for one in self._common(state.clauses):
            yield from self._fulfil(state.family, one, start, possible)
        yield from self._choose(state.family, state.clauses, start, possible, [_MOST_STEPS])

    def _common(self, clauses: Clauses) -> list[Atom]:
        """The atoms that are in all clauses, where there are several: each of them is enough by itself."""
        if len(clauses) < 2:
            return []
        shared = set(clauses[0]).intersection(*clauses[1:])
        return sorted((one for one in clauses[0] if one in shared and not isinstance(one, tuple)), key=_effort)

    def value(self, family: Family, name: str) -> Conjunction:
        """What the subschemas of a family say of the value of a key."""
        found = self._values.get((family, name))
        if found is None:
            members = self._source.members(family.objects, Further(everywhere=((name, ()),)))
            found = self._values[family, name] = members.keys[name]
        return found

    def _choose(
        self, family: Family, clauses: Clauses, further: Further, possible: Possible, steps: list[int]
    ) -> Iterator[Further]:
        result = self._propagate(family, clauses, further, possible, steps)
        if result is None:
            return
        left, further = result
        if not left:
            yield further
            return
        chosen: Clause | None = None
        for clause in left:
            others = tuple(one for one in left if one is not clause)
            viable = tuple(
                one
                for one in clause
                if not isinstance(one, tuple)
                or self._propagate(family, (*one, *others), further, possible, steps) is not None
            )
            if chosen is None or len(viable) < len(chosen):
                chosen, rest = viable, others
        for one in sorted(chosen or (), key=_effort):
            if isinstance(one, tuple):
                yield from self._choose(family, (*one, *rest), further, possible, steps)
                continue
            for more in self._fulfil(family, one, further, possible):
                yield from self._choose(family, rest, more, possible, steps)

    def _propagate(
        self, family: Family, clauses: Clauses, further: Further, possible: Possible, steps: list[int]
    ) -> tuple[Clauses, Further] | None:
        """Fulfil the clauses that can be fulfilled in one way only; None if there is one that cannot be.

        Returns:
            The other clauses, without the atoms that cannot be fulfilled, and what is asked then.
        """
        changed = True
        while changed:
            changed = False
            steps[0] -= 1
            if steps[0] < 0:
                raise LimitError(
                    f"whether an object can be finished was not found out in {_MOST_STEPS:,} steps",
                    hint="the keywords that speak of several members at once have too many combinations here",
                )
            left: dict[Clause, None] = {}
            for clause in clauses:
                if hold((clause,), partial(self._said, family, further)):
                    continue
                viable = tuple(
                    one for one in clause if isinstance(one, tuple) or self._can(family, one, further, possible)
                )
                if not viable:
                    return None
                only = viable[0] if len(viable) == 1 else None
                if isinstance(only, tuple):
                    left.update(dict.fromkeys(only))
                    changed = True
                    continue
                ways = list(islice(self._fulfil(family, only, further, possible), 2)) if only is not None else []
                if len(ways) == 1:
                    further = ways[0]
                    changed = True
                else:
                    left.setdefault(viable)
            clauses = tuple(left)
        return clauses, further

    def _can(self, family: Family, atom: Atom, further: Further, possible: Possible) -> bool:
        """True if an atom can be fulfilled by itself."""
        return next(self._fulfil(family, atom, further, possible), None) is not None

    def _fulfil(self, family: Family, atom: Atom, further: Further, possible: Possible) -> Iterator[Further]:
        """What is asked together with one atom, in each way in which that can be fulfilled."""
        named, everywhere = further.named, further.everywhere
        used, count, fewest, most = further.used, further.count, further.fewest, further.most
        if isinstance(atom, Length):
            bounds = [bound for bound in (most, atom.most) if bound is not None]
            yield Further(named, everywhere, used, count, max(fewest, atom.least), min(bounds, default=None))
        elif isinstance(atom, AllMembers):
            more = Further(named, (*everywhere, (atom.names, atom.value)), used, count, fewest, most)
            if all(possible(self._asked(family, more, name)) for name, _ in named if self._meant(atom.names, name)):
                yield more
        elif isinstance(atom, SomeMember):
            for name in self._candidates(family, atom.names, atom.value, further, possible):
                more = Further((*named, (name, atom.value)), everywhere, used, count, fewest, most)
                if possible(self._asked(family, more, name)):
                    yield more

    def _meant(self, names: str | NameSet, name: str) -> bool:
        return names == name if isinstance(names, str) else self._contains(names, name)

    def _asked(self, family: Family, further: Further, name: str) -> Conjunction:
        """All that the value of a key must be."""
        value = self.value(family, name)
        more = [index for chosen, asked in further.named if chosen == name for index in asked]
        more.extend(index for names, asked in further.everywhere if self._meant(names, name) for index in asked)
        return tuple(sorted({*value, *more})) if more else value

    def _said(self, family: Family, further: Further, atom: Atom) -> bool:
        """True if what is asked already fulfils an atom."""
        if isinstance(atom, AllMembers):
            return (atom.names, atom.value) in further.everywhere or atom.names in further.used
        if not isinstance(atom, SomeMember):
            return False
        there = (name for name, _ in further.named if self._meant(atom.names, name))
        if not atom.value:
            return next(there, None) is not None
        return any(set(atom.value) <= set(self._asked(family, further, name)) for name in there)

    def _candidates(
        self, family: Family, names: str | NameSet, value: Conjunction, further: Further, possible: Possible
    ) -> Iterator[str]:
        """Names that a member can be given: those chosen, those of the family, and one new for each kind of value."""
        if isinstance(names, str):
            if names not in further.used:
                yield names
            return
        known = dict.fromkeys((*(name for name, _ in further.named), *family.names))
        yield from (name for name in known if name not in further.used and self._contains(names, name))
        language = self._source.labelled(family.objects, family.names, family.name_sets)
        number = family.name_sets.index(names)
        within = [(family.name_sets.index(one), more) for one, more in further.everywhere if isinstance(one, NameSet)]
        for label in dict.fromkeys(label for label in language.labels if label is not None and number in label[1]):
            kind = joined(label[0], value)
            for one, more in within:
                if one in label[1]:
                    kind = joined(kind, more)
            if possible(kind):
                names_known = {*known, *further.used}
                found = self._new(family, language, label, len(names_known) + 1)
                new = (name for name in found if name not in names_known)
                yield from islice(new, 1)

    def _new(self, family: Family, language: KeyLanguage[Label], label: Label, wanted: int) -> list[str]:
        """Short undeclared keys with a label, as many as wanted if there are so many."""
        found = self._fresh.get((family, label, wanted))
        if found is None:
            found = []
            for name, _ in language.kept(label.__eq__).names(wanted):
                found.append(name)
                if len(found) == wanted:
                    break
            self._fresh[family, label, wanted] = found
        return found


def _effort(one: Atom | Clauses) -> int:
    """How much is asked for: atoms that ask for no member first, several clauses last."""
    if isinstance(one, tuple):
        return 4
    if isinstance(one, SomeMember):
        return 3 if one.value else 2
    return 0 if isinstance(one, AllMembers) else 1
