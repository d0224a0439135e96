"""Values: whole and partial JSON, typed values, and text deltas."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import json
import typing

import pydantic
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st

from gramarye.errors import GramaryeError, SchemaError
from gramarye.runtime.decoding.streaming import TextStream
from gramarye.runtime.decoding.values import (
    JSON,
    TEXT,
    ValueReader,
    parse_json,
    partial_json,
    reader_for_schema,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


def is_prefix(partial, whole):
    """Whether a partial value could still become the whole one."""
    if isinstance(whole, dict):
        return isinstance(partial, dict) and all(
            key in whole and (is_prefix(value, whole[key])) for key, value in partial.items()
        )
    if isinstance(whole, list):
        return isinstance(partial, list) and len(partial) <= len(whole) and all(map(is_prefix, partial, whole))
    if isinstance(whole, str):
        return isinstance(partial, str) and whole.startswith(partial)
    if isinstance(whole, bool) or whole is None:
        return partial is whole
    return isinstance(partial, int | float)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_partial_values_grow_into_the_value(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    for end in range(len(text) + 1):
        partial = partial_json(text[:end])
        assert partial is None or is_prefix(partial, value), text[:end]
    assert partial_json(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("  ", None),
        ("-", None),
        ("tr", None),
        ("-1", -1),
        ("1.", 1),
        ("1e", 1),
        ('"a\\', "a"),
        ('"a\\u00', "a"),
        ('"\\ud83d', ""),
        ('"\\ud83d\\ude0', ""),
        ('"\\\\ud83d', "\\ud83d"),
        ('{"a', {}),
        ('{"a"', {}),
        ('{"a":', {}),
        ('{"a": fal', {}),
        ('{"a": [1, {"b": "x', {"a": [1, {"b": "x"}]}),
        ('{"a": {}, ', {"a": {}}),
        ("[1, 2] trailing", [1, 2]),
        ("[1, oops", [1]),
    ],
)
def test_partial_values(text, value):
    assert partial_json(text) == value


def test_partial_values_are_linear_in_the_text():
    deep = '{"a":[' * 300
    assert partial_json(deep) is not None
    assert partial_json('"' + "x" * 200_000) == "x" * 200_000


def test_integers_of_any_length_and_no_json():
    digits = "9" * 20_001
    assert parse_json("-" + digits) == -(10**20_001 - 1)
    with pytest.raises(GramaryeError, match="no JSON text"):
        parse_json("{")


@given(st.binary(max_size=30), st.lists(st.integers(0, 30), max_size=5))
def test_deltas_join_to_the_text(data, cuts):
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    stream = TextStream()
    deltas = [stream.feed(data[a:b]) for a, b in itertools.pairwise(places)]
    deltas.append(stream.feed(b"", final=True))
    assert "".join(deltas) == stream.text == data.decode("utf-8", "replace")


def test_no_delta_ends_inside_a_character_and_the_prompt_is_skipped():
    stream = TextStream(skip=3)
    assert [
        stream.feed(b"ab"),
        stream.feed(b"c\xc3"),
        stream.feed(b"\xa9"),
        stream.feed(b"", final=True),
    ] == [
        "",
        "",
        "é",
        "",
    ]


class Color(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    name: str
    color: Color


@dataclasses.dataclass
class Point:
    x: int
    tags: tuple[str, ...] = ()


class Movie(typing_extensions.TypedDict):
    year: int


def paint(color: Color, times: int = 1) -> None:
    raise AssertionError("reading the arguments of a function must not call it")


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        (True, "[1.5]", [1.5]),
        (Model, '{"name": "a", "color": "red"}', Model(name="a", color=Color.RED)),
        (Point, '{"x": 1, "tags": ["a"]}', Point(1, ("a",))),
        (Movie, '{"year": 1999}', {"year": 1999}),
        (Color, '"red"', Color.RED),
        (typing.Literal["a", 2], "2", 2),
        (list[int], "[1, 2]", [1, 2]),
        (paint, '{"color": "red", "times": 2}', {"color": Color.RED, "times": 2}),
    ],
)
def test_values_have_the_type_of_the_schema(schema, text, value):
    read = reader_for_schema(schema).read(text)
    assert read == value
    assert type(read) is type(value)


def test_a_models_own_validators_are_reported_with_the_place():
    class Even(pydantic.BaseModel):
        numbers: list[int]

        @pydantic.field_validator("numbers")
        @classmethod
        def even(cls, numbers: list[int]) -> list[int]:
            if any(n % 2 for n in numbers):
                raise ValueError("odd")
            return numbers

    with pytest.raises(SchemaError, match="odd") as caught:
        reader_for_schema(Even).read('{"numbers": [1]}')
    assert caught.value.pointer == "/numbers"


def test_a_type_that_pydantic_does_not_know_is_an_error():
    class Opaque:
        pass

    with pytest.raises(SchemaError, match="Opaque"):
        reader_for_schema(Opaque).read("1")


def test_the_value_is_what_follows_the_tag():
    reader = ValueReader("json", after="</think>")
    text = 'is it {"a": 2}? </think>{"a": 1}'
    assert reader.read(text) == {"a": 1}
    assert reader.partial(text[:12]) is None
    assert reader.partial(text[:-1]) == {"a": 1}
    assert TEXT.read("x") == TEXT.partial("x") == "x"
    assert JSON.partial('{"a": "b') == {"a": "b"}
