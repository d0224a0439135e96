"""What becomes of each keyword: enforced, an annotation, or refused. Nothing else exists.

A keyword that the dialect of its subschema does not know is an annotation there (``const`` in draft 4), as the
specification says; one that it knows and that the lowering cannot enforce is refused, with its pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from ...errors import SchemaError
from .document import Document, JsonValue, Subschema, escape_pointer
from .formats import FORMATS
from .shapes import count_value, decimal_value

__all__ = ["Finding", "Treatment", "check", "findings"]


class Treatment(StrEnum):
    """What becomes of a keyword."""

    ENFORCED = "enforced"
    ANNOTATION = "annotation"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One keyword of a schema and what becomes of it."""

    pointer: str
    keyword: str
    status: Treatment
    note: str = ""
    value: JsonValue = field(default=None, repr=False, compare=False)


_ASSERTIONS = frozenset(
    "type enum const minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern minItems "
    "maxItems uniqueItems minProperties maxProperties required properties patternProperties propertyNames "
    "additionalProperties items prefixItems additionalItems allOf anyOf oneOf not dependencies contains minContains "
    "maxContains if then else dependentRequired dependentSchemas unevaluatedItems unevaluatedProperties $ref "
    "$dynamicRef $recursiveRef".split()
)
_NOT_YET: frozenset[str] = frozenset()
_STANDARD_ANNOTATIONS = frozenset(
    "$schema $id id $anchor $dynamicAnchor $recursiveAnchor $vocabulary $comment $defs definitions title "
    "description default "
    "examples deprecated readOnly writeOnly format contentEncoding contentMediaType contentSchema".split()
)
_BESIDE = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}
"""Keywords that mean nothing without another."""
_COUNTS = frozenset(("minLength", "minItems", "minProperties"))
_EXCLUSIVE = frozenset(("exclusiveMinimum", "exclusiveMaximum"))
_PATTERNS = frozenset(("pattern", "patternProperties"))


def treatment(subschema: Subschema, keyword: str) -> tuple[Treatment, str]:
    """What becomes of a keyword of a subschema, and why if it is not enforced."""
    written, schema = subschema.written, subschema.schema
    value = written[keyword] if isinstance(written, dict) else None
    if isinstance(schema, dict) and keyword not in schema:
        return Treatment.ANNOTATION, _why_silent(subschema, keyword)
    beside = _BESIDE.get(keyword)
    if beside is not None and isinstance(schema, dict) and beside not in schema:
        return Treatment.ANNOTATION, f"means nothing without {beside}"
    if keyword in _ASSERTIONS:
        return Treatment.ENFORCED, ""
    if keyword in _NOT_YET:
        return Treatment.REFUSED, "not enforced by this version"
    if keyword == "format":
        if isinstance(value, str) and value in FORMATS:
            return Treatment.ENFORCED, ""
        return Treatment.ANNOTATION, "a format without an automaton"
    if keyword in _STANDARD_ANNOTATIONS:
        return Treatment.ANNOTATION, ""
    return Treatment.ANNOTATION, "unknown keyword"


def _why_silent(subschema: Subschema, keyword: str) -> str:
    """Why a keyword that was written means nothing."""
    dialect = subschema.resource.dialect
    if dialect.hides and isinstance(subschema.written, dict) and "$ref" in subschema.written:
        return "hidden by $ref in this dialect"
    return "not a keyword of this dialect" if keyword in dialect.silent else ""


_TYPE_NAMES = frozenset(("null", "boolean", "object", "array", "number", "string", "integer"))


def _is_count(value: JsonValue) -> bool:
    return (
        not isinstance(value, bool) and isinstance(value, (int, float, Decimal)) and value >= 0 and value == int(value)
    )


def _is_number(value: JsonValue) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float, Decimal))


def _is_type(value: JsonValue) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in _TYPE_NAMES for name in names)


