"""Matchers as values: after any sequence of operations everything equals a fresh replay of the text."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import GramaryeError

VOCABULARY = toy_vocabulary(
    b'{"', b'":', b'"}', b'", "', b"true", b"12", b"[[", b"]]", b"ab", b'a"', b"\\u00", b"\xc3\xa9", b"\xc3"
)
END = len(VOCABULARY) - 1
SCHEMA = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"a": {"type": "string", "maxLength": 3}, "ab": {"$ref": "#"}},
            "maxProperties": 2,
        },
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        {"type": ["boolean", "null"]},
    ]
}
CONSTRAINTS = [
    engine.compile(schema=SCHEMA, vocabulary=VOCABULARY),
    engine.compile(schema=SCHEMA, vocabulary=VOCABULARY, whitespace="bounded", spelling="plain"),
    engine.compile(regex=r"(ab|a[b12]*)+é?", vocabulary=VOCABULARY),
    engine.compile(schema=SCHEMA, vocabulary=VOCABULARY, after="]]"),
]


class Replay(RuleBasedStateMachine):
    """Keeps what each matcher has read, step by step, as a model."""

    @initialize(which=st.sampled_from(range(len(CONSTRAINTS))))
    def begin(self, which):
        self.constraint = CONSTRAINTS[which]
        self.matchers = [(self.constraint.matcher(), [])]

    def pick(self, number):
        return self.matchers[number % len(self.matchers)]

    @rule(number=st.integers(0, 9), choice=st.integers(0, 10_000))
    def advance(self, number, choice):
        matcher, steps = self.pick(number)
        allowed = sorted(allowed_by(matcher))
        token = allowed[choice % len(allowed)]
        ended = matcher.ended
        assert matcher.advance(token) == (not ended)
        if not ended:
            steps.append((VOCABULARY.token_bytes(token), token == END))

    @rule(number=st.integers(0, 9), token=st.integers(0, END))
    def advance_any(self, number, token):
        matcher, steps = self.pick(number)
        fits = token in allowed_by(matcher) and not matcher.ended
        before = matcher.config
        assert matcher.advance(token) == fits
        if fits:
            steps.append((VOCABULARY.token_bytes(token), token == END))
        else:
            assert matcher.config == before

    @rule(
        number=st.integers(0, 9),
        data=st.binary(max_size=4) | st.sampled_from([b'{"a":', b"[1,", b"true", b"ab", b"]]"]),
    )
    def advance_bytes(self, number, data):
        matcher, steps = self.pick(number)
        if matcher.advance_bytes(data):
            steps.append((data, False))

    @rule(number=st.integers(0, 9), tokens=st.lists(st.integers(0, END), max_size=5))
    def draft(self, number, tokens):
        matcher, _ = self.pick(number)
        before = matcher.config
        count = matcher.accept_draft(tokens)
        assert matcher.config == before
        fork = matcher.fork()
        assert [fork.advance(token) for token in tokens[: count + 1]] == [True] * count + [False] * (
            count < len(tokens)
        )

    @rule(number=st.integers(0, 9), back=st.integers(0, 4))
    def rollback(self, number, back):
        matcher, steps = self.pick(number)
        if back > len(steps):
            with pytest.raises(GramaryeError):
                matcher.rollback(back)
            return
        matcher.rollback(back)
        del steps[len(steps) - back :]

    @rule(number=st.integers(0, 9))
    def fork(self, number):
        matcher, steps = self.pick(number)
        if len(self.matchers) < 4:
            self.matchers.append((matcher.fork(), list(steps)))

    @invariant()
    def equals_a_fresh_replay(self):
        for matcher, steps in getattr(self, "matchers", []):
            text = b"".join(data for data, _ in steps)
            fresh = self.constraint.matcher()
            assert fresh.advance_bytes(text)
            assert matcher.text_bytes == text
            assert matcher.config == fresh.config
            assert matcher.accepting == fresh.accepting
            if any(end for _, end in steps):
                assert matcher.ended
                assert allowed_by(matcher) == {END}
            else:
                np.testing.assert_array_equal(matcher.mask(), fresh.mask())


Replay.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestReplay = Replay.TestCase


def test_masks_equal_those_of_a_constraint_that_met_nothing_before():
    """Nothing that was met earlier, by whatever matcher, changes a mask."""
    rng = random.Random(5)
    for _ in range(25):
        matcher = CONSTRAINTS[0].matcher()
        for _ in range(12):
            token = rng.choice(sorted(allowed_by(matcher) - {END}) or [END])
            matcher.advance(token)
        fresh = engine.compile(schema=SCHEMA, vocabulary=VOCABULARY).matcher()
        if matcher.ended:
            continue
        assert fresh.advance_bytes(matcher.text_bytes)
        np.testing.assert_array_equal(matcher.mask(), fresh.mask())
        assert matcher.accepting == fresh.accepting


def test_bad_arguments_change_nothing():
    matcher = CONSTRAINTS[0].matcher()
    matcher.advance_bytes(b"[1")
    config = matcher.config
    for token in (-1, len(VOCABULARY), 10**9):
        with pytest.raises(GramaryeError, match="outside the vocabulary"):
            matcher.advance(token)
    with pytest.raises(GramaryeError, match="out is"):
        matcher.mask(np.empty(3, np.uint32))
    with pytest.raises(GramaryeError, match="rollback"):
        matcher.rollback(-1)
    assert matcher.config == config


def test_end_tokens():
    matcher = CONSTRAINTS[0].matcher()
    assert not matcher.advance(END)
    assert matcher.advance_bytes(b"[12]")
    assert matcher.accepting
    assert not matcher.finished
    assert matcher.advance(END)
    assert matcher.finished
    assert matcher.completion() == b""
    assert matcher.shortest_tokens() == []
    assert not matcher.advance_bytes(b" ")
    assert not matcher.advance(END)
    matcher.rollback(1)
    assert not matcher.ended
    assert matcher.advance_bytes(b" ")
