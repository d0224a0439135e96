"""Arrays of distinct items: texts, prefixes, masks and completions against references that compare parsed values."""

from __future__ import annotations

import json
import random
from itertools import permutations, product

import numpy as np
import pytest
from tests.oracles.json_texts import spelled
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import LimitError, SchemaError
from gramarye.grammar.schema.values import canonical
from gramarye.kernels.columns import Scalar

EXTRA = (
    b"[1,",
    b"1,2,",
    b',"',
    b'","a',
    b'","',
    b",null",
    b"true,",
    b"],[",
    b"],[]",
    b"1]",
    b'a",',
    b"e0,1",
    b"0,1,",
    b', "',
)
VOCABULARY = toy_vocabulary(*EXTRA)


def compiled(schema, **options):
    return engine.compile(schema=schema, vocabulary=VOCABULARY, **options)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[]", True),
        ("[1,2]", True),
        ("[1,1]", False),
        ("[1,1.0]", False),
        ("[1,10e-1]", False),
        ("[1e400,10e399]", False),
        ("[0,-0.0]", False),
        ("[true,1]", True),
        ('[false,0,null,""]', True),
        ("[null,null]", False),
        ('["a","\\u0061"]', False),
        ('["\\ud83d\\ude00","😀"]', False),
        ("[[1],[1,2]]", True),
        ("[[1],[1.0]]", False),
        ("[[1,1],[1]]", True),
        ('[{"a":1,"b":2},{"b":2,"a":1}]', False),
        ('[{"a":1,"b":2},{"b":2,"a":2}]', True),
        ("[ 1 , 2 , 3 ]", True),
        ("[ 1 , 2 , 1 ]", False),
        ("[{},[],{}]", False),
    ],
)
def test_equality(text, wanted):
    assert compiled({"uniqueItems": True}).accepts(text) == wanted
    assert compiled({"type": "array"}).accepts(text)


def test_items_inside_items():
    inner = {"type": "array", "uniqueItems": True}
    constraint = compiled({"type": "array", "items": inner, "uniqueItems": True})
    for text, wanted in (
        ("[[1,2],[2,1]]", True),
        ("[[1,2],[1,2]]", False),
        ("[[1,1],[2]]", False),
        ("[[[1,1]],[]]", True),
        ('[[{"a":1},{"a":2}],[{"a":2},{"a":1}]]', True),
        ('[[{"a":1},{"a":1}]]', False),
        ('[[{"a":1,"a":2}]]', False),
    ):
        assert constraint.accepts(text) == wanted, text


def test_too_deep():
    constraint = compiled({"type": "array", "items": {"$ref": "#"}, "uniqueItems": True})
    assert constraint.accepts("[" * 100 + "]" * 100)
    with pytest.raises(LimitError, match="lie in each other too deeply"):
        constraint.accepts("[" * 1_000)


def random_item(rng):
    return rng.choice(
        [0, 1, 1.0, 10, -1, 0.5, None, True, False, "", "a", "é", [], [1], [1, 2], {}, {"a": 1}, {"a": [1]}]
    )


@pytest.mark.parametrize(
    "options", [{}, {"whitespace": "compact"}, {"whitespace": "bounded"}, {"spelling": "plain"}], ids=str
)
def test_random_arrays(options):
    """Every prefix of an array lives as long as no two of its finished items are equal."""
    schema = {
        "type": "array",
        "uniqueItems": True,
        "items": {
            "anyOf": [{"type": ["number", "null", "boolean"]}, {"type": "string"}, {"type": ["array", "object"]}]
        },
    }
    constraint = compiled(schema, **options)
    accepted = 0
    for seed in range(150):
        rng = random.Random(f"{options} {seed}")
        items = [random_item(rng) for _ in range(rng.randrange(5))]
        if options:
            text = json.dumps(
                items,
                ensure_ascii=False,
                separators=(", ", ": ") if options.get("whitespace") == "bounded" else (",", ":"),
            )
            text = text.replace(", ", ",") if options.get("whitespace") == "compact" else text
        else:
            text = spelled(rng, items, ("", "", " ", "\n"))
        if "spelling" in options and any(isinstance(item, float) and item != 0.5 for item in items):
            continue
        keys = [canonical(json.dumps(item).encode()) for item in items]
        wanted = len(set(keys)) == len(keys)
        accepted += wanted
        assert constraint.accepts(text) == wanted, text
        config = constraint.start
        for place, byte in enumerate(text.encode()):
            config = constraint.machine.step(config, byte)
            if not config:
                break
            if rng.random() < 0.2:
                whole = text.encode()[: place + 1] + constraint.completer.shortest(config)
                assert constraint.accepts(whole), whole
                values = [canonical(json.dumps(item).encode()) for item in json.loads(whole)]
                assert len(set(values)) == len(values), whole
    assert accepted > 25


