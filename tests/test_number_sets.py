"""Multiples, what is no multiple, excluded numbers and no integers, by value and however they are spelled.

The oracle (``oracles/number_values.py``) is Python's fractions. jsonschema-rs counts with floats: it takes 0.07 for no
multiple of 0.01 and knows no draft-4 integers in exponents, so whole schemas are compared with exact arithmetic too.
"""

from __future__ import annotations

import itertools
import math
import random
from decimal import Decimal
from fractions import Fraction

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.number_values import Rule, is_number
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import LimitError, SchemaError
from gramarye.kernels.columns import Column

VOCABULARY = toy_vocabulary()
VALUES = "1 2 5 7 10 15 0.5 0.1 12 3 100 0.25 1e3 20 3.5 99 -1 -5 0 -12 0.05 -0.3 120 1e-2 123 12.5 -100".split()
DIVISORS = "1 2 5 10 0.5 0.1 3 7 0.25 12 20 0.03 1.5 100 4 1e3 6 0.01 250 1e-3".split()
MODES = ("any", "plain", "draft4", "draft4 integer", "draft4 no integer", "integer", "no integer", "plain integer")

numbers = st.sampled_from(VALUES)
divisors = st.sampled_from(DIVISORS)
bounds = st.none() | st.tuples(numbers, st.booleans())
cases = st.tuples(
    bounds, bounds, st.lists(divisors, max_size=2), st.lists(divisors, max_size=3), st.lists(numbers, max_size=4)
)


def made(case, mode: str) -> tuple[dict[str, object], dict[str, object], Rule]:
    """A schema, options of compile, and the same as a rule."""
    low, high, multiples, avoided, excluded = case
    draft4 = "draft4" in mode
    schema: dict[str, object] = {"type": "integer" if mode.endswith(" integer") or mode == "integer" else "number"}
    refused: list[dict[str, object]] = [{"multipleOf": Decimal(one)} for one in avoided]
    if "no integer" in mode:
        schema["type"] = "number"
        refused.append({"type": "integer"})
    parts: list[dict[str, object]] = [{"multipleOf": Decimal(one)} for one in multiples]
    for keyword, bound in (("minimum", low), ("maximum", high)):
        if bound is not None:
            strict = "exclusive" + keyword.capitalize()
            value = Decimal(bound[0])
            parts.append(
                {keyword: value, strict: True} if draft4 and bound[1] else {strict if bound[1] else keyword: value}
            )
    if excluded:
        refused.append({"enum": [Decimal(one) for one in excluded]})
    schema |= {"allOf": [*parts, {}], "not": {"anyOf": [*refused, False if not draft4 else {"enum": []}]}}
    literal = mode in ("draft4 integer", "plain integer")
    divided = [Fraction(one).denominator for one in multiples]
    plain_integers = mode == "plain" and bool(multiples) and math.gcd(*divided) == 1
    plainly = mode.startswith("plain") and any(case)
    rule = Rule(
        None if low is None else (Fraction(low[0]), low[1]),
        None if high is None else (Fraction(high[0]), high[1]),
        (*map(Fraction, multiples), *([Fraction(1)] if literal or mode == "integer" else [])),
        (*map(Fraction, avoided), *([Fraction(1)] if mode == "no integer" else [])),
        tuple(map(Fraction, excluded)),
        fraction=not literal and not plain_integers,
        exponent=not literal and not plainly,
        marked=mode == "draft4 no integer",
    )
    options: dict[str, object] = {"spelling": "plain" if mode.startswith("plain") else "any"}
    return schema, options | ({"draft": 4} if draft4 else {}), rule


def random_case(rng: random.Random):
    def bound():
        return None if rng.random() < 0.4 else (rng.choice(VALUES), rng.random() < 0.4)

    return (
        bound(),
        bound(),
        rng.sample(DIVISORS, rng.choice([0, 1, 1, 2])),
        rng.sample(DIVISORS, rng.choice([0, 0, 1, 2, 3])),
        rng.sample(VALUES, rng.choice([0, 0, 1, 4])),
    )


