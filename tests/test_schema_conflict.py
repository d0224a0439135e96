"""What is said of schemas that nothing satisfies: the keywords that exclude each other."""

from __future__ import annotations

from typing import Any

import pytest
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import SchemaError

VOCABULARY = toy_vocabulary()
RECURSIVE = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}


@pytest.mark.parametrize(
    ("schema", "pointer", "named"),
    [
        ({"type": "string", "title": "t", "const": 3}, "", ["/type", "/const"]),
        ({"type": "number", "minimum": 5, "maximum": 3}, "", ["/type", "/minimum", "/maximum"]),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x"], "minLength": 2}}},
            "/properties/a",
            ["/properties/a/enum", "/properties/a/minLength"],
        ),
        (
            {"type": "array", "items": {"enum": [1, 2]}, "minItems": 3, "uniqueItems": True},
            "",
            ["/type", "/items", "/minItems", "/uniqueItems"],
        ),
        (
            {"type": "object", "required": ["a", "b"], "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            "",
            ["/required", "/oneOf"],
        ),
        ({"type": "object", "allOf": [{"type": "string"}]}, "", ["/type", "/allOf"]),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "/allOf", []),
        (RECURSIVE, "/properties/a/$ref", []),
        (False, "", []),
    ],
)
def test_the_keywords_that_exclude_each_other(schema: Any, pointer: str, named: list[str]) -> None:
    with pytest.raises(SchemaError) as caught:
        engine.compile(schema=schema, vocabulary=VOCABULARY)
    assert (caught.value.pointer or "") == pointer
    listed = caught.value.message.partition(": ")[2].removesuffix(" exclude each other")
    assert sorted(filter(None, listed.split(", "))) == sorted(named)


def test_leaving_one_out_lets_something_in() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x"], "minLength": 2, "title": "A"}}}
    for keyword in ("enum", "minLength"):
        less = {key: value for key, value in schema["properties"]["a"].items() if key != keyword}
        assert engine.compile(schema={**schema, "properties": {"a": less}}, vocabulary=VOCABULARY)
