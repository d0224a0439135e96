"""A conjunction of subschemas as alternatives, each with its bounds per type.

::

    {"$ref": "#/$defs/a", "anyOf": [{"type": "string", "maxLength": 3}, {"enum": [1, [2]]}]}
        = [Shape(types=STRING, max_length=3), Shape(types=NUMBER, numbers={1}), Shape(types=ARRAY, arrays=[...])]

Scalars are merged as they are met. What constrains arrays and objects is only collected: their members are
conjunctions of their own, lowered when a text reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from ...errors import LimitError, SchemaError
from ...kernels.opcodes import NumberKind
from .atoms import Clauses
from .decimals import Number, common_multiple, decimal_parts
from .document import Conjunction, Document, JsonValue, Subschema
from .formats import format_of

__all__ = [
    "ARRAY_KEYWORDS",
    "OBJECT_KEYWORDS",
    "SCALAR_KEYWORDS",
    "TUPLE",
    "TYPE_NAMES",
    "Conjunction",
    "Number",
    "Shape",
    "Types",
    "bounded",
    "conjunction",
    "count_value",
    "decimal_parts",
    "decimal_value",
    "divisor",
    "is_text",
]

TUPLE = "\0tuple"
"""Keyword of synthetic subschemas: the array has exactly these items."""


class Types:
    """Bits of the JSON types, ``true`` and ``false`` apart. Plain ints: sets of them are made by the thousand."""

    NULL = 1
    TRUE = 2
    FALSE = 4
    NUMBER = 8
    STRING = 16
    ARRAY = 32
    OBJECT = 64
    ALL = 127


TYPE_NAMES = {
    "null": Types.NULL,
    "boolean": Types.TRUE | Types.FALSE,
    "number": Types.NUMBER,
    "integer": Types.NUMBER,
    "string": Types.STRING,
    "array": Types.ARRAY,
    "object": Types.OBJECT,
}


class Shape(NamedTuple):
    """One alternative of what a value may be.

    Attributes:
        types: the types it may have.
        number: which numbers, if it is one.
        numbers: if not None, the number is one of these.
        minimum: lower bound, and whether it is itself excluded.
        maximum: upper bound, likewise.
        multiple: if not None, the number is a multiple of this.
        not_multiples: the number is a multiple of none of these.
        excluded_numbers: numbers that it is not.
        fractional: the number is written with a fraction or an exponent (draft 4: it is no integer).
        min_length: fewest code points of a string.
        max_length: most, or None.
        patterns: ECMA-262 patterns that the string matches somewhere, with their pointers.
        not_patterns: patterns that it matches nowhere.
        formats: asserted formats that it has, as :func:`~gramarye.grammar.schema.formats.format_of` names them.
        not_formats: formats of whose automata it is refused.
        excluded: strings that it is not.
        strings: if not None, the string is one of these.
        arrays: subschemas that constrain it if it is an array.
        objects: subschemas that constrain it if it is an object.
        array_clauses: what else must hold if it is an array.
        object_clauses: what else must hold if it is an object.
        divided: how often alternatives were taken on the way here.
        holding: alternatives that were taken on the way here: subschemas that hold of all its values.
    """

    types: int = Types.ALL
    number: NumberKind = NumberKind.ANY
    numbers: frozenset[Number] | None = None
    minimum: tuple[Decimal, bool] | None = None
    maximum: tuple[Decimal, bool] | None = None
    multiple: Number | None = None
    not_multiples: frozenset[Number] = frozenset()
    excluded_numbers: frozenset[Number] = frozenset()
    fractional: bool = False
    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[tuple[str, str], ...] = ()
    not_patterns: tuple[tuple[str, str], ...] = ()
    formats: tuple[str, ...] = ()
    not_formats: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    strings: tuple[str, ...] | None = None
    arrays: Conjunction = ()
    objects: Conjunction = ()
    array_clauses: Clauses = ()
    object_clauses: Clauses = ()
    divided: int = 0
    holding: frozenset[int] = frozenset()

    @property
    def automatic(self) -> bool:
        """True if the strings need an automaton."""
        return bool(self.patterns or self.not_patterns or self.formats or self.not_formats or self.excluded)


def conjunction(subschemas: Iterable[Subschema]) -> Conjunction:
    """The conjunction of subschemas, those that allow everything left out."""
    indices = {s.index for s in subschemas if (s.schema and s.schema is not True) or s.schema is False}
    return tuple(indices) if len(indices) <= 1 else tuple(sorted(indices))


def is_text(text: str) -> bool:
    """False for a string with a lone surrogate, which no JSON text in UTF-8 spells and no automaton reads."""
    if text.isascii():
        return True
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _type(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    names = value if isinstance(value, list) else [value]
    types = 0
    for name in names:
        if name not in TYPE_NAMES:
            raise SchemaError(
                f"{name!r} is not a type", pointer=f"{subschema.pointer}/type", expected=sorted(TYPE_NAMES)
            )
        types |= TYPE_NAMES[name]
    number = shape.number
    if "integer" in names and "number" not in names:
        number = max(number, NumberKind.INTEGER_LITERAL if subschema.draft == 4 else NumberKind.INTEGER)
    return [shape._replace(types=shape.types & types, number=number)]


def _enum(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if not isinstance(value, list):
        raise SchemaError("enum is not an array", pointer=f"{subschema.pointer}/enum", expected=["an array"])
    return _one_of_values(document, shape, value, f"{subschema.pointer}/enum")


def _const(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return _one_of_values(document, shape, [value], f"{subschema.pointer}/const")


def _one_of_values(document: Document, shape: Shape, values: list[JsonValue], pointer: str) -> list[Shape]:
    """One alternative for all scalars, one for each container."""
    types = 0
    strings: dict[str, None] = {}
    numbers: set[Number] = set()
    containers: list[Shape] = []
    for value in values:
        if value is None:
            types |= Types.NULL
        elif isinstance(value, bool):
            types |= Types.TRUE if value else Types.FALSE
        elif isinstance(value, str):
            strings[value] = None
        elif isinstance(value, (int, float, Decimal)):
            numbers.add(decimal_parts(value))
        elif isinstance(value, list) and shape.types & Types.ARRAY:
            exact = document.synthetic({TUPLE: [{"enum": [item]} for item in value]}, pointer)
            containers.append(shape._replace(types=Types.ARRAY, arrays=(*shape.arrays, exact.index)))
        elif isinstance(value, dict) and shape.types & Types.OBJECT:
            members = {key: {"enum": [item]} for key, item in value.items()}
            exact = document.synthetic(
                {"properties": members, "required": list(value), "additionalProperties": False}, pointer
            )
            containers.append(shape._replace(types=Types.OBJECT, objects=(*shape.objects, exact.index)))
    if shape.strings is not None:
        strings = {text: None for text in shape.strings if text in strings}
    if shape.numbers is not None:
        numbers &= shape.numbers
    types |= (Types.STRING if strings else 0) | (Types.NUMBER if numbers else 0)
    scalar = shape._replace(types=shape.types & types, strings=tuple(strings), numbers=frozenset(numbers))
    return [*([scalar] if scalar.types else []), *containers]


_UNREACHED = (1 << 31) - 1  # upper bounds above this are never reached
MOST_COUNTED = 1_000_000
"""Lower bounds on lengths and numbers of members above this are not made."""


def count_value(subschema: Subschema, keyword: str, value: JsonValue) -> int:
    """A non-negative integer keyword (``2.0`` is one).

    Raises:
        SchemaError: it is something else.
        LimitError: it asks for texts that are too long to make.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or value != int(value) or value < 0:
        raise SchemaError(
            f"{keyword} is {value!r}", pointer=f"{subschema.pointer}/{keyword}", expected=["a non-negative integer"]
        )
    if keyword.startswith("min") and value > MOST_COUNTED:
        raise LimitError(
            f"{keyword} is {value}",
            pointer=f"{subschema.pointer}/{keyword}",
            expected=[f"at most {MOST_COUNTED:,}"],
        )
    return min(int(value), _UNREACHED)


