"""What a subschema says of an object, or of an array, in conjunctive normal form.

``not``, ``if``, ``dependentSchemas``, ``contains`` and the rest of JSON Schema say that *some* member is so or *all*
members are so, joined by and, or, not. Negation turns one into the other, so two kinds of atom are enough::

    {"required": ["a"], "properties": {"b": B}}          some "a"          and   all "b" are B
    {"not": {"required": ["a"], "properties": {"b": B}}} all "a" are false or    some "b" is not B
    {"dependentRequired": {"a": ["b"]}}                  all "a" are false or    some "b"

A clause is a tuple of atoms of which one must hold; a value satisfies a tuple of clauses if it satisfies each. Where
several clauses are one alternative of another clause, they stand in it as they are, so nothing is multiplied out. The
empty tuple of clauses is true, a tuple with an empty clause false. Which values fulfil the atoms is worked out member
by member, as texts reach them (``objects.py``, ``arrays.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .document import Conjunction

__all__ = [
    "FALSE",
    "TRUE",
    "AllItems",
    "AllMembers",
    "Atom",
    "Clause",
    "Clauses",
    "Contains",
    "ContainsAtMost",
    "Duplicate",
    "Length",
    "NameSet",
    "SomeItem",
    "SomeMember",
    "Unique",
    "all_of",
    "any_of",
    "atoms_of",
    "hold",
    "join",
    "left_of",
]


@dataclass(frozen=True, slots=True)
class NameSet:
    """Names of members, given by patterns, by a list, or by a schema.

    Attributes:
        pointer: where it is said.
        patterns: names in which one of these matches belong to it,
        names: and these,
        schema: and those that satisfy this conjunction, if not None.
        outside: the set is all other names instead.
    """

    pointer: str
    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    schema: Conjunction | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class SomeMember:
    """Some member with one of the names has a value that satisfies ``value``."""

    names: str | NameSet
    value: Conjunction


@dataclass(frozen=True, slots=True)
class AllMembers:
    """Every member with one of the names has a value that satisfies ``value``."""

    names: str | NameSet
    value: Conjunction


@dataclass(frozen=True, slots=True)
class Length:
    """There are at least ``least`` and at most ``most`` (None: any number of) members from here on."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class SomeItem:
    """Some item from ``first`` up to, not including, ``last`` (None: the end) satisfies ``value``."""

    first: int
    last: int | None
    value: Conjunction


@dataclass(frozen=True, slots=True)
class AllItems:
    """Every item from ``first`` up to, not including, ``last`` satisfies ``value``."""

    first: int
    last: int | None
    value: Conjunction


@dataclass(frozen=True, slots=True)
class Contains:
    """At least ``count`` items from here on satisfy ``value``."""

    value: Conjunction
    count: int


@dataclass(frozen=True, slots=True)
class ContainsAtMost:
    """At most ``count`` items from here on satisfy ``value``."""

    value: Conjunction
    count: int


@dataclass(frozen=True, slots=True)
class Unique:
    """No two items are equal."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Some two items are equal."""


Atom = SomeMember | AllMembers | Length | SomeItem | AllItems | Contains | ContainsAtMost | Unique | Duplicate
Clause = tuple["Atom | Clauses", ...]
Clauses = tuple[Clause, ...]

TRUE: Clauses = ()
FALSE: Clauses = ((),)


def all_of(parts: Iterable[Clauses]) -> Clauses:
    """The conjunction of clauses, without repetitions; FALSE if one of them is empty."""
    kept = tuple(dict.fromkeys(clause for part in parts for clause in part))
    return FALSE if () in kept else kept


def any_of(parts: Iterable[Clauses]) -> Clauses:
    """The disjunction of clauses: one clause, in which those that are several stay together."""
    found: dict[Atom | Clauses, None] = {}
    for part in parts:
        if part == TRUE:
            return TRUE
        if part != FALSE:
            found.update(dict.fromkeys(part[0] if len(part) == 1 else (part,)))
    return (tuple(found),)


def join(parts: Iterable[Clauses], positive: bool) -> Clauses:
    """What holds if all parts do; or, of the opposites of parts, if one of them does."""
    return all_of(parts) if positive else any_of(parts)


def atoms_of(clauses: Clauses) -> Iterator[Atom]:
    """The atoms of clauses."""
    for clause in clauses:
        for one in clause:
            if isinstance(one, tuple):
                yield from atoms_of(one)
            else:
                yield one


def hold(clauses: Clauses, holds: Callable[[Atom], bool]) -> bool:
    """Whether clauses hold, given which atoms do."""
    return all(any(hold(one, holds) if isinstance(one, tuple) else holds(one) for one in clause) for clause in clauses)


def left_of(clauses: Clauses, left: Callable[[Atom], Atom | bool]) -> Clauses:
    """What is left of clauses, given what is left of each atom: True: it is fulfilled, False: it cannot be any more."""
    kept: list[Clauses] = []
    for clause in clauses:
        parts: list[Clauses] = []
        for one in clause:
            if isinstance(one, tuple):
                parts.append(left_of(one, left))
            else:
                rest = left(one)
                parts.append((TRUE if rest else FALSE) if isinstance(rest, bool) else ((rest,),))
        kept.append(any_of(parts))
        if kept[-1] == FALSE:
            return FALSE
    return all_of(kept)
