"""The machine of a schema against an independent oracle: which texts, and which prefixes of texts, are let through."""

from __future__ import annotations

import json
import math
import random

import jsonschema
import pytest
from tests.oracles.json_prefix import JsonOracle
from tests.oracles.json_texts import mutated, random_instance, random_schema, spelled
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import SchemaError

VOCABULARY = toy_vocabulary()
MODES = [("any", False), ("bounded", False), ("compact", False), ("any", True), ("bounded", True)]
BLANKS = {"any": ("", "", " ", "\n\t", "\r"), "bounded": ("", "", "", " ", "\n  "), "compact": ("",)}


def compiled(schema, **options):
    return engine.compile(schema=schema, vocabulary=VOCABULARY, **options)


def alive(constraint, text):
    return constraint.machine.advance_bytes(constraint.start, text)[0] != 0


def pair(schema, mode="any", plain=False, ordered=False):
    """The constraint and its oracle; None if both say that nothing satisfies the schema."""
    oracle = JsonOracle(schema, mode, plain=plain, ordered=ordered)
    options = {"spelling": "plain" if plain else "any", "property_order": "schema" if ordered else "any"}
    if not oracle.rules.satisfiable(oracle.rules.conjunction(schema)):
        with pytest.raises(SchemaError, match="nothing satisfies"):
            compiled(schema, whitespace=mode, **options)
        return None
    return compiled(schema, whitespace=mode, **options), oracle


def compare(rng, constraint, oracle, text, context):
    """Follow a text in both; returns how many positions agreed."""
    config, state = constraint.start, oracle.start
    for place, byte in enumerate(text):
        config, state = constraint.machine.step(config, byte), oracle.step(state, byte)
        assert bool(config) == bool(state), (text[: place + 1], context)
        if not config:
            return place + 1
        assert constraint.machine.accepting(config) == oracle.accepting(state), (text[: place + 1], context)
        if rng.random() < 0.1:
            finish = constraint.completer.shortest(config)
            assert oracle.accepting(oracle.run(finish, state)), (text[: place + 1], finish, context)
    return len(text)


def random_text(rng, schema, mode):
    text = spelled(rng, random_instance(rng, schema, schema), BLANKS[mode]).encode()
    for _ in range(rng.choice([0, 0, 1, 2])):
        text = mutated(rng, text)
    return text


@pytest.mark.parametrize(("mode", "plain"), MODES)
def test_random_schemas_and_texts(mode, plain):
    positions = 0
    for seed in range(150):
        rng = random.Random(f"{mode} {plain} {seed}")
        schema = random_schema(rng)
        machines = pair(schema, mode, plain)
        for _ in range(8 if machines else 0):
            positions += compare(rng, *machines, random_text(rng, schema, mode), schema)
    assert positions > 3_000


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "plain"), MODES)
def test_many_random_schemas_and_texts(mode, plain):
    for seed in range(3_000):
        rng = random.Random(f"many {mode} {plain} {seed}")
        schema = random_schema(rng)
        machines = pair(schema, mode, plain)
        for _ in range(12 if machines else 0):
            compare(rng, *machines, random_text(rng, schema, mode), schema)


def test_objects_in_the_order_of_the_schema():
    """One object schema each: the order is the schema's own there."""
    positions = 0
    for seed in range(300):
        rng = random.Random(f"ordered {seed}")
        names = rng.sample(["a", "ab", "b", "é", "id"], rng.randrange(1, 5))
        schema = {
            "type": "object",
            "properties": {name: rng.choice([{"type": "integer"}, True, False, {"enum": ["x"]}]) for name in names},
            "required": rng.sample(names, rng.randrange(len(names))),
            "additionalProperties": rng.choice([False, True, {"type": "null"}]),
            "minProperties": rng.randrange(3),
            "maxProperties": rng.randrange(2, 6),
        }
        machines = pair(schema, ordered=True)
        for _ in range(10 if machines else 0):
            instance = random_instance(rng, schema, schema)
            ordered = {name: instance[name] for name in [*names, *instance] if name in instance}
            chosen = ordered if rng.random() < 0.7 else instance
            text = json.dumps(chosen, ensure_ascii=rng.random() < 0.5).encode()
            positions += compare(rng, *machines, mutated(rng, text) if rng.random() < 0.3 else text, schema)
    assert positions > 5_000


