"""Random basic schemas, instances of them, and spellings of instances; everything is drawn from a seeded Random."""

from __future__ import annotations

import json
from random import Random
from typing import Any

__all__ = ["mutated", "random_instance", "random_schema", "spelled"]

NAMES = ["a", "ab", "b", "id", "é", "k\n", 'q"', "", "😀", "été"]
STRINGS = ["", "a", "ab", "é", "日本", "😀", 'x"y', "\\", "\n", "a/b", "\u007f", "ö😀"]
NUMBERS: list[Any] = [0, 1, -1, 10, 100, 1.5, -0.25, 12, 0.001, 1e3, 2.0, 1e-7, 105, 1.0]
_TYPES = ["null", "boolean", "number", "integer", "string", "array", "object"]


def random_schema(rng: Random, depth: int = 3) -> Any:
    """A schema of the basic keywords with local definitions; some have no value at all."""
    schema = _schema(rng, depth)
    if isinstance(schema, bool):
        return {"anyOf": [schema, {"type": "null"}]}
    schema["$defs"] = {"d": _schema(rng, 2, refer=False), "e": _list_of(rng)}
    return schema


def _list_of(rng: Random) -> Any:
    return rng.choice(
        [
            {"type": ["array", "integer"], "items": {"$ref": "#/$defs/e"}},
            {"type": "object", "properties": {"next": {"$ref": "#/$defs/e"}}, "additionalProperties": False},
            {"anyOf": [{"type": "null"}, {"type": "array", "prefixItems": [{"$ref": "#/$defs/d"}], "items": False}]},
        ]
    )


def random_value(rng: Random, depth: int = 2) -> Any:
    pick = rng.random()
    if depth and pick < 0.15:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(3))]
    if depth and pick < 0.3:
        return {rng.choice(NAMES): random_value(rng, depth - 1) for _ in range(rng.randrange(3))}
    return rng.choice([None, True, False, rng.choice(STRINGS), rng.choice(NUMBERS), rng.choice(STRINGS)])


def _schema(rng: Random, depth: int, *, refer: bool = True) -> Any:
    kind = rng.random()
    if depth == 0 or kind < 0.05:
        return rng.choice([True, {"type": rng.choice(_TYPES)}, {"type": "integer"}, {"type": "string"}, False])
    if kind < 0.25:
        values = [random_value(rng) for _ in range(rng.randrange(1, 4))]
        listed: dict[str, Any] = {"enum": values} if kind < 0.2 else {"const": values[0]}
        if rng.random() < 0.3:
            listed["type"] = rng.choice(_TYPES)
        return listed
    if kind < 0.35 and refer:
        return {"$ref": rng.choice(["#/$defs/d", "#/$defs/e"])}

    def inner() -> Any:
        return _schema(rng, depth - 1, refer=refer)

    schema: dict[str, Any] = {}
    if kind < 0.5:
        schema["anyOf"] = [inner() for _ in range(rng.randrange(1, 4))]
    elif kind < 0.56:
        schema["allOf"] = [inner() for _ in range(rng.randrange(1, 3))]
    kinds = rng.sample(_TYPES, rng.choice([1, 1, 1, 2, 3]))
    if rng.random() < 0.8 or not schema:
        schema["type"] = kinds if len(kinds) > 1 else kinds[0]
    if "string" in kinds:
        _bounds(rng, schema, "minLength", "maxLength", 4)
    if "array" in kinds:
        _bounds(rng, schema, "minItems", "maxItems", 3)
        if rng.random() < 0.6:
            schema["items"] = inner()
        if rng.random() < 0.4:
            schema["prefixItems"] = [inner() for _ in range(rng.randrange(1, 3))]
    if "object" in kinds:
        _object(rng, schema, inner)
    return schema


def _object(rng: Random, schema: dict[str, Any], inner: Any) -> None:
    names = rng.sample(NAMES, rng.randrange(4))
    if names:
        schema["properties"] = {name: inner() for name in names}
    if rng.random() < 0.5:
        schema["required"] = rng.sample(names, rng.randrange(len(names) + 1)) + (
            ["other"] if rng.random() < 0.15 else []
        )
    if rng.random() < 0.6:
        schema["additionalProperties"] = rng.choice([False, False, True, inner()])
    if rng.random() < 0.3:
        _bounds(rng, schema, "minProperties", "maxProperties", 3)


