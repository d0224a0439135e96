"""JSON equality of texts, against Python's own exact arithmetic and equality."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.oracles.json_texts import spelled

from gramarye.errors import LimitError
from gramarye.grammar.schema.values import canonical, to_json

EQUAL = [
    (b'{"b": [1.0, "\\u0061"], "a": -0}', b'{"a":0e7,"b":[10e-1,"a"]}'),
    (b"1e400", b"10E+399"),
    (b"1E" + b"9" * 5_000, b"10e" + b"9" * 4_999 + b"8"),
    (b"0.000e-99999999999999999999", b"-0"),
    (b'"\\ud83d\\ude00\\/"', '"😀/"'.encode()),
    (b'[{"a":{}},{"b":1,"a":[]}]', b' [ {"a" : { } } , {"a":[],"b":1.0}\n]'),
]
DIFFERENT = [b"1", b"true", b"0", b"false", b"null", b'""', b'"null"', b"[]", b"{}", b"[[]]", b"[1,2]", b"[2,1]", b"12"]
DIFFERENT += [
    b"[[1],2]",
    b"[[1,2]]",
    b'{"a":1}',
    b'{"a":2}',
    b'{"b":1}',
    b"-1",
    b"1.2",
    b'"1"',
    b'["a","b"]',
    b'{"a":"b"}',
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_spellings_of_one_value(one, other):
    assert canonical(one) == canonical(other)


def test_different_values():
    assert len({canonical(text) for text in DIFFERENT}) == len(DIFFERENT)


def random_value(rng, depth=0):
    kind = rng.randrange(6 if depth > 2 else 9)
    if kind < 2:
        return rng.choice([0, 1, -1, 10, 0.5, 1.5, 100, 1e-3])
    if kind < 6:
        return rng.choice([None, True, False, "", "a", "é", "😀", "1", "\n"])
    if kind < 7:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(3))]
    return {rng.choice("abé"): random_value(rng, depth + 1) for _ in range(rng.randrange(4))}


def equal(one, other):
    """JSON equality from its definition."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return Fraction(one) == Fraction(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    return isinstance(one, str) and isinstance(other, str) and one == other


def test_random_values_as_the_definition_says():
    counts = {True: 0, False: 0}
    rng = random.Random(1)
    for _ in range(3_000):
        value, other = random_value(rng), random_value(rng)
        one, two = spelled(rng, value).encode(), spelled(rng, value if rng.random() < 0.3 else other).encode()
        wanted = equal(to_json(one), to_json(two))
        counts[wanted] += 1
        assert (canonical(one) == canonical(two)) == wanted, (one, two)
        assert equal(to_json(one), json.loads(one, parse_float=Decimal, parse_int=Decimal)), one
    assert min(counts.values()) > 500


def test_deep_texts():
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        text = opening * 30_000 + b"0" + closing * 30_000
        assert canonical(text) == canonical(text.replace(b"0", b"-0e1"))
        assert canonical(text) != canonical(text.replace(b"0", b"1"))


def test_exponents_beyond_those_of_decimals():
    assert to_json(b"[1e999999999999999999]") == [Decimal("1e999999999999999999")]
    for text in (b"1e1000000000000000000000", b"1e-99999999999999999999999"):
        with pytest.raises(LimitError, match="exponent"):
            to_json(text)
