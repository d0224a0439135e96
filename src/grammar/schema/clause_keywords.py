"""The atoms of the keywords that speak of the members of an object or the items of an array, and of their opposites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .atoms import (
    FALSE,
    TRUE,
    AllItems,
    AllMembers,
    Atom,
    Clauses,
    Contains,
    ContainsAtMost,
    Duplicate,
    Length,
    NameSet,
    SomeItem,
    SomeMember,
    Unique,
    all_of,
    any_of,
    join,
)
from .document import JsonValue, Subschema
from .shapes import TUPLE, TYPE_NAMES, Conjunction, Types, count_value

__all__ = ["ARRAY_ASSERTIONS", "OBJECT_ASSERTIONS", "Maker"]


class Maker(Protocol):
    """What the keywords need to make clauses."""

    @property
    def kind(self) -> int:
        """``Types.OBJECT`` or ``Types.ARRAY``."""

    def at(self, subschema: Subschema, positive: bool, *path: str | int) -> Conjunction:
        """What satisfies the subschema below another, or what does not."""

    def never(self) -> Conjunction:
        """What nothing satisfies."""

    def equal(self, subschema: Subschema, value: JsonValue, pointer: str, positive: bool) -> Conjunction:
        """What is equal to a JSON value, or what is not."""


Assertion = Callable[[Maker, Subschema, JsonValue, bool], Clauses]


def _is(holds: bool) -> Clauses:
    return TRUE if holds else FALSE


def _only(atom: Atom) -> Clauses:
    return ((atom,),)


def _everywhere(maker: Maker, names: str | NameSet, value: Conjunction, positive: bool) -> Clauses:
    """All members with some names satisfy a subschema; the opposite, of which ``value`` is part: some does not."""
    if positive:
        return TRUE if value == () else _only(AllMembers(names, value))
    return FALSE if value == maker.never() else _only(SomeMember(names, value))


def _type(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    names = value if isinstance(value, list) else [value]
    return _is(any(TYPE_NAMES[name] & maker.kind for name in names) is positive)


def _enum(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    wanted = dict if maker.kind == Types.OBJECT else list
    pointer = f"{subschema.pointer}/enum"
    exactly = _exact_object if maker.kind == Types.OBJECT else _exact_array
    parts = [exactly(maker, subschema, one, pointer, positive) for one in value if isinstance(one, wanted)]
    return join(parts, not positive)


def _const(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    return _is(positive) if subschema.draft < 6 else _enum(maker, subschema, [value], positive)


def _exact_object(maker: Maker, subschema: Subschema, value: JsonValue, pointer: str, positive: bool) -> Clauses:
    others = NameSet(pointer, names=tuple(value), outside=True)
    if positive:
        parts = [_only(SomeMember(key, maker.equal(subschema, one, pointer, True))) for key, one in value.items()]
        return all_of([*parts, _only(AllMembers(others, maker.never()))])
    different: list[Clauses] = [_only(SomeMember(others, ()))]
    for key, one in value.items():
        different.append(_only(AllMembers(key, maker.never())))
        different.append(_only(SomeMember(key, maker.equal(subschema, one, pointer, False))))
    return any_of(different)


def _exact_array(maker: Maker, subschema: Subschema, value: JsonValue, pointer: str, positive: bool) -> Clauses:
    length = len(value)
    if positive:
        items = [_only(SomeItem(i, i + 1, maker.equal(subschema, one, pointer, True))) for i, one in enumerate(value)]
        return all_of([*items, _only(AllItems(length, None, maker.never()))])
    different = [_only(SomeItem(i, i + 1, maker.equal(subschema, one, pointer, False))) for i, one in enumerate(value)]
    return any_of([*different, *_longer(length), *_shorter(maker, length)])


def _longer(length: int) -> list[Clauses]:
    """There are more items than ``length``."""
    return [_only(SomeItem(length, length + 1, ()))]


def _shorter(maker: Maker, length: int) -> list[Clauses]:
    """There are fewer items than ``length``."""
    return [_only(AllItems(length - 1, length, maker.never()))] if length else []


def _properties(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    parts = [_everywhere(maker, name, maker.at(subschema, positive, "properties", name), positive) for name in value]
    return join(parts, positive)


def _pattern_properties(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    pointer = f"{subschema.pointer}/patternProperties"
    parts = [
        _everywhere(
            maker,
            NameSet(pointer, patterns=(source,)),
            maker.at(subschema, positive, "patternProperties", source),
            positive,
        )
        for source in value
    ]
    return join(parts, positive)


def _additional_properties(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    schema = subschema.schema if isinstance(subschema.schema, dict) else {}
    names = NameSet(
        f"{subschema.pointer}/additionalProperties",
        patterns=tuple(schema.get("patternProperties", ())),
        names=tuple(schema.get("properties", ())),
        outside=True,
    )
    return _everywhere(maker, names, maker.at(subschema, positive, "additionalProperties"), positive)


def _property_names(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    if subschema.draft < 6:
        return _is(positive)
    names = NameSet(f"{subschema.pointer}/propertyNames", schema=maker.at(subschema, False, "propertyNames"))
    return _everywhere(maker, names, maker.never() if positive else (), positive)


def _required(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    if not isinstance(value, list):
        return _is(positive)
    parts = [_only(SomeMember(name, ()) if positive else AllMembers(name, maker.never())) for name in value]
    return join(parts, positive)


def _length(least: int, most: int | None) -> Clauses:
    if least == 0 and most is None:
        return TRUE
    return FALSE if most is not None and most < least else _only(Length(least, most))


def _min_properties(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    fewest = count_value(subschema, "minProperties", value)
    return _length(fewest, None) if positive else _length(0, fewest - 1)


def _max_properties(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    most = count_value(subschema, "maxProperties", value)
    return _length(0, most) if positive else _length(most + 1, None)


OBJECT_ASSERTIONS: dict[str, Assertion] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "required": _required,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
}
"""Keywords that speak of objects themselves."""


def _items_between(maker: Maker, first: int, last: int | None, value: Conjunction, positive: bool) -> Clauses:
    if positive:
        return TRUE if value == () else _only(AllItems(first, last, value))
    return FALSE if value == maker.never() else _only(SomeItem(first, last, value))


def _tuple(maker: Maker, subschema: Subschema, keyword: str, count: int, positive: bool) -> Clauses:
    parts = [_items_between(maker, i, i + 1, maker.at(subschema, positive, keyword, i), positive) for i in range(count)]
    return join(parts, positive)


def _items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    if isinstance(value, list):
        return _tuple(maker, subschema, "items", len(value), positive) if subschema.draft < 2020 else _is(positive)
    schema = subschema.schema if isinstance(subschema.schema, dict) else {}
    first = len(schema.get("prefixItems", ())) if subschema.draft >= 2020 else 0
    return _items_between(maker, first, None, maker.at(subschema, positive, "items"), positive)


def _prefix_items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    return _tuple(maker, subschema, "prefixItems", len(value), positive) if subschema.draft >= 2020 else _is(positive)


def _additional_items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    schema = subschema.schema if isinstance(subschema.schema, dict) else {}
    listed = schema.get("items")
    if subschema.draft >= 2020 or not isinstance(listed, list):
        return _is(positive)
    return _items_between(maker, len(listed), None, maker.at(subschema, positive, "additionalItems"), positive)


def _whole(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    """The synthetic keyword for exactly these items."""
    length = len(value)
    parts = [_only(SomeItem(i, i + 1, maker.at(subschema, positive, TUPLE, i))) for i in range(length)]
    if positive:
        return all_of([*parts, _only(AllItems(length, None, maker.never()))])
    return any_of([*parts, *_longer(length), *_shorter(maker, length)])


def _min_items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    fewest = count_value(subschema, "minItems", value)
    if fewest == 0:
        return _is(positive)
    return all_of(_longer(fewest - 1) if positive else _shorter(maker, fewest))


def _max_items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    most = count_value(subschema, "maxItems", value)
    return all_of(_shorter(maker, most + 1) if positive else _longer(most))


def _bound(subschema: Subschema, keyword: str, default: int | None) -> int | None:
    schema = subschema.schema if isinstance(subschema.schema, dict) else {}
    if subschema.draft < 2019 or keyword not in schema:
        return default
    return count_value(subschema, keyword, schema[keyword])


def _contains(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    if subschema.draft < 6:
        return _is(positive)
    wanted = maker.at(subschema, True, "contains")
    refused = maker.at(subschema, False, "contains")
    fewest = _bound(subschema, "minContains", 1) or 0
    most = _bound(subschema, "maxContains", None)
    if positive:
        parts = [_at_least(wanted, fewest)]
        if most is not None:
            parts.append(_at_most(wanted, refused, most))
        return all_of(parts)
    parts = [] if fewest == 0 else [_at_most(wanted, refused, fewest - 1)]
    if most is not None:
        parts.append(_at_least(wanted, most + 1))
    return any_of(parts)


def _at_least(wanted: Conjunction, count: int) -> Clauses:
    if count == 0:
        return TRUE
    return _only(SomeItem(0, None, wanted) if count == 1 else Contains(wanted, count))


def _at_most(wanted: Conjunction, refused: Conjunction, count: int) -> Clauses:
    return _only(AllItems(0, None, refused) if count == 0 else ContainsAtMost(wanted, count))


def _unique_items(maker: Maker, subschema: Subschema, value: JsonValue, positive: bool) -> Clauses:
    if value is not True:
        return _is(positive)
    return _only(Unique() if positive else Duplicate())


ARRAY_ASSERTIONS: dict[str, Assertion] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "items": _items,
    "prefixItems": _prefix_items,
    "additionalItems": _additional_items,
    TUPLE: _whole,
    "minItems": _min_items,
    "maxItems": _max_items,
    "contains": _contains,
    "uniqueItems": _unique_items,
}
"""Keywords that speak of arrays themselves."""
