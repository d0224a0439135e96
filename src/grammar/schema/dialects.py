"""Drafts and vocabularies: which keywords mean something in a schema, and where a schema holds other schemas.

::

    "$schema": "http://json-schema.org/draft-07/schema#"      Dialect(7, silent={"$dynamicRef", "minContains", ...})
    "$schema": "https://example.org/mine" in the registry     the draft of that metaschema's own "$schema", silent
                                                              also where its "$vocabulary" leaves a vocabulary out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from ...errors import SchemaError

__all__ = ["DRAFTS", "Dialect", "children", "dialect_of", "identifier", "plain_dialect"]

DRAFTS = (4, 6, 7, 2019, 2020)
"""The drafts, by number or year."""

_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "const": (6, 2020),
        "contains": (6, 2020),
        "propertyNames": (6, 2020),
        "if": (7, 2020),
        "then": (7, 2020),
        "else": (7, 2020),
        "additionalItems": (4, 2019),
        "$recursiveRef": (2019, 2019),
        "$defs": (2019, 2020),
        "contentSchema": (2019, 2020),
        "dependentRequired": (2019, 2020),
        "dependentSchemas": (2019, 2020),
        "minContains": (2019, 2020),
        "maxContains": (2019, 2020),
        "unevaluatedItems": (2019, 2020),
        "unevaluatedProperties": (2019, 2020),
        "prefixItems": (2020, 2020),
        "$dynamicRef": (2020, 2020),
    }
)
"""First and last draft of the keywords that do not exist in all of them (``dependencies`` lives on everywhere)."""

_ONE = frozenset(
    "additionalItems additionalProperties contains contentSchema else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
_LISTED = frozenset(("allOf", "anyOf", "oneOf", "prefixItems", "items"))
_NAMED = frozenset("$defs definitions dependencies dependentSchemas patternProperties properties".split())
_HOLDERS = _ONE | _LISTED | _NAMED

_APPLICATORS = (_ONE | _LISTED | _NAMED) - {"$defs", "definitions", "contentSchema"}
_UNEVALUATED = frozenset(("unevaluatedItems", "unevaluatedProperties"))
_VALIDATION = frozenset(
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems "
    "minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired".split()
)
_VOCABULARIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "https://json-schema.org/draft/2019-09/vocab/applicator": _APPLICATORS,
        "https://json-schema.org/draft/2019-09/vocab/validation": _VALIDATION,
        "https://json-schema.org/draft/2020-12/vocab/applicator": _APPLICATORS - _UNEVALUATED,
        "https://json-schema.org/draft/2020-12/vocab/unevaluated": _UNEVALUATED,
        "https://json-schema.org/draft/2020-12/vocab/validation": _VALIDATION,
        **{
            f"https://json-schema.org/draft/{draft}/vocab/{name}": frozenset[str]()
            for draft, names in (
                ("2019-09", ("core", "meta-data", "format", "content")),
                ("2020-12", ("core", "meta-data", "format-annotation", "format-assertion", "content")),
            )
            for name in names
        },
    }
)
_FORMAT_ASSERTION = "https://json-schema.org/draft/2020-12/vocab/format-assertion"
_FORMAT_2019 = "https://json-schema.org/draft/2019-09/vocab/format"
_NAMES = (
    ("draft/2020-12", 2020),
    ("draft/2019-09", 2019),
    ("draft-07", 7),
    ("draft-06", 6),
    ("draft-04", 4),
)


_KNOWN: Mapping[str, int] = MappingProxyType(
    {
        f"{scheme}://json-schema.org/{name}/schema{end}": draft
        for name, draft in _NAMES
        for scheme in ("http", "https")
        for end in ("", "#")
    }
)
"""Drafts by the usual spellings of the URIs of their metaschemas."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the keywords of a schema mean.

    Attributes:
        draft: 4, 6, 7, 2019 or 2020.
        silent: keywords of some draft or vocabulary that mean nothing here.
        formats: whether ``format`` is asserted because the metaschema says so.
    """

    draft: int
    silent: frozenset[str]
    formats: bool = False

    @property
    def hides(self) -> bool:
        """Whether a ``$ref`` hides what stands beside it."""
        return self.draft <= 7


@cache
def plain_dialect(draft: int) -> Dialect:
    """A draft with all of its vocabularies."""
    return Dialect(draft, frozenset(name for name, (first, last) in _RANGES.items() if not first <= draft <= last))


def dialect_of(uri: str, find: Callable[[str], Any], default: Dialect | None = None) -> Dialect:
    """The dialect that ``$schema`` names.

    Args:
        uri: its value.
        find: the document of that URI, None if there is none.
        default: what an unknown dialect is taken for; 2020-12 if None.

    Raises:
        SchemaError: it is a dialect of JSON Schema that is not supported, or needs a vocabulary that is unknown.
    """
    plainly = _KNOWN.get(uri)
    if plainly is not None:
        return plain_dialect(plainly)
    seen: set[str] = set()
    vocabularies: dict[str, Any] | None = None
    while True:
        known = next((draft for name, draft in _NAMES if f"json-schema.org/{name}/schema" in uri), None)
        if known is not None:
            return plain_dialect(known) if vocabularies is None else _restricted(known, vocabularies, uri)
        metaschema = find(uri) if uri not in seen else None
        if not isinstance(metaschema, dict):
            break
        seen.add(uri)
        declared = metaschema.get("$vocabulary")
        if vocabularies is None and isinstance(declared, dict):
            vocabularies = declared
        above = metaschema.get("$schema")
        if not isinstance(above, str):
            break
        uri = above
    for name, draft in _NAMES:
        if name in uri:
            return plain_dialect(draft)
    if ("json-schema.org" in uri and not uri.rstrip("#").endswith("/schema")) or "draft-03" in uri:
        raise SchemaError(
            f"the dialect {uri!r} is not supported",
            pointer="/$schema",
            expected=["draft-04", "draft-06", "draft-07", "2019-09", "2020-12"],
        )
    return default or plain_dialect(2020)


def _restricted(draft: int, vocabularies: dict[str, Any], uri: str) -> Dialect:
    """A draft with the vocabularies of a metaschema only; ``$vocabulary`` says nothing before 2019-09."""
    plain = plain_dialect(draft)
    if draft < 2019:
        return plain
    for name, required in vocabularies.items():
        if required is True and name not in _VOCABULARIES:
            raise SchemaError(
                f"the vocabulary {name!r} is required and not known", pointer="/$schema", expected=sorted(_VOCABULARIES)
            )
    kept = frozenset[str]().union(*(_VOCABULARIES.get(name, frozenset()) for name in vocabularies))
    formats = _FORMAT_ASSERTION in vocabularies or vocabularies.get(_FORMAT_2019) is True
    return Dialect(draft, plain.silent | ((_APPLICATORS | _VALIDATION) - kept), formats)


def identifier(schema: Mapping[str, Any], dialect: Dialect) -> str | None:
    """The identifier that a schema gives itself, None if it has none."""
    value = schema.get("id" if dialect.draft == 4 else "$id")
    if not isinstance(value, str) or (dialect.hides and "$ref" in schema):
        return None
    return value


def children(schema: Mapping[str, Any], dialect: Dialect) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Path and value of what stands directly inside a schema where a schema should, in the order of its keywords."""
    for keyword, value in schema.items():
        if keyword not in _HOLDERS or keyword in dialect.silent:
            continue
        if isinstance(value, dict) and keyword in _NAMED:
            for name, member in value.items():
                if keyword != "dependencies" or not isinstance(member, list):
                    yield (keyword, name), member
        elif isinstance(value, list) and keyword in _LISTED:
            for index, item in enumerate(value):
                yield (keyword, index), item
        elif keyword in _ONE:
            yield (keyword,), value
