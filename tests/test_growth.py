"""Large and long things, small limits, and several threads: the machine grows, and its answers stay the same."""

from __future__ import annotations

import json
import random
import threading

import numpy as np
import pytest
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import LimitError
from gramarye.kernels.columns import Scalar

VOCABULARY = toy_vocabulary(b'{"', b'":', b'","', b"[[", b"]]", b"null", b"12")
NESTED = {
    "anyOf": [
        {"type": "array", "items": {"$ref": "#"}, "maxItems": 5},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
        {"type": "null"},
    ]
}


def compiled(schema, **options):
    return engine.compile(schema=schema, vocabulary=VOCABULARY, **options)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"":', b"}]")])
def test_deep_nesting(opening, closing):
    constraint = compiled(NESTED)
    matcher = constraint.matcher()
    assert matcher.advance_bytes(opening * 2_000)
    finish = matcher.completion()
    assert constraint.accepts(opening * 2_000 + finish)
    assert len(finish) == len(closing) * 2_000 + (0 if opening == b"[" else 2)
    plan = matcher.shortest_tokens()
    assert all(matcher.advance(token) for token in plan)
    assert matcher.accepting
    assert not constraint.accepts(opening * 2_000 + finish + closing)


def test_thousands_of_members_and_items():
    members = json.dumps({f"key{number}": [None] * (number % 7) for number in range(4_000)})
    assert compiled(NESTED).accepts(members)
    constraint = compiled({"type": "object", "minProperties": 4_000, "maxProperties": 4_000})
    assert constraint.accepts(members)
    assert not constraint.accepts(members[:-1] + ',"x":0}')
    items = compiled({"type": "array", "minItems": 3_000, "maxItems": 3_000, "items": {"type": "integer"}})
    assert items.accepts(json.dumps([1] * 3_000))
    assert not items.accepts(json.dumps([1] * 2_999))
    assert not items.accepts(json.dumps([1] * 3_001))


