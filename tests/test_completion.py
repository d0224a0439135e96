"""Completions: always valid, really shortest where all texts can be tried, and in the fewest tokens within a limit."""

from __future__ import annotations

import json
import random
from collections import deque

import jsonschema
import pytest
from tests.oracles.json_texts import random_schema
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import JSON_PIECES, toy_vocabulary

from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError, SchemaError
from gramarye.kernels.opcodes import Op
from gramarye.runtime.used_names import used_names

VOCABULARY = toy_vocabulary(*JSON_PIECES)
SCHEMAS = [
    {"type": "object", "properties": {"ab": {"type": "integer"}, "a": {"enum": ["xyz", "x"]}}, "required": ["ab", "a"]},
    {
        "type": "object",
        "minProperties": 1,
        "properties": {"k\n": {"type": "null"}},
        "additionalProperties": {"type": "array"},
    },
    {"type": "object", "properties": {'q"': True, "qxxxxxx": True}, "required": ['q"'], "additionalProperties": False},
    {
        "type": "array",
        "prefixItems": [{"const": 1200}, {"const": -0.005}],
        "minItems": 3,
        "items": {"minLength": 2, "type": "string"},
    },
    {
        "anyOf": [
            {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
            {"type": "string", "minLength": 3},
            {"const": {"a": None}},
        ]
    },
    {"type": "string", "pattern": "^(abc|d[é-ý]{2})+$"},
    {"enum": [{"a": [1, 2]}, [True, {"b": "c"}], "word", 10**7, 15e-7]},
    {"type": "object", "minProperties": 1, "maxProperties": 1},
    {"type": "integer"},
]
BYTES = [*range(32, 127), 0x0A, 0x80, 0x90, 0xA0, 0xA9, 0xBD, 0xC3]


def additional_keys(machine, config):
    """Number of additional keys of the innermost object, between its members."""
    op, _, _, names, _ = machine.fields(config)
    return len(used_names(machine, names)) if op in (Op.OBJECT, Op.NEXT_KEY, Op.MEMBERS) else 0


def shortest_length(machine, config):
    """Breadth first over all bytes that matter; one more additional key at most, and which does not matter."""
    seen = {config}
    most = 1
    below = config
    while below:
        most = max(most, additional_keys(machine, below) + 1)
        below = max(machine.fields(one)[-1] for one in machine.members(below))
    queue = deque([(machine.sketched(config), 0)])
    while queue:
        one, length = queue.popleft()
        if machine.accepting(one):
            return length
        for byte in BYTES:
            after = machine.sketched(machine.step(one, byte))
            if after and after not in seen and additional_keys(machine, after) <= most:
                seen.add(after)
                queue.append((after, length + 1))
    return None


def walk(rng, matcher, steps, banned=frozenset()):
    """Draw uniformly among the allowed tokens; yields after every step."""
    ends = matcher.constraint.end_tokens
    for _ in range(steps):
        allowed = allowed_by(matcher)
        assert allowed, matcher.text_bytes
        choices = sorted(allowed - ends - banned)
        if not choices:
            assert matcher.accepting
            return
        assert matcher.advance(rng.choice(choices))
        yield matcher


@pytest.mark.parametrize(
    "options", [{}, {"whitespace": "compact"}, {"spelling": "plain"}, {"property_order": "schema"}], ids=str
)
@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_completions_are_shortest(schema, options):
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, **options)
    rng = random.Random(str(schema))
    tried = set()
    for _ in range(4):
        matcher = constraint.matcher()
        for _ in walk(rng, matcher, 8):
            if matcher.config in tried or len(matcher.text_bytes) > 24:
                continue
            tried.add(matcher.config)
            completion = matcher.completion()
            assert len(completion) == shortest_length(constraint.machine, matcher.config), (
                matcher.text_bytes,
                completion,
            )
            assert constraint.accepts(matcher.text_bytes + completion)
    assert len(constraint.matcher().completion()) == shortest_length(constraint.machine, constraint.start)


