"""Canvases of regular constraints against enumeration: every mask, commit and witness; and against a plain lattice."""

from __future__ import annotations

import json
import random
from functools import cache

import numpy as np
import pytest
from interegular import parse_pattern
from interegular.fsm import anything_else
from tests.oracles.canvases import Stepper, completions, masks_of, random_pattern, token_rows
from tests.oracles.json_prefix import JsonOracle
from tests.oracles.json_texts import random_schema

from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError, GramaryeError, LimitError

LETTERS = "abc0 "
JSON_TOKENS = ["{", "}", '{"', '"', "a", '":', '"a":', "1", "[", "]", " ", ",", "1,", '},"', "true", "null", "0", "-"]
JSON_TOKENS += ["e", ".5", "\\", "n", '"a"', '":"', "[[", "\n"]
STATES = 4096


def by_pattern(pattern):
    """The language of a pattern, by another regular expression library."""
    machine = parse_pattern(pattern).to_fsm()
    live = {state for state in machine.states if machine.islive(state)}

    def step(state, byte):
        character = chr(byte)
        symbol = machine.alphabet[character if character in machine.alphabet else anything_else]
        after = machine.map.get(state, {}).get(symbol)
        return after if after in live else None

    return Stepper(machine.initial, step, lambda state: state in machine.finals)


def by_choice(texts):
    return Stepper(
        b"",
        lambda text, byte: after if any(t.startswith(after := text + bytes([byte])) for t in texts) else None,
        lambda text: text in texts,
    )


def by_schema(schema, **options):
    oracle = JsonOracle(schema, **options)
    return Stepper(oracle.start, lambda state, byte: oracle.step(state, byte) or None, oracle.accepting)


def small_vocabulary(rng, pieces, size):
    """Some pieces, sometimes one of them twice; one or two end tokens and one that spells nothing, anywhere."""
    tokens = [piece.encode() for piece in rng.sample(pieces, min(size, len(pieces)))]
    if rng.random() < 0.2:
        tokens.append(tokens[0])
    rng.shuffle(tokens)
    for _ in range(rng.choice([1, 1, 2])):
        tokens.insert(rng.randrange(len(tokens) + 1), b"")
    eos_ids = [token for token, text in enumerate(tokens) if not text]
    if len(eos_ids) == 2 and rng.random() < 0.3:
        eos_ids.pop()
    return tokens, eos_ids


def regex_pieces(rng):
    """Single letters and longer tokens across the borders of any pattern."""
    longer = {"".join(rng.choice(LETTERS) for _ in range(rng.randrange(2, 4))) for _ in range(8)}
    return [*LETTERS, *sorted(longer)]


def compare(canvas, rows, tokens):
    """All that a canvas says, against its completions."""
    wanted = masks_of(rows, tokens)
    found = token_rows(canvas.masks(), tokens)
    assert (found == wanted).all()
    assert canvas.completable == (len(rows) > 0)
    for position in range(canvas.length):
        for token in range(tokens):
            assert canvas.allows(position, token) == wanted[position, token]
    if len(rows):
        assert (rows == np.array(canvas.witness(), np.int64)).all(axis=1).any()
    else:
        with pytest.raises(GramaryeError):
            canvas.witness()
    return wanted


def check_case(rng, make, rows, tokens, length):
    """One canvas with some positions fixed, and random commits until it is full. ``make`` makes it."""
    fixed = {}
    if len(rows) and rng.random() < 0.8:
        row = rows[rng.randrange(len(rows))]
        fixed = {position: int(row[position]) for position in rng.sample(range(length), rng.randrange(length + 1))}
    elif rng.random() < 0.5:
        fixed = {rng.randrange(length): rng.randrange(tokens)}
    for position, token in fixed.items():
        rows = rows[rows[:, position] == token]
    canvas = make(fixed)
    assert canvas.exact
    while True:
        wanted = compare(canvas, rows, tokens)
        assert (make(canvas.fixed).masks() == canvas.masks()).all()
        waiting = [position for position in range(length) if position not in canvas.fixed]
        if not len(rows) or not waiting:
            return
        position, token = rng.choice(waiting), rng.randrange(tokens)
        before = canvas.masks().copy(), canvas.witness()
        taken = canvas.commit(position, token)
        assert taken == wanted[position, token]
        if not taken:
            assert position not in canvas.fixed
            assert (canvas.masks() == before[0]).all()
            assert canvas.witness() == before[1]
            token = rng.choice(np.flatnonzero(wanted[position]).tolist())
            assert canvas.commit(position, token)
        rows = rows[rows[:, position] == token]


