"""``not``, pushed inwards: the shapes of the values that a subschema refuses.

The keywords of a subschema hold together, so it is refused where any one of them is::

    not {"type": "string", "maxLength": 3}   =   not a string,   or a string of 4 and more
    not {"anyOf": [A, B]}                    =   not A and not B
    not {"required": ["a", "b"]}             =   an object of which a clause holds: all "a" are false or all "b" are

The opposites of scalars are shapes of their own; those of objects and arrays are clauses (``clauses.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ...errors import SchemaError
from ...kernels.opcodes import NumberKind
from .atoms import TRUE, Clauses
from .clauses import ClauseMaker
from .decimals import ONE
from .document import Document, JsonValue, Subschema
from .formats import format_of, format_strings
from .shapes import TYPE_NAMES, Shape, Types, bounded, decimal_parts, decimal_value, divisor

__all__ = ["Negation", "constrained"]

Apply = Callable[[Subschema, Shape, tuple[int, ...]], list[Shape]]
Opposite = Callable[["Negation", Subschema, Shape, JsonValue], list[Shape]]

_CONTAINERS = Types.ARRAY | Types.OBJECT


def constrained(shape: Shape, kind: int, clauses: Clauses) -> Shape:
    """A shape of which clauses hold if it is of the kind ``Types.ARRAY`` or ``Types.OBJECT``."""
    if not shape.types & kind or clauses == TRUE:
        return shape
    if () in clauses:
        return shape._replace(types=shape.types & ~kind)
    if kind == Types.ARRAY:
        return shape._replace(array_clauses=tuple(dict.fromkeys((*shape.array_clauses, *clauses))))
    return shape._replace(object_clauses=tuple(dict.fromkeys((*shape.object_clauses, *clauses))))


class Negation:
    """Negates the subschemas of one document.

    Args:
        document: the document.
        apply: merges a subschema into a shape.
        satisfiable: whether some value has a shape; True where that cannot be told.
        objects: makes clauses for objects.
        arrays: makes clauses for arrays.
    """

    def __init__(
        self,
        document: Document,
        apply: Apply,
        satisfiable: Callable[[Shape], bool],
        objects: ClauseMaker,
        arrays: ClauseMaker,
    ) -> None:
        self.document = document
        self._apply = apply
        self._satisfiable = satisfiable
        self._makers = ((Types.OBJECT, objects), (Types.ARRAY, arrays))

    def negate(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of a shape that a subschema refuses.

        Raises:
            SchemaError: a keyword's value is malformed, or a reference leads back to itself without reading anything.
        """
        if isinstance(subschema.schema, bool):
            return [] if subschema.schema else [shape]
        if shape.holding:
            if subschema.index in shape.holding:
                return []
            if self.document.excluded(subschema, shape.holding):
                return [shape]
        containers = shape._replace(types=shape.types & _CONTAINERS)
        for kind, maker in self._makers:
            if containers.types & kind:
                containers = constrained(containers, kind, maker.clauses(subschema, False, active))
        scalars = shape._replace(types=shape.types & ~_CONTAINERS)
        shapes = self._scalars(subschema, scalars, active) if scalars.types else []
        if not shapes:
            return [containers] if containers.types else []
        if containers.types:
            shapes[0] = shapes[0]._replace(
                types=shapes[0].types | containers.types,
                arrays=containers.arrays,
                objects=containers.objects,
                array_clauses=containers.array_clauses,
                object_clauses=containers.object_clauses,
            )
        return shapes

    def _scalars(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of a shape of scalars that a subschema refuses."""
        schema = subschema.schema
        if isinstance(schema, bool):
            return [] if schema else [shape]
        if subschema.index in active:
            raise SchemaError("a reference leads back to itself without reading anything", pointer=subschema.pointer)
        active = (*active, subschema.index)
        shapes: list[Shape] = []
        for target in (*self.document.references(subschema), *self.document.same(subschema)):
            shapes.extend(self.negate(target, shape, active))
        for keyword, value in schema.items():
            shapes.extend(self._opposite(subschema, keyword, value, shape, active))
        return [one for one in dict.fromkeys(shapes) if one.types]

    def _opposite(
        self, subschema: Subschema, keyword: str, value: JsonValue, shape: Shape, active: tuple[int, ...]
    ) -> list[Shape]:
        """The alternatives of a shape of scalars that one keyword refuses."""
        if keyword == "not":
            return self._apply(self.document.child(subschema, "not"), shape, active)
        if keyword == "if":
            return self._conditional(subschema, shape, active)
        if keyword in ("allOf", "anyOf", "oneOf"):
            children = [self.document.child(subschema, keyword, index) for index in range(len(value))]
            if keyword == "allOf":
                return [one for child in children for one in self.negate(child, shape, active)]
            none = [shape]
            for child in children:
                none = [result for one in none for result in self.negate(child, one, active)]
            return none if keyword == "anyOf" else none + self._two_of(children, shape, active)
        opposite = _OPPOSITES.get(keyword)
        return [] if opposite is None else opposite(self, subschema, shape, value)

    def _two_of(self, children: list[Subschema], shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of which two branches hold."""
        found: list[Shape] = []
        for index, first in enumerate(children):
            for one in self._apply(first, shape, active):
                for second in children[:index]:
                    found.extend(filter(self._satisfiable, self._apply(second, one, active)))
        return found

    def _conditional(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of which ``if`` holds and ``then`` does not, or neither ``if`` nor ``else`` does."""
        schema = subschema.schema if isinstance(subschema.schema, dict) else {}
        condition = self.document.child(subschema, "if")
        found: list[Shape] = []
        if "then" in schema:
            then = self.document.child(subschema, "then")
            for one in self._apply(condition, shape, active):
                found.extend(self.negate(then, one, active))
        if "else" in schema:
            other = self.document.child(subschema, "else")
            for one in self.negate(condition, shape, active):
                found.extend(self.negate(other, one, active))
        return found


def _type(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    names = value if isinstance(value, list) else [value]
    types = 0
    for name in names:
        if name != "integer":
            types |= TYPE_NAMES[name]
    if "integer" in names and "number" not in names:
        shape = _no_integer(subschema, shape)
    return [shape._replace(types=shape.types & ~types)]


def _no_integer(subschema: Subschema, shape: Shape) -> Shape:
    """A shape whose numbers are no integers: in draft 4, are not written as one."""
    if subschema.draft == 4:
        shape = shape._replace(fractional=True)
        possible = shape.number is not NumberKind.INTEGER_LITERAL
    else:
        shape = shape._replace(not_multiples=shape.not_multiples | {ONE})
        possible = shape.number is NumberKind.ANY
    return shape if possible else shape._replace(types=shape.types & ~Types.NUMBER)


def _values(shape: Shape, values: list[JsonValue]) -> list[Shape]:
    """A shape without some values."""
    types = shape.types
    for value in values:
        if value is None:
            types &= ~Types.NULL
        elif isinstance(value, bool):
            types &= ~(Types.TRUE if value else Types.FALSE)
        elif isinstance(value, str):
            shape = shape._replace(excluded=shape.excluded | {value})
        elif isinstance(value, (int, float, Decimal)) and types & Types.NUMBER:
            number = decimal_parts(value)
            if shape.numbers is None:
                shape = shape._replace(excluded_numbers=shape.excluded_numbers | {number})
            else:
                shape = shape._replace(numbers=shape.numbers - {number})
                types &= ~(0 if shape.numbers else Types.NUMBER)
    if shape.strings is not None:
        kept = tuple(text for text in shape.strings if text not in shape.excluded)
        shape = shape._replace(strings=kept, excluded=frozenset())
        types &= ~(0 if kept else Types.STRING)
    return [shape._replace(types=types)]


def _enum(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return _values(shape, value)


def _const(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return _values(shape, [value])


def _only(shape: Shape, types: int) -> list[Shape]:
    return [shape._replace(types=types)] if shape.types & types else []


def _pattern(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    pointer = f"{subschema.pointer}/pattern"
    return [one._replace(not_patterns=(*one.not_patterns, (value, pointer))) for one in _only(shape, Types.STRING)]


def _min_length(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    if value == 0:
        return []
    most = int(value) - 1
    return [
        one._replace(max_length=most if one.max_length is None else min(one.max_length, most))
        for one in _only(shape, Types.STRING)
    ]


def _max_length(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    return [one._replace(min_length=max(one.min_length, int(value) + 1)) for one in _only(shape, Types.STRING)]


def _bound(keyword: str, *, low: bool, strict: bool) -> Opposite:
    """The opposite of a bound: the other side, strict where the bound was not."""

    def opposite(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
        excluded = strict
        if subschema.draft == 4:
            if strict:
                return []
            beside = "exclusiveMinimum" if low else "exclusiveMaximum"
            excluded = isinstance(subschema.schema, dict) and subschema.schema.get(beside) is True
        end = (decimal_value(subschema, keyword, value), not excluded)
        shapes = _only(shape, Types.NUMBER)
        return [r for one in shapes for r in (bounded(one, high=end) if low else bounded(one, low=end))]

    return opposite


def _multiple_of(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    number = divisor(subschema, value)
    return [one._replace(not_multiples=one.not_multiples | {number}) for one in _only(shape, Types.NUMBER)]


def _format(negation: Negation, subschema: Subschema, shape: Shape, value: JsonValue) -> list[Shape]:
    name = format_of(value, subschema.draft)
    if name is None:
        return []
    most = format_strings(name).most
    strings = _only(shape, Types.STRING)
    longer = [] if most is None else [one._replace(min_length=max(one.min_length, most + 1)) for one in strings]
    return [*(one._replace(not_formats=(*one.not_formats, name)) for one in strings), *longer]


_OPPOSITES: dict[str, Opposite] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "format": _format,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minimum": _bound("minimum", low=True, strict=False),
    "maximum": _bound("maximum", low=False, strict=False),
    "exclusiveMinimum": _bound("exclusiveMinimum", low=True, strict=True),
    "exclusiveMaximum": _bound("exclusiveMaximum", low=False, strict=True),
    "multipleOf": _multiple_of,
}