@pytest.mark.parametrize("count", [62, 63, 64, 65, 300, pytest.param(5_000, marks=pytest.mark.slow)])
def test_many_declared_keys(count):
    names = [f"k{number}" for number in range(count)]
    rng = random.Random(count)
    required = rng.sample(names, count // 3)
    schema = {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in names},
        "required": required,
        "additionalProperties": False,
    }
    constraint = compiled(schema)
    order = rng.sample(names, count)
    text = json.dumps(dict.fromkeys(order, 1)).encode()
    assert constraint.accepts(text)
    assert constraint.accepts(json.dumps(dict.fromkeys(required, 1)))
    assert not constraint.accepts(json.dumps(dict.fromkeys(required[:-1], 1)))
    assert not constraint.accepts(text[:-1] + b',"k0":1}')
    matcher = constraint.matcher()
    half = json.dumps(dict.fromkeys(order[: count // 2], 1)).encode()[:-1]
    assert matcher.advance_bytes(half)
    value = json.loads(matcher.text_bytes + matcher.completion())
    assert value.keys() == {*order[: count // 2], *required}
    assert matcher.advance_bytes(b',"k')
    last = order[-1].encode()[1:]
    assert matcher.advance_bytes(last + b'":1') or last + b'":1' in half


def test_completion_inside_a_key_of_many():
    names = [f"k{number:03}" for number in range(300)]
    schema = {"type": "object", "properties": {name: {"type": "null"} for name in names}, "required": ["k299"]}
    constraint = compiled(schema)
    for text, finish in (
        (b'{"', b'k299":null}'),
        (b'{"k1', b'":0,"k299":null}'),
        (b'{"k29', b'9":null}'),
        (b'{"k299', b'":null}'),
        (b'{"k299":null,"k29', b'":0}'),
    ):
        matcher = constraint.matcher()
        assert matcher.advance_bytes(text)
        assert matcher.completion() == finish


def test_an_enum_of_ten_thousand_strings():
    rng = random.Random(1)
    words = sorted({"".join(rng.choice("abcdé") for _ in range(rng.randrange(1, 12))) for _ in range(10_000)})
    for constraint, quoted in (
        (compiled({"enum": words}), True),
        (engine.compile(choice=words, vocabulary=VOCABULARY), False),
    ):
        for word in rng.sample(words, 200):
            text = json.dumps(word, ensure_ascii=False) if quoted else word
            assert constraint.accepts(text)
            assert constraint.accepts(text[:-1] + "zz") is False
            matcher = constraint.matcher()
            assert matcher.advance_bytes(text[: rng.randrange(len(text))].encode())
            assert constraint.accepts(matcher.text_bytes + matcher.completion())


def test_an_enum_of_many_numbers():
    constraint = compiled({"enum": list(range(0, 3_000, 3))})
    assert constraint.accepts("2997")
    assert constraint.accepts("29.97e2")
    assert not constraint.accepts("2998")


def test_a_limit_of_configurations_is_a_clean_error():
    constraint = compiled(NESTED, limits=engine.Limits(configs=1_000))
    matcher = constraint.matcher()
    with pytest.raises(LimitError, match="configurations"):
        matcher.advance_bytes(b"[" * 5_000)
    assert matcher.text_bytes == b""
    assert matcher.advance_bytes(b"[" * 20)
    assert matcher.text_bytes == b"[" * 20


def test_equal_configurations_have_equal_ints_after_growth():
    """Hash-consing survives the growth of its tables: no record is stored twice."""
    constraint = compiled(NESTED)
    first = constraint.machine.advance_bytes(constraint.start, b"[[12")[0]
    constraint.accepts(json.dumps([[{f"k{number}": [[number]]}, [None] * (number % 5)] for number in range(300)]))
    constraint.matcher().advance_bytes(b'{"a":[' * 1_500)
    arena = constraint.machine.arena
    count = arena.get(Scalar.CONFIGS)
    assert count > 4_000
    assert len({constraint.machine.fields(config) for config in range(1, count)}) == count - 1
    assert constraint.machine.advance_bytes(constraint.start, b"[[12")[0] == first


def test_small_and_large_arenas_agree():
    rng = random.Random(2)
    constraint = compiled(NESTED)
    for _ in range(30):
        matcher = constraint.matcher()
        for _ in range(40):
            matcher.advance(rng.choice(sorted(allowed_by(matcher) - {len(VOCABULARY) - 1}) or [len(VOCABULARY) - 1]))
        if not matcher.ended:
            fresh = compiled(NESTED).matcher()
            assert fresh.advance_bytes(matcher.text_bytes)
            np.testing.assert_array_equal(fresh.mask(), matcher.mask())


def test_threads_share_a_constraint():
    """Walks in several threads, with masks, completions and explanations, give what one thread gives alone."""
    schema = {
        "type": "object",
        "properties": {
            f"p{number}": {"anyOf": [NESTED_PART, {"type": "string", "maxLength": number}]} for number in range(40)
        },
        "$defs": {"part": {"type": "array", "items": {"$ref": "#/$defs/part"}}},
    }
    for attempt in range(4):
        shared = compiled(schema)
        results: dict[int, list[tuple[bytes, bytes, bytes]]] = {}
        errors: list[BaseException] = []

        def work(seed, shared=shared, results=results, errors=errors):
            try:
                results[seed] = record(shared, seed)
            except BaseException as error:
                errors.append(error)
                raise

        threads = [threading.Thread(target=work, args=(10 * attempt + number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert results == {seed: record(compiled(schema), seed) for seed in results}


NESTED_PART = {"$ref": "#/$defs/part"}


def record(constraint, seed):
    rng = random.Random(seed)
    found = []
    for _ in range(5):
        matcher = constraint.matcher()
        matcher.advance_bytes(f'{{"p{rng.randrange(40)}":'.encode())
        for _ in range(15):
            mask = matcher.mask()
            allowed = sorted(allowed_by(matcher) - {len(VOCABULARY) - 1})
            if not allowed:
                break
            explanation = matcher.explain(b"\xff")
            found.append((mask.tobytes(), matcher.completion(), repr(explanation).encode()))
            matcher.advance(rng.choice(allowed))
    return found
