"""Token masks against their definition: every token of the vocabulary, byte by byte, by machine and by oracle."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.oracles.json_prefix import JsonOracle
from tests.oracles.json_texts import random_instance, random_schema, spelled
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.oracles.regex_prefix import ChoiceOracle, RegexOracle
from tests.real_vocabularies import BYTES, load_table, toy_vocabulary

from gramarye import Vocabulary, engine
from gramarye.kernels.columns import Scalar

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 9},
        "naïve": {"enum": ["yes", "no", "日本", "yesterday", 'q"t']},
        "names": {"type": "array", "items": {"type": ["integer", "null"]}, "maxItems": 3},
        "né": {"anyOf": [{"type": "number"}, {"type": "string", "maxLength": 4}, {"const": {"id": 100}}]},
    },
    "required": ["name"],
}
CLOSED = {**PERSON, "additionalProperties": False}
EITHER = {
    "anyOf": [
        {"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["kind"]},
        {
            "type": "object",
            "properties": {"kind": {"const": "b"}, "y": {"type": "string"}},
            "additionalProperties": {"type": "null"},
        },
        {"type": "array", "items": {"type": "string", "maxLength": 3}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
    ]
}
TEXTS = {
    "person": [
        "",
        "{",
        '{"',
        '{"n',
        '{"na',
        '{"name',
        '{"name"',
        '{"name":',
        '{"name":"',
        '{"name":"a',
        '{"name":"abcdefgh',
        '{"name":"abcdefghi',
        '{"name":"ab\\',
        '{"name":"ab\\u',
        '{"name":"ab\\ud83d',
        '{"name":"ab\\ud83d\\u',
        '{"name":"ab"',
        '{"name":"ab",',
        '{"name":"ab","',
        '{"na\\u00ef',
        '{"na\\u00efve":"',
        '{"naïve":"y',
        '{"naïve":"yes',
        '{"naïve":"q\\',
        '{"free',
        '{"free":',
        '{"free":[{"a":"',
        '{"names":[',
        '{"names":[1',
        '{"names":[10',
        '{"names":[1,null,',
        '{"né":',
        '{"né":-',
        '{"né":1.5e',
        '{"né":"',
        '{"né":"a',
        '{"né":"aé1',
        '{"né":{',
        '{"né":{"',
        '{"né":{"id":10',
        '{"n\\u00',
        '{"\\',
        '{"name":"ab"} ',
    ],
    "either": [
        "",
        "{",
        '{"',
        '{"k',
        '{"kind":"',
        '{"z":',
        '{"z":null',
        '{"z":null,"',
        "[",
        '["',
        '["abc',
        '["ab"',
        '["ab",',
        '["abcd",',
    ],
}
MODES = [
    {},
    {"whitespace": "bounded"},
    {"whitespace": "compact"},
    {"spelling": "plain", "whitespace": "bounded"},
    {"property_order": "schema"},
]


@pytest.fixture(scope="module", name="table")
def _table(real_tokenizer_json):
    return load_table(real_tokenizer_json)


MANY = 5_000
"""Tokens from which on the keys that they lead to are too many to be remembered."""


def oracle_of(schema, options):
    return JsonOracle(
        schema, options.get("whitespace", "any"), ordered="property_order" in options, plain="spelling" in options
    )


def step_of(table, machine):
    """The machine's step; for large vocabularies one that does not remember the keys in tokens."""
    if len(table.vocabulary) <= MANY:
        return machine.step
    return lambda config, byte: machine.sketched(machine.step(config, byte))


def check(table, constraint, oracle, text):
    """Compare the mask after a text with both definitions; False if the text is refused."""
    config, _ = constraint.machine.advance_bytes(constraint.start, text)
    state = oracle.start
    for byte in text:
        state = oracle.step(state, byte)
        if not state:
            break
    assert bool(config) == bool(state), text
    if not config:
        return False
    mask = constraint.machine.mask(config, np.empty(constraint.machine.words, np.uint32))
    machine = constraint.machine
    by_machine = mask_by_steps(table, config, step_of(table, machine), accepting=machine.accepting(config))
    assert differences(table, mask, by_machine)[:5] == [], text
    if isinstance(oracle, JsonOracle) and len(table.vocabulary) > MANY:
        oracle = oracle.forgetting()
    by_oracle = mask_by_steps(table, state, oracle.step, accepting=oracle.accepting(state))
    assert differences(table, mask, by_oracle)[:5] == [], text
    assert by_oracle.any(), text
    return True