def spelled(rng: random.Random, value: Fraction, rule: Rule) -> str:
    """A decimal, the point shifted, zeros added."""
    shift = rng.randrange(-5, 6) if rule.exponent else 0
    places = 0
    mantissa = abs(value) * Fraction(10) ** shift
    while mantissa.denominator != 1:
        mantissa, places = mantissa * 10, places + 1
    text = str(mantissa.numerator).rjust(places + 1, "0")
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    if rule.fraction and rng.random() < 0.3:
        text += "0" * rng.randrange(3) if places else ".0"
    if shift or (rule.exponent and rng.random() < 0.2):
        sign = "-" if shift > 0 else rng.choice(["", "+"])
        text += rng.choice("eE") + sign + str(abs(shift)).rjust(rng.randrange(1, 4), "0")
    return ("-" if value < 0 else "") + text


def members(rng: random.Random, rule: Rule) -> list[str]:
    """Spellings of numbers in the set, near its bounds and elsewhere, and of their neighbours."""
    unit = rule.multiples[0] if rule.multiples else Fraction(1, rng.choice([1, 10, 8]))
    ends = [bound[0] for bound in (rule.minimum, rule.maximum) if bound is not None]
    texts = []
    for _ in range(25):
        base = rng.choice([*ends, *map(Fraction, VALUES), Fraction(rng.randrange(-3000, 3000))])
        value = (base // unit + rng.randrange(-3, 4)) * unit * rng.choice([1, 1, 1, 10, 100])
        texts.append(spelled(rng, value, rule))
    return texts


def compiled_or_empty(schema, options):
    """The constraint, or None if nothing satisfies the schema."""
    try:
        return engine.compile(schema=schema, vocabulary=VOCABULARY, **options)
    except SchemaError as error:
        if "nothing satisfies" not in str(error):
            raise
        return None


def check_texts(constraint, rule: Rule, texts: list[str], rng: random.Random) -> None:
    """Membership of texts, and that the prefixes that are let through can be finished, shortly."""
    for text in texts:
        wanted = is_number(rule, text)
        config, read = constraint.machine.advance_bytes(constraint.start, text.encode())
        assert bool(config and constraint.machine.accepting(config)) == wanted, text
        end = rng.randrange(len(text) + 1)
        if read < end:
            continue
        config, _ = constraint.machine.advance_bytes(constraint.start, text[:end].encode())
        if config:
            rest = constraint.completer.shortest(config).decode()
            assert is_number(rule, text[:end] + rest), (text[:end], rest)
            assert not wanted or len(rest) <= len(text) - end, (text, end, rest)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(6))
def test_every_short_text(mode: str, seed: int) -> None:
    rng = random.Random(f"{mode} {seed}")
    alphabet = "012579.e-"
    for _ in range(3):
        schema, options, rule = made(random_case(rng), mode)
        constraint = compiled_or_empty(schema, options)
        texts = ["".join(text) for length in range(1, 5) for text in itertools.product(alphabet, repeat=length)]
        accepted = {text for text in texts if is_number(rule, text)}
        if constraint is None:
            assert not accepted, schema
            continue
        alive = {text[:end] for text in accepted for end in range(len(text) + 1)}
        level = [("", constraint.start)]
        while level:
            text, config = level.pop()
            if rng.random() < 0.1:
                rest = constraint.completer.shortest(config).decode()
                assert is_number(rule, text + rest), (schema, text, rest)
                best = min((len(one) for one in accepted if one.startswith(text)), default=None)
                assert best is None or len(text + rest) <= best, (schema, text, rest)
            for letter in alphabet if len(text) < 4 else "":
                following = constraint.machine.step(config, ord(letter))
                assert following or text + letter not in alive, (schema, text + letter)
                if following:
                    assert constraint.machine.accepting(following) == (text + letter in accepted), (
                        schema,
                        text + letter,
                    )
                    level.append((text + letter, following))


