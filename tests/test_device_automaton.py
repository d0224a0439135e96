"""Constraints that live on a device: the same masks and steps as the matcher, at every step of random walks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gramarye import Vocabulary, engine
from gramarye.errors import GramaryeError, LimitError
from gramarye.runtime.device import resident
from gramarye.runtime.device.automaton import export
from gramarye.runtime.device.operations import Backend, masked_sample
from gramarye.runtime.device.resident import ResidentAutomaton

WORDS = [
    b'":',
    b'", "',
    b"abc",
    b"aa",
    b"ab",
    b"ab",
    b"12",
    b"true",
    b'"a',
    b'""',
    b'{"',
    b"], [",
    b"\xc3",
    "é".encode(),
]
BYTES = [bytes([byte]) for byte in range(256)]
NESTED = {
    "type": "object",
    "properties": {
        "ab": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"const": "a"}]}, "maxItems": 3},
        "c": {"type": "string", "pattern": "^[ab]{1,4}$"},
    },
    "required": ["ab"],
    "additionalProperties": False,
}
SPECS = {
    "choice": {"choice": ["red", "green", "", "greenish", "été"]},
    "regex": {"regex": "([a-c]{2,5}|12+|é)*x?"},
    "count": {"regex": "a{1,40}"},
    "object": {"schema": NESTED, "spelling": "plain"},
    "string": {"schema": {"type": "string", "maxLength": 6}},
    "enum": {"schema": {"enum": [{"ab": 1}, [12, "abc"], None, "aa", 12.5]}, "spelling": "plain"},
    "lark": {"lark": 'start: "a" ("b" | "12")* "c"?'},
    "after": {"regex": "[ab]{3}", "after": "12"},
    "empty": {"choice": [""]},
}


@pytest.fixture(scope="module")
def vocabulary():
    return Vocabulary.from_bytes([*BYTES, *WORDS, b"", b"</s>"], eos_ids=[len(BYTES) + len(WORDS), 271])


@pytest.fixture(params=["triton", "torch"])
def implementation(request, monkeypatch):
    if request.param == "triton":
        pytest.importorskip("triton", reason="triton is not installed")
        monkeypatch.setattr(resident, "backend_of", lambda _: Backend("triton", ""))
    return request.param


def walk(constraint, automaton, rows, steps, rng):
    """Walk matchers and a batch of states side by side, a fifth of the tokens at random, the others allowed."""
    size = len(constraint.vocabulary)
    live = ResidentAutomaton(automaton, "cpu")
    matchers = [constraint.matcher() for _ in range(rows)]
    states = live.start(rows)
    for _ in range(steps):
        expected = np.stack([matcher.mask() for matcher in matchers])
        found = live.masks[live.mask_rows(states)].numpy().view(np.uint32)
        np.testing.assert_array_equal(found, expected)
        assert live.accepting(states).tolist() == [matcher.accepting for matcher in matchers]
        bits = np.unpackbits(expected.view(np.uint8), axis=1, count=size, bitorder="little")
        tokens = [int(rng.choice(np.flatnonzero(row))) if row.any() else 0 for row in bits]
        tokens = [int(rng.integers(size)) if rng.random() < 0.2 else token for token in tokens]
        accepted = live.advance_(states, torch.tensor(tokens))
        steps_taken = [matcher.advance(token) for matcher, token in zip(matchers, tokens, strict=True)]
        assert accepted.tolist() == steps_taken


@pytest.mark.parametrize("name", SPECS)
def test_walks_equal_the_matcher(implementation, vocabulary, name):
    constraint = engine.compile(vocabulary=vocabulary, **SPECS[name])
    walk(constraint, export(constraint), 24, 30, np.random.default_rng(len(name)))


@pytest.mark.parametrize("name", ["choice", "object", "lark"])
def test_tables_equal_the_matcher_at_every_state(vocabulary, name):
    """Every state, reached breadth first, and every token."""
    constraint = engine.compile(vocabulary=vocabulary, **SPECS[name])
    automaton = export(constraint)
    matchers = {0: constraint.matcher()}
    pending = [0]
    for state in pending:
        np.testing.assert_array_equal(automaton.masks[automaton.mask_of[state]], matchers[state].mask())
        for token in range(len(vocabulary)):
            matcher = matchers[state].fork()
            target = automaton.step(state, token)
            assert matcher.advance(token) == (target is not None)
            if target is not None and target not in matchers:
                matchers[target] = matcher
                pending.append(target)
    assert len(matchers) == len(automaton)


def test_walks_over_a_real_vocabulary(llama3_1_json):
    vocabulary = Vocabulary.from_tokenizer(llama3_1_json)
    constraint = engine.compile(schema=NESTED, vocabulary=vocabulary, spelling="plain")
    automaton = export(constraint)
    assert automaton.nbytes < 4e6
    walk(constraint, automaton, 8, 25, np.random.default_rng(1))


def test_tokens_outside_the_vocabulary_are_refused(implementation, vocabulary):
    live = ResidentAutomaton(export(engine.compile(choice=["ab"], vocabulary=vocabulary)), "cpu")
    states = live.start(4)
    tokens = torch.tensor([-1, len(vocabulary), 2**40, ord("a")])
    assert live.advance_(states, tokens).tolist() == [False, False, False, True]
    assert states[:3].tolist() == [0, 0, 0]
    assert states[3] > 0


def test_a_vocabulary_without_end_tokens(implementation):
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"ab"])
    constraint = engine.compile(regex="ab|a", vocabulary=vocabulary)
    live = ResidentAutomaton(export(constraint), "cpu")
    states = live.start(3)
    assert live.advance_(states, torch.tensor([0, 1, 2])).tolist() == [True, False, True]
    assert live.accepting(states).tolist() == [True, False, True]
    assert live.masks[live.mask_rows(states)].flatten().tolist() == [2, 5, 0]


def test_a_batch_is_sampled_on_the_device(implementation, vocabulary):
    """Mask, draw and advance, with no look at the result before the end."""
    constraint = engine.compile(
        schema={"enum": [["ab"], "abc", {"aa": "12"}]}, vocabulary=vocabulary, whitespace="compact"
    )
    live = ResidentAutomaton(export(constraint), "cpu")
    rng = np.random.default_rng(3)
    states, outputs = live.start(16), []
    for _ in range(30):
        logits = torch.from_numpy(rng.normal(size=(16, len(vocabulary) + 7)).astype(np.float32))
        drawn = masked_sample(
            logits, live.masks, rng.random(16), mask_rows=live.mask_rows(states), top_p=0.9, size=live.size
        )
        outputs.append(torch.where(live.advance_(states, drawn.tokens), drawn.tokens, -1))
    assert (states == live.ended).all()
    for row in torch.stack(outputs, 1).tolist():
        tokens = [token for token in row if token >= 0]
        assert tokens[-1] in vocabulary.eos_ids
        assert constraint.accepts(vocabulary.decode(tokens))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"schema": {"type": "object"}}, "remembers what keys or items"),
        ({"schema": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}}, "remembers what keys"),
        (
            {"schema": {"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "$ref": "#/$defs/t"}},
            "states",
        ),
        ({"lark": 'start: "(" start ")" | "a"'}, "has more than 200 states"),
        ({"regex": "a{300}"}, "has more than 200 states"),
    ],
)
def test_what_is_not_finite_is_refused(vocabulary, spec, message):
    constraint = engine.compile(vocabulary=vocabulary, **spec)
    with pytest.raises(LimitError, match=message) as raised:
        export(constraint, max_states=200)
    assert raised.value.hint


def test_states_and_bytes_are_limited(vocabulary):
    constraint = engine.compile(regex="a{8}", vocabulary=vocabulary)
    automaton = export(constraint, max_states=10)
    assert len(automaton) == 10
    with pytest.raises(LimitError, match="more than 9 states"):
        export(constraint, max_states=9)
    with pytest.raises(LimitError, match="more than 100 bytes"):
        export(constraint, max_bytes=100)


def test_what_does_not_fit_is_an_error(vocabulary):
    live = ResidentAutomaton(export(engine.compile(choice=["ab"], vocabulary=vocabulary)), "cpu")
    with pytest.raises(GramaryeError, match=r"tokens are torch\.int32"):
        live.advance_(live.start(2), torch.zeros(2, dtype=torch.int32))
    with pytest.raises(GramaryeError, match="as many states as tokens"):
        live.advance_(live.start(2), torch.zeros(3, dtype=torch.int64))
