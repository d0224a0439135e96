"""A conjunction of subschemas as alternatives: one subschema after the other is merged into the shapes so far.

``anyOf`` makes a shape several; so does ``oneOf`` where its branches exclude each other *in the shape at hand*, which
is shown branch by branch: a value of two of them would be a value of the shape merged with both. ``not`` is pushed
inwards (``negation.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...errors import SchemaError
from .document import Document, Subschema
from .negation import Negation
from .shapes import ARRAY_KEYWORDS, OBJECT_KEYWORDS, SCALAR_KEYWORDS, Conjunction, Shape

__all__ = ["Merger"]


class Merger:
    """Merges the subschemas of one document.

    Args:
        document: the document.
        satisfiable: whether some value has a shape; True where that cannot be told.
    """

    def __init__(self, document: Document, satisfiable: Callable[[Shape], bool]) -> None:
        self._document = document
        self._satisfiable = satisfiable
        self._negation = Negation(document, self.apply)

    def alternatives(self, conjuncts: Conjunction) -> list[Shape]:
        """The alternatives of a conjunction; none if it is plainly empty.

        Raises:
            SchemaError: a keyword's value is malformed, a reference leads back to itself without reading anything, or
                ``oneOf`` or ``not`` cannot be enforced here.
        """
        shapes = [Shape()]
        for index in conjuncts:
            subschema = self._document.subschemas[index]
            shapes = [result for shape in shapes for result in self.apply(subschema, shape, ())]
        return list(dict.fromkeys(shape for shape in shapes if shape.types))

    def apply(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        """The alternatives of a shape under one more subschema; ``active``: those that led here without reading."""
        schema = subschema.schema
        if isinstance(schema, bool):
            return [shape] if schema else []
        if subschema.index in active:
            raise SchemaError(
                "a reference leads back to itself without reading anything",
                pointer=subschema.pointer,
                hint="break the cycle",
            )
        active = (*active, subschema.index)
        document = self._document
        if "$ref" in schema and document.draft <= 7:
            return self.apply(document.resolve(subschema), shape, active)
        shapes = self._keywords(subschema, shape)
        if "$ref" in schema:
            target = document.resolve(subschema)
            shapes = [result for one in shapes for result in self.apply(target, one, active)]
        for child in self._children(subschema, "allOf"):
            shapes = [result for one in shapes for result in self.apply(child, one, active)]
        if "anyOf" in schema:
            children = self._children(subschema, "anyOf")
            shapes = [result for one in shapes for child in children for result in self.apply(child, one, active)]
        if "not" in schema:
            child = document.child(subschema, "not")
            shapes = [result for one in shapes for result in self._negation.negate(child, one, active)]
        if "oneOf" in schema:
            shapes = [result for one in shapes for result in self._one_of(subschema, one, active)]
        return [one for one in dict.fromkeys(shapes) if one.types]

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
            if keyword in schema and (keyword != "const" or self._document.draft >= 6):
                shapes = [r for one in shapes for r in apply(self._document, subschema, one, schema[keyword])]
        if not ARRAY_KEYWORDS.isdisjoint(schema):
            shapes = [replace(one, arrays=(*one.arrays, subschema.index)) for one in shapes]
        if not OBJECT_KEYWORDS.isdisjoint(schema):
            shapes = [replace(one, objects=(*one.objects, subschema.index)) for one in shapes]
        return shapes

    def _one_of(self, subschema: Subschema, shape: Shape, active: tuple[int, ...]) -> list[Shape]:
        children = self._children(subschema, "oneOf")
        branches = [self.apply(child, shape, active) for child in children]
        for first, results in enumerate(branches):
            for second in range(first + 1, len(children)):
                if not branches[second]:
                    continue
                for one in results:
                    for both in self.apply(children[second], one, active):
                        if self._satisfiable(both):
                            raise SchemaError(
                                f"branches {first} and {second} of oneOf may hold together",
                                pointer=f"{subschema.pointer}/oneOf",
                                expected=[
                                    "branches that exclude each other by type, required constants, enums or bounds"
                                ],
                                hint="use anyOf, or tell the branches apart by a property with a constant value",
                            )
        return [one for results in branches for one in results]
