"""``not``, pushed inwards: the shapes of the values that a subschema refuses.

The keywords of a subschema hold together, so it is refused where any one of them is::

    not {"type": "string", "maxLength": 3}   =   not a string,   or a string of 4 and more
    not {"required": ["a", "b"]}             =   an object without a,   or an object without b
    not {"anyOf": [A, B]}                    =   not A and not B

A keyword whose opposite is no shape (``items``, ``additionalProperties``, ``oneOf``) is refused with its pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from ...errors import SchemaError
from ...kernels.opcodes import NumberKind
from .document import Document, JsonValue, Subschema
from .formats import FORMATS
from .shapes import TYPE_NAMES, Shape, Types, bounded, decimal_parts, decimal_value

__all__ = ["Negation"]

Apply = Callable[[Subschema, Shape, tuple[int, ...]], list[Shape]]
Opposite = Callable[["Negation", Subschema, Shape, JsonValue], list[Shape]]


class Negation:
    """Negates the subschemas of one document.

    Args:
        document: the document.
        apply: merges a subschema into a shape.
    """

    def __init__(self, document: Document, apply: Apply) -> None:
        self.document = document
        self._apply = apply

    def negate(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of a shape that a subschema refuses.

        Raises:
            SchemaError: the opposite of a keyword cannot be enforced.
        """
        schema = subschema.schema
        if isinstance(schema, bool):
            return [] if schema else [shape]
        if subschema.index in active:
            raise SchemaError("a reference leads back to itself without reading anything", pointer=subschema.pointer)
        active = (*active, subschema.index)
        if "$ref" in schema and self.document.draft <= 7:
            return self.negate(self.document.resolve(subschema), shape, active)
        shapes: list[Shape] = []
        for keyword, value in schema.items():
            shapes.extend(self._opposite(subschema, keyword, value, shape, active))
        return [one for one in dict.fromkeys(shapes) if one.types]

    def _opposite(
        self, subschema: Subschema, keyword: str, value: JsonValue, shape: Shape, active: tuple[int, ...]
    ) -> list[Shape]:
        """The alternatives of a shape that one keyword refuses."""
        document = self.document
        if keyword == "$ref":
            return self.negate(document.resolve(subschema), shape, active)
        if keyword == "not":
            return self._apply(document.child(subschema, "not"), shape, active)
        if keyword == "allOf":
            children = [document.child(subschema, keyword, index) for index in range(len(value))]
            return [one for child in children for one in self.negate(child, shape, active)]
        if keyword == "anyOf":
            shapes = [shape]
            for index in range(len(value)):
                child = document.child(subschema, keyword, index)
                shapes = [result for one in shapes for result in self.negate(child, one, active)]
            return shapes
        if keyword == "const" and document.draft == 4:
            return []
        opposite = _OPPOSITES.get(keyword)
        if opposite is not None:
            return opposite(self, subschema, shape, value)
        if keyword in _NOTHING and not (keyword == "format" and document.assert_formats and value in FORMATS):
            return []
        raise SchemaError(
            f"the opposite of {keyword!r} is not enforced by this version", pointer=f"{subschema.pointer}/{keyword}"
        )

    def add(self, shape: Shape, schema: dict[str, JsonValue], pointer: str) -> list[Shape]:
        """An object shape with one more subschema for its members."""
        if not shape.types & Types.OBJECT:
            return []
        extra = self.document.synthetic(schema, pointer)
        return [replace(shape, types=Types.OBJECT, objects=(*shape.objects, extra.index))]


