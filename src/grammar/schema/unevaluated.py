"""``unevaluatedProperties`` and ``unevaluatedItems``, said with the keywords that look at no annotations.

A subschema evaluates members *if* the subschemas that lead to it in place hold. These conditions do not depend on the
member. So the members that nothing evaluates are those for which no condition holds, and members with the same
conditions need one clause together::

    {"anyOf": [A, B], "properties": {"p": P}, "unevaluatedProperties": U}      A has "a" and "b", B has "b"

    evaluators      always: p      A holds: a, b      B holds: b
    "a"             A holds, or "a" is U
    "b"             A or B holds: nothing to say
    all others      every member but p, a, b is U

The clause of a set of conditions is: one of them holds, or every member is ``U`` but for those that the *other*
evaluators might evaluate (or: every member of a list of names, if there is one). Each clause follows from the schema,
and together they say all of it: where a member is not evaluated, the clause of its own conditions asks it to be ``U``.
There are as many clauses as different sets of conditions, not as many as sets of branches.

What holds is named by the numbers of subschemas (``SAME``), so it does not matter which document they are in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from ...errors import LimitError, SchemaError
from .document import SAME, Document, JsonValue, Subschema
from .key_language import key_language
from .shapes import is_text
from .strings import StringLanguages

__all__ = ["Unevaluated"]

_PROPERTIES = "unevaluatedProperties"
_ITEMS = "unevaluatedItems"
_LEFT_OUT = frozenset((_PROPERTIES, _ITEMS, "$id"))

Condition = frozenset[int]
"""Subschemas that all hold."""

Choices = dict[tuple[Condition, tuple[int, ...]], None]
"""A condition, and subschemas of which one holds wherever the condition does."""

_Clause = tuple[list[Condition], list[str] | None]
"""The conditions of some members; the names of the members, or None if they are not a list."""

_ALWAYS: Condition = frozenset()
_ENDLESS = sys.maxsize
_MOST_CLAUSES = 512
"""Clauses that ``unevaluatedItems`` may become; they double with each condition under which ``contains`` stands."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """Names of members that are evaluated: some, those in which a pattern matches, or every one."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    every: bool = False

    def __or__(self, other: _Keys) -> _Keys:
        if self.every or other.every:
            return _EVERY_KEY
        names = tuple(dict.fromkeys((*self.names, *other.names)))
        return _Keys(names, tuple(dict.fromkeys((*self.patterns, *other.patterns))))

    def without(self, other: _Keys) -> _Keys:
        """Those that are not listed in the other; the names are not held against patterns."""
        names, patterns = frozenset(other.names), frozenset(other.patterns)
        kept = tuple(name for name in self.names if name not in names)
        return _Keys(kept, tuple(source for source in self.patterns if source not in patterns), self.every)


_EVERY_KEY = _Keys(every=True)


@dataclass(frozen=True, slots=True)
class _Items:
    """Items that are evaluated: the first so many (``_ENDLESS``: all), and those that satisfy one of some schemas."""

    first: int = 0
    matching: tuple[int, ...] = ()

    def __or__(self, other: _Items) -> _Items:
        return _Items(max(self.first, other.first), tuple(dict.fromkeys((*self.matching, *other.matching))))

    def without(self, other: _Items) -> _Items:
        """Those that are not in the other."""
        matching = tuple(index for index in self.matching if index not in other.matching)
        return _Items(self.first if self.first > other.first else 0, matching)


@dataclass(slots=True)
class _Evaluated:
    """What a subschema that holds evaluates, by what else must hold.

    Attributes:
        keys: the members of an object.
        items: the items of an array.
        choices: what is known of the conditions.
    """

    keys: dict[Condition, _Keys] = field(default_factory=dict)
    items: dict[Condition, _Items] = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)

    def add(self, condition: Condition, keys: _Keys, items: _Items) -> None:
        """Members that are evaluated under a condition."""
        if keys != _Keys():
            self.keys[condition] = self.keys.get(condition, _Keys()) | keys
        if items != _Items():
            self.items[condition] = self.items.get(condition, _Items()) | items

    def include(self, other: _Evaluated, more: Condition = _ALWAYS) -> None:
        """What another subschema evaluates, where it holds under some more conditions."""
        for condition, keys in other.keys.items():
            self.add(condition | more, keys, _Items())
        for condition, items in other.items.items():
            self.add(condition | more, _Keys(), items)
        self.choices.update(dict.fromkeys((condition | more, one_of) for condition, one_of in other.choices))


