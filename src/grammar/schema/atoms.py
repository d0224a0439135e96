"""What a subschema says of an object, or of an array, in conjunctive normal form.

``not``, ``if``, ``dependentSchemas``, ``contains`` and the rest of JSON Schema say that *some* member is so or *all*
members are so, joined by and, or, not. Negation turns one into the other, so two kinds of atom are enough::

    {"required": ["a"], "properties": {"b": B}}          some "a"          and   all "b" are B
    {"not": {"required": ["a"], "properties": {"b": B}}} all "a" are false or    some "b" is not B
    {"dependentRequired": {"a": ["b"]}}                  all "a" are false or    some "b"

A clause is a tuple of atoms of which one must hold; a value satisfies a tuple of clauses if it satisfies each. The
empty tuple of clauses is true, a tuple with an empty clause false. Which values fulfil the atoms is worked out member
by member, as texts reach them (``objects.py``, ``arrays.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import LimitError
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
    "join",
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
Clause = tuple[Atom, ...]
Clauses = tuple[Clause, ...]

TRUE: Clauses = ()
FALSE: Clauses = ((),)

_MOST_CLAUSES = 512
"""Clauses that one subschema may become."""


def _unique(clauses: Iterable[Clause]) -> Clauses:
    """Clauses without repetitions; FALSE if one of them is empty."""
    kept = tuple(dict.fromkeys(clauses))
    return FALSE if () in kept else kept


def all_of(parts: Iterable[Clauses]) -> Clauses:
    """The conjunction of clauses."""
    return _unique(clause for part in parts for clause in part)


def any_of(parts: Iterable[Clauses], pointer: str) -> Clauses:
    """The disjunction of clauses, by distribution.

    Raises:
        LimitError: there would be too many.
    """
    result: Clauses = FALSE
    for part in parts:
        if part == FALSE:
            continue
        if len(result) * len(part) > _MOST_CLAUSES:
            raise LimitError(
                "the alternatives here have too many combinations",
                pointer=pointer,
                expected=[f"at most {_MOST_CLAUSES} combinations"],
                hint="split the schema, or tell its branches apart by a property with a constant value",
            )
        result = tuple(dict.fromkeys(tuple(dict.fromkeys((*one, *other))) for one in result for other in part))
    return result


def join(parts: Sequence[Clauses], positive: bool, pointer: str) -> Clauses:
    """What holds if all parts do; or, of the opposites of parts, if one of them does."""
    return all_of(parts) if positive else any_of(parts, pointer)