@pytest.mark.parametrize("pattern", ["(ab|abcde)*f", "a{3,5}b?c", "x(yz|w+v)", "[é-ý]{2}z"])
def test_completions_of_regexes_are_shortest(pattern):
    constraint = engine.compile(regex=pattern, vocabulary=VOCABULARY)
    rng = random.Random(pattern)
    for _ in range(6):
        matcher = constraint.matcher()
        for _ in walk(rng, matcher, 6):
            assert len(matcher.completion()) == shortest_length(constraint.machine, matcher.config)


def fewest(constraint, config, longest):
    """The fewest tokens after which the text may end, by trying all; None if more than ``longest``."""
    vocabulary = constraint.vocabulary
    level = {config}
    for used in range(longest + 1):
        if any(constraint.machine.accepting(one) for one in level):
            return used
        level = {
            after
            for one in level
            for token in range(len(vocabulary))
            if (after := constraint.machine.advance_token(one, token))
        }
    return None


SMALL = [b"a", b"b", b"c", b"aaa", b"bbbb", b"ab", b"cab", b"ccccccc", b"abcabcabc"]
TOYS = ["(a{7}|b{8})c?", "(abc){3}|a{5}", "c{7}(a|bb)*b", "(cab|ab|b)+c{2}"]


@pytest.mark.parametrize("pattern", TOYS)
def test_plans_have_the_fewest_tokens_within_a_limit(pattern):
    """The shortest bytes are not always the fewest tokens: a limit makes the search look at all spellings."""
    vocabulary = Vocabulary.from_bytes([*SMALL, b""], eos_ids=[len(SMALL)])
    constraint = engine.compile(regex=pattern, vocabulary=vocabulary)
    rng = random.Random(pattern)
    for _ in range(10):
        matcher = constraint.matcher()
        for _ in walk(rng, matcher, 4):
            needed = fewest(constraint, matcher.config, 9)
            for limit in range(10):
                fresh = engine.compile(regex=pattern, vocabulary=vocabulary).matcher()
                assert fresh.advance_bytes(matcher.text_bytes)
                if needed is None or limit < needed:
                    with pytest.raises(BudgetError):
                        fresh.shortest_tokens(limit)
                    continue
                plan = fresh.shortest_tokens(limit)
                assert len(plan) <= limit
                assert len(fresh.shortest_tokens()) <= limit
                assert not plan or plan[0] in allowed_by(fresh, limit)
                assert all(fresh.advance(token) for token in plan)
                assert fresh.accepting


def check_walk(constraint, rng, validator, steps):
    """A random walk, then the completion: accepted, parsed and valid. Duplicate free keys are counted apart."""
    matcher = constraint.matcher()
    for _ in walk(rng, matcher, steps):
        pass
    finish = matcher.completion()
    text = matcher.text_bytes + finish
    assert matcher.fork().advance_bytes(finish)
    assert constraint.accepts(text)
    plan = matcher.shortest_tokens()
    assert all(matcher.advance(token) for token in plan)
    assert matcher.accepting
    value = json.loads(text)
    if validator is not None:
        assert validator.is_valid(value), text


def counts_members(schema):
    """True if a schema bounds the number of members: repeated free keys are counted as members there."""
    return "minProperties" in json.dumps(schema)


def numbers_are_safe(schema):
    """Python reads 1e999 as infinity, which is no integer to the validator."""
    return "integer" not in json.dumps(schema)


OPTIONS = [
    {"whitespace": "any"},
    {"whitespace": "bounded"},
    {"whitespace": "compact"},
    {"whitespace": "bounded", "spelling": "plain"},
]


def live(options, seeds, vocabulary, steps=60):
    walks = 0
    for seed in seeds:
        rng = random.Random(f"live {seed}")
        schema = random_schema(rng)
        try:
            constraint = engine.compile(schema=schema, vocabulary=vocabulary, **options)
        except SchemaError:
            continue
        whole = not counts_members(schema) and numbers_are_safe(schema)
        for _ in range(3):
            check_walk(constraint, rng, jsonschema.Draft202012Validator(schema) if whole else None, steps)
            walks += 1
    return walks


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_random_walks_end_valid(options):
    assert live(options, range(40), VOCABULARY) > 80


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_many_random_walks_end_valid(options):
    assert live(options, range(10_000, 10_600), VOCABULARY) > 1_200
