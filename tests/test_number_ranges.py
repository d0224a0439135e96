"""Numbers between bounds: membership against exact decimals, and every prefix let through can be finished."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from gramarye import Vocabulary, engine
from gramarye.errors import SchemaError

VOCABULARY = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])

BOUNDS = [
    "0",
    "1",
    "5",
    "-1",
    "10",
    "19",
    "20",
    "100",
    "3.5",
    "0.05",
    "-0.25",
    "-20",
    "1e3",
    "12345",
    "99.99",
    "1e-3",
    "-1000",
]


def random_schema(rng: random.Random) -> dict[str, object]:
    """A number or integer with one or two bounds, each strict or not."""
    schema: dict[str, object] = {"type": rng.choice(["number", "integer"])}
    if rng.random() < 0.8:
        schema[rng.choice(["minimum", "exclusiveMinimum"])] = Decimal(rng.choice(BOUNDS))
    if rng.random() < 0.8 or len(schema) == 1:
        schema[rng.choice(["maximum", "exclusiveMaximum"])] = Decimal(rng.choice(BOUNDS))
    return schema


def allows(schema: dict[str, object], text: str) -> bool:
    """What JSON Schema says of a spelled number."""
    value = Decimal(text)
    checks = {
        "minimum": value.__ge__,
        "exclusiveMinimum": value.__gt__,
        "maximum": value.__le__,
        "exclusiveMaximum": value.__lt__,
    }
    if schema["type"] == "integer" and value != value.to_integral_value():
        return False
    return all(checks[keyword](bound) for keyword, bound in schema.items() if keyword != "type")


def spellings(rng: random.Random, schema: dict[str, object]) -> list[str]:
    """Spellings of the bounds, of numbers around them and of random numbers."""
    found = []
    values = [bound for keyword, bound in schema.items() if keyword != "type"]
    for _ in range(30):
        base = rng.choice(values) if rng.random() < 0.7 else Decimal(rng.choice(BOUNDS))
        assert isinstance(base, Decimal)
        value = base + rng.choice(
            [Decimal(0), Decimal(1), Decimal(-1), Decimal("0.1"), Decimal("-0.01"), Decimal("1e-7")]
        )
        shift = rng.randrange(-4, 5)
        sign, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        mantissa = Decimal((sign, digits, exponent + shift))
        text = format(mantissa, "f")
        if rng.random() < 0.3:
            text += "0" * rng.randrange(3) if "." in text else ".0"
        if shift or rng.random() < 0.2:
            number = f"{abs(shift):0{rng.randrange(1, 4)}d}"
            text += rng.choice("eE") + ("-" if shift > 0 else rng.choice(["+", ""])) + number
        found.append(text)
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spelling", ["any", "plain"])
def test_membership_and_liveness(seed: int, spelling: str) -> None:
    rng = random.Random(seed)
    for _ in range(6):
        schema = random_schema(rng)
        texts = spellings(rng, schema)
        try:
            constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, spelling=spelling)
        except SchemaError:
            assert not any(allows(schema, text) for text in texts), schema
            continue
        for text in texts:
            if spelling == "any":
                assert constraint.accepts(text) == allows(schema, text), (schema, text)
            elif constraint.accepts(text):
                assert allows(schema, text), (schema, text)
            for end in range(len(text)):
                matcher = constraint.matcher()
                if not matcher.advance_bytes(text[:end].encode()):
                    assert not allows(schema, text) or spelling == "plain", (schema, text, end)
                    break
                whole = (matcher.text_bytes + matcher.completion()).decode()
                assert allows(schema, whole), (schema, text[:end], whole)


@pytest.mark.parametrize("seed", range(4))
def test_plain_spelling_takes_what_serialisers_write(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        schema = random_schema(rng)
        try:
            constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, spelling="plain")
        except SchemaError:
            continue
        for _ in range(20):
            number = (
                rng.randrange(-1100, 1100)
                if schema["type"] == "integer"
                else Decimal(rng.randrange(-99999, 99999)) / 100
            )
            text = format(number, "d") if isinstance(number, int) else format(number, "f")
            assert constraint.accepts(text) == allows(schema, text), (schema, text)


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        (
            {"minimum": 3.5, "exclusiveMaximum": 20},
            ["3.5", "7", "0.7e1", "199e-1", "19.999"],
            ["3.49", "20", "2e1", "34e-1"],
        ),
        (
            {"type": "integer", "minimum": 10, "maximum": 12},
            ["10", "1e1", "110e-1", "12.0"],
            ["9", "13", "1.05e1", "1e2"],
        ),
        ({"exclusiveMinimum": 0}, ["1e-400", "0.001"], ["0", "-1", "0e5", "-0"]),
        ({"maximum": -5}, ["-5", "-5.0", "-1e9"], ["0", "-4.999", "5"]),
        ({"minimum": 0, "maximum": 0}, ["0", "-0.00e7"], ["1e-9", "-1"]),
    ],
)
def test_bounds(schema: dict[str, object], accepted: list[str], refused: list[str]) -> None:
    constraint = engine.compile(schema={"type": "number", **schema}, vocabulary=VOCABULARY)
    assert [text for text in accepted if not constraint.accepts(text)] == []
    assert [text for text in refused if constraint.accepts(text)] == []


def test_draft_4_strict_bounds_are_booleans() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "number",
        "minimum": 3,
        "exclusiveMinimum": True,
    }
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    assert constraint.accepts("3.01")
    assert not constraint.accepts("3")
