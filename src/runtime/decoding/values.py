"""From output text to Python values: whole (``r.value``) and partial (while streaming).

    text ──after the tag──> JSON text ──json.loads────────────────> dict, list, str, ...
                                      └─pydantic.TypeAdapter(type)─> model, dataclass, TypedDict, Enum, ...

pydantic is imported only when a typed value is asked for.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from ...errors import GramaryeError, SchemaError
from .partial import closed_prefix

__all__ = ["JSON", "TEXT", "ValueReader", "parse_json", "partial_json", "reader_for_schema"]

_DIGITS = 4000  # below the interpreter's limit for int(str), which cannot be below 640 * 6


@dataclass(frozen=True, slots=True)
class ValueReader:
    """How a text becomes a value.

    Attributes:
        kind: "text": the text itself; "json": parsed; "typed": parsed into ``target``; "call": the keyword
            arguments of the callable ``target``, each of its annotated type.
        target: a type that pydantic understands, or a callable.
        after: the value is what follows the first occurrence of this tag (free text before a constrained
            region).
    """

    kind: str
    target: Any = None
    after: str | None = None

    def read(self, text: str) -> Any:
        """The value of a finished text.

        Raises:
            SchemaError: a typed target refuses the text, with the pointer to the offending place.
            GramaryeError: the text is no JSON, or pydantic is missing.
        """
        body = self._body(text)
        match self.kind:
            case "text":
                return text if body is None else body
            case "typed":
                return _typed(self.target, body or "")
            case "call":
                return _arguments(self.target, parse_json(body or ""))
            case _:
                return parse_json(body or "")

    def partial(self, text: str) -> Any:
        """The best value of an unfinished text: the text or JSON value so far, None before it begins."""
        body = self._body(text)
        if self.kind == "text":
            return text if self.after is None else body
        return None if body is None else partial_json(body)

    def _body(self, text: str) -> str | None:
        if self.after is None:
            return text
        _, tag, body = text.partition(self.after)
        return body if tag else None


TEXT = ValueReader("text")
JSON = ValueReader("json")


def reader_for_schema(schema: object, *, after: str | None = None) -> ValueReader:
    """The reader that goes with ``compile(schema=...)``.

    Plain JSON for a JSON Schema (dict, bool or its text), typed for a type, keyword arguments for a function.
    """
    if isinstance(schema, dict | bool | str):
        return ValueReader("json", after=after)
    if inspect.isroutine(schema):
        return ValueReader("call", schema, after)
    return ValueReader("typed", schema, after)


def parse_json(text: str) -> Any:
    """``json.loads``, with integers of any length.

    Raises:
        GramaryeError: the text is no JSON.
    """
    try:
        return json.loads(text, parse_int=_parse_int)
    except json.JSONDecodeError as error:
        raise GramaryeError(
            f"the output is no JSON text: {error}",
            hint="the constraint was not made from a schema, or the output was cut off",
        ) from error
    except RecursionError as error:
        raise GramaryeError("the output is nested too deeply for json.loads", hint="the text is in r.text") from error


def partial_json(text: str) -> Any:
    """The best value of a prefix of a JSON text, None where none has begun.

    >>> partial_json('{"a": [1, 2, {"b": "x')
    {'a': [1, 2, {'b': 'x'}]}
    """
    prefix = closed_prefix(text)
    return None if prefix is None else parse_json(prefix)


def _parse_int(digits: str) -> int:
    """int(digits) beyond the interpreter's limit on digits, by halves."""
    if len(digits) <= _DIGITS:
        return int(digits)
    if digits[0] == "-":
        return -_parse_int(digits[1:])
    half = len(digits) // 2
    high, low = _parse_int(digits[:-half]), _parse_int(digits[-half:])
    return high * int(10**half) + low


def _typed(target: Any, text: str) -> Any:
    adapter, validation_error = _pydantic(target)
    try:
        return adapter.validate_json(text)
    except validation_error as error:
        raise _refused(error, target) from error


def _arguments(function: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(function, include_extras=True)
    values = dict(arguments)
    for name in hints.keys() & arguments.keys():
        adapter, validation_error = _pydantic(hints[name])
        try:
            values[name] = adapter.validate_json(json.dumps(arguments[name]))
        except validation_error as error:
            raise _refused(error, function, name) from error
    return values


def _pydantic(target: Any) -> tuple[Any, type[Exception]]:
    try:
        import pydantic
    except ImportError as error:
        raise GramaryeError(
            "typed values need pydantic",
            hint="pip install pydantic, or read the text with json.loads(r.text)",
        ) from error
    try:
        return pydantic.TypeAdapter(target), pydantic.ValidationError
    except pydantic.PydanticUserError as error:
        raise SchemaError(f"pydantic cannot make values of {target!r}: {error.message}") from error


def _refused(error: Any, target: Any, *path: str) -> SchemaError:
    first = error.errors(include_url=False)[0]
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in (*path, *first["loc"]))
    name = getattr(target, "__name__", repr(target))
    return SchemaError(
        f"{name} refuses the output: {first['msg']}",
        pointer=pointer,
        hint="the JSON Schema of the type does not express this check; the text is in r.text",
    )