@given(cases, st.sampled_from(MODES), st.randoms(use_true_random=False))
def test_spellings_of_members_and_their_neighbours(case, mode, rng) -> None:
    schema, options, rule = made(case, mode)
    texts = members(rng, rule)
    constraint = compiled_or_empty(schema, options)
    if constraint is None:
        assert not any(is_number(rule, text) for text in texts)
    else:
        check_texts(constraint, rule, texts, rng)


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        # the cases of the JSON Schema test suite in which floats overflow or lose digits
        ({"multipleOf": 0.0001}, ["0.0075"], ["0.00751"]),
        ({"type": "integer", "multipleOf": 0.123456789}, ["0", "123456789"], ["1e308"]),
        ({"type": "number", "multipleOf": 0.5}, ["1e308"], ["0.3"]),
        ({"type": "integer", "multipleOf": 1e-8}, ["12391239123"], ["1.5"]),
        ({"multipleOf": 0.01}, ["0.07", "4.02", "1.1e0", "19.99", "99999999999999999999.99"], ["0.075", "7e-3"]),
        (
            {"multipleOf": 0.01, "maximum": 9223372036854775807},
            ["9223372036854775807", "922337203685477580700e-2", "-1e308"],
            ["9223372036854775807.01", "9223372036854775808", "1e19"],
        ),
        (
            {"multipleOf": 3, "minimum": 1e300, "maximum": 1e308},
            ["3e300", "9e307", "1" + "0" * 299 + "2e1"],
            ["1e300", "3e299", "3e308"],
        ),
        ({"multipleOf": 6, "allOf": [{"multipleOf": 4}, {"multipleOf": 0.9}]}, ["36", "-72", "0"], ["12", "18", "24"]),
        ({"type": "integer", "not": {"multipleOf": 2}}, ["1", "30e-1", "-7.0"], ["2", "1e1", "0"]),
        ({"type": "number", "not": {"type": "integer"}}, ["1.5", "1e-1", "15e-1"], ["1.0", "10e-1", "0.0", "1e9"]),
        ({"type": "number", "not": {"const": 1.5}}, ["1", "1.51", "15"], ["1.5", "15e-1", "0.15e1", "1.500"]),
        ({"enum": [1, 2, 3, 4.5, 6], "multipleOf": 1.5}, ["3", "4.5", "6.0"], ["1", "2", "4"]),
        ({"enum": [1, 1.5, 2], "not": {"type": "integer"}}, ["1.5", "150e-2"], ["1", "2.0"]),
        ({"minimum": Decimal("1e99999999999"), "multipleOf": 7}, ["7e99999999999"], ["7e99999999998", "1e99999999999"]),
        ({"const": Decimal("12e-99999999999")}, ["12e-99999999999", "1.2e-99999999998"], ["12e-9999999999"]),
    ],
)
def test_values(schema: dict[str, object], accepted: list[str], refused: list[str]) -> None:
    constraint = engine.compile(schema={"type": "number", **schema}, vocabulary=VOCABULARY)
    assert [text for text in accepted if not constraint.accepts(text)] == []
    assert [text for text in refused if constraint.accepts(text)] == []
    assert constraint.accepts(constraint.matcher().completion().decode())


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"type": "integer"}, ["1", "-0"], ["1.0", "1e0"]),
        ({"type": "number", "not": {"type": "integer"}}, ["1.0", "1e0", "0.0", "-1.5E2"], ["1", "-0"]),
        ({"enum": [1, 20], "not": {"type": "integer"}}, ["1.0", "2e1", "20.00"], ["1", "20", "2.0"]),
        ({"type": "integer", "multipleOf": 5, "not": {"enum": [10]}}, ["5", "-15"], ["10", "5.0", "1e1", "1e2"]),
        ({"type": "integer", "enum": [Decimal("1e50")]}, ["1" + "0" * 50], ["1e50", "1" + "0" * 50 + ".0"]),
    ],
)
def test_draft_4_integers_are_told_by_their_spelling(schema, accepted, refused) -> None:
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, draft=4)
    assert [text for text in accepted if not constraint.accepts(text)] == []
    assert [text for text in refused if constraint.accepts(text)] == []
    validator = jsonschema_rs.Draft4Validator({"type": "integer"})
    assert (validator.is_valid(1), validator.is_valid(1.0)) == (True, False)


