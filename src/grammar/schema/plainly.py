"""Subschemas that plainly have values: told from their keywords alone, without looking for one.

Most subschemas are a type with a bound or two, or an object whose required members are such. For those a look is
enough; for all others the answer is "not plainly", and a shortest value is looked for (``shortest.py``)::

    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}      plainly: "a" is
    {"minimum": 3}                                                                       plainly: null
    {"type": "string", "pattern": "^a"}                                                  not plainly
"""

from __future__ import annotations

from collections.abc import Callable

from .document import SAME, Document, JsonValue, Subschema
from .shapes import TUPLE, is_text

__all__ = ["RESTRICTING", "Plainly"]

_Schema = dict[str, JsonValue]

_ANY_VALUE = frozenset(
    "enum const $ref $dynamicRef $recursiveRef allOf anyOf oneOf not if dependencies dependentRequired "
    "dependentSchemas unevaluatedItems unevaluatedProperties".split()
) | {SAME, TUPLE}
"""Keywords that may exclude values of any type, or of which it is not worth knowing more."""
_MANY = 100
"""Members or items beyond which nothing is plain."""
_LONG = 1000
"""Characters beyond which no string is plain."""
_FAR = 10**15
"""Bounds beyond which no number is plain."""
_BOUNDS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))


class Plainly:
    """Which subschemas of one document plainly have values, memoised."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[int, bool] = {}

    def satisfiable(self, subschema: Subschema) -> bool:
        """True only if some value satisfies a subschema. Linear in the subschemas that it needs, once each."""
        found = self._known.get(subschema.index)
        if found is None:
            # What needs itself is not plain: values are finite.
            self._known[subschema.index] = False
            found = self._known[subschema.index] = self._look(subschema)
        return found

    def _look(self, subschema: Subschema) -> bool:
        schema = subschema.schema
        if isinstance(schema, bool):
            return schema
        if not _ANY_VALUE.isdisjoint(schema):
            return self._among_values(subschema, schema)
        types = schema.get("type")
        if types is None:
            return True
        return any(self._of_type(subschema, schema, name) for name in ([types] if isinstance(types, str) else types))

    def _among_values(self, subschema: Subschema, schema: _Schema) -> bool:
        """True if one keyword alone says which values there are, and plainly there is one."""
        said = RESTRICTING & schema.keys()
        if said <= _LISTS and len(said - {"type"}) == 1:
            types = schema.get("type")
            names = {types} if isinstance(types, str) else types
            values = schema["enum"] if "enum" in schema else [schema["const"]]
            return any(_plain_scalar(value) and (names is None or _is(value, names)) for value in values)
        if len(said) != 1:
            return False
        if "anyOf" in said:
            branches = (self._document.child(subschema, "anyOf", index) for index in range(len(schema["anyOf"])))
            return any(map(self.satisfiable, branches))
        if not said.isdisjoint(("$ref", "$dynamicRef", "$recursiveRef")):
            return all(map(self.satisfiable, self._document.references(subschema)))
        return False

    def _of_type(self, subschema: Subschema, schema: _Schema, name: str) -> bool:
        look = _LOOKS.get(name)
        return look is None or look(self, subschema, schema)

    def string(self, subschema: Subschema, schema: _Schema) -> bool:
        """True for strings within bounds on their length."""
        if "pattern" in schema:
            return False
        if "minLength" not in schema and "maxLength" not in schema:
            return True
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        return "format" not in schema and low <= _LONG and (high is None or low <= high)

    def number(self, subschema: Subschema, schema: _Schema) -> bool:
        """True for numbers bounded on one side only."""
        if "multipleOf" in schema or not all(-_FAR < schema[bound] < _FAR for bound in _BOUNDS & schema.keys()):
            return False
        low = "minimum" in schema or "exclusiveMinimum" in schema
        return not (low and ("maximum" in schema or "exclusiveMaximum" in schema)) or _whole_range(schema)

    def array(self, subschema: Subschema, schema: _Schema) -> bool:
        """True for arrays that may be empty, or of items that are alike and plain."""
        if "contains" in schema:
            return False
        fewest = schema.get("minItems", 0)
        if fewest == 0:
            return True
        if "uniqueItems" in schema or "prefixItems" in schema or "additionalItems" in schema or fewest > _MANY:
            return False
        most, items = schema.get("maxItems"), schema.get("items", True)
        if (most is not None and most < fewest) or not isinstance(items, (dict, bool)):
            return False
        return "items" not in schema or self.satisfiable(self._document.child(subschema, "items"))

    def object(self, subschema: Subschema, schema: _Schema) -> bool:
        """True for objects of plain required members."""
        required = frozenset(schema.get("required", ()))
        fewest, most = schema.get("minProperties", 0), schema.get("maxProperties")
        if not required:
            return bool(fewest == 0)
        if fewest > len(required) or (most is not None and most < len(required)):
            return False
        if "patternProperties" in schema or "propertyNames" in schema or len(required) > _MANY:
            return False
        properties = schema.get("properties", {})
        for name in required:
            if not is_text(name):
                return False
            if name in properties:
                if not self.satisfiable(self._document.child(subschema, "properties", name)):
                    return False
            elif schema.get("additionalProperties", True) not in (True, {}):
                return False
        return True


def _whole_range(schema: _Schema) -> bool:
    """True if both bounds are integers that belong to the numbers, and in the right order."""
    low, high = schema.get("minimum"), schema.get("maximum")
    strict = "exclusiveMinimum" in schema or "exclusiveMaximum" in schema
    return not strict and type(low) is int and type(high) is int and low <= high


def _plain_scalar(value: JsonValue) -> bool:
    return value is None or isinstance(value, (bool, int)) or (isinstance(value, str) and is_text(value))


def _is(value: JsonValue, names: set[str] | list[str]) -> bool:
    """True if a plain scalar is of one of some types."""
    if isinstance(value, str):
        return "string" in names
    if value is None:
        return "null" in names
    if isinstance(value, bool):
        return "boolean" in names
    return "integer" in names or "number" in names


_LOOKS: dict[str, Callable[[Plainly, Subschema, _Schema], bool]] = {
    "string": Plainly.string,
    "number": Plainly.number,
    "integer": Plainly.number,
    "array": Plainly.array,
    "object": Plainly.object,
}
"""How to look at a type; the others have values always."""

_LISTS = frozenset(("type", "enum", "const"))
RESTRICTING = _ANY_VALUE | frozenset(
    "type minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format items "
    "prefixItems additionalItems minItems maxItems uniqueItems contains properties patternProperties propertyNames "
    "additionalProperties required minProperties maxProperties".split()
)
"""Keywords that may exclude a value."""
