"""No key comes twice in an object, in whatever spelling: against a reference that knows all names, and on masks."""

from __future__ import annotations

import json
import random
import re
from itertools import product

import numpy as np
import pytest
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import SchemaError
from gramarye.kernels.columns import Scalar
from gramarye.runtime.used_names import count_names, used_names

TWO_KEYS = (
    b'":0,"a',
    b'":0,"a":0',
    b'a":0,"a":0',
    b'":0,"b":0}',
    b'{"a":0,"a',
    b'","":',
    b'"a":0,"b":',
    b'a"',
    b'\\u0061"',
)
VOCABULARY = toy_vocabulary(*TWO_KEYS)


def compiled(schema, **options):
    return engine.compile(schema=schema, vocabulary=VOCABULARY, **options)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a":1,"b":2}', True),
        ('{"a":1,"a":2}', False),
        ('{"a":1,"\\u0061":2}', False),
        ('{"":1,"a":2}', True),
        ('{"":1,"a":2,"":3}', False),
        ('{"é":1,"\\u00e9":2}', False),
        ('{"\\ud83d\\ude00":1,"😀":2}', False),
        ('{"\\ud83d\\ude00":1,"😁":2}', True),
        ('{"x":{"a":1},"a":{"a":1}}', True),
        ('{"x":{"a":1,"a":1}}', False),
        ('[{"a":1},{"a":1}]', True),
        ('{"ab":1,"a":2,"abc":3,"b":4}', True),
        ('{"ab":1,"a":2,"abc":3,"ab":4}', False),
        ('{"\\n":1,"\\u000A":2}', False),
        ('{"/":1,"\\/":2}', False),
    ],
)
@pytest.mark.parametrize(
    "schema", [{}, {"properties": {"abc": True, "😀x": True}}, {"patternProperties": {"q": {}}}], ids=str
)
def test_any_spelling(schema, text, wanted):
    assert compiled(schema).accepts(text) == wanted


def test_every_beginning_of_an_infinite_language_lives():
    matcher = compiled({"type": "object", "minProperties": 4}).matcher()
    assert matcher.advance_bytes('{"a":1,"ab":2,"é":3,"'.encode())
    for beginning in ("a", "ab", "é", "\\u00e", "\\u0061", "\\u0061b", "aé"):
        fork = matcher.fork()
        assert fork.advance_bytes(beginning.encode())
        assert len(json.loads(fork.text_bytes + fork.completion())) == 4
    assert not matcher.fork().advance_bytes(b'\\u0061b"')


LANGUAGES = [
    ({"propertyNames": {"enum": ["a", "ab", "b"]}}, {"a", "ab", "b"}),
    ({"propertyNames": {"maxLength": 1, "pattern": "^[abé]*$"}}, {"", "a", "b", "é"}),
    ({"patternProperties": {"^[ab]c?$": {}}, "additionalProperties": False}, {"a", "ac", "b", "bc"}),
    (
        {"patternProperties": {"^[ab]$": {}, "^é?$": False}, "properties": {"b": {}}, "additionalProperties": False},
        {"a", "b"},
    ),
]
LETTERS = "abcé"


def finishes(names, used, low, high, required):
    """Whether an object with some of these names can still be closed."""
    most = min(high, len(names))
    return max(low, len(used | required)) <= most and required <= names


def reference(names, bounds, required, members):
    """How many of some members may come, one after the other, and whether the object may end behind the last."""
    low, high = bounds
    used = set()
    for place, name in enumerate(members):
        if name in used or name not in names or not finishes(names, used | {name}, low, high, required):
            return place, False
        used.add(name)
    return len(members), low <= len(used) <= high and required <= used


@pytest.mark.parametrize(("schema", "names"), LANGUAGES, ids=str)
@pytest.mark.parametrize("bounds", [(0, 9), (2, 9), (3, 3), (0, 2), (4, 4)], ids=str)
@pytest.mark.parametrize("required", [(), ("b",)], ids=str)
def test_few_names(schema, names, bounds, required):
    """Every prefix of every object over a small language of names, brute force: refused exactly where none is left."""
    low, high = bounds
    schema = {"type": "object", "minProperties": low, "maxProperties": high, "required": list(required), **schema}
    if not finishes(names, set(), low, high, set(required)):
        with pytest.raises(SchemaError, match="nothing satisfies"):
            compiled(schema)
        return
    constraint = compiled(schema)
    machine = constraint.machine
    objects = [members for count in range(3) for members in product(sorted(names | {"c"}), repeat=count)]
    for members in objects:
        text = "{" + ",".join(f'"{name}":0' for name in members)
        fits, closes = reference(names, bounds, set(required), members)
        config, _ = machine.advance_bytes(constraint.start, text.encode())
        assert bool(config) == (fits == len(members)), text
        if not config:
            continue
        assert constraint.accepts(text + "}") == closes, text
        assert constraint.accepts(text.encode() + constraint.completer.shortest(config)), text
        more = {
            name for name in names if reference(names, bounds, set(required), (*members, name))[0] == len(members) + 1
        }
        comma = "," if members else ""
        for beginning in ("".join(letters) for length in range(3) for letters in product(LETTERS, repeat=length)):
            prefix = text + comma + '"' + beginning
            after, _ = machine.advance_bytes(constraint.start, prefix.encode())
            assert bool(after) == any(name.startswith(beginning) for name in more), prefix
            if after:
                finish = constraint.completer.shortest(after)
                assert constraint.accepts(prefix.encode() + finish), (prefix, finish)
            half, _ = machine.advance_bytes(constraint.start, prefix.encode() + b"\\u00e")
            assert bool(half) == any(re.match(re.escape(beginning) + "é", name) for name in more), prefix
            assert bool(machine.advance_bytes(constraint.start, prefix.encode() + b'":')[0]) == (beginning in more)