def _bounds(rng: Random, schema: dict[str, Any], low: str, high: str, most: int) -> None:
    if rng.random() < 0.4:
        schema[low] = rng.randrange(most)
    if rng.random() < 0.4:
        schema[high] = schema.get(low, 0) + rng.randrange(most)


def random_instance(rng: Random, schema: Any, root: Any, depth: int = 4) -> Any:
    """A value that tries to satisfy a schema, and often does."""
    if isinstance(schema, bool) or depth == 0:
        return random_value(rng, 1)
    if "$ref" in schema:
        return random_instance(rng, root["$defs"][schema["$ref"][-1]], root, depth - 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    for keyword in ("anyOf", "allOf"):
        if keyword in schema and rng.random() < 0.8:
            return random_instance(rng, rng.choice(schema[keyword]), root, depth)
    names = schema.get("type", _TYPES)
    kind = rng.choice(names) if isinstance(names, list) else names
    if kind == "array":
        prefix, rest = schema.get("prefixItems", []), schema.get("items", True)
        count = rng.randrange(
            schema.get("minItems", 0), min(schema.get("maxItems", 4), schema.get("minItems", 0) + 4) + 1
        )
        return [random_instance(rng, prefix[i] if i < len(prefix) else rest, root, depth - 1) for i in range(count)]
    if kind == "object":
        declared = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        wanted = list(schema.get("required", ())) + [name for name in declared if rng.random() < 0.5]
        wanted += [rng.choice(NAMES) for _ in range(rng.choice([0, 0, 1, 2]) if rest is not False else 0)]
        rng.shuffle(wanted)
        return {name: random_instance(rng, declared.get(name, rest), root, depth - 1) for name in wanted}
    if kind == "string":
        low = schema.get("minLength", 0)
        count = rng.randrange(low, min(schema.get("maxLength", 4), low + 4) + 1)
        return "".join(rng.choice('ab1é日😀\n"\\') for _ in range(count))
    return {"null": None, "boolean": rng.random() < 0.5, "integer": rng.choice([0, 1, -1, 10, 2.0, 1e2, 100])}.get(
        kind, rng.choice(NUMBERS)
    )


def spelled(rng: Random, value: Any, blanks: tuple[str, ...] = ("", "", " ", "\n\t")) -> str:
    """One of the spellings of a value: blanks, escapes, the order of members, ways to write a number."""

    def gap() -> str:
        return rng.choice(blanks)

    if isinstance(value, str):
        return '"' + "".join(_letter(rng, letter) for letter in value) + '"'
    if isinstance(value, list):
        return "[" + gap() + ",".join(gap() + spelled(rng, one, blanks) + gap() for one in value) + "]"
    if isinstance(value, dict):
        members = list(value.items())
        rng.shuffle(members)
        parts = [
            gap() + spelled(rng, name, blanks) + gap() + ":" + gap() + spelled(rng, one, blanks) + gap()
            for name, one in members
        ]
        return "{" + gap() + ",".join(parts) + "}"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return _number(rng, value)


def _letter(rng: Random, letter: str) -> str:
    plain = json.dumps(letter, ensure_ascii=False)[1:-1]
    if rng.random() < 0.7:
        return plain
    if letter == "/" and rng.random() < 0.5:
        return "\\/"
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))


def _number(rng: Random, value: float) -> str:
    text = repr(value)
    if "e" in text or rng.random() < 0.4:
        return text
    if rng.random() < 0.3:
        return text + ("0" if "." in text else ".0") + rng.choice(["", "0", "e0", "E-0", "e+00"])
    shift = rng.randrange(1, 4)
    whole, _, fraction = text.partition(".")
    if rng.random() < 0.5:
        return f"{whole}{fraction}{'0' * shift}e-{len(fraction) + shift}" if whole.strip("-0") else text + "e0"
    sign = "-" if whole.startswith("-") else ""
    digits = whole.lstrip("-")
    return f"{sign}0.{digits}{fraction}e{len(digits)}"


def mutated(rng: Random, text: bytes) -> bytes:
    """A text with one small change."""
    place = rng.randrange(len(text) + 1)
    kind = rng.random()
    if kind < 0.35:
        return text[:place] + text[place + 1 :]
    new = bytes([rng.choice(b'{}[]",:0123456789eE+-. tfna\\u\x80\xc3\xa9\xf0\xff\n')])
    if kind < 0.7:
        return text[:place] + new + text[place:]
    return text[:place] + new + text[place + 1 :]
