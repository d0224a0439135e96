"""What a conjunction of subschemas says of the members of an object and the items of an array.

::

    {"properties": {"a": A}}  and  {"properties": {"b": B}, "additionalProperties": C}
        keys:        a: A and C     b: B
        additional:  C

A key that one subschema declares and another does not is additional for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product
from string import ascii_letters, digits, punctuation
from typing import Protocol

from ...errors import SchemaError
from ..regex import CharDfa
from .document import Document, JsonValue, Subschema
from .key_language import KeyLanguage, finite_automaton, key_language
from .shapes import TUPLE, Conjunction, conjunction, count_value, is_text

__all__ = ["Items", "Members", "NameLanguages", "free_names", "items_of", "members_of"]


_NAME_LETTERS = ascii_letters + digits + "".join(mark for mark in punctuation if mark not in '"\\\\') + " "


class NameLanguages(Protocol):
    """Automata of names."""

    def pattern(self, source: str, pointer: str) -> CharDfa:
        """The names in which a pattern matches."""

    def names(self, conjuncts: Conjunction) -> CharDfa:
        """The strings that a conjunction allows."""


def free_names(taken: frozenset[str] | set[str] | dict[str, Conjunction]) -> Iterator[str]:
    """Names that are not taken, shortest first; the shortest of all is empty."""
    for length in count():
        for letters in product(_NAME_LETTERS, repeat=length):
            name = "".join(letters)
            if name not in taken:
                yield name


@dataclass(frozen=True, slots=True)
class Members:
    """The members of an object: declared keys in the schema's order, and the rest.

    Attributes:
        keys: what the values of the declared keys must be, in the schema's order.
        required: those that must be there.
        additional: what the value of any other key must be, if nothing looks at the keys.
        others: the other keys, if ``patternProperties`` or ``propertyNames`` look at them.
        fewest: members at least.
        most: members at most, or None.
    """

    keys: dict[str, Conjunction]
    required: frozenset[str]
    additional: Conjunction
    others: KeyLanguage | None
    fewest: int
    most: int | None

    def other_names(self) -> Iterator[tuple[str, Conjunction]]:
        """Names that are not declared, shortest first, with what their values must be."""
        if self.others is not None:
            return self.others.names()
        return ((name, self.additional) for name in free_names(self.keys))

    def other_values(self) -> list[Conjunction]:
        """What the values of members that are not declared may have to be."""
        if self.others is None:
            return [self.additional]
        return list(dict.fromkeys(label for label in self.others.labels if label is not None))


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an array: a prefix, and the rest."""

    prefix: tuple[Conjunction, ...]
    rest: Conjunction
    fewest: int
    most: int | None

    def at(self, index: int) -> Conjunction:
        """What item ``index`` must be."""
        return self.prefix[index] if index < len(self.prefix) else self.rest


def _bounds(parts: Iterable[Subschema], low: str, high: str) -> tuple[int, int | None]:
    fewest, most = 0, None
    for part in parts:
        schema = part.schema
        if isinstance(schema, bool):
            continue
        for keyword in (low, high):
            value = schema.get(keyword)
            if value is None:
                continue
            count = count_value(part, keyword, value)
            if keyword == low:
                fewest = max(fewest, count)
            else:
                most = count if most is None else min(most, count)
    return fewest, most


def _mapping(part: Subschema, keyword: str) -> dict[str, JsonValue]:
    value = part.schema.get(keyword, {}) if isinstance(part.schema, dict) else {}
    if not isinstance(value, dict):
        raise SchemaError(f"{keyword} is not an object", pointer=f"{part.pointer}/{keyword}", expected=["an object"])
    return value


def _required(part: Subschema) -> list[str]:
    value = part.schema.get("required", []) if isinstance(part.schema, dict) else []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise SchemaError(
            "required is not an array of names", pointer=f"{part.pointer}/required", expected=["an array of strings"]
        )
    return value


@dataclass(frozen=True, slots=True)
class _Part:
    """What one subschema says of members."""

    subschema: Subschema
    patterns: tuple[tuple[CharDfa, Subschema], ...]
    rest: tuple[Subschema, ...]

    def of(self, document: Document, name: str) -> list[Subschema]:
        """What it says of the value of one name."""
        found = [child for automaton, child in self.patterns if automaton.accepts(name)]
        if name in _mapping(self.subschema, "properties"):
            found.append(document.child(self.subschema, "properties", name))
        return found or list(self.rest)


