"""Budget landing with compiled constraints: random logits at every budget from the minimum to 20 more."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from tests.decoding_toys import RandomModel

from gramarye import engine
from gramarye.errors import BudgetError
from gramarye.runtime.decoding import JSON, TEXT, run
from gramarye.runtime.vocabulary import Vocabulary

PIECES = [
    *(bytes([byte]) for byte in range(256)),
    *(
        b'{"',
        b'":',
        b'": "',
        b'",',
        b'"}',
        b"}}",
        b"]]",
        b"}]",
        b"[[",
        b'[{"',
        b"null",
        b"true",
        b"name",
        b"  ",
        b'", "',
    ),
    *(b"\n  ", b'{"children":[', b"\xc3\xa9", b'\\"', b"12", b"((", b"))", b"+(", "日本".encode(), b'":[{"'),
    None,
]
BYTES = Vocabulary.from_bytes(PIECES, eos_ids=[len(PIECES) - 1])

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "children"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}
RECORD = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 30},
        "kind": {"enum": ["a long kind of thing", "b", None]},
        "values": {"type": "array", "items": {"type": "number"}, "minItems": 2},
    },
    "required": ["name", "values"],
}
LISTS = {"type": "array", "items": {"type": "array", "items": {"$ref": "#"}}, "minItems": 1}
ARITHMETIC = 'start: start "+" atom | atom\natom: /[0-9]+/ | "(" start ")"'


def is_arithmetic(text: str) -> bool:
    while (shorter := re.sub(r"\([0-9]+(\+[0-9]+)*\)", "0", text)) != text:
        text = shorter
    return re.fullmatch(r"[0-9]+(\+[0-9]+)*", text) is not None


def is_valid(schema):
    return lambda text: jsonschema.Draft202012Validator(schema).is_valid(json.loads(text))


CASES = {
    "tree": ({"schema": TREE}, is_valid(TREE), JSON),
    "record": ({"schema": RECORD}, is_valid(RECORD), JSON),
    "lists": ({"schema": LISTS}, is_valid(LISTS), JSON),
    "regex": ({"regex": r"(ab+|c{3}){2,}é?"}, lambda text: re.fullmatch(r"(ab+|c{3}){2,}é?", text), TEXT),
    "grammar": ({"lark": ARITHMETIC}, is_arithmetic, TEXT),
}


@pytest.mark.parametrize("name", CASES)
def test_every_output_is_valid_and_within_every_budget(name):
    source, valid, reader = CASES[name]
    constraint = engine.compile(vocabulary=BYTES, limits=engine.Limits(search=3000), **source)
    minimum = len(constraint.matcher().shortest_tokens())
    model = RandomModel(BYTES, 1)
    ended = set()
    for extra in range(21):
        budget = minimum + extra
        # a narrow edge lets draws far from it open more than can be closed, and be taken back
        for result in run(
            model, [[0]] * 5, constraint, seed=extra, max_tokens=budget, reader=reader, edge=extra % 3 * 5
        ):
            assert len(result.tokens) <= budget
            assert valid(result.text), result.text
            ended.add(result.finish_reason)
    assert "length" in ended
    calls = len(model.calls)
    with pytest.raises(BudgetError) as caught:
        run(model, [0], constraint, max_tokens=min(1, minimum - 1))
    assert len(model.calls) == calls
    assert len(run(model, [0], constraint, max_tokens=caught.value.needed).tokens) <= caught.value.needed <= minimum