class Unevaluated:
    """Rewrites the subschemas of one document.

    Args:
        document: the document.
        languages: automata of its patterns.
    """

    def __init__(self, document: Document, languages: StringLanguages | None = None) -> None:
        self._document = document
        self._languages = languages or StringLanguages()
        self._rewritten: dict[int, Subschema] = {}
        self._evaluated: dict[int, _Evaluated] = {}
        self._present: dict[str, int] = {}

    def rewrite(self, subschema: Subschema) -> Subschema:
        """The same without ``unevaluatedProperties`` and ``unevaluatedItems``; others as they are.

        The subschemas inside are left as they are.

        Raises:
            SchemaError: a reference leads back to itself without reading anything, or a pattern is malformed.
            LimitError: there are too many combinations of patterns, or of ``contains``.
        """
        schema = subschema.schema
        if isinstance(schema, bool) or not (_PROPERTIES in schema or _ITEMS in schema):
            return subschema
        found = self._rewritten.get(subschema.index)
        if found is None:
            found = self._rewritten[subschema.index] = self._rewrite(subschema, schema)
        return found

    def _rewrite(self, subschema: Subschema, schema: dict[str, JsonValue]) -> Subschema:
        kept = {keyword: value for keyword, value in schema.items() if keyword not in _LEFT_OUT}
        rest = self._document.synthetic(kept, subschema.pointer, subschema)
        evaluated = self._walk(rest, (subschema.index,))
        parts = [rest.index] if kept else []
        if _PROPERTIES in schema:
            parts.extend(self._members(subschema, evaluated))
        if _ITEMS in schema:
            parts.extend(self._items(subschema, evaluated))
        if len(parts) > 1:
            return self._document.synthetic({SAME: parts}, subschema.pointer, subschema)
        return self._document.subschemas[parts[0]] if parts else rest

    # What is evaluated.

    def _walk(self, subschema: Subschema, active: tuple[int, ...]) -> _Evaluated:
        """What a subschema evaluates; ``active``: those that led here without reading."""
        schema = subschema.schema
        if isinstance(schema, bool):
            return _Evaluated()
        known = self._evaluated.get(subschema.index)
        if known is not None:
            return known
        if subschema.index in active:
            raise SchemaError(
                "a reference leads back to itself without reading anything",
                pointer=subschema.pointer,
                hint="break the cycle",
            )
        active = (*active, subschema.index)
        found = _Evaluated()
        found.add(_ALWAYS, _own_keys(schema), self._own_items(subschema, schema))
        for child in (*self._document.references(subschema), *self._children(subschema, schema, "allOf")):
            found.include(self._walk(child, active))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                branches = self._children(subschema, schema, keyword)
                self._choose(found, [(child, [child]) for child in branches], active)
        if "if" in schema:
            self._if(subschema, schema, found, active)
        for name in schema.get("dependentSchemas", ()):
            then = self._walk(self._document.child(subschema, "dependentSchemas", name), active)
            found.include(_Evaluated(keys=then.keys, choices=then.choices), self._there(subschema, name))
        self._evaluated[subschema.index] = found
        return found

    def _there(self, subschema: Subschema, name: str) -> Condition:
        """A member is there."""
        index = self._present.get(name)
        if index is None:
            there = {"type": "object", "required": [name]}
            index = self._present[name] = self._document.synthetic(there, subschema.pointer, subschema).index
        return frozenset((index,))

    def _children(self, subschema: Subschema, schema: dict[str, JsonValue], keyword: str) -> list[Subschema]:
        return [self._document.child(subschema, keyword, index) for index in range(len(schema.get(keyword, ())))]

    def _choose(
        self, found: _Evaluated, branches: list[tuple[Subschema, list[Subschema]]], active: tuple[int, ...]
    ) -> None:
        """One of some subschemas holds, and where it does, so do some others."""
        possible = [(condition, holding) for condition, holding in branches if condition.schema is not False]
        if not any(condition.schema is True for condition, _ in possible):
            found.choices[_ALWAYS, tuple(condition.index for condition, _ in possible)] = None
        for condition, holding in possible:
            more = _ALWAYS if condition.schema is True else frozenset((condition.index,))
            for child in holding:
                found.include(self._walk(child, active), more)

    def _if(
        self, subschema: Subschema, schema: dict[str, JsonValue], found: _Evaluated, active: tuple[int, ...]
    ) -> None:
        document = self._document
        condition = document.child(subschema, "if")
        holding = [condition, *([document.child(subschema, "then")] if "then" in schema else [])]
        failing = [document.child(subschema, "else")] if "else" in schema else []
        self._choose(found, [(condition, holding), (document.opposite(condition), failing)], active)

    def _own_items(self, subschema: Subschema, schema: dict[str, JsonValue]) -> _Items:
        """Items that the keywords of a subschema itself evaluate."""
        modern = subschema.draft == 2020
        listed = schema.get("prefixItems" if modern else "items")
        after = "items" if modern or not isinstance(listed, list) else "additionalItems"
        first = len(listed) if isinstance(listed, list) else 0
        if after in schema or _ITEMS in schema:
            first = _ENDLESS
        contains = modern and "contains" in schema
        return _Items(first, (self._document.child(subschema, "contains").index,) if contains else ())

    # What is not evaluated.

    def _members(self, subschema: Subschema, evaluated: _Evaluated) -> Iterator[int]:
        """Clauses for ``unevaluatedProperties``."""
        otherwise = self._document.child(subschema, _PROPERTIES)
        always = evaluated.keys.get(_ALWAYS, _Keys())
        if always.every or otherwise.schema in (True, {}):
            return
        under = {condition: keys.without(always) for condition, keys in evaluated.keys.items()}
        under = {condition: keys for condition, keys in under.items() if keys != _Keys()}
        value: JsonValue = otherwise.schema if isinstance(otherwise.schema, bool) else {SAME: [otherwise.index]}
        for conditions, names in _clauses(self._key_kinds(subschema, under, always), evaluated.choices):
            if names is not None:
                yield self._clause(subschema, {"properties": dict.fromkeys(names, value)}, conditions, _PROPERTIES)
                continue
            besides = always
            for condition, keys in under.items():
                if not _implies(condition, conditions):
                    besides |= keys
            cover: dict[str, JsonValue] = {"additionalProperties": value}
            if besides.names:
                cover["properties"] = dict.fromkeys(besides.names, True)
            if besides.patterns:
                cover["patternProperties"] = dict.fromkeys(besides.patterns, True)
            yield self._clause(subschema, cover, conditions, _PROPERTIES)

    def _key_kinds(
        self, subschema: Subschema, under: Mapping[Condition, _Keys], always: _Keys
    ) -> Iterator[tuple[list[Condition], str | None]]:
        """For every kind of name that is not always evaluated, the conditions of what evaluates it; then by name."""
        everywhere = [condition for condition, keys in under.items() if keys.every]
        by_name: dict[str, list[Condition]] = {}
        by_pattern: dict[str, list[Condition]] = {source: [] for source in always.patterns}
        for condition, keys in under.items():
            for name in keys.names:
                by_name.setdefault(name, []).append(condition)
            for source in keys.patterns:
                by_pattern.setdefault(source, []).append(condition)
        unconditional = len(always.patterns)

        def conditions(accepts: tuple[bool, ...]) -> tuple[Condition, ...] | None:
            if any(accepts[:unconditional]):
                return None
            found = (part for part, matches in zip(by_pattern.values(), accepts, strict=True) if matches)
            return tuple(dict.fromkeys(condition for part in found for condition in part))

        pointer = f"{subschema.pointer}/{_PROPERTIES}"
        automata = [self._languages.pattern(source, pointer) for source in by_pattern]
        if len(by_pattern) == unconditional:
            yield everywhere, None
        else:
            for matched in dict.fromkeys(key_language(automata, conditions).labels):
                if matched is not None:
                    yield [*everywhere, *matched], None
        for name, direct in by_name.items():
            if is_text(name):
                found = conditions(tuple(automaton.accepts(name) for automaton in automata))
                if found is not None:
                    yield [*everywhere, *direct, *found], name

    def _items(self, subschema: Subschema, evaluated: _Evaluated) -> Iterator[int]:
        """Clauses for ``unevaluatedItems``."""
        otherwise = self._document.child(subschema, _ITEMS)
        always = evaluated.items.get(_ALWAYS, _Items())
        if always.first == _ENDLESS or otherwise.schema in (True, {}):
            return
        under = {condition: items.without(always) for condition, items in evaluated.items.items()}
        under = {condition: items for condition, items in under.items() if items != _Items()}
        for conditions, _ in _clauses(_item_kinds(subschema, under), evaluated.choices):
            besides = always
            for condition, items in under.items():
                if not _implies(condition, conditions):
                    besides |= items
            value = self._any_of(subschema, [*besides.matching, otherwise.index])
            cover = {"items": value}
            if besides.first:
                first, after = ("prefixItems", "items") if subschema.draft == 2020 else ("items", "additionalItems")
                cover = {first: [True] * besides.first, after: value}
            yield self._clause(subschema, cover, conditions, _ITEMS)

    def _any_of(self, subschema: Subschema, indices: list[int]) -> JsonValue:
        """A schema that holds where one of some subschemas does."""
        possible = [index for index in indices if self._document.subschemas[index].schema is not False]
        if not possible:
            return False
        if len(possible) == 1:
            return {SAME: possible}
        alternatives = {"anyOf": [{SAME: [index]} for index in possible]}
        return {SAME: [self._document.synthetic(alternatives, f"{subschema.pointer}/{_ITEMS}", subschema).index]}

    def _clause(
        self, subschema: Subschema, cover: dict[str, JsonValue], conditions: list[Condition], keyword: str
    ) -> int:
        """One of some conditions holds, or else a schema; as the number of a subschema."""
        pointer = f"{subschema.pointer}/{keyword}"
        index = self._document.synthetic(cover, pointer, subschema).index
        if not conditions:
            return index
        alternatives = [{SAME: [index]}, *({SAME: sorted(condition)} for condition in conditions)]
        return self._document.synthetic({"anyOf": alternatives}, pointer, subschema).index