@pytest.mark.parametrize(
    "schema",
    [
        {"multipleOf": 10, "minimum": 1, "maximum": 9},
        {"multipleOf": 0.5, "exclusiveMinimum": 1, "exclusiveMaximum": 1.5},
        {"multipleOf": 6, "not": {"multipleOf": 1.5}},
        {"type": "integer", "not": {"type": "integer"}},
        {"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 2, 3]}},
        {
            "multipleOf": 4,
            "minimum": 1,
            "maximum": 20,
            "not": {"anyOf": [{"enum": [4, 8]}, {"multipleOf": 12}, {"enum": [16, 20]}]},
        },
        {"minimum": 0, "maximum": 0, "not": {"multipleOf": 3}},
        {"enum": [1, 2, 4], "multipleOf": 3},
    ],
)
@pytest.mark.parametrize("spelling", ["any", "plain"])
def test_what_nothing_satisfies_is_refused(schema: dict[str, object], spelling: str) -> None:
    with pytest.raises(SchemaError, match="nothing satisfies"):
        engine.compile(schema={"type": "number", **schema}, vocabulary=VOCABULARY, spelling=spelling)


@pytest.mark.parametrize("value", [0, -1, "2", None, True])
def test_a_malformed_divisor_is_refused(value: object) -> None:
    with pytest.raises(SchemaError) as caught:
        engine.compile(schema={"type": "number", "multipleOf": value}, vocabulary=VOCABULARY)
    assert caught.value.pointer == "/multipleOf"


def test_integers_that_nobody_spells_out_are_refused() -> None:
    with pytest.raises(LimitError):
        engine.compile(schema={"type": "integer", "minimum": Decimal("1e99999999")}, vocabulary=VOCABULARY, draft=4)


def exactly(price: Decimal, count: Decimal) -> bool:
    """What the schema of :func:`test_whole_schemas` says, with exact arithmetic."""
    if (price % Decimal("0.01")) != 0 or price < 0 or price == Decimal("9.99"):
        return False
    return count % 1 == 0 and count % 3 != 0


def test_whole_schemas() -> None:
    schema = {
        "type": "object",
        "properties": {
            "price": {"type": "number", "multipleOf": 0.01, "minimum": 0, "not": {"const": 9.99}},
            "count": {"type": "integer", "not": {"multipleOf": 3}},
        },
        "required": ["count"],
        "additionalProperties": False,
    }
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    validator = jsonschema_rs.Draft202012Validator(schema)
    differs = 0
    for price in ("0", "0.07", "9.99", "999e-2", "9.990", "19.99", "0.005", "1e2", "-1", "4.02", "1.1"):
        for count in ("1", "2.0", "3", "1e1", "1.5", "-4", "0"):
            text = f'{{"price": {price}, "count":{count}}}'
            verdict = exactly(Decimal(price), Decimal(count))
            assert constraint.accepts(text) == verdict, text
            differs += validator.is_valid({"price": float(price), "count": float(count)}) != verdict
    assert constraint.accepts('{"count":1}')
    assert differs < 10, "jsonschema-rs differs only where floats do"


def test_states_are_few_and_long_texts_cost_no_more_states_than_bytes() -> None:
    def states(schema: dict[str, object], text: str) -> int:
        constraint = engine.compile(schema={"type": "number", **schema}, vocabulary=VOCABULARY)
        assert constraint.machine.advance_bytes(constraint.start, text.encode())[0], (schema, text)
        return constraint.machine.arena.length(Column.LAZY_ACCEPT)

    rng = random.Random(1)
    digits = "".join(rng.choice("123456789") for _ in range(3000))
    assert states({"type": "integer", "multipleOf": 5}, digits) < 60
    assert states({"multipleOf": 7}, digits) < 200
    assert states({"not": {"enum": [1, 25, -3]}}, digits + "." + digits) < 200
    assert states({"multipleOf": 5}, "1" + "0" * 3000) < 10_000


@pytest.mark.parametrize("count", [1, 30, 2000])
def test_zeros_are_balanced_by_their_exponent(count: int) -> None:
    constraint = engine.compile(schema={"type": "number", "multipleOf": 5}, vocabulary=VOCABULARY)
    zeros = "0" * count
    for text, wanted in (
        (f"1{zeros}e-{count}", False),
        (f"5{zeros}e-{count}", True),
        (f"1{zeros}e-{count - 1}", True),
        (f"0.{zeros}1e{count + 1}", False),
        (f"0.{zeros}5e{count + 1}", True),
        (f"0.{zeros}1e{count + 2}", True),
    ):
        assert constraint.accepts(text) == wanted, (count, text[:5])
        alive = constraint.machine.advance_bytes(constraint.start, text[:-1].encode())[0]
        assert alive, (count, text[:5])


def test_explanations_say_what_the_number_must_be() -> None:
    schema = {
        "type": "number",
        "multipleOf": 0.01,
        "maximum": 9,
        "not": {"anyOf": [{"type": "integer"}, {"const": 1.5}]},
    }
    explanation = engine.compile(schema=schema, vocabulary=VOCABULARY).matcher().explain(b"1.5]")
    assert not explanation.accepted
    expected = "a number that is a multiple of 0.01 and no integer and between the bounds and not excluded"
    assert any(expected in words for words in explanation.expected), explanation