def _is_names(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_names_by_name(value: JsonValue) -> bool:
    return isinstance(value, dict) and all(map(_is_names, value.values()))


def _is_dependencies(value: JsonValue) -> bool:
    return isinstance(value, dict) and all(isinstance(one, (dict, bool)) or _is_names(one) for one in value.values())


_WELL_FORMED: dict[str, tuple[Callable[[JsonValue], bool], str]] = {
    **dict.fromkeys(
        "minLength maxLength minItems maxItems minContains maxContains minProperties maxProperties".split(),
        (_is_count, "a non-negative integer"),
    ),
    **dict.fromkeys(("minimum", "maximum"), (_is_number, "a number")),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    **dict.fromkeys(
        ("exclusiveMinimum", "exclusiveMaximum"),
        (lambda value: _is_number(value) or isinstance(value, bool), "a number"),
    ),
    "type": (_is_type, "the name of a type, or several: " + ", ".join(sorted(_TYPE_NAMES))),
    "required": (_is_names, "an array of strings"),
    **dict.fromkeys(
        ("properties", "patternProperties", "dependentSchemas"),
        (lambda value: isinstance(value, dict), "an object of schemas"),
    ),
    "dependentRequired": (_is_names_by_name, "an object of arrays of strings"),
    "dependencies": (_is_dependencies, "an object of schemas and arrays of strings"),
    "uniqueItems": (lambda value: isinstance(value, bool), "a boolean"),
    "enum": (lambda value: isinstance(value, list), "an array"),
    "pattern": (lambda value: isinstance(value, str), "a string"),
    **dict.fromkeys(
        ("allOf", "anyOf", "oneOf", "prefixItems"), (lambda value: isinstance(value, list), "an array of schemas")
    ),
}
"""What the value of a keyword must look like; schemas inside are checked when they are visited."""


def _reachable(document: Document) -> Iterator[Subschema]:
    seen: set[int] = set()
    waiting = [document.root]
    while waiting:
        subschema = waiting.pop()
        if subschema.index in seen:
            continue
        seen.add(subschema.index)
        yield subschema
        inside = [*document.references(subschema), *document.children(subschema)]
        inside.reverse()
        waiting.extend(inside)


def findings(document: Document) -> Iterator[Finding]:
    """Every keyword that the root can reach, in the document's order."""
    for subschema in _reachable(document):
        if isinstance(subschema.written, bool):
            continue
        for keyword, value in subschema.written.items():
            outcome, reason = treatment(subschema, keyword)
            yield Finding(f"{subschema.pointer}/{escape_pointer(keyword)}", keyword, outcome, reason, value)


def check(document: Document) -> list[tuple[str, str, JsonValue]]:
    """Refuse a schema with a keyword that is malformed or cannot be enforced.

    Returns:
        Pointer, keyword and value of the keywords that have patterns.

    Raises:
        SchemaError: names the keyword and its pointer. Time linear in what the root reaches.
        LimitError: texts of a size are asked for that are too long to make.
    """
    patterns = []
    for subschema in _reachable(document):
        schema = subschema.schema
        if isinstance(schema, bool):
            continue
        if not _NOT_YET.isdisjoint(schema):
            _refuse(subschema, next(keyword for keyword in schema if keyword in _NOT_YET))
        for keyword, value in schema.items():
            known = _WELL_FORMED.get(keyword)
            if known is None or (keyword in _BESIDE and _BESIDE[keyword] not in schema):
                continue
            if not known[0](value):
                pointer = f"{subschema.pointer}/{escape_pointer(keyword)}"
                raise SchemaError(f"{keyword} is {value!r}", pointer=pointer, expected=[known[1]])
            if keyword in _COUNTS:
                count_value(subschema, keyword, value)
            elif keyword in _EXCLUSIVE and isinstance(value, bool) and subschema.draft != 4:
                decimal_value(subschema, keyword, value)
            if keyword in _PATTERNS:
                patterns.append((f"{subschema.pointer}/{keyword}", keyword, value))
    return patterns


def _refuse(subschema: Subschema, keyword: str) -> None:
    raise SchemaError(
        f"the keyword {keyword!r} is {treatment(subschema, keyword)[1]}",
        pointer=f"{subschema.pointer}/{escape_pointer(keyword)}",
        expected=sorted(_ASSERTIONS),
        hint="remove it, or say the same with the keywords listed",
    )
