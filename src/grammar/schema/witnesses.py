"""Six values that most schemas let in or refuse at a glance: null, true, 0, "", [] and {}.

A subschema is evaluated on them as a validator does it, so ``not``, ``oneOf`` and ``if`` are no more difficult than
``type``. A conjunction that lets one of them in has values, and no search is needed to tell::

    {"not": {"required": ["a"]}}                                  null, true, 0, "", [], {}
    {"type": ["object", "string"], "minProperties": 1}            ""
    {"type": "string", "pattern": "^a?$"}                         unknown: patterns are not looked at

Each value is accepted, refused, or neither: where a pattern or a format would have to be followed, and where a
reference leads back without reading anything.
"""

from __future__ import annotations

from collections.abc import Callable

from .document import SAME, Document, JsonValue, Subschema
from .shapes import TUPLE, TYPE_NAMES, Types

__all__ = ["Witnesses"]

_NULL, _TRUE, _ZERO, _TEXT, _ARRAY, _OBJECT = (1 << bit for bit in range(6))
_ALL = (1 << 6) - 1

_Verdict = tuple[int, int]
"""The values that are accepted, and those that are refused, as sets of bits."""

_UNKNOWN: _Verdict = (0, 0)


class Witnesses:
    """Evaluates the subschemas of one document, each once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[int, _Verdict] = {}
        self._active: set[int] = set()
        self._leads_back = False

    def accept(self, subschema: Subschema) -> int:
        """The values that satisfy a subschema, as a set of bits; not those of which it is not known."""
        return self.verdict(subschema)[0]

    def verdict(self, subschema: Subschema) -> _Verdict:
        """The values that a subschema accepts and refuses."""
        schema = subschema.schema
        if isinstance(schema, bool):
            return (_ALL, 0) if schema else (0, _ALL)
        index = subschema.index
        found = self._known.get(index)
        if found is not None:
            return found
        if index in self._active:
            self._leads_back = True
            return _UNKNOWN
        self._active.add(index)
        found = self._evaluate(subschema, schema)
        self._active.discard(index)
        if self._leads_back:  # nothing is known of what is around it either
            found = _UNKNOWN
            self._leads_back = bool(self._active)
        self._known[index] = found
        return found

    def _evaluate(self, subschema: Subschema, schema: dict[str, JsonValue]) -> _Verdict:
        accepted, refused = _ALL, 0
        for keyword, value in schema.items():
            applicator = _APPLICATORS.get(keyword)
            if applicator is not None:
                more, less = applicator(self, subschema, keyword)
                accepted &= more
                refused |= less
                continue
            assertion = _ASSERTIONS.get(keyword)
            if assertion is not None:
                less = assertion(subschema, value)
                accepted &= ~less
                refused |= less
            elif keyword == "pattern" or keyword == "format":
                accepted &= ~_TEXT
        return accepted, refused

    def listed(self, subschema: Subschema, keyword: str) -> list[_Verdict]:
        """The verdicts of the subschemas in a list."""
        count = len(subschema.schema[keyword]) if isinstance(subschema.schema, dict) else 0
        return [self.verdict(self._document.child(subschema, keyword, index)) for index in range(count)]

    def child(self, subschema: Subschema, keyword: str) -> _Verdict:
        """The verdict of a subschema under a keyword, of one that allows everything if there is none."""
        if isinstance(subschema.schema, bool) or keyword not in subschema.schema:
            return _ALL, 0
        return self.verdict(self._document.child(subschema, keyword))

    def named(self, subschema: Subschema, keyword: str) -> _Verdict:
        """The verdict of what the references of a subschema name."""
        document = self._document
        return _all([self.verdict(one) for one in (*document.references(subschema), *document.same(subschema))])


def _all(verdicts: list[_Verdict]) -> _Verdict:
    accepted, refused = _ALL, 0
    for more, less in verdicts:
        accepted &= more
        refused |= less
    return accepted, refused


def _all_of(witnesses: Witnesses, subschema: Subschema, keyword: str) -> _Verdict:
    return _all(witnesses.listed(subschema, keyword))


def _any_of(witnesses: Witnesses, subschema: Subschema, keyword: str) -> _Verdict:
    accepted, refused = 0, _ALL
    for more, less in witnesses.listed(subschema, keyword):
        accepted |= more
        refused &= less
    return accepted, refused


def _one_of(witnesses: Witnesses, subschema: Subschema, keyword: str) -> _Verdict:
    once, twice, perhaps = 0, 0, 0
    none = _ALL
    for more, less in witnesses.listed(subschema, keyword):
        twice |= once & more
        once |= more
        none &= less
        perhaps |= _ALL & ~(more | less)
    return once & ~twice & ~perhaps, twice | none


def _not(witnesses: Witnesses, subschema: Subschema, keyword: str) -> _Verdict:
    accepted, refused = witnesses.child(subschema, keyword)
    return refused, accepted


def _if(witnesses: Witnesses, subschema: Subschema, keyword: str) -> _Verdict:
    holds, fails = witnesses.child(subschema, keyword)
    then, other = witnesses.child(subschema, "then"), witnesses.child(subschema, "else")
    accepted = (holds & then[0]) | (fails & other[0]) | (then[0] & other[0])
    return accepted, (holds & then[1]) | (fails & other[1]) | (then[1] & other[1])


_APPLICATORS: dict[str, Callable[[Witnesses, Subschema, str], _Verdict]] = {
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef", SAME), Witnesses.named),
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}

_OF_TYPES = (
    (Types.NULL, _NULL),
    (Types.TRUE, _TRUE),
    (Types.NUMBER, _ZERO),
    (Types.STRING, _TEXT),
    (Types.ARRAY, _ARRAY),
    (Types.OBJECT, _OBJECT),
)


def _type(subschema: Subschema, value: JsonValue) -> int:
    types = 0
    for name in [value] if isinstance(value, str) else value:
        types |= TYPE_NAMES[name]
    return sum(bit for kind, bit in _OF_TYPES if not types & kind)


def _equal(value: JsonValue) -> int:
    """Which of the values a JSON value is."""
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _TRUE if value else 0
    if isinstance(value, str):
        return 0 if value else _TEXT
    if isinstance(value, list):
        return 0 if value else _ARRAY
    if isinstance(value, dict):
        return 0 if value else _OBJECT
    return 0 if value else _ZERO


def _enum(subschema: Subschema, value: JsonValue) -> int:
    accepted = 0
    for one in value:
        accepted |= _equal(one)
    return _ALL & ~accepted


def _if_any(bit: int) -> Callable[[Subschema, JsonValue], int]:
    """Refuse a value if the keyword says a number above zero, or lists something."""
    return lambda subschema, value: bit if value else 0


def _contains(subschema: Subschema, value: JsonValue) -> int:
    fewest = subschema.schema.get("minContains", 1) if isinstance(subschema.schema, dict) else 1
    return _ARRAY if fewest else 0


def _bound(strict_beside: str, *, low: bool, strict: bool) -> Callable[[Subschema, JsonValue], int]:
    """A bound on numbers; in draft 4 a boolean beside it says whether it is itself excluded."""

    def refuse(subschema: Subschema, value: JsonValue) -> int:
        excluded = strict
        if subschema.draft == 4:
            if strict:
                return 0
            excluded = isinstance(subschema.schema, dict) and subschema.schema.get(strict_beside) is True
        outside = value > 0 if low else value < 0
        return _ZERO if outside or (excluded and value == 0) else 0

    return refuse


_ASSERTIONS: dict[str, Callable[[Subschema, JsonValue], int]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda subschema, value: _ALL & ~_equal(value),
    "required": _if_any(_OBJECT),
    "minProperties": _if_any(_OBJECT),
    "minItems": _if_any(_ARRAY),
    TUPLE: _if_any(_ARRAY),
    "minLength": _if_any(_TEXT),
    "contains": _contains,
    "minimum": _bound("exclusiveMinimum", low=True, strict=False),
    "maximum": _bound("exclusiveMaximum", low=False, strict=False),
    "exclusiveMinimum": _bound("", low=True, strict=True),
    "exclusiveMaximum": _bound("", low=False, strict=True),
}
"""Which of the values a keyword refuses; those that are not listed refuse none."""
