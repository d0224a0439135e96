"""A JSON Schema document: its dialect, its subschemas by pointer, and its references.

References are resolved by the ``referencing`` library, from the document itself and from the registry that the caller
gives; nothing is fetched. Subschemas are interned by identity, so that a conjunction of subschemas is a set of ints::

    Document.root = Subschema(0, "", {...})
    Document.child(root, "properties", "name") = Subschema(1, "/properties/name", {...})
    Document.resolve(subschema with "$ref") = Subschema(1, ...)         the same one, if it is the same place
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import SchemaError

if TYPE_CHECKING:
    from referencing import Registry
    from referencing._core import Resolver

__all__ = ["Document", "JsonValue", "Subschema", "escape_pointer"]

JsonValue = Any
"""None, bool, int, float, Decimal, str, list or dict with str keys."""

_DIALECTS = (
    ("draft/2020-12", 2020),
    ("draft/2019-09", 2019),
    ("draft-07", 7),
    ("draft-06", 6),
    ("draft-04", 4),
    ("draft-03", 3),
)
_SPECIFICATIONS = {
    2020: "DRAFT202012",
    2019: "DRAFT201909",
    7: "DRAFT7",
    6: "DRAFT6",
    4: "DRAFT4",
    3: "DRAFT3",
}


def escape_pointer(token: str | int) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    return str(token).replace("~", "~0").replace("/", "~1")


def _names_itself(schema: bool | dict[str, JsonValue]) -> bool:
    """True if a subschema has an identifier of its own, which references inside it are relative to."""
    return isinstance(schema, dict) and isinstance(schema.get("$id", schema.get("id")), str)


@dataclass(eq=False, slots=True)
class Subschema:
    """One place in a document.

    Attributes:
        index: its number in the document.
        pointer: JSON Pointer from the root, through references where it was reached through one.
        schema: the boolean or object there.
        resolver: resolves references written there; None until one is needed.
    """

    index: int
    pointer: str
    schema: bool | dict[str, JsonValue]
    resolver: Resolver[Any] | None = field(default=None, repr=False)


class Document:
    """A schema and everything that can be reached from it.

    Args:
        schema: the schema, as parsed JSON.
        draft: 4, 6, 7, 2019 or 2020; None reads ``$schema`` and falls back on 2020.
        registry: documents that references may name (a ``referencing.Registry``).
        assert_formats: whether ``format`` is an assertion.

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
        self._registry = registry
        self.assert_formats = assert_formats
        self._by_identity: dict[int, Subschema] = {}
        self._kept: list[JsonValue] = []
        self._root_resolver: Resolver[Any] | None = None
        self.subschemas: list[Subschema] = []
        self.root = self._intern(schema, "", None)
        self.draft = draft if draft is not None else self._detect(schema)

    def child(self, parent: Subschema, *path: str | int) -> Subschema:
        """The subschema under ``parent`` at ``path`` (keyword, then index or name)."""
        value: JsonValue = parent.schema
        pointer = parent.pointer
        for token in path:
            value = value[token]
            pointer += "/" + escape_pointer(token)
        return self._intern(value, pointer, parent)

    def synthetic(self, schema: dict[str, JsonValue], pointer: str) -> Subschema:
        """A subschema that stands nowhere in the document (one value of an ``enum``, say)."""
        self._kept.append(schema)
        return self._intern(schema, pointer, None)

    def nothing(self) -> Subschema:
        """The subschema that refuses everything."""
        return self._intern(False, "", None)

    def resolve(self, subschema: Subschema, keyword: str = "$ref") -> Subschema:
        """The subschema that a reference names.

        Raises:
            SchemaError: it names nothing that is known, or not a schema.
        """
        reference = subschema.schema[keyword] if isinstance(subschema.schema, dict) else None
        pointer = f"{subschema.pointer}/{keyword}"
        if not isinstance(reference, str):
            raise SchemaError(f"{keyword} is not a string", pointer=pointer, expected=["a URI reference"])
        import referencing.exceptions

        try:
            resolved = self._resolver(subschema).lookup(reference)
        except referencing.exceptions.Unresolvable as error:
            raise SchemaError(
                f"the reference {reference!r} cannot be resolved",
                pointer=pointer,
                expected=["a pointer or anchor of this document, or the URI of a document in the registry"],
                hint="pass the documents it needs as registry=; nothing is ever fetched",
            ) from error
        name = reference[1:] if reference.startswith("#/") or reference == "#" else f"{pointer}"
        target = self._intern(resolved.contents, name, None)
        if target.resolver is None:
            target.resolver = resolved.resolver
        return target

    def _intern(self, schema: JsonValue, pointer: str, parent: Subschema | None) -> Subschema:
        if not isinstance(schema, (bool, dict)):
            raise SchemaError(
                f"a schema is an object or a boolean, not {type(schema).__name__}",
                pointer=pointer,
                expected=["object", "boolean"],
            )
        found = self._by_identity.get(id(schema))
        if found is not None:
            return found
        subschema = Subschema(len(self.subschemas), pointer, schema)
        if parent is not None and parent.resolver is not None:
            subschema.resolver = parent.resolver
            if _names_itself(schema):
                subschema.resolver = self._enter(parent.resolver, schema)
        elif parent is not None and _names_itself(schema):
            subschema.resolver = self._enter(self._resolver(parent), schema)
        self.subschemas.append(subschema)
        self._by_identity[id(schema)] = subschema
        return subschema

    def _enter(self, resolver: Resolver[Any], schema: JsonValue) -> Resolver[Any]:
        inner: Resolver[Any] = resolver.in_subresource(self._specification().create_resource(schema))
        return inner

    def _resolver(self, subschema: Subschema) -> Resolver[Any]:
        if subschema.resolver is not None:
            return subschema.resolver
        if self._root_resolver is None:
            self._root_resolver = self._make_root_resolver()
        return self._root_resolver

    def _specification(self) -> Any:
        import referencing.jsonschema

        return getattr(referencing.jsonschema, _SPECIFICATIONS[self.draft])

    def _make_root_resolver(self) -> Resolver[Any]:

        registry = self._registry
        if registry is None:
            from jsonschema_specifications import REGISTRY

            registry = REGISTRY
        resource = self._specification().create_resource(self.root.schema)
        base = resource.id() or ""
        resolver: Resolver[Any] = registry.with_resource(base, resource).resolver(base)
        return resolver

    @staticmethod
    def _detect(schema: bool | dict[str, JsonValue]) -> int:
        dialect = schema.get("$schema") if isinstance(schema, dict) else None
        if not isinstance(dialect, str):
            return 2020
        for name, draft in _DIALECTS:
            if name in dialect:
                if draft == 3:
                    break
                return draft
        if "json-schema.org" not in dialect or dialect.rstrip("#").endswith("/schema"):
            return 2020
        raise SchemaError(
            f"the dialect {dialect!r} is not supported",
            pointer="/$schema",
            expected=["draft-04", "draft-06", "draft-07", "2019-09", "2020-12"],
        )
