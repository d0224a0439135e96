"""Random schemas of every keyword, and instances that come near to satisfying them, as hypothesis strategies.

References never lead back to themselves without reading something: beside other keywords, the root and a definition may
only name later definitions; below a member or an item they may name everything. From 2019-09 on the last definition may
be a resource of its own, with a dynamic anchor that the root has too::

    {"$defs": {"d0": ..., "d1": ...}, "$ref": "#/$defs/d1", "items": {"$ref": "#"}}
    {"$id": "http://example.org/", "$dynamicAnchor": "node", "$defs": {"d2": {"$id": "d2", "$dynamicAnchor": "node"}}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

__all__ = ["Case", "cases", "random_case", "values"]

Schema = Any
DIALECTS = {
    4: "http://json-schema.org/draft-04/schema#",
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}
NAMES = ("a", "b", "ab", "c", "é", "")
STRINGS = ("", "a", "b", "ab", "aab", "é", "ba", "😀", "a b", "\n")
NUMBERS: tuple[Any, ...] = (0, 1, -1, 2, 3, 6, 10, 0.5, 1.5, -0.25, 2.0, 100, 7, 12)
STEPS: tuple[Any, ...] = (1, 2, 3, 0.5, 0.25, 1.5, 4, 10)
PATTERNS = ("^a", "b$", "a|b", "^.$", "^[a-c]*$", "é", "^(?!a)", "aa", "^$", ".")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
DEFINITIONS = 3
_DEPTH = 3
_ROOT = "http://example.org/"
_TREE = f"d{DEFINITIONS - 1}"


@dataclass(frozen=True)
class Case:
    """A schema and instances.

    Attributes:
        draft: its draft, which ``$schema`` says too.
        schema: the schema.
        instances: what is to be judged.
    """

    draft: int
    schema: Schema
    instances: tuple[Any, ...]


def values(rng: Random, depth: int = 2) -> Any:
    """Any small value."""
    kind = rng.random()
    if depth and kind < 0.2:
        return [values(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and kind < 0.4:
        return {rng.choice(NAMES): values(rng, depth - 1) for _ in range(rng.randrange(4))}
    if kind < 0.6:
        return rng.choice(STRINGS)
    return rng.choice([None, True, False]) if kind < 0.7 else rng.choice(NUMBERS)


class _Writer:
    """Writes one schema.

    Args:
        rng: decides everything.
        draft: the dialect.
    """

    def __init__(self, rng: Random, draft: int) -> None:
        self.rng = rng
        self.draft = draft
        self.holder = "$defs" if draft >= 2019 else "definitions"
        self.base = _ROOT if draft >= 2019 and rng.random() < 0.3 else ""
        self.makers: list[tuple[int, int, Callable[[int, int], Schema]]] = [
            (4, 2020, self.type),
            (4, 2020, self.enum),
            (6, 2020, self.const),
            (4, 2020, self.number),
            (4, 2020, self.multiple),
            (4, 2020, self.string),
            (4, 2020, self.pattern),
            (4, 2020, self.array),
            (4, 2020, self.items),
            (4, 2020, self.items),
            (4, 2020, self.unique),
            (6, 2020, self.contains),
            (4, 2020, self.object),
            (4, 2020, self.properties),
            (4, 2020, self.properties),
            (4, 2020, self.patterns),
            (4, 2020, self.additional),
            (6, 2020, self.names),
            (4, 2019, self.dependencies),
            (2019, 2020, self.dependents),
            (4, 2020, self.every),
            (4, 2020, self.some),
            (4, 2020, self.one),
            (4, 2020, self.negated),
            (7, 2020, self.condition),
            (4, 2020, self.reference),
            (2019, 2020, self.unevaluated_items),
            (2019, 2020, self.unevaluated_properties),
        ]

    def document(self) -> Schema:
        """The whole schema. Definition k may only name later ones in place; the root is before them all."""
        root = self.keywords(_DEPTH, 0)
        root["$schema"] = DIALECTS[self.draft]
        root[self.holder] = {f"d{index}": self.schema(2, index + 1) for index in range(DEFINITIONS)}
        if self.draft <= 7 and "$ref" in root:
            root["allOf"] = [{"$ref": root.pop("$ref")}]
        if self.base:
            anchor = {"$dynamicAnchor": "node"} if self.draft == 2020 else {"$recursiveAnchor": True}
            root |= {"$id": self.base, **anchor}
            tree = root[self.holder][_TREE]
            root[self.holder][_TREE] = {"$id": _TREE, **anchor, **(tree if isinstance(tree, dict) else {})}
        return _without_unused(root, self.holder)

    def schema(self, depth: int, level: int) -> Schema:
        """A subschema; ``level``: the first definition that it may name without reading."""
        if self.rng.random() < 0.08:
            flat = self.rng.random() < 0.6
            return flat if self.draft >= 6 else ({} if flat else {"not": {}})
        return self.keywords(depth, level)

    def keywords(self, depth: int, level: int) -> dict[str, Schema]:
        found: dict[str, Schema] = {}
        usable = [make for first, last, make in self.makers if first <= self.draft <= last]
        for _ in range(self.rng.choice((1, 1, 2, 2, 3, 4))):
            found |= self.rng.choice(usable if depth else usable[:7])(depth - 1, level)
        return found

    def inner(self, depth: int) -> Schema:
        """A subschema of a member or an item, which may name everything."""
        return self.schema(depth, -1)

    def some_of(self, made: dict[str, Callable[[], Any]]) -> dict[str, Any]:
        chosen = self.rng.sample(list(made), self.rng.randrange(1, len(made) + 1))
        return {name: made[name]() for name in chosen}

    def type(self, depth: int, level: int) -> Schema:
        several = self.rng.random() < 0.4
        return {"type": self.rng.sample(TYPES, self.rng.randrange(1, 4)) if several else self.rng.choice(TYPES)}

    def enum(self, depth: int, level: int) -> Schema:
        found: list[Any] = []
        for _ in range(self.rng.randrange(1, 5)):
            value = values(self.rng)
            if json.dumps(value) not in map(json.dumps, found):
                found.append(value)
        return {"enum": found}

    def const(self, depth: int, level: int) -> Schema:
        return {"const": values(self.rng)}

    def number(self, depth: int, level: int) -> Schema:
        if self.draft == 4:
            bound = self.rng.choice(("minimum", "maximum"))
            strict = {f"exclusive{bound.capitalize()}": self.rng.random() < 0.5} if self.rng.random() < 0.5 else {}
            return {bound: self.rng.choice(NUMBERS), **strict}
        bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        return {self.rng.choice(bounds): self.rng.choice(NUMBERS) for _ in range(self.rng.choice((1, 1, 2)))}

    def multiple(self, depth: int, level: int) -> Schema:
        return {"multipleOf": self.rng.choice(STEPS)}

    def string(self, depth: int, level: int) -> Schema:
        return {self.rng.choice(("minLength", "maxLength")): self.rng.randrange(4)}

    def pattern(self, depth: int, level: int) -> Schema:
        return {"pattern": self.rng.choice(PATTERNS)}

    def array(self, depth: int, level: int) -> Schema:
        return {self.rng.choice(("minItems", "maxItems")): self.rng.randrange(4)}

    def items(self, depth: int, level: int) -> Schema:
        listed = [self.inner(depth) for _ in range(self.rng.randrange(1, 4))]
        if self.draft == 2020:
            return self.some_of({"prefixItems": lambda: listed, "items": lambda: self.inner(depth)})
        if self.rng.random() < 0.5:
            return {"items": self.inner(depth)}
        return {"items": listed, **({"additionalItems": self.inner(depth)} if self.rng.random() < 0.6 else {})}

    def unique(self, depth: int, level: int) -> Schema:
        return {"uniqueItems": self.rng.random() < 0.9}

    def contains(self, depth: int, level: int) -> Schema:
        found = {"contains": self.inner(depth)}
        if self.draft >= 2019 and self.rng.random() < 0.5:
            found |= self.some_of({key: lambda: self.rng.randrange(3) for key in ("minContains", "maxContains")})
        return found

    def object(self, depth: int, level: int) -> Schema:
        if self.rng.random() < 0.5:
            return {"required": self.rng.sample(NAMES, self.rng.randrange(1, 3))}
        return {self.rng.choice(("minProperties", "maxProperties")): self.rng.randrange(4)}

    def properties(self, depth: int, level: int) -> Schema:
        return {"properties": {name: self.inner(depth) for name in self.rng.sample(NAMES, self.rng.randrange(1, 4))}}

    def patterns(self, depth: int, level: int) -> Schema:
        sources = self.rng.sample(PATTERNS, self.rng.randrange(1, 3))
        return {"patternProperties": {source: self.inner(depth) for source in sources}}

    def additional(self, depth: int, level: int) -> Schema:
        return {"additionalProperties": self.rng.choice((False, self.inner(depth)))}

    def names(self, depth: int, level: int) -> Schema:
        return {"propertyNames": self.inner(min(depth, 1))}

    def dependencies(self, depth: int, level: int) -> Schema:
        def one() -> Any:
            return list(self.rng.sample(NAMES, 1)) if self.rng.random() < 0.5 else self.schema(depth, level)

        return {"dependencies": {name: one() for name in self.rng.sample(NAMES, self.rng.randrange(1, 3))}}

    def dependents(self, depth: int, level: int) -> Schema:
        if self.rng.random() < 0.5:
            return {"dependentRequired": {self.rng.choice(NAMES): self.rng.sample(NAMES, self.rng.randrange(3))}}
        return {"dependentSchemas": {self.rng.choice(NAMES): self.schema(depth, level)}}

    def listed(self, depth: int, level: int) -> list[Schema]:
        return [self.schema(depth, level) for _ in range(self.rng.randrange(1, 4))]

    def every(self, depth: int, level: int) -> Schema:
        return {"allOf": self.listed(depth, level)}

    def some(self, depth: int, level: int) -> Schema:
        return {"anyOf": self.listed(depth, level)}

    def one(self, depth: int, level: int) -> Schema:
        return {"oneOf": self.listed(depth, level)}

    def negated(self, depth: int, level: int) -> Schema:
        return {"not": self.schema(depth, level)}

    def condition(self, depth: int, level: int) -> Schema:
        branches = {branch: lambda: self.schema(depth, level) for branch in ("then", "else")}
        return {"if": self.schema(depth, level), **self.some_of(branches)}

    def reference(self, depth: int, level: int) -> Schema:
        if self.base and level < 0 and self.rng.random() < 0.4:
            return {"$dynamicRef": "#node"} if self.draft == 2020 else {"$recursiveRef": "#"}
        named = [f"{self.base}#/{self.holder}/d{index}" for index in range(max(level, 0), DEFINITIONS)]
        named += [f"{self.base}#"] if level < 0 else []
        named += [self.base + _TREE] if self.base and level < DEFINITIONS else []
        return {"$ref": self.rng.choice(named)} if named else {}

    def unevaluated_items(self, depth: int, level: int) -> Schema:
        return {"unevaluatedItems": self.rng.choice((False, self.inner(depth)))}

    def unevaluated_properties(self, depth: int, level: int) -> Schema:
        return {"unevaluatedProperties": self.rng.choice((False, self.inner(depth)))}


def resolve(root: Schema, reference: str) -> Schema:
    """What a reference in a schema of this module names."""
    name = reference.rpartition("/")[2]
    definitions = root.get("$defs", root.get("definitions", {}))
    return definitions.get(name, root)


def _without_unused(root: dict[str, Schema], holder: str) -> Schema:
    """The schema without definitions that nothing it reaches refers to."""
    used: set[str] = set()
    waiting = [json.dumps({key: value for key, value in root.items() if key != holder})]
    while waiting:
        for name in set(re.findall(r"/(d\d)\"", waiting.pop())) - used:
            used.add(name)
            waiting.append(json.dumps(root[holder][name]))
    kept = {name: schema for name, schema in root.pop(holder).items() if name in used}
    return {**root, holder: kept} if kept else root


class _Instances:
    """Writes instances of a schema that are often valid: a look at the keywords that say what is wanted."""

    def __init__(self, rng: Random, root: Schema) -> None:
        self.rng = rng
        self.root = root

    def make(self, schema: Schema, depth: int = 4) -> Any:
        wishes = self.wishes(schema, 6)
        for wish in wishes:
            if "const" in wish or "enum" in wish:
                return self.rng.choice([wish["const"]] if "const" in wish else wish["enum"])
        named = [
            self.rng.choice([*one]) if isinstance(one := wish["type"], list) else one
            for wish in wishes
            if "type" in wish
        ]
        kind = self.rng.choice(named) if named else self.rng.choice([*self.hinted(wishes), self.rng.choice(TYPES)])
        if kind == "array" and depth:
            return self.array(wishes, depth - 1)
        if kind == "object" and depth:
            return self.object(wishes, depth - 1)
        return {
            "null": None,
            "boolean": self.rng.random() < 0.5,
            "integer": self.rng.choice([one for one in NUMBERS if one == int(one)]),
            "number": self.rng.choice(NUMBERS),
            "string": self.rng.choice(STRINGS),
            "array": [],
            "object": {},
        }[kind]

    def wishes(self, schema: Schema, depth: int) -> list[dict[str, Any]]:
        """The objects whose keywords an instance should heed."""
        if not isinstance(schema, dict) or not depth:
            return []
        found = [schema]
        inner = list(schema.get("allOf", ()))
        inner += [self.rng.choice(schema[key]) for key in ("anyOf", "oneOf") if key in schema]
        inner += [schema[key] for key in ("then", "else") if key in schema and self.rng.random() < 0.5]
        if "$ref" in schema:
            inner.append(resolve(self.root, schema["$ref"]))
        if "$dynamicRef" in schema or "$recursiveRef" in schema:
            inner.append(self.root)
        for one in inner:
            found += self.wishes(one, depth - 1)
        return found

    @staticmethod
    def hinted(wishes: list[dict[str, Any]]) -> list[str]:
        keys = {key for wish in wishes for key in wish}
        hints = {
            "array": {"items", "prefixItems", "contains", "uniqueItems", "minItems", "maxItems", "unevaluatedItems"},
            "object": {"properties", "required", "patternProperties", "minProperties", "additionalProperties"}
            | {"propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"},
            "number": {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"},
            "string": {"minLength", "maxLength", "pattern"},
        }
        return [kind for kind, words in hints.items() if words & keys for _ in range(3)]

    def array(self, wishes: list[dict[str, Any]], depth: int) -> Any:
        least = max([wish.get("minItems", 0) for wish in wishes] + [0])
        found = []
        for index in range(least + self.rng.choice((0, 0, 1, 2, 3))):
            schemas = [self.item(wish, index) for wish in wishes]
            schemas += [wish["contains"] for wish in wishes if "contains" in wish and self.rng.random() < 0.5]
            schemas = [one for one in schemas if isinstance(one, dict)]
            found.append(self.make(self.rng.choice(schemas), depth) if schemas else values(self.rng, 1))
        return found

    @staticmethod
    def item(wish: dict[str, Any], index: int) -> Any:
        prefix = wish.get("prefixItems", wish.get("items"))
        if isinstance(prefix, list):
            after = wish.get("items") if "prefixItems" in wish else wish.get("additionalItems")
            return prefix[index] if index < len(prefix) else after
        return wish.get("items", wish.get("unevaluatedItems"))

    def object(self, wishes: list[dict[str, Any]], depth: int) -> Any:
        declared = {name: one for wish in wishes for name, one in wish.get("properties", {}).items()}
        names = [name for wish in wishes for name in wish.get("required", ())]
        names += [name for name in declared if self.rng.random() < 0.6]
        rest = [wish.get("additionalProperties", wish.get("unevaluatedProperties", True)) for wish in wishes]
        rest += [one for wish in wishes for one in wish.get("patternProperties", {}).values()]
        if False not in rest or self.rng.random() < 0.2:
            names += self.rng.sample(NAMES, self.rng.randrange(3))
        self.rng.shuffle(names)
        found = {}
        for name in names:
            schema = declared.get(name, self.rng.choice(rest) if rest else True)
            found[name] = self.make(schema, depth) if isinstance(schema, dict) else values(self.rng, 1)
        return found


def _changed(rng: Random, value: Any) -> Any:
    """A value with one thing changed somewhere."""
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.3:
            return value[:place] + value[place + 1 :]
        if kind < 0.5:
            return [*value, value[place]]
        return [*value[:place], _changed(rng, value[place]), *value[place + 1 :]]
    if isinstance(value, dict) and value and rng.random() < 0.7:
        name = rng.choice(list(value))
        if rng.random() < 0.3:
            return {key: one for key, one in value.items() if key != name}
        return {**value, name: _changed(rng, value[name])}
    return values(rng, 1)


def _whole(value: Any, draft: int) -> Any:
    """In draft 4 whether 1.0 is an integer is left open: there are none then."""
    if isinstance(value, float) and draft == 4 and value == int(value):
        return int(value)
    if isinstance(value, list):
        return [_whole(one, draft) for one in value]
    return {key: _whole(one, draft) for key, one in value.items()} if isinstance(value, dict) else value


def random_case(rng: Random, draft: int, count: int = 8) -> Case:
    """A schema and ``count`` instances."""
    schema = _whole(_Writer(rng, draft).document(), draft)
    instances: list[Any] = []
    writer = _Instances(rng, schema)
    for _ in range(count):
        value = writer.make(schema) if rng.random() < 0.85 else values(rng)
        if rng.random() < 0.35:
            value = _changed(rng, value)
        instances.append(_whole(value, draft))
    return Case(draft, schema, tuple(instances))


@st.composite
def cases(draw: st.DrawFn, drafts: tuple[int, ...] = tuple(DIALECTS), count: int = 8) -> Case:
    """Schemas of some drafts, each with ``count`` instances."""
    rng = draw(st.randoms(use_true_random=False))
    return random_case(rng, draw(st.sampled_from(drafts)), count)