DOMAINS = [
    ({"enum": [1, 2, "a"]}, ["1", "2", '"a"']),
    ({"type": "boolean"}, ["true", "false"]),
    ({"enum": [[], {}, None]}, ["[]", "{}", "null"]),
    ({"type": "string", "maxLength": 1, "pattern": "^[ab]*$"}, ['""', '"a"', '"b"']),
    ({"type": "integer", "minimum": 9, "maximum": 11}, ["9", "10", "11"]),
    ({"anyOf": [{"const": "ab"}, {"enum": ["abc", 12]}]}, ['"ab"', '"abc"', "12"]),
    ({"type": "array", "items": {"type": "boolean"}, "maxItems": 1}, ["[]", "[true]", "[false]"]),
]


def continuations(domain, read, low, high):
    """All ways in which an array over a domain may go on, as texts, ``read`` being the items so far."""
    left = [item for item in domain if item not in read]
    return [
        [*read, *rest]
        for count in range(len(left) + 1)
        if low <= len(read) + count <= high
        for rest in permutations(left, count)
    ]


@pytest.mark.parametrize("bounds", [(0, 9), (2, 9), (3, 3), (0, 1)], ids=str)
@pytest.mark.parametrize(("items", "domain"), DOMAINS, ids=str)
def test_few_values(items, domain, bounds):
    """Every prefix, brute force: alive exactly if it begins some array of distinct items; masks and completions too."""
    low, high = bounds
    schema = {"type": "array", "items": items, "uniqueItems": True, "minItems": low, "maxItems": high}
    texts = {"[" + ",".join(items) + "]" for items in continuations(domain, [], low, high)}
    if not texts:
        with pytest.raises(SchemaError, match="nothing satisfies"):
            compiled(schema)
        return
    constraint = compiled(schema, whitespace="compact", spelling="plain")
    machine = constraint.machine
    prefixes = {text[:length] for text in texts for length in range(len(text) + 1)}
    tried = {"[" + ",".join(items) for count in range(3) for items in product(domain, repeat=count)}
    tried |= {text + end for text in tried for end in (",", "]", ',"', ",[", ",n", ",1")} | prefixes
    table = TokenTable(VOCABULARY)
    for text in sorted(tried):
        config, _ = machine.advance_bytes(constraint.start, text.encode())
        assert bool(config) == (text in prefixes), text
        if not config:
            continue
        assert machine.accepting(config) == (text in texts), text
        finish = constraint.completer.shortest(config).decode()
        assert text + finish in texts, (text, finish)
        if len(text) % 3 == 0:
            mask = machine.mask(config, np.empty(machine.words, np.uint32))
            wanted = mask_by_steps(table, config, machine.step, accepting=machine.accepting(config))
            assert differences(table, mask, wanted) == [], text


MASKED = [
    {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
    {"type": "array", "uniqueItems": True, "items": {"type": "integer"}},
    {"type": "array", "uniqueItems": True, "items": {"type": ["null", "string", "boolean"]}},
    {"type": "array", "uniqueItems": True},
    {"type": "array", "uniqueItems": True, "items": {"enum": [1, 12, "a", "ab", None, []]}},
    {"type": "array", "uniqueItems": True, "items": {"type": "array", "items": {"enum": [0, 1]}, "maxItems": 2}},
    {"type": "array", "uniqueItems": True, "items": {"pattern": "^(a|b.*)$", "type": "string"}},
    {"not": {"type": "array", "uniqueItems": True}, "type": "array", "items": {"type": "integer"}},
]


@pytest.mark.parametrize("schema", MASKED, ids=str)
def test_masks_are_exact(schema):
    constraint = compiled(schema)
    machine = constraint.machine
    table = TokenTable(VOCABULARY)
    rng = random.Random(str(schema))
    checked = 0
    for _ in range(25):
        config = constraint.start
        for _ in range(rng.randrange(1, 9)):
            mask = machine.mask(config, np.empty(machine.words, np.uint32))
            wanted = mask_by_steps(table, config, machine.step, accepting=machine.accepting(config))
            assert differences(table, mask, wanted) == []
            checked += 1
            targets = machine.successors(config)
            allowed = sorted(set(np.flatnonzero(wanted)) - set(VOCABULARY.eos_ids))
            assert sorted(np.flatnonzero(targets)) == allowed
            marks = [token for token in allowed if len(VOCABULARY.token_bytes(token)) > 1] or allowed
            if not marks:
                break
            config = machine.advance_token(config, int(rng.choice(rng.choice([marks, allowed]))))
    assert checked > 60


def test_an_item_costs_few_masks():
    """Masks inside an item do not hang on its text."""
    constraint = compiled({"type": "array", "uniqueItems": True, "items": {"type": "string"}})
    arena = constraint.machine.arena
    matcher = constraint.matcher()
    assert matcher.advance_bytes(b'["')
    for letter in b"abcabcabc":
        matcher.mask()
        assert matcher.advance_bytes(bytes([letter]))
    assert arena.get(Scalar.MASKS_BUILT) == 1
    assert arena.get(Scalar.DOUBT) == 1


def test_explanations_look_inside():
    matcher = compiled({"type": "array", "uniqueItems": True, "items": {"enum": [1, 2]}}).matcher()
    assert matcher.advance_bytes(b"[1,")
    explanation = matcher.explain(b"1")
    assert not explanation.accepted
    assert matcher.advance_bytes(b"2")
    assert "']'" in " ".join(matcher.explain(b"x").expected)
