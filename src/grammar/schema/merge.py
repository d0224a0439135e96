"""A conjunction of subschemas as alternatives: one subschema after the other is merged into the shapes so far.

``anyOf`` makes a shape several. So does ``oneOf``; where two of its branches do not exclude each other *in the shape at
hand* (a value of both would be a value of the shape merged with both), one is merged with the opposite of the other.
``if`` is two shapes: it holds and ``then`` does, or its opposite holds and ``else`` does. Opposites of scalars are
shapes (``negation.py``); what is said of members and items and is no plain bound becomes clauses (``clauses.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from ...errors import SchemaError
from .clauses import ClauseMaker
from .document import SAME, Document, Subschema
from .negation import Negation, constrained
from .shapes import ARRAY_KEYWORDS, OBJECT_KEYWORDS, SCALAR_KEYWORDS, Conjunction, Shape, Types
from .strings import StringLanguages
from .unevaluated import Unevaluated
from .weak_methods import weakly

__all__ = ["Merger"]

Divide = Callable[[Subschema, Shape, tuple[int, ...]], list[Shape]]
"""The alternatives of a shape by one keyword."""


class Merger:
    """Merges the subschemas of one document.

    Args:
        document: the document.
        strings: its patterns.
        satisfiable: whether some value has a shape; True where that cannot be told.
    """

    def __init__(self, document: Document, strings: StringLanguages, satisfiable: Callable[[Shape], bool]) -> None:
        self._document = document
        self._satisfiable = satisfiable
        self._unevaluated = Unevaluated(document, strings)

    @cached_property
    def _objects(self) -> ClauseMaker:
        return ClauseMaker(self._document, Types.OBJECT, self._unevaluated.rewrite)

    @cached_property
    def _arrays(self) -> ClauseMaker:
        return ClauseMaker(self._document, Types.ARRAY, self._unevaluated.rewrite)

    @cached_property
    def _negation(self) -> Negation:
        return Negation(self._document, weakly(self.apply), self._satisfiable, self._objects, self._arrays)

    def alternatives(self, conjuncts: Conjunction) -> list[Shape]:
        """The alternatives of a conjunction; none if it is plainly empty.

        Raises:
            SchemaError: a keyword's value is malformed, or a reference leads back to itself without reading anything.
            LimitError: alternatives have too many combinations.
        """
        shapes = [_ANYTHING]
        for index in conjuncts:
            subschema = self._document.subschemas[index]
            shapes = [result for shape in shapes for result in self.apply(subschema, shape, ())]
        return _distinct(shapes)

    def apply(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of a shape under one more subschema; ``active``: those that led here without reading."""
        document = self._document
        subschema = self._unevaluated.rewrite(subschema)
        schema = subschema.schema
        if isinstance(schema, bool):
            return [shape] if schema else []
        if shape.holding:
            if subschema.index in shape.holding:
                return [shape]
            if document.excluded(subschema, shape.holding):
                return []
        if subschema.index in active:
            raise SchemaError(
                "a reference leads back to itself without reading anything",
                pointer=subschema.pointer,
                hint="break the cycle",
            )
        active = (*active, subschema.index)
        shapes = self._keywords(subschema, shape)
        if _APPLICATORS.isdisjoint(schema):
            return _distinct(shapes)
        for target in (*document.references(subschema), *document.same(subschema)):
            shapes = [result for one in shapes for result in self.apply(target, one, active)]
        for child in self._children(subschema, "allOf"):
            shapes = [result for one in shapes for result in self.apply(child, one, active)]
        if "anyOf" in schema:
            shapes = self._divided(subschema, "anyOf", shapes, active, self._any_of)
        if "not" in schema:
            child = document.child(subschema, "not")
            shapes = [result for one in shapes for result in self._negation.negate(child, one, active)]
        if not _CLAUSES.isdisjoint(schema):
            shapes = self._clauses(subschema, shapes, active)
        if "oneOf" in schema:
            shapes = self._divided(subschema, "oneOf", shapes, active, self._one_of)
        if "if" in schema and not {"then", "else"}.isdisjoint(schema):
            shapes = self._divided(subschema, "if", shapes, active, self._conditional)
        return _distinct(shapes)

    def _children(self, subschema: Subschema, keyword: str) -> list[Subschema]:
        listed = subschema.schema.get(keyword, ()) if isinstance(subschema.schema, dict) else ()
        return [self._document.child(subschema, keyword, index) for index in range(len(listed))]

    def _keywords(self, subschema: Subschema, shape: Shape) -> list[Shape]:
        """The keywords that say something of the value itself, or that its members will be held against."""
        schema = subschema.schema
        if isinstance(schema, bool):
            return [shape]
        shapes = [shape]
        for keyword, apply in SCALAR_KEYWORDS.items():
            if keyword in schema:
                shapes = [r for one in shapes for r in apply(self._document, subschema, one, schema[keyword])]
        if not ARRAY_KEYWORDS.isdisjoint(schema):
            shapes = [one._replace(arrays=(*one.arrays, subschema.index)) for one in shapes]
        if not OBJECT_KEYWORDS.isdisjoint(schema):
            shapes = [one._replace(objects=(*one.objects, subschema.index)) for one in shapes]
        return shapes

    def _clauses(self, subschema: Subschema, shapes: list[Shape], active: tuple[int, ...]) -> list[Shape]:
        """Shapes with the clauses of the keywords that are nothing else."""
        for keyword in _CLAUSES.intersection(subschema.schema if isinstance(subschema.schema, dict) else ()):
            if keyword in _ARRAY_CLAUSES:
                added = self._arrays.keyword(subschema, keyword, active)
                shapes = [constrained(one, Types.ARRAY, added) for one in shapes]
            else:
                added = self._objects.keyword(subschema, keyword, active)
                shapes = [constrained(one, Types.OBJECT, added) for one in shapes]
        return shapes

    def _divided(
        self, subschema: Subschema, keyword: str, shapes: list[Shape], active: tuple[int, ...], divide: Divide
    ) -> list[Shape]:
        """Each shape's alternatives by a keyword; of objects and arrays that were divided often, clauses instead."""
        found: list[Shape] = []
        for shape in shapes:
            if shape.divided < _OFTEN:
                results = divide(subschema, shape, active)
                more = int(len(results) > 1)
                found.extend(one._replace(divided=shape.divided + more) if more else one for one in results)
                continue
            rest = shape._replace(types=shape.types & (Types.ARRAY | Types.OBJECT))
            for kind, maker in ((Types.ARRAY, self._arrays), (Types.OBJECT, self._objects)):
                if rest.types & kind:
                    rest = constrained(rest, kind, maker.keyword(subschema, keyword, active))
            found.append(rest)
            scalars = shape._replace(types=shape.types & ~(Types.ARRAY | Types.OBJECT))
            found.extend(divide(subschema, scalars, active) if scalars.types else ())
        return [one for one in found if one.types]

    def _any_of(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of which some branch holds."""
        children = self._children(subschema, "anyOf")
        return [held(one, child) for child in children for one in self.apply(child, shape, active)]

    def _one_of(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of which exactly one branch holds."""
        document = self._document
        children = self._children(subschema, "oneOf")
        branches = [self.apply(child, shape, active) for child in children]
        overlap: dict[int, list[Subschema]] = {index: [] for index in range(len(children))}
        for first, results in enumerate(branches):
            for second in range(first):
                if branches[second] and self._meet(results, children[second], active):
                    overlap[first].append(children[second])
                    overlap[second].append(children[first])
        found: list[Shape] = []
        for first, results in enumerate(branches):
            for child in overlap[first]:
                refused = document.opposite(child)
                results = [held(r, refused) for one in results for r in self._negation.negate(child, one, active)]
            found.extend(held(one, children[first], subschema) for one in results)
        return found if len(found) <= _MANY else list(filter(self._satisfiable, found))

    def _meet(self, shapes: list[Shape], subschema: Subschema, active: tuple[int, ...]) -> bool:
        """True if some value has one of some shapes and satisfies a subschema."""
        return any(self._satisfiable(both) for one in shapes for both in self.apply(subschema, one, active))

    def _conditional(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of ``if``, with ``then`` or with ``else``."""
        schema = subschema.schema if isinstance(subschema.schema, dict) else {}
        document = self._document
        condition = document.child(subschema, "if")
        refused = document.opposite(condition)
        holds = [held(one, condition) for one in self.apply(condition, shape, active)]
        fails = [held(one, refused) for one in self._negation.negate(condition, shape, active)]
        if "then" in schema:
            then = document.child(subschema, "then")
            holds = [result for one in holds for result in self.apply(then, one, active)]
        if "else" in schema:
            other = document.child(subschema, "else")
            fails = [result for one in fails for result in self.apply(other, one, active)]
        return list(filter(self._satisfiable, holds + fails))


def _distinct(shapes: list[Shape]) -> list[Shape]:
    """Different shapes that have a type."""
    if len(shapes) == 1:
        return shapes if shapes[0].types else []
    return [one for one in dict.fromkeys(shapes) if one.types]


def held(shape: Shape, *subschemas: Subschema) -> Shape:
    """A shape that is known to satisfy some subschemas."""
    return shape._replace(holding=shape.holding.union(subschema.index for subschema in subschemas))


_MANY = 16
"""Shapes above which those without values are sought out and dropped at once."""

_OFTEN = 3
"""Divisions into alternatives, one of another, after which clauses are made instead."""

_ARRAY_CLAUSES = frozenset(("contains", "uniqueItems"))
_CLAUSES = _ARRAY_CLAUSES | {"dependencies", "dependentRequired", "dependentSchemas"}
_APPLICATORS = _CLAUSES | {"$ref", "$dynamicRef", "$recursiveRef", SAME, "allOf", "anyOf", "oneOf", "not", "if"}
_ANYTHING = Shape()