def test_membership_as_the_jsonschema_library_sees_it():
    """Whole texts: every value that the library calls valid is accepted in any spelling, and no other."""
    verdicts = {True: 0, False: 0}
    for seed in range(250):
        rng = random.Random(f"library {seed}")
        schema = random_schema(rng)
        machines = pair(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for _ in range(12 if machines else 0):
            text = spelled(rng, random_instance(rng, schema, schema))
            pairs: list[bool] = []
            value = json.loads(text, object_pairs_hook=lambda found, pairs=pairs: _members(found, pairs))
            if not all(pairs) or not _finite(value):
                continue
            wanted = validator.is_valid(value)
            verdicts[wanted] += 1
            assert machines[0].accepts(text) == wanted, (text, schema)
    assert min(verdicts.values()) > 300


def _members(found, pairs):
    pairs.append(len(dict(found)) == len(found))
    return dict(found)


def _finite(value):
    if isinstance(value, (list, dict)):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


ALPHABET = [b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"b"', b"1", b"null", b'"']


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {"a": {"const": 1}, "b": True},
            "required": ["b"],
            "additionalProperties": False,
        },
        {"type": "array", "prefixItems": [{"type": "null"}], "items": {"type": ["integer", "array"]}, "minItems": 2},
        {"anyOf": [{"type": "array", "maxItems": 1}, {"type": "object", "maxProperties": 1}]},
        {"enum": [{"a": [1]}, [1, None], "a"]},
        {"allOf": [{"minItems": 1}, {"items": {"type": "null"}}], "type": ["array", "null"]},
        {"type": "array", "items": {"$ref": "#"}, "maxItems": 2},
    ],
)
def test_a_prefix_is_dead_iff_nothing_short_completes_it(schema):
    """By brute force over pieces of JSON: the library says which texts are members, the rest follows."""
    constraint = compiled(schema, whitespace="compact")
    validator = jsonschema.Draft202012Validator(schema)
    level = [b""]
    members = set()
    prefixes = {b""}
    for _ in range(5):
        level = [text + piece for text in level for piece in ALPHABET if _balanced(text + piece)]
        for text in level:
            if _is_member(validator, text):
                members.add(text)
                prefixes.update(text[:length] for length in range(len(text) + 1))
    assert members
    for text in prefixes:
        assert alive(constraint, text), text
        assert constraint.accepts(text) == (text in members), text
        for piece in ALPHABET:
            longer = text + piece
            if longer not in prefixes and alive(constraint, longer):
                finish = longer + constraint.completer.shortest(
                    constraint.machine.advance_bytes(constraint.start, longer)[0]
                )
                assert _is_member(validator, finish), (longer, finish)


def _balanced(text):
    return (
        text.count(b"}") <= text.count(b"{")
        and text.count(b"]") <= text.count(b"[")
        and b"[," not in text
        and b"{," not in text
    )


def _is_member(validator, text):
    unique: list[bool] = []
    try:
        value = json.loads(text, object_pairs_hook=lambda found: _members(found, unique))
    except ValueError:
        return False
    return all(unique) and validator.is_valid(value)


