"""A JSON Schema document: its subschemas by pointer, each with its dialect, and what their references name.

Subschemas are interned, so that a conjunction of subschemas is a set of ints::

    Document.root = Subschema(0, "", {...})
    Document.child(root, "properties", "name") = Subschema(1, "/properties/name", {...})
    Document.references(subschema with "$ref") = [Subschema(1, ...)]    the same one, if it is the same place

What ``$dynamicRef`` and ``$recursiveRef`` name depends on the resources through which evaluation came there. So a
subschema is a place *and* a scope: for each dynamic anchor that was met, the outermost resource that has it. Documents
without dynamic anchors, almost all of them, have the empty scope everywhere. Scopes only grow, so there are finitely
many::

    tree.json:  {"$dynamicAnchor": "node", "properties": {"children": {"items": {"$dynamicRef": "#node"}}}}
    from elsewhere                                  scope (("node", tree.json),)      names tree.json
    from {"$dynamicAnchor": "node", "$ref": ...}    scope (("node", that schema),)    names that schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import SchemaError
from .dialects import DRAFTS, Dialect, children, plain_dialect
from .resources import Place, Resource, Resources, escape_pointer

if TYPE_CHECKING:
    from referencing import Registry

__all__ = ["SAME", "Conjunction", "Document", "JsonValue", "Scope", "Subschema", "escape_pointer"]

JsonValue = Any
"""None, bool, int, float, Decimal, str, list or dict with str keys."""

SAME = "\0same"
"""Keyword of synthetic subschemas: a list of numbers of subschemas that all hold."""

Conjunction = tuple[int, ...]
"""Ascending indices of subschemas that all hold; the empty one allows everything."""

Scope = tuple[tuple[str, Resource], ...]
"""The outermost resource of each dynamic anchor, by name; the name of a recursive anchor is empty."""

_REFERENCES = frozenset(("$ref", "$dynamicRef", "$recursiveRef"))
_ASIDE = frozenset(("$defs", "definitions", "contentSchema"))
"""Keywords whose schemas assert nothing where they stand."""


class Subschema:
    """One place in a document, in one dynamic scope.

    Attributes:
        index: its number in the document.
        above: what its path begins at: another subschema, or a pointer.
        path: keyword, then index or name, of each step from there.
        schema: the boolean or object there, without the keywords that mean nothing in its dialect or beside its
            ``$ref``, and without a ``format`` that is not asserted.
        draft: 4, 6, 7, 2019 or 2020.
        written: the boolean or object as it was written.
        resource: what its references are relative to.
        scope: what its dynamic references may name.
    """

    __slots__ = ("above", "draft", "index", "path", "resource", "schema", "scope", "written")

    def __init__(
        self,
        index: int,
        above: str | Subschema,
        path: _Path,
        schema: bool | dict[str, JsonValue],
        written: bool | dict[str, JsonValue],
        resource: Resource,
        scope: Scope,
    ) -> None:
        self.index = index
        self.schema = schema
        self.draft = resource.dialect.draft
        self.written = written
        self.resource = resource
        self.scope = scope
        self.above = above
        self.path = path

    def __repr__(self) -> str:
        return f"Subschema({self.index}, {self.pointer!r}, {self.schema!r})"

    @property
    def pointer(self) -> str:
        """Where it is: a JSON Pointer from the root, behind the URI of its document if that is another one."""
        return _pointer(self.above, self.path)


_Path = tuple[str | int, ...]


def _pointer(above: str | Subschema, path: _Path) -> str:
    """The pointer of a place below another."""
    tokens = [*path]
    while isinstance(above, Subschema):
        tokens[:0] = above.path
        above = above.above
    return above + "".join("/" + escape_pointer(token) for token in tokens)


class Document:
    """A schema and everything that can be reached from it.

    Args:
        schema: the schema, as parsed JSON.
        draft: 4, 6, 7, 2019 or 2020; None reads ``$schema`` and falls back on 2020.
        registry: documents that references may name (a ``referencing.Registry``).
        assert_formats: whether ``format`` is an assertion, whatever the dialect says.

    Attributes:
        root: the schema itself.
        draft: that of the root; a subschema may have another.
        subschemas: all that were met, by index.

    Raises:
        SchemaError: the root is neither an object nor a boolean, or names an unknown dialect.
    """

    def __init__(
        self,
        schema: bool | dict[str, JsonValue],
        *,
        draft: int | None = None,
        registry: Registry[Any] | None = None,
        assert_formats: bool = False,
    ) -> None:
        self.assert_formats = assert_formats
        self.subschemas: list[Subschema] = []
        self._interned: dict[tuple[int, Resource | None, Scope], Subschema] = {}
        self._children: dict[tuple[int, _Path], Subschema] = {}
        self._targets: dict[int, list[Subschema]] = {}
        self._opposites: dict[int, Subschema] = {}
        self._dialect: Dialect | None = None  # the last one, and what means nothing in it
        self._silent: frozenset[str] = frozenset()
        if draft is not None and draft not in DRAFTS:
            raise SchemaError(f"{draft!r} is no draft of JSON Schema", expected=[str(one) for one in DRAFTS])
        self._resources = Resources(schema, None if draft is None else plain_dialect(draft), registry)
        resource = self._resources.root
        self.draft = resource.dialect.draft
        self.root = self._intern(schema, "", (), resource, _entered((), resource))

    def child(self, parent: Subschema, *path: str | int) -> Subschema:
        """The subschema under ``parent`` at ``path`` (keyword, then index or name)."""
        found = self._children.get((parent.index, path))
        if found is None:
            value: JsonValue = parent.schema
            for token in path:
                value = value[token]
            found = self._child(parent, path, value)
        return found

    def children(self, parent: Subschema) -> list[Subschema]:
        """The subschemas that stand directly inside another and assert something, in the order of its keywords."""
        schema = parent.schema
        if isinstance(schema, bool):
            return []
        inside = children(schema, parent.resource.dialect)
        return [self._child(parent, path, value) for path, value in inside if path[0] not in _ASIDE]

    def _child(self, parent: Subschema, path: _Path, value: JsonValue) -> Subschema:
        resource, scope = parent.resource, parent.scope
        if isinstance(value, dict) and ("$id" in value or "id" in value):
            resource = self._resources.at(resource, value, _pointer(parent, path))
            if resource is not parent.resource:
                scope = _entered(scope, resource)
        found = self._children[parent.index, path] = self._intern(value, parent, path, resource, scope)
        return found

    def synthetic(self, schema: dict[str, JsonValue], pointer: str, like: Subschema | None = None) -> Subschema:
        """A subschema that stands nowhere in the document (one value of an ``enum``, say).

        Args:
            schema: the schema; all of its own keywords mean something.
            pointer: where it comes from.
            like: a subschema of the same dialect, resource and scope; the root if None.
        """
        like = like or self.root
        return self._enter(schema, schema, pointer, (), like.resource, like.scope)

    def nothing(self) -> Subschema:
        """The subschema that refuses everything."""
        return self._intern(False, "", (), self.root.resource, ())

    def excluded(self, subschema: Subschema, holding: frozenset[int]) -> bool:
        """True if the opposite of a subschema is among some."""
        opposite = self._opposites.get(subschema.index)
        return opposite is not None and opposite.index in holding

    def contradictory(self, conjuncts: Conjunction) -> bool:
        """True if a conjunction holds a subschema that nothing satisfies, or one and its opposite."""
        if self.nothing().index in conjuncts:
            return True
        opposites = (self._opposites.get(index) for index in conjuncts)
        return any(one is not None and one.index in conjuncts for one in opposites)

    def opposite(self, subschema: Subschema) -> Subschema:
        """The subschema that accepts what another refuses: ``{"not": it}``; the opposite of that is the first again."""
        found = self._opposites.get(subschema.index)
        if found is None:
            if isinstance(subschema.schema, bool):
                found = self._intern(not subschema.schema, subschema, (), subschema.resource, ())
            else:
                negated = {"not": subschema.schema}
                found = self._enter(negated, negated, subschema, (), subschema.resource, subschema.scope)
            self._opposites[subschema.index] = found
            self._opposites[found.index] = subschema
        return found

    def references(self, subschema: Subschema) -> list[Subschema]:
        """What the references of a subschema name: all of these hold there too.

        Raises:
            SchemaError: one names nothing that is known, or not a schema.
        """
        found = self._targets.get(subschema.index)
        if found is None:
            schema = subschema.schema
            found = []
            if not isinstance(schema, bool) and not _REFERENCES.isdisjoint(schema):
                found = [self._target(subschema, keyword) for keyword in sorted(_REFERENCES) if keyword in schema]
            self._targets[subschema.index] = found
        return found

    def same(self, subschema: Subschema) -> list[Subschema]:
        """The subschemas that a synthetic one says hold."""
        schema = subschema.schema
        return [] if isinstance(schema, bool) else [self.subschemas[index] for index in schema.get(SAME, ())]

    def _target(self, subschema: Subschema, keyword: str) -> Subschema:
        reference = subschema.schema[keyword] if isinstance(subschema.schema, dict) else None
        pointer = f"{subschema.pointer}/{keyword}"
        if not isinstance(reference, str):
            raise SchemaError(f"{keyword} is not a string", pointer=pointer, expected=["a URI reference"])
        try:
            place = self._resources.find(subschema.resource, reference)
        except LookupError as error:
            raise SchemaError(
                f"the reference {reference!r} cannot be resolved",
                pointer=pointer,
                expected=["a pointer or anchor of this document, or the URI of a document in the registry"],
                hint="pass the documents it needs as registry=; nothing is ever fetched",
            ) from error
        if keyword != "$ref":
            place = _dynamic(place, subschema.scope, recursive=keyword == "$recursiveRef")
        scope = _entered(subschema.scope, place.resource)
        return self._intern(place.value, place.location, (), place.resource, scope)

    def _intern(
        self, schema: JsonValue, above: str | Subschema, path: _Path, resource: Resource, scope: Scope
    ) -> Subschema:
        """The subschema of a place; the pointer is that of the first time."""
        if isinstance(schema, dict):
            found = self._interned.get((id(schema), resource, scope))
            if found is not None:
                return found
            subschema = self._enter(schema, self._meaningful(schema, resource), above, path, resource, scope)
            if subschema.schema is not schema:
                self._interned[id(subschema.schema), resource, scope] = subschema
            return subschema
        if isinstance(schema, bool):
            found = self._interned.get((schema, None, ()))
            return found or self._enter(schema, schema, above, path, resource, ())
        raise SchemaError(
            f"a schema is an object or a boolean, not {type(schema).__name__}",
            pointer=_pointer(above, path),
            expected=["object", "boolean"],
        )

    def _enter(
        self,
        written: bool | dict[str, JsonValue],
        schema: bool | dict[str, JsonValue],
        above: str | Subschema,
        path: _Path,
        resource: Resource,
        scope: Scope,
    ) -> Subschema:
        subschema = Subschema(len(self.subschemas), above, path, schema, written, resource, scope)
        self.subschemas.append(subschema)
        if isinstance(written, bool):
            self._interned[written, None, ()] = subschema
        else:
            self._interned[id(written), resource, scope] = subschema
        return subschema

    def _meaningful(self, schema: dict[str, JsonValue], resource: Resource) -> dict[str, JsonValue]:
        """A schema without the keywords that mean nothing where it stands; the same object if there are none."""
        dialect = resource.dialect
        if dialect.hides and "$ref" in schema:
            return {"$ref": schema["$ref"]}
        if dialect is self._dialect:
            silent = self._silent
        else:
            unasserted = () if self.assert_formats or dialect.formats else ("format",)
            silent = dialect.silent.union(unasserted)
            self._dialect, self._silent = dialect, silent
        if silent.isdisjoint(schema):
            return schema
        kept = {keyword: value for keyword, value in schema.items() if keyword not in silent}
        if schema is resource.root:
            self._resources.alias(kept, resource)
        return kept


def _dynamic(place: Place, scope: Scope, *, recursive: bool) -> Place:
    """What a dynamic reference names in a scope, given what it would name as a plain one."""
    if recursive:
        name = "" if place.value is place.resource.root and "" in place.resource.dynamic else None
    else:
        name = place.dynamic
    if name is None:
        return place
    return next((outer.dynamic[name] for anchor, outer in scope if anchor == name), place.resource.dynamic[name])


def _entered(scope: Scope, resource: Resource) -> Scope:
    """A scope inside a resource: of each name the outermost resource stays."""
    known = {name for name, _ in scope}
    new = [(name, resource) for name in resource.dynamic if name not in known]
    return tuple(sorted((*scope, *new), key=lambda pair: pair[0])) if new else scope