@pytest.mark.parametrize(
    ("schema", "options"),
    [*((PERSON, options) for options in MODES), (CLOSED, {}), (CLOSED, MODES[3]), (EITHER, {}), (EITHER, MODES[1])],
    ids=str,
)
def test_chosen_positions(table, schema, options):
    constraint = engine.compile(schema=schema, vocabulary=table.vocabulary, **options)
    oracle = oracle_of(schema, options)
    texts = TEXTS["either" if schema is EITHER else "person"]
    checked = sum(check(table, constraint, oracle, text.encode()) for text in texts)
    assert checked >= 10
    for half in (b'{"name":"ab\xf0\x9f', b'{"na\xc3', b'{"n\xc3', b'["\xe6\x97'):
        check(table, constraint, oracle, half)


def random_positions(table, seeds, count):
    """``count`` random (schema, prefix) pairs."""
    checked = 0
    for seed in seeds:
        rng = random.Random(f"masks {seed}")
        schema = random_schema(rng)
        options = rng.choice(MODES[:-1])
        oracle = oracle_of(schema, options)
        if not oracle.rules.satisfiable(oracle.rules.conjunction(schema)):
            continue
        constraint = engine.compile(schema=schema, vocabulary=table.vocabulary, **options)
        for _ in range(3):
            text = spelled(rng, random_instance(rng, schema, schema), ("", "", " ")).encode()
            alive = constraint.machine.advance_bytes(constraint.start, text)
            length = rng.randrange((len(text) if alive[0] else alive[1]) + 1)
            checked += check(table, constraint, oracle, text[:length])
        if checked >= count:
            return checked
    return checked


def test_random_schemas(table):
    assert random_positions(table, range(60), 60) >= 60


@pytest.mark.slow
def test_many_random_schemas(table):
    assert random_positions(table, range(1000, 1400), 300) >= 300


REGEXES = [
    (r"[a-z]+(-[0-9]{2,4})?", ["", "ab", "ab-", "ab-123", "ab-1234"]),
    (r"(true|false|null)[ \n]*", ["", "t", "true", "true  "]),
    (r"é[^x]{0,5}é", ["", "é", "éab", "éé"]),
    (r"(日本|日曜)語?(, [A-Z][a-z]*)*", ["", "日", "日本", "日本語, J"]),
    (r"[0-9]{4}-[01][0-9]-[0-3][0-9]T.*", ["", "2024-", "2024-01-01T", "2024-01-01Tab c"]),
    (r"(a|ab)(c|bcd)(d*)", ["", "a", "ab", "abc", "abcd"]),
]


@pytest.mark.parametrize(("pattern", "texts"), REGEXES)
def test_regexes(table, pattern, texts):
    constraint = engine.compile(regex=pattern, vocabulary=table.vocabulary)
    oracle = RegexOracle(pattern)
    for text in texts:
        assert check(table, constraint, oracle, text.encode()), text
        if text and ord(text[-1]) > 127:
            assert check(table, constraint, oracle, text.encode()[:-1])


def test_choices(table):
    choices = ["yes", "yesterday", "no", "nö", "日本", "日曜", "", " yes", "no way, José"]
    constraint = engine.compile(choice=choices, vocabulary=table.vocabulary)
    oracle = ChoiceOracle(choices)
    for text in (b"", b"y", b"yes", b"n", b"n\xc3", b"\xe6\x97", b"no way", b" ", "日本".encode()):
        assert check(table, constraint, oracle, text), text