def _min_length(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return [shape._replace(min_length=max(shape.min_length, count_value(subschema, "minLength", value)))]


def _max_length(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    most = count_value(subschema, "maxLength", value)
    return [shape._replace(max_length=most if shape.max_length is None else min(shape.max_length, most))]


def decimal_value(subschema: Subschema, keyword: str, value: JsonValue) -> Decimal:
    """The exact value of a numeric keyword."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise SchemaError(f"{keyword} is {value!r}", pointer=f"{subschema.pointer}/{keyword}", expected=["a number"])
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def bounded(
    shape: Shape, *, low: tuple[Decimal, bool] | None = None, high: tuple[Decimal, bool] | None = None
) -> list[Shape]:
    """A shape with one more bound; of equal bounds the strict one holds."""
    if low is not None and (shape.minimum is None or low > shape.minimum):
        shape = shape._replace(minimum=low)
    if high is not None and (
        shape.maximum is None or high[0] < shape.maximum[0] or (high[0] == shape.maximum[0] and high[1])
    ):
        shape = shape._replace(maximum=high)
    return [shape]


def _excluded(subschema: Subschema, keyword: str) -> bool:
    """Draft 4: whether the bound itself is excluded by a boolean beside it."""
    return isinstance(subschema.schema, dict) and subschema.schema.get(keyword) is True


def _minimum(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    strict = subschema.draft == 4 and _excluded(subschema, "exclusiveMinimum")
    return bounded(shape, low=(decimal_value(subschema, "minimum", value), strict))


def _maximum(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    strict = subschema.draft == 4 and _excluded(subschema, "exclusiveMaximum")
    return bounded(shape, high=(decimal_value(subschema, "maximum", value), strict))


def _exclusive_minimum(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if subschema.draft == 4:
        return [shape]
    return bounded(shape, low=(decimal_value(subschema, "exclusiveMinimum", value), True))


def _exclusive_maximum(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if subschema.draft == 4:
        return [shape]
    return bounded(shape, high=(decimal_value(subschema, "exclusiveMaximum", value), True))


def divisor(subschema: Subschema, value: JsonValue) -> Number:
    """The exact value of ``multipleOf``.

    Raises:
        SchemaError: it is no number above zero.
    """
    number = decimal_parts(decimal_value(subschema, "multipleOf", value))
    if number[0] or not number[1]:
        raise SchemaError(
            f"multipleOf is {value}", pointer=f"{subschema.pointer}/multipleOf", expected=["a number above 0"]
        )
    return number


def _multiple_of(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    number = divisor(subschema, value)
    return [shape._replace(multiple=number if shape.multiple is None else common_multiple(shape.multiple, number))]


def _pattern(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if not isinstance(value, str):
        raise SchemaError("pattern is not a string", pointer=f"{subschema.pointer}/pattern", expected=["a string"])
    return [shape._replace(patterns=(*shape.patterns, (value, f"{subschema.pointer}/pattern")))]


def _format(document: Document, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    name = format_of(value, subschema.draft)
    if name is None or name in shape.formats:
        return [shape]
    return [shape._replace(formats=(*shape.formats, name))]


SCALAR_KEYWORDS: dict[str, Callable[[Document, Subschema, Shape, JsonValue], list[Shape]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _exclusive_minimum,
    "exclusiveMaximum": _exclusive_maximum,
    "multipleOf": _multiple_of,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
}
ARRAY_KEYWORDS = frozenset(("items", "prefixItems", "additionalItems", "minItems", "maxItems", TUPLE))
OBJECT_KEYWORDS = frozenset(
    (
        "properties",
        "patternProperties",
        "propertyNames",
        "additionalProperties",
        "required",
        "minProperties",
        "maxProperties",
    )
)
