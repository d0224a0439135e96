"""Why nothing satisfies a schema: the place that has no values, and the keywords there that exclude each other.

::

    {"required": ["a"], "properties": {"a": {"type": "string", "title": "A", "const": 3}}}
        the root needs "a", and "a" has no values                    down to /properties/a
        without "title" it has none either, without "type" it has    /properties/a/type, /properties/a/const
"""

from __future__ import annotations

from .document import Conjunction, Document, Subschema
from .shapes import Types, conjunction
from .shortest import Shortest

__all__ = ["conflict"]

_Part = tuple[Subschema, str]
"""A subschema and one of its keywords."""


def conflict(document: Document, shortest: Shortest, conjuncts: Conjunction) -> list[str]:
    """Pointers of keywords that exclude each other; leaving out any one of them would let some value in.

    Args:
        document: the document.
        shortest: its shortest values.
        conjuncts: what nothing satisfies.

    Returns:
        The pointers, in the order of the schema. One question of satisfiability for each keyword at the place.
    """
    seen: set[Conjunction] = set()
    deeper: Conjunction | None = conjuncts
    while deeper is not None and deeper not in seen:
        conjuncts = deeper
        seen.add(conjuncts)
        deeper = _needed(shortest, conjuncts)
    kept = [
        (document.subschemas[index], keyword)
        for index in conjuncts
        for keyword in _keywords(document.subschemas[index])
    ]
    for part in list(kept):
        fewer = [one for one in kept if one is not part]
        if not shortest.satisfiable(_only(document, fewer)):
            kept = fewer
    return [f"{subschema.pointer}/{keyword}" for subschema, keyword in kept]


def _needed(shortest: Shortest, conjuncts: Conjunction) -> Conjunction | None:
    """A member or an item that every value must have and that has no values, if that is all that is wrong."""
    shapes = shortest.shapes(conjuncts)
    if len(shapes) != 1:
        return None
    shape = shapes[0]
    if shape.types == Types.OBJECT and not shape.object_clauses:
        members = shortest.members(shape.objects)
        values = [members.keys[name] for name in members.keys if name in members.required]
    elif shape.types == Types.ARRAY and not shape.array_clauses:
        items = shortest.items(shape.arrays)
        values = [items.at(index) for index in range(min(items.fewest, len(items.prefix) + 1))]
    else:
        return None
    return next((value for value in values if not shortest.satisfiable(value)), None)


def _keywords(subschema: Subschema) -> list[str]:
    return [] if isinstance(subschema.schema, bool) else [*subschema.schema]


def _only(document: Document, parts: list[_Part]) -> Conjunction:
    """The conjunction of some keywords of some subschemas."""
    groups: dict[int, dict[str, object]] = {}
    for subschema, keyword in parts:
        if isinstance(subschema.schema, dict):
            groups.setdefault(subschema.index, {})[keyword] = subschema.schema[keyword]
    written = [(document.subschemas[index], schema) for index, schema in groups.items()]
    return conjunction(document.synthetic(schema, subschema.pointer, subschema) for subschema, schema in written)