def test_patterns(table):
    """By the machine's own steps only; what patterns let through is tested elsewhere."""
    schema = {
        "properties": {"né": {"type": "string", "pattern": "^[a-zé]+[0-9]{2}$"}, "b": {"pattern": "^.{3}[日-月]"}}
    }
    constraint = engine.compile(schema=schema, vocabulary=table.vocabulary)
    machine = constraint.machine
    for text in (
        '{"né":"',
        '{"né":"a',
        '{"né":"aé1',
        '{"né":"aé1\\u00',
        '{"né":"\\u00e9',
        '{"b":"',
        '{"b":"abc',
        '{"b":"abc\\u',
        '{"b":"日本',
    ):
        config, _ = machine.advance_bytes(constraint.start, text.encode())
        mask = machine.mask(config, np.empty(machine.words, np.uint32))
        wanted = mask_by_steps(table, config, step_of(table, machine), accepting=machine.accepting(config))
        assert wanted.any()
        assert differences(table, mask, wanted)[:5] == [], text


def test_after_a_tag(table):
    constraint = engine.compile(schema=PERSON, after="</think>", vocabulary=table.vocabulary)
    machine = constraint.machine
    for text in (b"", b"I see <", b"<</think", b"\xe6\x97", b"ok</think>", b'ok</think>{"', b'</think></think>{"'):
        config, _ = machine.advance_bytes(constraint.start, text)
        if text.startswith(b"</think><"):
            assert config == 0
            continue
        mask = machine.mask(config, np.empty(machine.words, np.uint32))
        wanted = mask_by_steps(table, config, step_of(table, machine), accepting=machine.accepting(config))
        assert differences(table, mask, wanted)[:5] == []
    inner = engine.compile(schema=PERSON, vocabulary=table.vocabulary).matcher()
    outer = constraint.matcher()
    assert outer.advance_bytes(b"because <b></b></think>")
    np.testing.assert_array_equal(outer.mask(), inner.mask())


DUPLICATES = [
    b'a":1',
    b'a":1',
    b'a":"',
    b'a"',
    b'a":',
    b'a"',
    b'"',
    b'b":1',
    b'b":1',
    b'":',
    b"xy",
    b"xy",
    b"\xc3\xa9",
    b'\\u0061"',
    b'\\u0061"',
    b'":"',
]


@pytest.mark.parametrize(
    "schema", [PERSON, CLOSED, EITHER, {"type": "object", "properties": {"a": {"type": "string"}}}]
)
def test_duplicate_tokens(schema):
    """A vocabulary with several ids for the same bytes, and several end tokens."""
    tokens = [*BYTES, *DUPLICATES, *DUPLICATES, b"", b""]
    vocabulary = Vocabulary.from_bytes(tokens, eos_ids=[len(tokens) - 1, len(tokens) - 2])
    table = TokenTable(vocabulary)
    constraint = engine.compile(schema=schema, vocabulary=vocabulary)
    oracle = JsonOracle(schema)
    for text in ["", "{", '{"', '{"a', '{"a":"', '{"b', '{"kind":"', '{"\\', '{"a"', '{"z":null,"', '["', "[]"]:
        check(table, constraint, oracle, text.encode())


def test_a_small_pool_of_masks_gives_the_same_masks():
    vocabulary = toy_vocabulary(b'":', b'"}', b'a"', b"12")
    words = (len(vocabulary) + 31) // 32
    limits = engine.Limits(bytes=2 * 4 * words)
    small = engine.compile(schema=EITHER, vocabulary=vocabulary, limits=limits)
    large = engine.compile(schema=EITHER, vocabulary=vocabulary)
    rng = random.Random(3)
    texts = [text for text in TEXTS["either"] if large.machine.advance_bytes(large.start, text.encode())[0]]
    for _ in range(200):
        one, other = small.matcher(), large.matcher()
        text = rng.choice(texts).encode()
        assert one.advance_bytes(text)
        assert other.advance_bytes(text)
        np.testing.assert_array_equal(one.mask(), other.mask())
    assert small.machine.arena.get(Scalar.MASKS_BUILT) > 20