ACCEPTED = [
    ({"const": "a"}, ['"a"', '"\\u0061"']),
    ({"enum": ["😀"]}, ['"😀"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"']),
    ({"type": "string", "maxLength": 1}, ['""', '"😀"', '"\\ud83d\\ude00"', '"\\n"', '"é"']),
    ({"const": {"a": [1, {}]}}, ['{"a":[1.0,{}]}', ' { "\\u0061" : [ 10e-1 , { } ] } ']),
    ({"enum": [True, None, 0]}, ["true", "null", "-0", "0e5", "0.00"]),
    ({"properties": {"a": {"type": "integer"}}}, ['{"b":"x","a":1}', "[]", '{"a":1e0,"":null}']),
    (
        {
            "anyOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "string"}}}],
            "type": "object",
        },
        ['{"z":1}', '{"z":1,"a":"x","b":"y"}', '{"z":1,"a":1,"b":2}', '{"b":2,"z":0}'],
    ),
    ({"type": "array", "items": {"$ref": "#"}}, ["[]", "[[],[[]]]", "[ [ ] ]"]),
    ({"type": "object", "required": ['q"', "k\n"]}, ['{"k\\n":1,"q\\"":2}', '{"q\\u0022":1,"k\\u000A":0}']),
]
REFUSED = [
    ({"const": "a"}, ['"b', '"\\u0062', '"aa', "a"]),
    ({"type": "string", "minLength": 2}, ['"a"', '"\\ud83d\\ude00"', '"\\ud83d"']),
    ({"enum": [True, None, 0]}, ["f", "1", "-1", "0.1", '"']),
    ({"properties": {"a": {"type": "integer"}}}, ['{"a":"', '{"\\u0061":t', '{"a":1.5,', '{"a":1,"a"']),
    (
        {
            "anyOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "string"}}}],
            "type": "object",
        },
        ['{"z":1,"a":"x","b":2', '{"b":2,"z":0,"a":n'],
    ),
    ({"type": "object", "properties": {"a": True}, "additionalProperties": False}, ['{"b', '{"a":1,', '{"aa']),
    ({"type": "object", "maxProperties": 1}, ['{"a":1,']),
    ({"type": "array", "maxItems": 2, "minItems": 1}, ["[]", "[1,2,"]),
    (True, ["", "01", "1.", "[1,]", '{"a"}', "tru ", '"\t"', "[1]]", "NaN", "+1", "'a'", "\ufeff1"]),
]


@pytest.mark.parametrize(("schema", "texts"), ACCEPTED)
def test_accepted(schema, texts):
    constraint = compiled(schema)
    for text in texts:
        assert constraint.accepts(text), text


@pytest.mark.parametrize(("schema", "texts"), REFUSED)
def test_refused(schema, texts):
    constraint = compiled(schema)
    for text in texts:
        if text in ("", "1.", "tru ") or text.startswith(("[", '"')):
            assert not constraint.accepts(text), text
        else:
            assert not alive(constraint, text.encode()), text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "enum": [1.5, "a"]},
        {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
        {"allOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "array", "minItems": 2, "prefixItems": [True, False]},
        {"type": "object", "minProperties": 2, "properties": {"a": True}, "additionalProperties": False},
        {"type": "string", "pattern": "^[\\ud800-\\udbff]$"},
    ],
)
def test_a_schema_that_nothing_satisfies_is_refused(schema):
    with pytest.raises(SchemaError, match="nothing satisfies"):
        compiled(schema)


def test_patterns_on_code_points():
    """Patterns work on code points, whatever the spelling; a half-read character that leads nowhere is dead at once."""
    constraint = compiled({"type": "string", "pattern": "^[à-ý]{2}$"})
    assert constraint.accepts('"àý"')
    assert constraint.accepts('"\\u00e0\\u00FD"')
    assert not constraint.accepts('"à"')
    for dead in (b'"a', b'"\xc4', b'"\\n', b'"\\u01', b'"\\u00f', b'"\xc3\xa0\xc3\xbdx'):
        assert alive(constraint, dead) == (dead == b'"\\u00f'), dead
    astral = compiled({"type": "string", "pattern": "^[😀-😎]$"})
    for live in (b'"\\u', b'"\\ud', b'"\\ud83d\\ude0', b'"\xf0\x9f\x98'):
        assert alive(astral, live), live
    for dead in (b'"\\n', b'"\\u0', b'"\\ud7', b'"\\ud83c', b'"\\ud83d\\udd', b'"\xf0\x90', b'"\xe0'):
        assert not alive(astral, dead), dead