@pytest.mark.parametrize("options", [{}, {"property_order": "schema"}, {"spelling": "plain"}], ids=str)
@pytest.mark.parametrize(
    "schema",
    [{"type": "object"}, {"properties": {"ab": {}, "b": {}}}, *(schema for schema, _ in LANGUAGES)],
    ids=str,
)
def test_masks_are_exact(schema, options):
    """Every token tried byte by byte, those with two keys in them too."""
    constraint = compiled(schema, **options)
    first, end = VOCABULARY.doubtful_tokens[:2]
    assert {VOCABULARY.token_bytes(token) for token in VOCABULARY.doubtful_tokens[first:end]} >= {
        b'":0,"a',
        b'a":0,"a":0',
    }
    table = TokenTable(VOCABULARY)
    machine = constraint.machine
    texts = [
        "",
        "{",
        '{"',
        '{"a',
        '{"a"',
        '{"a":',
        '{"a":0',
        '{"a":0,',
        '{"a":0,"',
        '{"a":0,"a',
        '{"ab":0,"',
        '{"ab":0,"a',
    ]
    texts += ['{"b":0,"a":0,"', '{"é":0,"', '{"é":0,"\\u00', '{"a":{"a":0', '{"a":0,"\\u006', '{"":0,"']
    checked = 0
    for text in texts:
        config, _ = machine.advance_bytes(constraint.start, text.encode())
        if not config:
            continue
        checked += 1
        mask = machine.mask(config, np.empty(machine.words, np.uint32))
        wanted = mask_by_steps(table, config, machine.step, accepting=machine.accepting(config))
        assert differences(table, mask, wanted) == [], text
        targets = machine.successors(config)
        assert set(np.flatnonzero(targets)) == set(np.flatnonzero(wanted)) - set(VOCABULARY.eos_ids), text
    assert checked > 6


def test_many_keys():
    rng = random.Random(1)
    names = [f"{rng.randrange(10**9)}é{number}" for number in range(3_000)]
    constraint = compiled({"type": "object", "additionalProperties": {"type": "integer"}})
    text = json.dumps(dict.fromkeys(names, 1), ensure_ascii=False)
    assert constraint.accepts(text)
    for name in rng.sample(names, 20):
        assert not constraint.accepts(text[:-1] + f', "{name}": 1' + "}")
        assert constraint.accepts(text[:-1] + f', "{name}x": 1' + "}")
    one = constraint.machine.advance_bytes(constraint.start, text[:-1].encode())
    shuffled = json.dumps(dict.fromkeys(rng.sample(names, len(names)), 1), ensure_ascii=False)
    assert constraint.machine.advance_bytes(constraint.start, shuffled[:-1].encode()) == one


def test_budgets_and_few_masks():
    constraint = compiled({"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}})
    matcher = constraint.matcher()
    before = constraint.machine.arena.get(Scalar.MASKS_BUILT)
    assert matcher.advance_bytes(b'{"')
    for letter in b"xyzxyzxyz":
        matcher.mask()
        assert matcher.advance_bytes(bytes([letter]))
    assert constraint.machine.arena.get(Scalar.MASKS_BUILT) == before + 2  # one before the first letter, one behind
    matcher = constraint.matcher()
    budget = len(matcher.shortest_tokens())
    while not matcher.accepting:
        mask = matcher.mask(budget=budget)
        token = next(token for token in range(len(VOCABULARY)) if mask[token >> 5] >> (token & 31) & 1)
        assert matcher.advance(token)
        budget -= 1
    assert len(json.loads(matcher.text_bytes)) == 3


def test_used_names_are_counted_and_read_back():
    vocabulary = toy_vocabulary()
    schema = {"properties": {"id": {}}}
    for keys in ([], ["a"], ["a", "b", "id"], ["aé", "a", "", "日本", "ab"], [f"k{n}" for n in range(90)]):
        matcher = engine.compile(schema=schema, vocabulary=vocabulary, whitespace="compact").matcher()
        assert matcher.advance_bytes(b"{" + b",".join(b'"%b":1' % key.encode() for key in keys))
        matcher.advance_bytes(b",") if keys else None
        machine = matcher.constraint.machine
        names = machine.fields(matcher.config)[3]
        used = used_names(machine, names)
        assert sorted(name for name in used if name is not None) == sorted(set(keys) - {"id"})
        assert count_names(machine, names) == len(used)
