"""Canvases over approximations: what they accept is a text of the constraint, and what they leave out they say."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from tests.oracles.canvases import completions, token_rows
from tests.real_vocabularies import toy_vocabulary
from tests.test_canvas import random_json

from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError, GramaryeError, LimitError
from gramarye.kernels.canvas.narrow import ESCAPES, KEYS, NUMBERS, ORDER
from gramarye.runtime.diffusion.canvas_automaton import token_automaton
from gramarye.runtime.diffusion.canvas_lattice import Lattice
from gramarye.runtime.diffusion.canvas_states import _approximation, _explore, _minimised
from gramarye.runtime.diffusion.canvas_verified import VerifiedCanvas

PIECES = [b"{", b"}", b'"', b":", b",", b"a", b"b", b"1", b'":1', b'"a"', b'{"', b',"', b"[", b"]", b" "]
EOS = len(PIECES)
STATES = 1000
VOCABULARY = Vocabulary.from_bytes([*PIECES, b""], eos_ids=[EOS])
DISTINCT = {"type": "object", "additionalProperties": {"const": 1}}

ORDERED = [
    {"properties": {"a": {"const": 1}, "b": {"const": 2}, "c": {"const": 3}}, "required": ["b"]},
    {"properties": {"a": {"const": 1}, "b": {"const": 2}, "c": {"const": 3}}, "minProperties": 2},
    {"properties": {"a": {"const": 1}, "b": {"const": 2}, "c": {"const": 3}}, "maxProperties": 1},
    {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "dependentRequired": {"b": ["a"]}},
    {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "dependentRequired": {"a": ["b"]}},
    {"properties": {f"k{i}": {"const": 1} for i in range(70)}, "required": ["k3", "k66"]},
]
SHAPES = [
    {"type": "integer"},
    {"const": 2.5},
    {"type": "array", "items": {"type": "integer"}},
    {"type": "string"},
    {"enum": ["é", "xy", "x\n"]},
    {"anyOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"type": "object", "maxProperties": 1}]},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
]


def spelled_by(automaton, rng, steps):
    """Random texts of a byte automaton."""
    state, text = 1, b""
    for _ in range(steps):
        if automaton.accept[state]:
            yield text
        live = [byte for byte in range(256) if automaton.table[state, automaton.classes[byte]]]
        if not live:
            return
        byte = rng.choice(live)
        state, text = int(automaton.table[state, automaton.classes[byte]]), text + bytes([byte])


@pytest.mark.parametrize("cuts", [0, NUMBERS, ESCAPES, ORDER, KEYS, NUMBERS | ESCAPES | ORDER | KEYS])
@pytest.mark.parametrize("schema", [*ORDERED, *SHAPES], ids=lambda schema: json.dumps(schema)[:40])
def test_approximations_are_parts_of_the_language(schema, cuts):
    """Objects are closed, so that nothing needs to be remembered and every text must do as it is."""
    if "properties" in schema:
        schema = {**schema, "type": "object", "additionalProperties": False}
    constraint = engine.compile(schema=schema, vocabulary=toy_vocabulary(), whitespace="compact")
    explored = _explore(constraint, 40_000, 2, cuts)
    if not explored.complete:
        assert cuts != NUMBERS | ESCAPES | ORDER | KEYS or "anyOf" in schema
        return
    automaton = _minimised(explored, None, 2, remembers=False, cuts=cuts)
    rng = random.Random(repr((schema, cuts)))
    texts = [text for _ in range(60) for text in spelled_by(automaton, rng, 60)]
    assert texts or "required" in schema
    for text in texts:
        if b"x" in text and "anyOf" in schema:
            continue
        assert constraint.accepts(text), text


@pytest.mark.parametrize("schema", ORDERED[:5], ids=lambda schema: json.dumps(schema)[:40])
def test_order_is_all_that_order_leaves_out(schema):
    """Under ORDER an object is spelled in the schema's order, every one that there is."""
    schema = {**schema, "type": "object", "additionalProperties": False}
    ordered = engine.compile(
        schema=schema, vocabulary=toy_vocabulary(), whitespace="compact", property_order="schema", spelling="plain"
    )
    loose = engine.compile(schema=schema, vocabulary=toy_vocabulary(), whitespace="compact", spelling="plain")
    cut = _minimised(_explore(loose, 4000, None, ORDER), None, None, remembers=False, cuts=ORDER)
    whole = _minimised(_explore(ordered, 4000), None, None, remembers=False)
    pairs, waiting = {(1, 1)}, [(1, 1)]
    while waiting:
        a, b = waiting.pop()
        assert cut.accept[a] == whole.accept[b]
        for byte in range(256):
            after = int(cut.table[a, cut.classes[byte]]), int(whole.table[b, whole.classes[byte]])
            assert bool(after[0]) == bool(after[1])
            if after[0] and after not in pairs:
                pairs.add(after)
                waiting.append(after)


