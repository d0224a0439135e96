"""Schema resources: the parts of documents that have identifiers of their own, and what a reference names in them.

A resource is the root of a document or a subschema with an identifier. References are relative to the identifier of
the resource that they stand in, anchors are names within a resource, and the dialect is a property of a resource::

    {"$id": "http://a/b", "properties": {"c": {"$id": "d", "$defs": {"e": {"$anchor": "f"}}}}}

    Resource("http://a/b")         "#/properties/c/$defs/e" names a schema of the other resource
    Resource("http://a/d")         anchors: {"f": ...}, so "http://a/d#f" and, inside, "#f" name it

Documents come from a ``referencing.Registry`` (nothing is fetched), the metaschemas from ``jsonschema_specifications``.
A document is searched for identifiers only when a reference needs them, or when it has dynamic anchors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from .dialects import Dialect, children, dialect_of, identifier

if TYPE_CHECKING:
    from referencing import Registry

__all__ = ["Place", "Resource", "Resources", "escape_pointer"]


def escape_pointer(token: str | int) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    return str(token).replace("~", "~0").replace("/", "~1")


def _join(base: str, reference: str) -> str:
    """A reference relative to a base; one that is no URI at all stays what it is."""
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


@dataclass(eq=False, slots=True)
class Resource:
    """The root of a document, or a subschema with an identifier.

    Attributes:
        uri: its identifier, as absolute as it can be made.
        dialect: that of its keywords.
        root: the schema.
        location: pointer to it, from the root of the user's schema or behind the URI of a document of the registry.
        document: the resource that is the root of its document.
        anchors: the schemas in it that have names.
        dynamic: those whose names are dynamic; a recursive anchor's is empty.
        searched: of a document: whether its identifiers and anchors have been collected.
    """

    uri: str
    dialect: Dialect
    root: Any = field(repr=False)
    location: str
    document: Resource | None = field(default=None, repr=False)
    anchors: dict[str, Place] = field(default_factory=dict, repr=False)
    dynamic: dict[str, Place] = field(default_factory=dict, repr=False)
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What a reference names: a value, the resource it is in, and the pointer that shows where.

    Attributes:
        dynamic: the dynamic anchor by which it was found, None if there was none.
    """

    value: Any
    resource: Resource
    location: str
    dynamic: str | None = None


def _has_dynamic_anchors(value: Any) -> bool:
    """True if the name of a dynamic anchor is a key anywhere in a document."""
    waiting = [value]
    for one in waiting:  # which grows meanwhile
        if isinstance(one, dict):
            if "$dynamicAnchor" in one or "$recursiveAnchor" in one:
                return True
            one = one.values()
        elif not isinstance(one, list):
            continue
        waiting += [inner for inner in one if isinstance(inner, (dict, list))]
    return False