def _type(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    names = value if isinstance(value, list) else [value]
    types = 0
    for name in names:
        if name != "integer":
            types |= TYPE_NAMES[name]
    if "integer" in names and "number" not in names and shape.types & Types.NUMBER:
        if shape.number is NumberKind.ANY and shape.numbers is None:
            raise SchemaError(
                "numbers that are no integers are not enforced by this version", pointer=f"{subschema.pointer}/type"
            )
        if shape.numbers is not None:
            shape = replace(shape, numbers=frozenset(number for number in shape.numbers if number[2] < 0))
        if shape.numbers is None or not shape.numbers:
            types |= Types.NUMBER
    return [replace(shape, types=shape.types & ~types)]


def _values(
    negation: Negation, subschema: Subschema, shape: Shape, values: list[JsonValue], keyword: str
) -> list[Shape]:
    """A shape without some values."""
    types = shape.types
    for value in values:
        if value is None:
            types &= ~Types.NULL
        elif isinstance(value, bool):
            types &= ~(Types.TRUE if value else Types.FALSE)
        elif isinstance(value, str):
            shape = replace(shape, excluded=shape.excluded | {value})
        elif isinstance(value, (int, float, Decimal)) and types & Types.NUMBER:
            if shape.numbers is None:
                raise SchemaError(
                    "excluding single numbers is not enforced by this version", pointer=f"{subschema.pointer}/{keyword}"
                )
            shape = replace(shape, numbers=shape.numbers - {decimal_parts(value)})
            types &= ~(0 if shape.numbers else Types.NUMBER)
        elif isinstance(value, (list, dict)) and types & (Types.ARRAY if isinstance(value, list) else Types.OBJECT):
            raise SchemaError(
                "excluding an array or object is not enforced by this version", pointer=f"{subschema.pointer}/{keyword}"
            )
    if shape.strings is not None:
        kept = tuple(text for text in shape.strings if text not in shape.excluded)
        shape = replace(shape, strings=kept, excluded=frozenset())
        types &= ~(0 if kept else Types.STRING)
    return [replace(shape, types=types)]


def _enum(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return _values(negation, subschema, shape, value, "enum")


def _const(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return _values(negation, subschema, shape, [value], "const")


def _required(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    pointer = f"{subschema.pointer}/required"
    return [one for name in value for one in negation.add(shape, {"properties": {name: False}}, pointer)]


def _properties(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    shapes = []
    for name in value:
        child = negation.document.child(subschema, "properties", name)
        opposite = {"required": [name], "properties": {name: {"not": child.schema}}}
        shapes.extend(negation.add(shape, opposite, f"{subschema.pointer}/properties"))
    return shapes


def _only(shape: Shape, types: int) -> list[Shape]:
    return [replace(shape, types=types)] if shape.types & types else []


def _pattern(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    pointer = f"{subschema.pointer}/pattern"
    return [replace(one, not_patterns=(*one.not_patterns, (value, pointer))) for one in _only(shape, Types.STRING)]


def _min_length(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if value == 0:
        return []
    most = int(value) - 1
    return [
        replace(one, max_length=most if one.max_length is None else min(one.max_length, most))
        for one in _only(shape, Types.STRING)
    ]


def _max_length(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return [replace(one, min_length=max(one.min_length, int(value) + 1)) for one in _only(shape, Types.STRING)]


def _bound(keyword: str, *, low: bool, strict: bool) -> Opposite:
    """The opposite of a bound: the other side, strict where the bound was not."""

    def opposite(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
        excluded = strict
        if negation.document.draft == 4:
            if strict:
                return []
            beside = "exclusiveMinimum" if low else "exclusiveMaximum"
            excluded = isinstance(subschema.schema, dict) and subschema.schema.get(beside) is True
        end = (decimal_value(subschema, keyword, value), not excluded)
        shapes = _only(shape, Types.NUMBER)
        return [r for one in shapes for r in (bounded(one, high=end) if low else bounded(one, low=end))]

    return opposite


_OPPOSITES: dict[str, Opposite] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minimum": _bound("minimum", low=True, strict=False),
    "maximum": _bound("maximum", low=False, strict=False),
    "exclusiveMinimum": _bound("exclusiveMinimum", low=True, strict=True),
    "exclusiveMaximum": _bound("exclusiveMaximum", low=False, strict=True),
}
_NOTHING = frozenset(
    "$schema $id id $anchor $dynamicAnchor $comment $defs definitions title description default examples "
    "deprecated readOnly "
    "writeOnly format contentEncoding contentMediaType contentSchema".split()
)