def random_regular(rng):
    """A regex or a choice, its language, and a vocabulary."""
    tokens, eos_ids = small_vocabulary(rng, regex_pieces(rng), rng.randrange(3, 11))
    vocabulary = Vocabulary.from_bytes(tokens, eos_ids=eos_ids)
    if rng.random() < 0.8:
        pattern = random_pattern(rng, LETTERS)
        return tokens, eos_ids, vocabulary, {"regex": pattern}, by_pattern(pattern)
    texts = {"".join(rng.choice(LETTERS) for _ in range(rng.randrange(1, 7))).encode() for _ in range(5)}
    return tokens, eos_ids, vocabulary, {"choice": sorted(texts)}, by_choice(texts)


def random_json(rng):
    """A schema, its language, and a vocabulary."""
    tokens, eos_ids = small_vocabulary(rng, JSON_TOKENS, rng.randrange(4, 11))
    vocabulary = Vocabulary.from_bytes(tokens, eos_ids=eos_ids)
    schema = random_schema(rng, 2)
    ordered, plain = rng.random() < 0.3, rng.random() < 0.3
    options = {"property_order": "schema" if ordered else "any", "spelling": "plain" if plain else "any"}
    return tokens, eos_ids, vocabulary, {"schema": schema, **options}, by_schema(schema, ordered=ordered, plain=plain)


def check_random(rng, draw, cases, longest):
    """``cases`` cases, each with a few canvases; cases without any completion are drawn anew, but for a few."""
    done = 0
    while done < cases:
        tokens, eos_ids, vocabulary, source, language = draw(rng)
        try:
            constraint = engine.compile(vocabulary=vocabulary, **source)
        except GramaryeError:
            continue
        length, end = rng.randrange(1, longest + 1), rng.choice(["padded", "exact"])
        rows = completions(tokens, eos_ids, length, end, language)
        if rows is None or (not len(rows) and rng.random() < 0.95):
            continue

        def make(fixed, constraint=constraint, length=length, end=end):
            return constraint.canvas(length, fixed, end=end, states=STATES, approximate=False)

        try:
            make({})
        except LimitError:
            continue
        check_case(rng, make, rows, len(tokens), length)
        done += 1


def test_regular_by_enumeration():
    check_random(random.Random(1), random_regular, 400, 6)


def test_schemas_by_enumeration():
    check_random(random.Random(2), random_json, 120, 6)


@pytest.mark.slow
def test_many_by_enumeration():
    check_random(random.Random(3), random_regular, 3000, 6)
    check_random(random.Random(4), random_json, 1000, 6)


def toy(pattern, *tokens, **options):
    vocabulary = Vocabulary.from_bytes([*tokens, b""], eos_ids=[len(tokens)])
    return engine.compile(regex=pattern, vocabulary=vocabulary, **options)


def test_shortest_counts_what_is_fixed():
    constraint = toy("a{3}|b{5}c", b"a", b"b", b"c", b"bb")
    assert constraint.canvas(2).shortest == 3
    assert constraint.canvas(3).shortest == 3
    assert constraint.canvas(9, {0: 1}).shortest == 4
    assert constraint.canvas(2, {0: 1}).shortest == 4
    assert constraint.canvas(6, {5: 2}).shortest == 6
    assert constraint.canvas(9, {3: 4}).shortest == 3
    assert constraint.canvas(9, {2: 4}).shortest is None
    assert constraint.canvas(9, {4: 4, 0: 1}).shortest == 4


def test_short_canvas_says_what_it_needs():
    with pytest.raises(BudgetError) as caught:
        toy("a{7}", b"a", b"aa").canvas(3).witness()
    assert (caught.value.needed, caught.value.budget) == (4, 3)


def test_contradiction_is_no_matter_of_length():
    with pytest.raises(GramaryeError) as caught:
        toy("ab", b"a", b"b").canvas(4, {0: 1}).witness()
    assert not isinstance(caught.value, BudgetError)


