"""Budgeted masks: exactly the tokens after which the text can still be finished, and always a way to land."""

from __future__ import annotations

import random

import pytest
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import toy_vocabulary
from tests.test_completion import SMALL, TOYS, fewest

from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError

EXTRA = (b'{"', b'":', b'"}', b'","', b"true", b"12", b"[[", b"]]", b'a"', b"aaaa", b"]}")
SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "string", "minLength": 3}, "b": {"$ref": "#"}}, "required": ["a"]},
    {"anyOf": [{"type": "array", "items": {"$ref": "#"}, "maxItems": 3}, {"enum": ["aaaaaaaa", "b", True, 1e5]}]},
    {"type": "array", "items": {"enum": ["xyz", "xyw", "zyx"]}, "minItems": 2},
]


@pytest.mark.parametrize("pattern", TOYS)
def test_by_brute_force(pattern):
    vocabulary = Vocabulary.from_bytes([*SMALL, b""], eos_ids=[len(SMALL)])
    constraint = engine.compile(regex=pattern, vocabulary=vocabulary)
    end = len(SMALL)
    rng = random.Random(pattern)
    exact = 0
    for _ in range(12):
        matcher = constraint.matcher()
        for _ in range(4):
            for budget in range(1, 9):
                wanted = {
                    token
                    for token in range(len(SMALL))
                    if (after := constraint.machine.advance_token(matcher.config, token))
                    and fewest(constraint, after, budget - 1) is not None
                }
                wanted |= {end} if matcher.accepting else set()
                known = len(matcher.shortest_tokens())
                if not wanted:
                    with pytest.raises(BudgetError):
                        matcher.mask(budget=budget)
                    continue
                if budget < known:
                    continue
                found = allowed_by(matcher, budget)
                assert found <= wanted
                assert found
                exact += found == wanted
            choices = sorted(allowed_by(matcher) - {end})
            if not choices:
                break
            matcher.advance(rng.choice(choices))
    assert exact > 50


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@pytest.mark.parametrize("whitespace", ["any", "bounded", "compact"])
def test_every_walk_lands(schema, whitespace):
    """At every budget from the least on: never an empty mask, never a token too many, complete at the end."""
    vocabulary = toy_vocabulary(*EXTRA)
    constraint = engine.compile(schema=schema, vocabulary=vocabulary, whitespace=whitespace)
    end = len(vocabulary) - 1
    rng = random.Random(whitespace)
    least = len(constraint.matcher().shortest_tokens())
    for budget in [*range(least, least + 12)] * 3:
        matcher = constraint.matcher()
        for left in range(budget, 0, -1):
            assert len(matcher.shortest_tokens()) <= left
            allowed = sorted(allowed_by(matcher, left) - {end})
            if not allowed:
                break
            assert matcher.advance(rng.choice(allowed))
        assert matcher.accepting, matcher.text_bytes
        assert constraint.accepts(matcher.text_bytes)
    with pytest.raises(BudgetError):
        constraint.matcher().mask(budget=0)


def test_what_is_left_of_a_plan_is_a_plan():
    """Following a plan never makes the rest longer, though another completion is as short in bytes."""
    tokens = [b"a", b"b", b"x", b"bbbb", b"xaaaa"]
    vocabulary = Vocabulary.from_bytes([*tokens, b""], eos_ids=[len(tokens)])
    constraint = engine.compile(regex="x(aaaa|bbbb)", vocabulary=vocabulary)
    matcher = constraint.matcher()
    plan = matcher.shortest_tokens()
    while plan:
        assert matcher.advance(plan[0])
        rest = matcher.shortest_tokens()
        assert len(rest) <= len(plan) - 1
        plan = rest
    assert matcher.accepting


def test_a_vocabulary_without_all_bytes():
    """The shortest text cannot be spelled, a longer one can."""
    vocabulary = Vocabulary.from_bytes([b"ab", b"c", b"dd", b""], eos_ids=[3])
    constraint = engine.compile(regex="(a|abc|(dd)+)", vocabulary=vocabulary)
    matcher = constraint.matcher()
    assert vocabulary.decode(matcher.shortest_tokens()) in (b"abc", b"dd")
    assert allowed_by(matcher, 1) == {2}
    assert allowed_by(matcher, 2) == {0, 2}
    assert matcher.advance(0)
    assert matcher.shortest_tokens() == [1]


def test_the_end_is_allowed_without_budget():
    vocabulary = toy_vocabulary()
    matcher = engine.compile(schema={"type": "integer"}, vocabulary=vocabulary).matcher()
    matcher.advance_bytes(b"1")
    assert allowed_by(matcher, 0) == {len(vocabulary) - 1}
