"""What a JSON Schema of the basic keywords says, computed anew at every question: the rules behind ``json_prefix.py``.

A conjunction is a tuple of numbers of subschemas that all hold. :meth:`Rules.leaves` turns one into alternatives
without ``$ref``, ``allOf`` and ``anyOf``, and without ``enum`` and ``const`` of several values.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

__all__ = ["Rules", "exact_number", "json_equal"]

Conjunction = tuple[int, ...]
TYPES = ("null", "boolean", "number", "string", "array", "object")
_DEPTH = 8


def exact_number(value: float) -> Fraction:
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def json_equal(one: Any, other: Any) -> bool:
    if kind(one) != kind(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(json_equal(one[key], other[key]) for key in one)
    return one == other


class Rules:
    """One schema document."""

    def __init__(self, schema: Any) -> None:
        self.document = schema
        self._schemas: list[Any] = []
        self._numbers: dict[int, int] = {}
        self.leaves = cache(self._leaves)
        self.satisfiable = cache(self._satisfiable)
        self.members = cache(self._members)
        self.items = cache(self._items)

    def conjunction(self, *schemas: Any) -> Conjunction:
        found = set()
        for schema in schemas:
            if id(schema) not in self._numbers:
                self._numbers[id(schema)] = len(self._schemas)
                self._schemas.append(schema)
            found.add(self._numbers[id(schema)])
        return tuple(sorted(found))

    def parts(self, conjunction: Conjunction) -> list[dict[str, Any]]:
        return [self._schemas[index] for index in conjunction if isinstance(self._schemas[index], dict)]

    def resolve(self, reference: str) -> Any:
        target = self.document
        for step in reference.removeprefix("#").split("/")[1:]:
            target = target[step]
        return target

    def valid(self, value: Any, schema: Any) -> bool:
        """Plain evaluation of a value."""
        if isinstance(schema, bool):
            return schema
        checks = [
            all(self.valid(value, one) for one in schema.get("allOf", ())),
            not schema.get("anyOf") or any(self.valid(value, one) for one in schema["anyOf"]),
            "$ref" not in schema or self.valid(value, self.resolve(schema["$ref"])),
            "const" not in schema or json_equal(value, schema["const"]),
            "enum" not in schema or any(json_equal(value, one) for one in schema["enum"]),
            self._has_type(value, schema),
        ]
        if isinstance(value, str):
            checks.append(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))
        if isinstance(value, list):
            checks.append(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
            prefix = schema.get("prefixItems", [])
            checks.extend(self.valid(one, rule) for one, rule in zip(value, prefix, strict=False))
            checks.extend(self.valid(one, schema.get("items", True)) for one in value[len(prefix) :])
        if isinstance(value, dict):
            checks.append(schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)))
            checks.extend(name in value for name in schema.get("required", ()))
            rest = schema.get("additionalProperties", True)
            checks.extend(self.valid(one, schema.get("properties", {}).get(name, rest)) for name, one in value.items())
        return all(checks)

    @staticmethod
    def _has_type(value: Any, schema: dict[str, Any]) -> bool:
        if "type" not in schema:
            return True
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        whole = kind(value) == "number" and exact_number(value).denominator == 1
        return kind(value) in names or (whole and "integer" in names)

    def _leaves(self, conjunction: Conjunction) -> list[Conjunction]:
        """Alternatives as conjunctions of which only the plain keywords count."""
        alternatives: set[frozenset[int]] = {frozenset()}
        for index in conjunction:
            alternatives = {one | other for one in alternatives for other in self._expand(index)}
        found: dict[Conjunction, None] = {}
        for one in alternatives:
            leaf = tuple(sorted(one))
            values = [
                part.get("enum", [part.get("const")]) for part in self.parts(leaf) if {"enum", "const"} & part.keys()
            ]
            if not values:
                found[leaf] = None
                continue
            for value in values[0]:
                if all(self.valid(value, self._schemas[index]) for index in leaf):
                    found[self.conjunction(self._exactly(value))] = None
        return list(found)

    def _expand(self, index: int) -> set[frozenset[int]]:
        schema = self._schemas[index]
        if isinstance(schema, bool):
            return {frozenset()} if schema else set()
        result = {frozenset((index,))}
        required = list(schema.get("allOf", ()))
        if "$ref" in schema:
            required.append(self.resolve(schema["$ref"]))
        for one in required:
            (number,) = self.conjunction(one)
            result = {a | b for a in result for b in self._expand(number)}
        if "anyOf" in schema:
            options = set().union(*(self._expand(self.conjunction(one)[0]) for one in schema["anyOf"]))
            result = {a | b for a in result for b in options}
        return result

    @staticmethod
    def _exactly(value: Any) -> dict[str, Any]:
        """A schema of one value, its parts by ``const``, scalars by the private keyword ``is``."""
        if isinstance(value, list):
            items = [{"const": one} for one in value]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if isinstance(value, dict):
            members = {name: {"const": one} for name, one in value.items()}
            return {"type": "object", "properties": members, "required": list(value), "additionalProperties": False}
        return {"type": kind(value), "is": value}

    def types(self, leaf: Conjunction) -> set[str]:
        """The types that a leaf allows, "integer" for whole numbers only."""
        allowed = {*TYPES}
        whole = False
        for part in self.parts(leaf):
            if "type" in part:
                names = part["type"] if isinstance(part["type"], list) else [part["type"]]
                whole = whole or ("integer" in names and "number" not in names)
                allowed &= {"number" if name == "integer" else name for name in names}
        return allowed - {"number"} | {"integer"} if whole and "number" in allowed else allowed

    def is_value(self, leaf: Conjunction) -> tuple[Any] | None:
        """The scalar that a leaf is, in a tuple."""
        return next(((part["is"],) for part in self.parts(leaf) if "is" in part), None)

    def bounds(self, leaf: Conjunction, low: str, high: str) -> tuple[int, float]:
        parts = self.parts(leaf)
        return max((part.get(low, 0) for part in parts), default=0), min(
            (part.get(high, float("inf")) for part in parts), default=float("inf")
        )

    def _items(self, leaf: Conjunction, index: int) -> Conjunction:
        schemas = []
        for part in self.parts(leaf):
            prefix = part.get("prefixItems", [])
            if index < len(prefix):
                schemas.append(prefix[index])
            elif "items" in part:
                schemas.append(part["items"])
        return self.conjunction(*schemas)

    def names(self, leaf: Conjunction) -> list[str]:
        declared = [name for part in self.parts(leaf) for name in part.get("properties", ())]
        return list(dict.fromkeys(declared + [name for part in self.parts(leaf) for name in part.get("required", ())]))

    def required(self, leaf: Conjunction) -> set[str]:
        return {name for part in self.parts(leaf) for name in part.get("required", ())}

    def _members(self, leaf: Conjunction, name: str | None) -> Conjunction:
        """What the value of a key must be; None: of any key that is not declared."""
        schemas = []
        for part in self.parts(leaf):
            if name is not None and name in part.get("properties", {}):
                schemas.append(part["properties"][name])
            elif "additionalProperties" in part:
                schemas.append(part["additionalProperties"])
        return self.conjunction(*schemas)

    def _satisfiable(self, conjunction: Conjunction, depth: int = _DEPTH) -> bool:
        """True if some value nested at most ``depth`` deep satisfies a conjunction."""
        return any(self._some_type(leaf, depth) for leaf in self.leaves(conjunction))

    def _some_type(self, leaf: Conjunction, depth: int) -> bool:
        types = self.types(leaf)
        if self.is_value(leaf) or types & {"null", "boolean", "number", "integer"}:
            return bool(types)
        low, high = self.bounds(leaf, "minLength", "maxLength")
        if "string" in types and low <= high:
            return True
        if depth == 0:
            return False
        return ("array" in types and self.array_ends(leaf, 0, depth - 1)) or (
            "object" in types and self.object_ends(leaf, frozenset(), 0, depth - 1)
        )

    def array_ends(self, leaf: Conjunction, count: int, depth: int = _DEPTH) -> bool:
        """True if an array with ``count`` items can be completed."""
        low, high = self.bounds(leaf, "minItems", "maxItems")
        return max(count, low) <= high and all(self.satisfiable(self.items(leaf, i), depth) for i in range(count, low))

    def object_ends(
        self, leaf: Conjunction, seen: frozenset[str], extra: int, depth: int = _DEPTH, ordered: bool = False
    ) -> bool:
        """True if an object with these members can be completed."""
        low, high = self.bounds(leaf, "minProperties", "maxProperties")
        open_names = list(self.open_names(leaf, seen, extra, depth, ordered))
        missing = self.required(leaf) - seen
        if not missing <= set(open_names):
            return False
        count = len(seen) + extra
        more = self.satisfiable(self.members(leaf, None), depth)
        most = float("inf") if more else count + len(open_names)
        return count + len(missing) <= high and low <= min(most, high)

    def open_names(
        self, leaf: Conjunction, seen: frozenset[str], extra: int, depth: int = _DEPTH, ordered: bool = False
    ) -> Iterator[str]:
        """Declared names that may still be used."""
        names = self.names(leaf)
        last = max((names.index(name) for name in seen), default=-1)
        for place, name in enumerate(names):
            if name in seen or (ordered and (place < last or extra)):
                continue
            if self.satisfiable(self.members(leaf, name), depth):
                yield name