def filled(canvas, rng, rows, tokens):
    """Commit random allowed tokens until the canvas is full; every acceptance must leave a completion."""
    while len(canvas.fixed) < canvas.length:
        position = rng.choice([i for i in range(canvas.length) if i not in canvas.fixed])
        allowed = np.flatnonzero(token_rows(canvas.masks(), tokens)[position]).tolist()
        token = rng.choice([*allowed, rng.randrange(tokens)])
        possible = rows[rows[:, position] == token]
        before = canvas.fixed
        may = canvas.allows(position, token)
        assert canvas.fixed == before
        taken = canvas.commit(position, token)
        assert taken == may
        if taken:
            assert len(possible)
            rows = possible
        else:
            assert canvas.fixed == before
            assert canvas.commit(position, canvas.witness()[position])
            rows = rows[rows[:, position] == canvas.fixed[position]]
        assert (rows == np.array(canvas.witness())).all(axis=1).any()


def test_random_schemas_are_sound():
    """Approximations are asked for even where an exact automaton would do."""
    rng = random.Random(5)
    done = 0
    while done < 12:
        tokens, eos_ids, vocabulary, source, language = random_json(rng)
        try:
            constraint = engine.compile(vocabulary=vocabulary, **source)
        except GramaryeError:
            continue
        length, end = rng.randrange(2, 6), rng.choice(["padded", "exact"])
        automaton = _approximation(constraint, _explore(constraint, STATES), STATES)
        rows = completions(tokens, eos_ids, length, end, language)
        if automaton is None or rows is None:
            continue
        lattice = Lattice(token_automaton(automaton, vocabulary), 1 << 20)
        canvas = VerifiedCanvas(constraint, lattice, length, {}, end)
        if canvas.completable:
            filled(canvas, rng, rows, len(tokens))
            done += 1
        else:
            with pytest.raises(GramaryeError):
                canvas.witness()


def distinct(length, fixed=None, **options):
    """A canvas of objects whose keys must be remembered; too few states for all that they may be."""
    constraint = engine.compile(schema=DISTINCT, vocabulary=VOCABULARY, whitespace="compact", spelling="plain")
    return constraint.canvas(length, fixed, states=400, **options)


def text_of(canvas):
    return VOCABULARY.decode(canvas.witness())


def test_repeated_keys_are_refused():
    canvas = distinct(30)
    assert isinstance(canvas, VerifiedCanvas)
    assert not canvas.exact
    for position, token in enumerate([10, 5, 8, 11, 5]):  # {" a ":1 ," a
        assert canvas.commit(position, token)
    assert not canvas.commit(5, 8)
    assert canvas.commit(5, 5)
    assert text_of(canvas).startswith(b'{"a":1,"aa')
    repeated = distinct(8, {0: 10, 1: 5, 2: 8, 3: 11, 4: 5, 5: 8, 6: 1, 7: EOS})
    assert not repeated.completable
    with pytest.raises(GramaryeError, match="no completion was found"):
        repeated.witness()


def test_refusals_are_counted_and_change_nothing():
    """Between what is fixed, {"a":1,"?":1} has room for one token: any but a second a."""
    fixed = {0: 10, 1: 5, 2: 8, 3: 11, 5: 8, 6: 1, 7: EOS}
    canvas = distinct(8, fixed)
    masks, witness = canvas.masks().copy(), canvas.witness()
    assert token_rows(masks, EOS + 1)[4, 5]
    assert not canvas.allows(4, 5)
    assert canvas.refused == 0
    assert not canvas.commit(4, 5)
    assert canvas.refused == 1
    assert canvas.fixed == fixed
    assert (canvas.masks() == masks).all()
    assert canvas.witness() == witness
    assert canvas.commit(4, 6)


def test_approximation_can_be_refused():
    with pytest.raises(LimitError) as caught:
        distinct(30, approximate=False)
    assert any("repeated keys" in words for words in caught.value.expected)


def test_too_small_for_any():
    constraint = engine.compile(schema=DISTINCT, vocabulary=VOCABULARY)
    with pytest.raises(LimitError, match="automaton"):
        constraint.canvas(30, states=4)


def test_samples_are_texts_of_the_constraint():
    canvas = distinct(12)
    log_probs = np.zeros((12, EOS + 1))
    log_probs[:, 6] = -4.0
    numbers = np.random.default_rng(0)
    for _ in range(20):
        tokens = canvas.sample(log_probs, numbers)
        keys = json.loads(VOCABULARY.decode(tokens), object_pairs_hook=lambda pairs: [key for key, _ in pairs])
        assert len(set(keys)) == len(keys)


def test_short_canvas_says_what_it_needs():
    with pytest.raises(BudgetError) as caught:
        distinct(1).witness()
    assert (caught.value.needed, caught.value.budget) == (2, 1)
