"""Masks are computed during the forward pass, and what is drawn does not depend on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.real_vocabularies import JSON_PIECES, toy_vocabulary

from gramarye import LimitError, ModelError, engine
from gramarye.kernels.columns import Scalar
from gramarye.runtime.decoding.overlap import Overlap, Question

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "yz"]}}, "required": ["a"]}


class Patient:
    """Waits in every forward pass, for seconds at most, until the masks of its constraint have been computed."""

    def __init__(self) -> None:
        self.vocabulary = toy_vocabulary(*JSON_PIECES)
        self.constraint = engine.compile(schema=SCHEMA, vocabulary=self.vocabulary)
        self.waits = True
        self.came: list[bool] = []

    def masks(self) -> int:
        return self.constraint.machine.arena.get(Scalar.MASKS_BUILT)

    def forward(self, ids: Sequence[Sequence[int]], states: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        before = self.masks()
        deadline = time.monotonic() + 0.5
        while self.waits and self.masks() == before and time.monotonic() < deadline:
            time.sleep(0.001)
        self.came.append(self.masks() > before)
        rng = [
            np.random.default_rng([0 if state is None else state, len(new)])
            for new, state in zip(ids, states, strict=True)
        ]
        logits = [one.normal(size=(len(new), len(self.vocabulary))) for one, new in zip(rng, ids, strict=True)]
        return logits, [(0 if state is None else state) + sum(new) for new, state in zip(ids, states, strict=True)]


def test_masks_are_computed_during_the_forward_pass() -> None:
    model = Patient()
    engine.generate(model, [5], constraint=model.constraint, max_tokens=40, seed=1)
    # Some passes come to states that have their masks already; the first never does.
    assert model.came[0]
    assert sum(model.came) >= 3


def test_results_are_the_same_without_the_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    def results() -> list[Any]:
        model = Patient()
        model.waits = False
        made = engine.generate(model, [[5], [6], [7]], constraint=model.constraint, max_tokens=60, seed=3)
        return [(one.tokens, one.log_prob, one.log_weight, one.passes) for one in made]

    with_helper = results()
    monkeypatch.setattr(Question, "__call__", lambda self: None)
    assert results() == with_helper
    assert any(len(tokens) > 10 for tokens, *_ in with_helper)


def test_the_helper_ends_with_the_generation() -> None:
    def helpers() -> int:
        return sum(thread.name == "gramarye-helper" for thread in threading.enumerate())

    model = Patient()
    model.waits = False
    before = helpers()
    engine.generate(model, [5], constraint=model.constraint, max_tokens=20, seed=1)
    assert helpers() == before
    stream = engine.generate(model, [5], constraint=model.constraint, max_tokens=20, seed=1, stream=True)
    next(stream)
    stream.close()
    assert helpers() == before

    def broken(ids: object, states: object) -> object:
        raise ModelError("broken")

    model.forward = broken
    with pytest.raises(ModelError, match="broken"):
        engine.generate(model, [5], constraint=model.constraint, max_tokens=20)
    assert helpers() == before


def test_a_question_that_cannot_be_answered_is_left_to_the_caller() -> None:
    vocabulary = toy_vocabulary()
    tight = engine.compile(regex="[a-z]{2000}", vocabulary=vocabulary, limits=engine.Limits(configs=8)).matcher()

    def exhaust() -> None:
        while True:
            tight.advance_bytes(b"a")

    with pytest.raises(LimitError, match="configurations"):
        exhaust()
    Question([tight])()
    overlap = Overlap()
    overlap.ask([tight]).withdraw()
    overlap.close()
