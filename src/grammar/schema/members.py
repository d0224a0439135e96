"""What a conjunction of subschemas says of the members of an object and the items of an array.

::

    {"properties": {"a": A}}  and  {"properties": {"b": B}, "additionalProperties": C}
        keys:        a: A and C     b: B
        additional:  C

A key that one subschema declares and another does not is additional for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import SchemaError
from .document import Document, JsonValue, Subschema
from .shapes import TUPLE, Conjunction, conjunction

__all__ = ["Items", "Members", "items_of", "members_of"]


@dataclass(frozen=True, slots=True)
class Members:
    """The members of an object: declared keys in the schema's order, and the rest."""

    keys: dict[str, Conjunction]
    required: frozenset[str]
    additional: Conjunction
    fewest: int
    most: int | None


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
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < 0:
                raise SchemaError(
                    f"{keyword} is {value!r}", pointer=f"{part.pointer}/{keyword}", expected=["a non-negative integer"]
                )
            if keyword == low:
                fewest = max(fewest, int(value))
            else:
                most = int(value) if most is None else min(most, int(value))
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


def members_of(document: Document, conjuncts: Conjunction) -> Members:
    """The members that all of some subschemas allow."""
    parts = [document.subschemas[index] for index in dict.fromkeys(conjuncts)]
    names: dict[str, None] = {}
    for part in parts:
        names.update(dict.fromkeys(_mapping(part, "properties")))
    required = frozenset(name for part in parts for name in _required(part))
    names.update(dict.fromkeys(name for part in parts for name in _required(part)))

    def additional(part: Subschema) -> list[Subschema]:
        has = isinstance(part.schema, dict) and "additionalProperties" in part.schema
        return [document.child(part, "additionalProperties")] if has else []

    keys = {}
    for name in names:
        holding: list[Subschema] = []
        for part in parts:
            if name in _mapping(part, "properties"):
                holding.append(document.child(part, "properties", name))
            else:
                holding.extend(additional(part))
        keys[name] = conjunction(holding)
    rest = conjunction(subschema for part in parts for subschema in additional(part))
    fewest, most = _bounds(parts, "minProperties", "maxProperties")
    return Members(keys, required, rest, fewest, most)


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
