"""What is said of objects and arrays beyond bounds: opposites, conditions, dependencies, contains; also finished."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import jsonschema_rs
import pytest
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import SchemaError
from gramarye.kernels.opcodes import Op

VOCABULARY = toy_vocabulary()
DIALECT = "https://json-schema.org/draft/2020-12/schema"

MEMBERS: list[Any] = [
    dict(zip(keys, values, strict=True))
    for keys in ((), ("a",), ("b",), ("x1",), ("a", "b"), ("b", "a"), ("a", "x1"), ("x1", "x2"), ("a", "b", "x1"))
    for values in product((1, "q", None), repeat=len(keys))
]
ITEMS: list[Any] = [list(values) for length in range(4) for values in product((1, "q", None), repeat=length)]
VALUES = [*MEMBERS, *ITEMS, 1, "q", None, 2.5, [[]], {"a": {"b": 1}}, {"a": {"b": "q"}}]

STRING = {"type": "string"}
KIND = {"properties": {"a": {"const": "q"}}, "required": ["a"]}
SCHEMAS: list[Any] = [
    {"not": {"type": "object", "required": ["a"], "properties": {"a": STRING}}},
    {"not": {"required": ["a", "b"]}},
    {"not": {"properties": {"a": STRING, "b": {"type": "null"}}}},
    {"not": {"patternProperties": {"^x": STRING}}, "type": "object"},
    {"not": {"additionalProperties": STRING, "properties": {"a": True}}},
    {"not": {"propertyNames": {"maxLength": 1}}},
    {"not": {"minProperties": 2}},
    {"not": {"maxProperties": 1}},
    {"not": {"items": STRING}},
    {"not": {"prefixItems": [STRING, {"type": "null"}], "items": {"type": "integer"}}},
    {"not": {"contains": STRING, "maxContains": 1}},
    {"not": {"minItems": 1, "maxItems": 2}},
    {"not": {"enum": [{"a": 1}, ["q", 1], {}, [], "q"]}},
    {"not": {"allOf": [{"required": ["a"]}, {"anyOf": [{"required": ["b"]}, {"maxProperties": 1}]}]}},
    {"not": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"minProperties": 3}]}},
    {"not": {"if": KIND, "then": {"required": ["b"]}, "else": {"maxProperties": 1}}},
    {"not": {"dependentRequired": {"a": ["b"]}}},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"oneOf": [STRING, {"required": ["a"], "type": "object"}, {"minProperties": 2}]},
    {"oneOf": [STRING, STRING, True]},
    {"oneOf": [{"items": STRING}, {"minItems": 2}, {"contains": {"type": "null"}}], "type": "array"},
    {"oneOf": [{"properties": {"a": STRING}}, KIND, {"required": ["x1"]}], "maxProperties": 2},
    {"if": KIND, "then": {"required": ["x1"]}, "else": {"required": ["b"]}},
    {"allOf": [{"if": {"required": [k]}, "then": {"properties": {"a": {"const": 1}}}} for k in ("a", "b", "x1", "x2")]},
    {"dependentRequired": {"a": ["b"], "x1": ["x2", "a"]}},
    {"dependentSchemas": {"a": {"properties": {"b": STRING}, "minProperties": 2}, "b": False}},
    {"contains": STRING},
    {"contains": STRING, "minContains": 2},
    {"contains": STRING, "maxContains": 1, "minContains": 0},
    {"contains": STRING, "items": {"not": {"const": "q"}}, "minItems": 1},
    {
        "patternProperties": {"^[ab]$": True},
        "additionalProperties": False,
        "minProperties": 2,
        "not": {"required": ["x1"]},
    },
    {
        "patternProperties": {"^[abc]$": True},
        "additionalProperties": False,
        "minProperties": 2,
        "dependentSchemas": {"a": {"not": {"required": ["b"]}}},
    },
    {"properties": {"a": True}, "anyOf": [{"properties": {"b": True}}, KIND], "unevaluatedProperties": False},
    {"prefixItems": [True], "contains": STRING, "unevaluatedItems": {"type": "null"}},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_verdicts(schema: Any) -> None:
    judge = jsonschema_rs.validator_for({**schema, "$schema": DIALECT})
    try:
        constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    except SchemaError:
        assert not any(map(judge.is_valid, VALUES))
        return
    for value in VALUES:
        assert constraint.accepts(json.dumps(value)) is judge.is_valid(value), value


@pytest.mark.parametrize("order", ["any", "schema"])
@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_every_prefix_can_be_finished(schema: Any, order: str) -> None:
    """Of every text, the longest prefix that is let through is completed to a valid text."""
    judge = jsonschema_rs.validator_for({**schema, "$schema": DIALECT})
    try:
        constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, property_order=order)
    except SchemaError:
        return
    for value in VALUES:
        matcher = constraint.matcher()
        for byte in json.dumps(value).encode():
            if not matcher.advance(byte):
                break
        text = matcher.text_bytes + matcher.completion()
        assert judge.is_valid(json.loads(text)), (value, matcher.text_bytes, text)


def test_one_alternative_is_left_behind_each_member() -> None:
    schema = {"not": {"properties": {"a": STRING, "b": {"const": 1}}}, "type": "object"}
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    matcher = constraint.matcher()
    for part in (b'{"a":"q"', b',"b":1 ', b',"c":null'):
        matcher.advance_bytes(part)
        assert constraint.machine.fields(matcher.config)[0] is Op.MEMBERS
    assert not matcher.advance_bytes(b"}")


def test_wide_opposites_are_split_into_alternatives() -> None:
    typed = dict.fromkeys(("a", "b", "x1"), STRING)
    branches = [{"properties": typed, "required": [n]} for n in ("a", "b", "x1", "x2")]
    schema = {"not": {"oneOf": [*branches, *({"required": [n], "minProperties": 2} for n in ("a", "b", "x1"))]}}
    judge = jsonschema_rs.validator_for({**schema, "$schema": DIALECT})
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    for value in VALUES:
        assert constraint.accepts(json.dumps(value)) is judge.is_valid(value), value


def test_a_schema_that_refers_to_its_own_opposite_is_refused() -> None:
    with pytest.raises(SchemaError, match="leads back to itself"):
        engine.compile(schema={"not": {"$ref": "#"}}, vocabulary=VOCABULARY)


def test_surrogates_do_not_keep_a_key_alive() -> None:
    constraint = engine.compile(schema={"patternProperties": {"b": False}, "type": "object"}, vocabulary=VOCABULARY)
    assert not constraint.matcher().advance_bytes(b'{"ab')
