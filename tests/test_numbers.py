"""Numbers of JSON by their value, however they are spelled: every short text, against exact arithmetic."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from tests.oracles.json_spelling import number_is, number_may_become
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine

ALPHABET = b"0125.eE+-"
VOCABULARY = toy_vocabulary()
RULES = [
    ({"type": "number"}, {}, ("any", None)),
    ({"type": "integer"}, {}, ("integer", None)),
    ({"type": "integer"}, {"draft": 4}, ("digits", None)),
    ({"type": "integer"}, {"spelling": "plain"}, ("digits", None)),
    *(
        ({"const": value}, {}, ("equal", Fraction(str(value))))
        for value in (0, 1, 5, -5, 10, 100, 1.5, 0.2, -0.05, 1200, 2e-5, 105)
    ),
    *(
        ({"const": value}, {"spelling": "plain"}, ("plainly", Fraction(str(value))))
        for value in (0, 5, -5, 10, 100, 1.5, 0.2, 0.05, 1200, 10.5)
    ),
    *(({"type": "integer", "enum": [value]}, {"draft": 4}, ("plainly", Fraction(value))) for value in (0, 5, 50, 500)),
]


def alive_texts(rule, longest):
    """The prefixes of numbers that keep a rule, up to a length, by the oracle."""
    level = [b""]
    for _ in range(longest):
        level = [
            text + bytes([byte]) for text in level for byte in ALPHABET if number_may_become(rule, text + bytes([byte]))
        ]
        yield from level


@pytest.mark.parametrize(("schema", "options", "rule"), RULES, ids=[f"{rule[0]}-{rule[1]}" for _, _, rule in RULES])
def test_every_short_text(schema, options, rule):
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, **options)
    machine = constraint.machine
    accepted = 0
    for text in alive_texts(rule, 5):
        config, _ = machine.advance_bytes(constraint.start, text)
        assert config, text
        accepted += machine.accepting(config)
        assert machine.accepting(config) == number_is(rule, text), text
        for byte in ALPHABET:
            longer = text + bytes([byte])
            assert bool(machine.step(config, byte)) == number_may_become(rule, longer), longer
    assert accepted or rule[1] == Fraction("2e-5")


@pytest.mark.parametrize(("schema", "options", "rule"), RULES, ids=[f"{rule[0]}-{rule[1]}" for _, _, rule in RULES])
def test_the_oracle_calls_a_text_dead_iff_no_short_extension_keeps_the_rule(schema, options, rule):
    texts = [bytes(text) for length in range(1, 4) for text in itertools.product(b"015.e-", repeat=length)]
    for text in texts:
        extensions = (
            text + bytes(more) for length in range(4) for more in itertools.product(b"0125.e-", repeat=length)
        )
        if any(number_is(rule, one) for one in extensions):
            assert number_may_become(rule, text), text
        elif number_may_become(rule, text):
            assert number_is(rule, completed(text, rule)), text


def completed(text: bytes, rule) -> bytes:
    """A long completion, for texts without a short one."""
    digits = ("", "1", "2", "5", "15", "05", "105", "12", "0")
    exponents = ["", *(f"{letter}{size}" for letter in ("e", "e-", "-", "") for size in range(12))]
    for point, middle, exponent in itertools.product(("", "."), digits, exponents):
        one = text + f"{point}{middle}{exponent}".encode()
        if number_is(rule, one):
            return one
    return text


@pytest.mark.parametrize("count", [1, 30, 1000])
def test_zeros_are_balanced_by_their_exponent_and_by_nothing_else(count):
    constraint = engine.compile(schema={"type": "integer"}, vocabulary=VOCABULARY)
    zeros = "0" * count
    assert constraint.accepts(f"1{zeros}e-{count}")
    assert not constraint.accepts(f"1{zeros}e-{count + 1}")
    assert constraint.accepts(f"0.{zeros}1e{count + 1}")
    assert not constraint.accepts(f"0.{zeros}1e{count}")
    assert constraint.matcher().advance_bytes(f"0.{zeros}1".encode())
    one = engine.compile(schema={"const": 1}, vocabulary=VOCABULARY)
    assert one.accepts(f"1{zeros}e-{count}")
    assert not one.accepts(f"1{zeros}0e-{count}")


def test_numbers_that_need_big_exponents():
    constraint = engine.compile(schema={"enum": [10**30, -1e-30]}, vocabulary=VOCABULARY)
    for text in ("1e30", "1E+30", "10e29", "1" + "0" * 30, "0.001e33", "-1e-30", "-0." + "0" * 29 + "1"):
        assert constraint.accepts(text), text
    for text in ("1e29", "1e300", "-1e30", "1e-30", "-1e-3"):
        assert not constraint.accepts(text), text
    assert not constraint.matcher().advance_bytes(b"1e4")