def _part(document: Document, subschema: Subschema, languages: NameLanguages) -> _Part:
    patterns = tuple(
        (
            languages.pattern(source, f"{subschema.pointer}/patternProperties"),
            document.child(subschema, "patternProperties", source),
        )
        for source in _mapping(subschema, "patternProperties")
    )
    has = isinstance(subschema.schema, dict) and "additionalProperties" in subschema.schema
    rest = (document.child(subschema, "additionalProperties"),) if has else ()
    return _Part(subschema, patterns, rest)


def members_of(document: Document, conjuncts: Conjunction, languages: NameLanguages) -> Members:
    """The members that all of some subschemas allow."""
    parts = [_part(document, document.subschemas[index], languages) for index in dict.fromkeys(conjuncts)]
    names: dict[str, None] = {}
    for part in parts:
        names.update(dict.fromkeys(_mapping(part.subschema, "properties")))
    required = frozenset(name for part in parts for name in _required(part.subschema))
    names.update(dict.fromkeys(name for part in parts for name in _required(part.subschema)))
    allowed = [
        languages.names(conjunction([document.child(part.subschema, "propertyNames")]))
        for part in parts
        if document.draft >= 6 and isinstance(part.subschema.schema, dict) and "propertyNames" in part.subschema.schema
    ]
    keys = {}
    for name in names:
        if is_text(name) and all(automaton.accepts(name) for automaton in allowed):
            keys[name] = conjunction(child for part in parts for child in part.of(document, name))
        else:
            keys[name] = conjunction([document.nothing()])
    rest = conjunction(child for part in parts for child in part.rest)
    others = None
    if allowed or any(part.patterns for part in parts):
        others = _others(parts, allowed, tuple(names))
    fewest, most = _bounds([part.subschema for part in parts], "minProperties", "maxProperties")
    return Members(keys, required, rest, others, fewest, most)


def _others(parts: list[_Part], allowed: list[CharDfa], declared: tuple[str, ...]) -> KeyLanguage:
    """The keys that are not declared."""
    patterns = [automaton for part in parts for automaton, _ in part.patterns]

    def label(accepts: tuple[bool, ...]) -> Conjunction | None:
        if accepts[-1] or not all(accepts[len(patterns) : -1]):
            return None
        holding: list[Subschema] = []
        at = 0
        for part in parts:
            matched = [child for index, (_, child) in enumerate(part.patterns, at) if accepts[index]]
            at += len(part.patterns)
            holding.extend(matched or part.rest)
        return conjunction(holding)

    return key_language([*patterns, *allowed, finite_automaton(declared)], label)


def _split(document: Document, part: Subschema) -> tuple[list[Subschema], list[Subschema], bool]:
    """Prefix, rest and whether the prefix is the whole array, of one subschema."""
    schema = part.schema
    if isinstance(schema, bool):
        return [], [], False
    if TUPLE in schema:
        return [document.child(part, TUPLE, index) for index in range(len(schema[TUPLE]))], [], True
    keyword = "prefixItems" if document.draft == 2020 else "items"
    after = "items" if document.draft == 2020 else "additionalItems"
    first = schema.get(keyword)
    if isinstance(first, list):
        prefix = [document.child(part, keyword, index) for index in range(len(first))]
        return prefix, [document.child(part, after)] if after in schema else [], False
    return [], [document.child(part, "items")] if "items" in schema else [], False


def items_of(document: Document, conjuncts: Conjunction) -> Items:
    """The items that all of some subschemas allow."""
    parts = [document.subschemas[index] for index in dict.fromkeys(conjuncts)]
    fewest, most = _bounds(parts, "minItems", "maxItems")
    split = [_split(document, part) for part in parts]
    longest = max((len(prefix) for prefix, _, _ in split), default=0)
    prefixes = []
    for index in range(longest):
        holding: list[Subschema] = []
        for prefix, rest, _ in split:
            holding.extend(prefix[index : index + 1] if index < len(prefix) else rest)
        prefixes.append(conjunction(holding))
    for prefix, _, whole in split:
        if whole:
            fewest = max(fewest, len(prefix))
            most = len(prefix) if most is None else min(most, len(prefix))
    return Items(tuple(prefixes), conjunction(s for _, rest, _ in split for s in rest), fewest, most)