def _own_keys(schema: dict[str, JsonValue]) -> _Keys:
    """Members that the keywords of a schema itself evaluate."""
    if "additionalProperties" in schema or _PROPERTIES in schema:
        return _EVERY_KEY
    return _Keys(tuple(schema.get("properties", ())), tuple(schema.get("patternProperties", ())))


def _item_kinds(subschema: Subschema, under: Mapping[Condition, _Items]) -> Iterator[tuple[list[Condition], None]]:
    """For every kind of item that is not always evaluated, the conditions of what evaluates it."""
    lengths = {items.first for items in under.values()} - {0, _ENDLESS}
    matching = [condition for condition, items in under.items() if items.matching]
    if (len(lengths) + 1) << len(matching) > _MOST_CLAUSES:
        raise LimitError(
            "'contains' stands under too many conditions for unevaluatedItems",
            pointer=f"{subschema.pointer}/{_ITEMS}",
            expected=[f"at most {_MOST_CLAUSES} combinations"],
            hint="move contains out of the alternatives, or list the items",
        )
    for length in (*sorted(lengths), _ENDLESS):
        listed = [condition for condition, items in under.items() if items.first >= length]
        for count in range(len(matching) + 1):
            for matched in combinations(matching, count):
                yield [*listed, *matched], None


def _implies(condition: Condition, conditions: Iterable[Condition]) -> bool:
    """Whether one of some conditions holds wherever a condition does."""
    return any(weaker <= condition for weaker in conditions)


def _clauses(kinds: Iterable[tuple[list[Condition], str | None]], choices: Choices) -> list[_Clause]:
    """The different sets of conditions, each without what is superfluous; those that always hold are left out."""
    clauses: dict[frozenset[Condition], _Clause] = {}
    for kind, name in kinds:
        conditions = _weakest(kind, choices)
        if _ALWAYS in conditions:
            continue
        _, names = clauses.setdefault(frozenset(conditions), (conditions, None if name is None else []))
        if name is not None and names is not None:
            names.append(name)
    return list(clauses.values())


def _weakest(conditions: list[Condition], choices: Choices) -> list[Condition]:
    """Conditions of which one holds whenever one of some others does; every branch of a choice is the choice itself."""
    found = list(conditions)
    changed = True
    while changed:
        changed = False
        for condition, one_of in choices:
            if not _implies(condition, found) and all(_implies(condition | {one}, found) for one in one_of):
                found.append(condition)
                changed = True
    return [one for one in dict.fromkeys(found) if not any(weaker < one for weaker in found)]
