"""The clauses of a subschema: its keywords, those of the subschemas that speak of the same value, and their opposites.

::

    clauses({"if": I, "then": T, "else": E})      (not I or T) and (I or E)
    clauses({"oneOf": [A, B]})                    (A or B) and (not A or not B)

The size of the result is that of the subschema, but for ``oneOf``, of which it is the square.
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import SchemaError
from .atoms import FALSE, TRUE, AllMembers, Clauses, SomeMember, all_of, any_of, join
from .clause_keywords import ARRAY_ASSERTIONS, OBJECT_ASSERTIONS
from .document import Document, JsonValue, Subschema
from .shapes import Conjunction, Types, conjunction

__all__ = ["ClauseMaker"]


class ClauseMaker:
    """Clauses of the subschemas of one document, for objects or for arrays.

    Args:
        document: the document.
        kind: ``Types.OBJECT`` or ``Types.ARRAY``: the values that are spoken of.
        rewrite: what says the same as a subschema without ``unevaluatedItems`` and ``unevaluatedProperties``.
    """

    def __init__(self, document: Document, kind: int, rewrite: Callable[[Subschema], Subschema]) -> None:
        self._document = document
        self._rewrite = rewrite
        self._kind = kind
        self._known: dict[tuple[int, bool], Clauses] = {}
        self._keywords = OBJECT_ASSERTIONS if kind == Types.OBJECT else ARRAY_ASSERTIONS

    def clauses(self, subschema: Subschema, positive: bool = True, active: tuple[int, ...] = ()) -> Clauses:
        """What a subschema says, or its opposite.

        Args:
            subschema: the subschema.
            positive: False for the opposite.
            active: the subschemas that led here without reading anything.

        Raises:
            SchemaError: a keyword's value is malformed, or a reference leads back to itself without reading anything.
        """
        if isinstance(subschema.schema, bool):
            return TRUE if subschema.schema is positive else FALSE
        key = (subschema.index, positive)
        found = self._known.get(key)
        if found is None:
            if subschema.index in active:
                raise SchemaError(
                    "a reference leads back to itself without reading anything",
                    pointer=subschema.pointer,
                    hint="break the cycle",
                )
            found = self._known[key] = self._make(self._rewrite(subschema), positive, (*active, subschema.index))
        return found

    def _make(self, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
        schema = subschema.schema
        if isinstance(schema, bool):
            return TRUE if schema is positive else FALSE
        targets = (*self._document.references(subschema), *self._document.same(subschema))
        parts = [self.clauses(target, positive, active) for target in targets]
        parts.extend(self._of(subschema, keyword, positive, active) for keyword in schema)
        return join(parts, positive)

    def _of(self, subschema: Subschema, keyword: str, positive: bool, active: tuple[int, ...]) -> Clauses:
        """The clauses of one keyword; those of one that does not speak of these values are none."""
        schema = subschema.schema if isinstance(subschema.schema, dict) else {}
        applicator = _APPLICATORS.get(keyword)
        if applicator is not None:
            return applicator(self, subschema, positive, active)
        assertion = self._keywords.get(keyword)
        if assertion is not None:
            return assertion(self, subschema, schema[keyword], positive)
        return TRUE if positive else FALSE

    def keyword(self, subschema: Subschema, keyword: str, active: tuple[int, ...], positive: bool = True) -> Clauses:
        """What one keyword of a subschema says, or its opposite."""
        return self._of(subschema, keyword, positive, active)

    def children(self, subschema: Subschema, keyword: str, positive: bool, active: tuple[int, ...]) -> list[Clauses]:
        """The clauses of the subschemas in a list."""
        listed = subschema.schema[keyword] if isinstance(subschema.schema, dict) else ()
        found = [self._document.child(subschema, keyword, index) for index in range(len(listed))]
        return [self.clauses(child, positive, active) for child in found]

    def child(self, subschema: Subschema, positive: bool, active: tuple[int, ...], *path: str) -> Clauses:
        """The clauses of one subschema below another."""
        return self.clauses(self._document.child(subschema, *path), positive, active)

    def value(self, child: Subschema, positive: bool) -> Conjunction:
        """What satisfies a subschema, or what does not."""
        return conjunction([child if positive else self._document.opposite(child)])

    def at(self, subschema: Subschema, positive: bool, *path: str | int) -> Conjunction:
        """What satisfies the subschema below another, or what does not."""
        return self.value(self._document.child(subschema, *path), positive)

    def never(self) -> Conjunction:
        """What nothing satisfies."""
        return (self._document.nothing().index,)

    def equal(self, subschema: Subschema, value: JsonValue, pointer: str, positive: bool) -> Conjunction:
        """What is equal to a JSON value, or what is not."""
        return self.value(self._document.synthetic({"enum": [value]}, pointer, like=subschema), positive)

    @property
    def kind(self) -> int:
        """The type of the values that are spoken of."""
        return self._kind


Applicator = Callable[[ClauseMaker, Subschema, bool, tuple[int, ...]], Clauses]


def _all_of(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return join(maker.children(subschema, "allOf", positive, active), positive)


def _any_of(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return join(maker.children(subschema, "anyOf", positive, active), not positive)


def _one_of(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    holds = maker.children(subschema, "oneOf", True, active)
    fails = maker.children(subschema, "oneOf", False, active)
    pairs = [(i, j) for i in range(len(holds)) for j in range(i)]
    if positive:
        return all_of([any_of(holds), *(any_of([fails[i], fails[j]]) for i, j in pairs)])
    return any_of([all_of(fails), *(all_of([holds[i], holds[j]]) for i, j in pairs)])


def _not(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return maker.child(subschema, not positive, active, "not")


def _if(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    schema = subschema.schema
    if isinstance(schema, bool):
        return TRUE if positive else FALSE
    holds = maker.child(subschema, True, active, "if")
    fails = maker.child(subschema, False, active, "if")
    unsaid = TRUE if positive else FALSE
    then = maker.child(subschema, positive, active, "then") if "then" in schema else unsaid
    other = maker.child(subschema, positive, active, "else") if "else" in schema else unsaid
    if positive:
        return all_of([any_of([fails, then]), any_of([holds, other])])
    return any_of([all_of([holds, then]), all_of([fails, other])])


def _dependent(
    maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...], keyword: str
) -> Clauses:
    """``dependentRequired``, ``dependentSchemas`` and both in ``dependencies``."""
    if maker.kind != Types.OBJECT or isinstance(subschema.schema, bool):
        return TRUE if positive else FALSE
    parts = []
    for name, needs in subschema.schema[keyword].items():
        if isinstance(needs, (list, str)):
            needed = [needs] if isinstance(needs, str) else needs
            never = maker.never()
            atoms = [SomeMember(n, ()) if positive else AllMembers(n, never) for n in needed]
            then = join([((atom,),) for atom in atoms], positive)
        else:
            then = maker.child(subschema, positive, active, keyword, name)
        absent: Clauses = ((AllMembers(name, maker.never()),),)
        there: Clauses = ((SomeMember(name, ()),),)
        parts.append(any_of([absent, then]) if positive else all_of([there, then]))
    return join(parts, positive)


def _dependencies(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return _dependent(maker, subschema, positive, active, "dependencies")


def _dependent_required(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return _dependent(maker, subschema, positive, active, "dependentRequired")


def _dependent_schemas(maker: ClauseMaker, subschema: Subschema, positive: bool, active: tuple[int, ...]) -> Clauses:
    return _dependent(maker, subschema, positive, active, "dependentSchemas")


_APPLICATORS: dict[str, Applicator] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "dependencies": _dependencies,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
}
"""Keywords whose subschemas speak of the same value."""