def test_empty_canvas():
    assert toy("a?", b"a").canvas(0).completable
    assert toy("a?", b"a").canvas(0).witness() == []
    assert not toy("a", b"a").canvas(0).completable


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.canvas(-1),
        lambda c: c.canvas(2, {2: 0}),
        lambda c: c.canvas(2, {0: 9}),
        lambda c: c.canvas(2, {-1: 0}),
        lambda c: c.canvas(2, end="never"),
        lambda c: c.canvas(2, check="luck"),
        lambda c: c.canvas(2).commit(2, 0),
        lambda c: c.canvas(2).allows(0, 5),
        lambda c: c.canvas(2, {0: 0}).commit(0, 1),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(GramaryeError):
        call(toy("[ab]*", b"a", b"b"))


def test_masks_cannot_be_written():
    masks = toy("a*", b"a").canvas(3).masks()
    with pytest.raises(ValueError, match="read-only"):
        masks[0] = 0


@cache
def real_vocabulary(path):
    return Vocabulary.from_tokenizer(path, cache=False)


SCHEMAS = [
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "maxItems": 4},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    {"type": "array", "items": {"type": "string", "pattern": "^[a-f0-9]{2,6}$"}, "minItems": 1, "maxItems": 3},
    {"anyOf": [{"const": {"x": 1.5}}, {"type": "boolean"}, {"type": "string", "format": "date"}]},
]


class PlainLattice:
    """Forward and backward sets with a list of successors for every configuration: no minimisation, sets or classes."""

    def __init__(self, constraint):
        self.constraint = constraint
        self.tables = {}

    def targets(self, config):
        if config not in self.tables:
            self.tables[config] = self.constraint.machine.successors(config)
        return self.tables[config]

    def steps(self, config, token):
        """Pairs of a token and a configuration behind it; -1 is behind an end token."""
        ends = self.constraint.end_tokens
        closed = config == -1 or self.constraint.machine.accepting(config)
        found = [(end, -1) for end in ends if closed and token in (None, end)]
        if config != -1:
            targets = self.targets(config)
            chosen = np.flatnonzero(targets) if token is None else [token] * bool(targets[token])
            found += [(int(one), int(targets[one])) for one in chosen]
        return found

    def masks(self, length, fixed):
        """bool[L, V] of a padded canvas."""
        ahead = [{self.constraint.start}]
        for i in range(length):
            ahead.append({after for config in ahead[-1] for _, after in self.steps(config, fixed.get(i))})
        live = {config for config in ahead[-1] if config == -1 or self.constraint.machine.accepting(config)}
        masks = np.zeros((length, len(self.constraint.vocabulary)), np.bool_)
        for i in reversed(range(length)):
            before = set()
            for config in ahead[i]:
                for token, after in self.steps(config, fixed.get(i)):
                    if after in live:
                        masks[i, token] = True
                        before.add(config)
            live = before
        return masks


@pytest.mark.parametrize("schema", SCHEMAS, ids=["object", "pattern", "mixed"])
def test_real_vocabulary(schema, llama3_1_json):
    """Fixed tokens come from texts of the schema, so that canvases are completable, and some are then spoilt."""
    vocabulary = real_vocabulary(llama3_1_json)
    constraint = engine.compile(schema=schema, vocabulary=vocabulary, spelling="plain", whitespace="compact")
    reference = PlainLattice(constraint)
    rng = random.Random(json.dumps(schema))
    for _ in range(4):
        length = rng.randrange(2, 7)
        text = constraint.canvas(length + 12).witness()
        fixed = {i: text[i] for i in rng.sample(range(length), rng.randrange(length))}
        if rng.random() < 0.3:
            fixed[rng.randrange(length)] = rng.randrange(len(vocabulary))
        canvas = constraint.canvas(length, fixed)
        wanted = reference.masks(length, fixed)
        assert (token_rows(canvas.masks(), len(vocabulary)) == wanted).all()
        if canvas.completable:
            position = rng.randrange(length)
            token = rng.choice(np.flatnonzero(wanted[position]).tolist())
            assert canvas.commit(position, token)
            again = reference.masks(length, canvas.fixed)
            assert (token_rows(canvas.masks(), len(vocabulary)) == again).all()
