"""Explanations: where a text is refused, what was expected there, and the place in the schema that says so."""

from __future__ import annotations

import random

import pytest
from tests.oracles.json_texts import mutated, random_instance, random_schema, spelled
from tests.real_vocabularies import BYTES, toy_vocabulary

from gramarye import Vocabulary, engine

VOCABULARY = toy_vocabulary(b'{"', b"true")
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 2},
        "tags": {"type": "array", "items": {"enum": ["red", "green"]}, "minItems": 1},
        "a/b": {"type": "integer"},
    },
    "required": ["name"],
    "additionalProperties": False,
}
CASES = [
    (b"[", 0, "object", ""),
    (b'{"name":1', 8, "string", "/properties/name"),
    (b'{"a/b":"', 7, "number", "/properties/a~1b"),
    (b'{"a/b":1.5}', 10, "an integer", None),
    (b'{"other', 2, "property name", None),
    (b'{"name":"abc', 11, "'\"'", None),
    (b'{"tags":[]', 9, "an item", "/properties/tags"),
    (b'{"tags":["red",true', 15, "string", "/properties/tags/items"),
    (b'{"tags":["blue', 10, "listed strings", None),
    (b'{"tags":["red"]}', 15, "','", ""),
    (b'{"name" 1', 8, "':'", None),
    (b'{"name":"a"} x', 13, "the end", None),
]


@pytest.mark.parametrize(("text", "position", "expected", "pointer"), CASES)
def test_schema(text, position, expected, pointer):
    found = engine.compile(schema=SCHEMA, vocabulary=VOCABULARY).matcher().explain(text)
    assert not found.accepted
    assert found.position == position
    assert any(expected in words for words in found.expected), found.expected
    assert found.pointer == pointer
    assert found.text == text
    assert f"byte {position}" in str(found)


@pytest.mark.parametrize(
    ("options", "text", "position", "expected"),
    [
        ({"regex": "[0-9]{3}x?"}, b"12a", 2, "[0-9]"),
        ({"regex": "[0-9]{3}x?"}, b"123xx", 4, "the end"),
        ({"choice": ["yes", "no"]}, b"maybe", 0, "[ny]"),
        ({"schema": {"type": "integer"}, "after": "</t>"}, b"ok\xff", 2, "[\\x00-\\x7f\\xc2-\\xf4]"),
        ({"schema": {"type": "integer"}, "after": "</t>"}, b"ok</t>x", 6, "number"),
        ({"schema": True, "whitespace": "bounded"}, b'{"a":1\n}x', 8, "the end"),
    ],
)
def test_other_sources(options, text, position, expected):
    found = engine.compile(vocabulary=VOCABULARY, **options).matcher().explain(text)
    assert (found.accepted, found.position) == (False, position)
    assert expected in found.expected


def test_several_ways_to_go_on():
    schema = {"anyOf": [{"type": "array", "maxItems": 1}, {"type": "array", "items": {"type": "null"}}]}
    found = engine.compile(schema=schema, vocabulary=VOCABULARY).matcher().explain(b"[null,true")
    assert found.position == 6
    assert found.expected == ("null",)
    found = engine.compile(schema=schema, vocabulary=VOCABULARY).matcher().explain(b"[null}")
    assert found.position == 5
    assert {"','", "']'"} <= set(found.expected)


def test_the_position_is_where_the_text_dies():
    for seed in range(80):
        rng = random.Random(f"explain {seed}")
        schema = random_schema(rng)
        try:
            constraint = engine.compile(
                schema={"anyOf": [schema, {"type": "null"}], "$defs": schema["$defs"]} if "$defs" in schema else schema,
                vocabulary=VOCABULARY,
            )
        except KeyError:
            continue
        for _ in range(5):
            text = mutated(rng, spelled(rng, random_instance(rng, schema, schema)).encode())
            found = constraint.matcher().explain(text)
            config, read = constraint.machine.advance_bytes(constraint.start, text)
            assert found.accepted == (config != 0)
            assert found.position == read
            assert found.accepted or found.expected


def test_tokens():
    tokens = [*BYTES, b"", b"true", b""]
    vocabulary = Vocabulary.from_bytes(tokens, eos_ids=[256], special_ids=[258])
    matcher = engine.compile(schema=SCHEMA, vocabulary=vocabulary).matcher()
    assert matcher.explain(ord("{")).accepted
    refused = matcher.explain(257)
    assert (refused.accepted, refused.position, refused.text) == (False, 0, b"true")
    end = matcher.explain(256)
    assert not end.accepted
    assert "object" in end.expected
    assert not matcher.explain(258).accepted
    matcher.advance_bytes(b'{"name":""}')
    assert matcher.explain(256).accepted
    assert matcher.explain(b" ").accepted
    assert matcher.advance(256)
    assert not matcher.explain(b" ").accepted
    assert not matcher.explain(256).accepted
