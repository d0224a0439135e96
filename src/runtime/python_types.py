"""Python types as JSON Schemas, through pydantic's ``TypeAdapter``.

A Pydantic model, dataclass, TypedDict, NamedTuple, Literal, Enum, union or any other type that pydantic understands
becomes the schema of its JSON form; a callable that of an object with its arguments. pydantic is imported only for
these.
"""

from __future__ import annotations

import inspect
import json
from decimal import Decimal
from typing import Any

from ..errors import SchemaError, Span

__all__ = ["schema_of"]


def schema_of(source: Any) -> tuple[bool | dict[str, Any], object]:
    """The JSON Schema of a source, and the Python type to parse values into (None for plain JSON).

    Args:
        source: a schema as dict, bool or JSON text; a type; or a callable.

    Raises:
        SchemaError: the text is no JSON, or pydantic cannot describe the type.
    """
    if isinstance(source, (dict, bool)):
        return source, None
    if isinstance(source, str):
        return _parsed(source), None
    try:
        import pydantic
    except ImportError as error:
        raise SchemaError(
            f"the schema of {source!r} needs pydantic", hint="pip install pydantic, or give the JSON Schema itself"
        ) from error
    target = _arguments_model(source) if inspect.isroutine(source) else source
    try:
        return pydantic.TypeAdapter(target).json_schema(), source
    except (pydantic.errors.PydanticSchemaGenerationError, pydantic.errors.PydanticInvalidForJsonSchema) as error:
        raise SchemaError(
            f"pydantic cannot describe {source!r}: {error}",
            expected=[
                "a JSON Schema",
                "a Pydantic model",
                "a dataclass",
                "a TypedDict",
                "a Literal",
                "an Enum",
                "a callable",
            ],
        ) from error


_DECODER = json.JSONDecoder(parse_float=Decimal)


def _parsed(text: str) -> bool | dict[str, Any]:
    try:
        schema = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"the schema is no JSON: {error.msg}",
            span=Span(error.lineno, error.colno),
            expected=["a JSON object or boolean"],
        ) from error
    if not isinstance(schema, (dict, bool)):
        raise SchemaError(f"a schema is an object or a boolean, not {type(schema).__name__}", pointer="")
    return schema


def _arguments_model(function: Any) -> Any:
    """A model with one field for each parameter of a function."""
    import pydantic

    fields: dict[str, Any] = {}
    hints = inspect.get_annotations(function, eval_str=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise SchemaError(
                f"parameter {name!r} of {function.__qualname__} cannot be given by name",
                expected=["parameters that can be given by name"],
                hint="wrap it in a function that takes its arguments by name",
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (hints.get(name, Any), default)
    config = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=False)
    return pydantic.create_model(function.__name__, __config__=config, **fields)