class Resources:
    """The resources that one schema can reach.

    Args:
        schema: the schema.
        dialect: its dialect; None reads ``$schema``.
        registry: the documents that references may name.

    Raises:
        SchemaError: ``$schema`` names a dialect that is not supported.
    """

    def __init__(self, schema: Any, dialect: Dialect | None, registry: Registry[Any] | None) -> None:
        self._registry = registry
        self._by_uri: dict[str, Resource] = {}
        self._by_identity: dict[int, Resource] = {}
        self._documents: list[Resource] = []
        named = schema.get("$schema") if isinstance(schema, dict) else None
        if dialect is None:
            dialect = dialect_of(named if isinstance(named, str) else "", self._retrieve)
        self.root = self._add_document(schema, dialect, "", "")

    def at(self, around: Resource, schema: Any, location: str) -> Resource:
        """The resource that a schema is in which stands in the resource ``around``: that, or one of its own.

        The dialect of ``around`` says what an identifier is; only what has one may have another ``$schema``.
        """
        if not isinstance(schema, dict) or ("$id" not in schema and "id" not in schema):
            return around
        known = self._by_identity.get(id(schema))
        if known is not None:
            return known
        name = identifier(schema, around.dialect)
        uri, _, fragment = (name or "").partition("#")
        if not uri or (around.dialect.draft >= 2019 and fragment):
            return around
        dialect = self._dialect(schema, around.dialect)
        resource = Resource(_join(around.uri, uri), dialect, schema, location, around.document or around)
        self._by_uri.setdefault(resource.uri, resource)
        self._by_identity[id(schema)] = resource
        return resource

    def alias(self, schema: dict[str, Any], resource: Resource) -> None:
        """Let another object stand for the root of a resource."""
        self._by_identity[id(schema)] = resource

    def find(self, resource: Resource, reference: str) -> Place:
        """What a reference in a resource names.

        Raises:
            LookupError: it names nothing that is known.
        """
        if reference.startswith("#"):
            base, fragment = resource, reference[1:]
        else:
            uri, _, fragment = _join(resource.uri, reference).partition("#")
            base = resource if uri == resource.uri else self._resource(uri, resource.dialect)
        fragment = unquote(fragment)
        if not fragment:
            return Place(base.root, base, base.location)
        if fragment.startswith("/"):
            return self._walk(base, fragment)
        self._search(base.document or base)
        dynamic = fragment if fragment in base.dynamic else None
        place = base.anchors[fragment]
        return Place(place.value, place.resource, place.location, dynamic)

    def _dialect(self, schema: dict[str, Any], default: Dialect) -> Dialect:
        named = schema.get("$schema")
        return dialect_of(named, self._retrieve, default) if isinstance(named, str) else default

    def _add_document(self, schema: Any, dialect: Dialect, uri: str, location: str) -> Resource:
        """Enter a document that was found under a URI."""
        name = identifier(schema, dialect) if isinstance(schema, dict) else None
        own = _join(uri, name.partition("#")[0]) if name is not None else uri
        resource = Resource(own, dialect, schema, location)
        self._by_uri.setdefault(uri, resource)
        self._by_uri.setdefault(own, resource)
        if isinstance(schema, dict):
            self._by_identity[id(schema)] = resource
        self._documents.append(resource)
        if _has_dynamic_anchors(schema):
            self._search(resource)
        return resource

    def _resource(self, uri: str, dialect: Dialect) -> Resource:
        """The resource of a URI; one from the registry that does not say so has the dialect of who asks."""
        for document in (None, *self._documents):
            if document is not None:
                self._search(document)
            found = self._by_uri.get(uri)
            if found is not None:
                return found
        contents = self._retrieve(uri)
        if contents is None:
            raise LookupError(uri)
        own = self._dialect(contents, dialect) if isinstance(contents, dict) else dialect
        return self._add_document(contents, own, uri, f"{uri}#")

    def _retrieve(self, uri: str) -> Any:
        """The document of a URI in the registry or among the metaschemas, None if there is none."""
        if not uri:
            return None
        import referencing.exceptions
        from jsonschema_specifications import REGISTRY

        for registry in (self._registry, REGISTRY):
            if registry is None:
                continue
            try:
                return registry.get_or_retrieve(uri.rstrip("#")).value.contents
            except (
                referencing.exceptions.NoSuchResource,
                referencing.exceptions.Unretrievable,
                referencing.exceptions.CannotDetermineSpecification,
            ):
                continue
        return None

    def _search(self, document: Resource) -> None:
        """Collect the identifiers and anchors of a document. Time linear in its size, once."""
        if document.searched:
            return
        document.searched = True
        waiting: list[tuple[Any, Resource, str]] = [(document.root, document, document.location)]
        while waiting:
            schema, around, location = waiting.pop()
            if not isinstance(schema, dict):
                continue
            resource = self.at(around, schema, location)
            _collect_anchors(schema, resource, location)
            inner = [
                (value, resource, location + "".join("/" + escape_pointer(token) for token in path))
                for path, value in children(schema, resource.dialect)
            ]
            waiting.extend(reversed(inner))

    def _walk(self, base: Resource, pointer: str) -> Place:
        """What a JSON Pointer from the root of a resource names.

        Raises:
            LookupError: nothing.
        """
        value, resource, location = base.root, base, base.location
        for token in pointer.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list) and token.isdecimal():
                value = value[int(token)]
            elif isinstance(value, dict):
                value = value[token]
            else:
                raise LookupError(pointer)
            location += "/" + escape_pointer(token)
            if isinstance(value, dict) and ("$id" in value or "id" in value):
                self._search(base.document or base)
                resource = self._by_identity.get(id(value), resource)
        return Place(value, resource, location)


def _collect_anchors(schema: dict[str, Any], resource: Resource, location: str) -> None:
    """Enter the anchors of one schema into its resource; the first of a name stays."""
    draft = resource.dialect.draft
    place = Place(schema, resource, location)
    if draft <= 7:
        name = identifier(schema, resource.dialect)
        fragment = name.partition("#")[2] if name is not None else ""
        if fragment and not fragment.startswith("/"):
            resource.anchors.setdefault(fragment, place)
        return
    static = schema.get("$anchor")
    if isinstance(static, str):
        resource.anchors.setdefault(static, place)
    if draft == 2019 and schema is resource.root and schema.get("$recursiveAnchor") is True:
        resource.dynamic[""] = place
    dynamic = schema.get("$dynamicAnchor")
    if draft == 2020 and isinstance(dynamic, str):
        resource.anchors.setdefault(dynamic, place)
        resource.dynamic.setdefault(dynamic, place)
