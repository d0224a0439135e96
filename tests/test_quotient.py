"""Masks of patterns through characters and classes of characters, against walks byte by byte."""

from __future__ import annotations

import json
import random
import unicodedata

import numpy as np
import pytest
from tests.oracles.masks import TokenTable, bits, differences, mask_by_steps
from tests.real_vocabularies import BYTES, load_table

from gramarye import GramaryeError, Vocabulary, engine
from gramarye.kernels.coarse_classes import (
    COARSE,
    COARSE_BITS,
    COARSE_BOUNDS,
    COARSE_CLASSES,
    NO_CLASS,
    NON_ASCII,
)
from gramarye.kernels.columns import Column, Scalar
from gramarye.kernels.letters import CHARACTER, build_letter_trie
from gramarye.kernels.opcodes import Op
from gramarye.kernels.records import CHAR_DFA_FIELDS, CharDfaField

PIECES = [
    *(letter.encode() for letter in "aabcdexyzABZ0159 -_./:,\x7fé߿日本語😀\u2028\u00a0"),
    b"\\n",
    b"\\t",
    b'\\"',
    b"\\\\",
    b"\\/",
    b"\\u0041",
    b"\\u00e9",
    b"\\u2028",
    b"\\ud83d\\ude00",
]
ENDS = [
    *(b"", b"", b"", b'"', b'"', b'",', b'"}', b'" ', b'":'),
    *(b"\\", b"\\u", b"\\u0", b"\\u00", b"\\u00e", b"\\u2", b"\\ud", b"\\ud83d", b"\\ud83d\\u", b"\\ud83d\\ude0"),
    *(b"\xc3", b"\xe6", b"\xe6\x97", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x98", b"\x80", b"\n", b"\xff"),
]
PATTERNS = [
    "^[a-z]+$",
    "^[^,]*$",
    "^.*$",
    "b",
    "^(a|b)*c$",
    "^(?!x)[a-z ]+$",
    "^[a-cé]+-?[0-9]*$",
    "a.*[日-月]",
    "^[\\x00-\\x1f]*$",
    "^[\\ud83d\\ude00a-z]*$",
    "^([a-z]+[ -])*[A-Z]",
    "^[^\\u2028\\u00a0]*$",
    '^["\\\\/a]*$',
    "^\\S+$",
]
BOUNDS = [{}, {"maxLength": 5}, {"maxLength": 40}, {"minLength": 3}, {"minLength": 2, "maxLength": 30}]


def toy(seed: int, count: int = 2500) -> Vocabulary:
    """Random tokens; some spelled in several ways, some of equal bytes."""
    rng = random.Random(f"quotient {seed}")
    tokens = [*BYTES, b"a" * 300, b"a" * 299 + b"b", b"a" * 280 + b'"']
    tokens += [b"".join(rng.choices(PIECES, k=rng.randrange(1, 7))) + rng.choice(ENDS) for _ in range(count)]
    return Vocabulary.from_bytes([*tokens, *rng.sample(tokens, 50), b""], eos_ids=[len(tokens) + 50])


@pytest.fixture(scope="module", name="table")
def _table():
    return TokenTable(toy(0))


def wander(machine, config, rng, count):
    """Configurations of a PATTERN on random ways from one."""
    found = {config}
    for _ in range(count):
        at = config
        for _ in range(rng.choice((1, 2, 4, 9, 30))):
            live = [byte for byte in machine.live_bytes(at) if byte != ord('"')]
            if not live:
                break
            at = machine.step(at, rng.choice(live))
        if machine.fields(at)[0] is Op.PATTERN:
            found.add(at)
    return sorted(found)


def opened(pattern, vocabulary, bounds, *, budget=None, **options):
    """Machine and configuration behind the opening quotation mark; ``budget`` 0: walks by classes alone."""
    schema = {"type": "array", "items": {"type": "string", "pattern": pattern, **bounds}}
    machine = (constraint := engine.compile(schema=schema, vocabulary=vocabulary, **options)).machine
    if budget is not None:
        machine.arena.set(Scalar.LETTER_BUDGET, budget)
    config, _ = machine.advance_bytes(constraint.start, b'["')
    return machine, config


def mask_of(machine, config):
    return machine.mask(config, np.empty(machine.words, np.uint32))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("options", [{}, {"budget": 0}, {"budget": 0, "spelling": "plain"}], ids=str)
def test_toy_vocabulary(table, pattern, options):
    rng = random.Random(pattern)
    walks = 0
    for bounds in BOUNDS:
        machine, start = opened(pattern, table.vocabulary, bounds, **options)
        if machine.fields(start)[0] is not Op.PATTERN:
            continue
        for config in wander(machine, start, rng, 5):
            wanted = mask_by_steps(table, config, machine.step, accepting=False)
            assert differences(table, mask_of(machine, config), wanted)[:5] == [], machine.fields(config)
        walks += machine.arena.get(Scalar.QUOTIENTS)
    assert walks > 0 or "budget" not in options


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns(seed):
    rng = random.Random(seed)
    table = TokenTable(toy(seed + 1))
    checked = 0
    while checked < 25:
        atoms = ["[a-z]", "[^a]", ".", "a", "\\d", "[é-日]", "[A-Za-z0-9]", "\\s", "-", "(a|[^b-x])", "[aeiou]"]
        parts = [rng.choice(atoms) + rng.choice(("", "*", "+", "?", "{2,5}", "{0,40}")) for _ in range(3)]
        pattern = rng.choice(("", "^")) + "".join(parts) + rng.choice(("", "$"))
        try:
            machine, start = opened(pattern, table.vocabulary, rng.choice(BOUNDS), budget=rng.choice((0, 200)))
        except GramaryeError:
            continue
        if machine.fields(start)[0] is not Op.PATTERN:
            continue
        for config in wander(machine, start, rng, 3):
            wanted = mask_by_steps(table, config, machine.step, accepting=False)
            assert differences(table, mask_of(machine, config), wanted)[:5] == [], (pattern, machine.fields(config))
            checked += 1


REAL = [
    ("^[A-Za-z0-9_.-]+$", {}),
    ("^[^,]*$", {"maxLength": 60}),
    ("SIGNER", {}),
    ("^(?!x)[a-z]+( [a-z]+)*$", {"minLength": 3, "maxLength": 20}),
    ("^.*\\.[dD][lL][lL]$", {"maxLength": 200}),
    ("^[0-9a-f]{40}$", {}),
    ("^\\p{L}+$", {}),
]


@pytest.mark.parametrize(("pattern", "bounds"), REAL)
def test_real_vocabularies(real_tokenizer_json, pattern, bounds):
    vocabulary = load_table(real_tokenizer_json).vocabulary
    machine, start = opened(pattern, vocabulary, bounds)
    for config in wander(machine, start, random.Random(pattern), 4):
        wanted = machine.successors(config) != 0
        found = bits(mask_of(machine, config), len(vocabulary))
        assert np.flatnonzero(found != wanted)[:5].tolist() == [], machine.fields(config)


@pytest.mark.parametrize("pattern", ["^[^,]*$", "SIGNER", "^[A-Za-z0-9_.-]+$", "^.*$"])
@pytest.mark.parametrize("bounds", [{}, {"minLength": 1, "maxLength": 50}])
def test_permissive_states_visit_few_nodes(llama3_1_json, pattern, bounds):
    """A tenth of the vocabulary's 265,000 nodes of bytes."""
    vocabulary = load_table(llama3_1_json).vocabulary
    machine, config = opened(pattern, vocabulary, bounds)
    before = machine.arena.get(Scalar.VISITED)
    mask_of(machine, config)
    assert machine.arena.get(Scalar.QUOTIENTS) == 1
    assert machine.arena.get(Scalar.VISITED) - before < 1500 + vocabulary.tables.class_trie.size + 1500
    assert vocabulary.tables.class_trie.size < 12_000


def test_large_automata_make_room(table):
    """Several automata do not fit the first allocation; masks are the same before and after it grows."""
    patterns = [f"^([a-z]{{{n}}}[A-Z ]{{0,3}}x?.{{{n}}}[0-9é]){{20}}$" for n in range(3, 7)]
    schema = {"type": "object", "properties": {str(n): {"pattern": pattern} for n, pattern in enumerate(patterns)}}
    constraint = engine.compile(schema=schema, vocabulary=table.vocabulary)
    machine = constraint.machine
    machine.arena.set(Scalar.LETTER_BUDGET, 0)
    room = machine.arena.column(Column.QUOTIENT).size
    for n, pattern in enumerate(patterns):
        config, _ = machine.advance_bytes(constraint.start, f'{{"{n}":"'.encode())
        alone, start = opened(pattern, table.vocabulary, {}, budget=0)
        for text in (b"", b"a", b"aaaa", b"aaax"):
            here, there = machine.advance_bytes(config, text)[0], alone.advance_bytes(start, text)[0]
            assert bool(here) == bool(there)
            if here:
                wanted = mask_by_steps(table, here, machine.step, accepting=False)
                assert differences(table, mask_of(machine, here), wanted)[:5] == []
                wanted = mask_by_steps(table, there, alone.step, accepting=False)
                assert differences(table, mask_of(alone, there), wanted)[:5] == []
    assert machine.arena.column(Column.QUOTIENT).size > room


def test_states_that_only_acceptance_tells_apart_are_one(table):
    machine, config = opened("(foo|bar).*baz", table.vocabulary, {})
    dfa = machine.fields(config)[1]
    mask_of(machine, config)
    record = machine.arena.column(Column.CHAR_DFA)[dfa * CHAR_DFA_FIELDS + CharDfaField.QUOTIENT]
    quotients = machine.arena.column(Column.QUOTIENT)
    merged = quotients[quotients[record + 128] + 1]
    states = machine.arena.column(Column.CHAR_DFA)[dfa * CHAR_DFA_FIELDS + CharDfaField.STATES]
    assert states > 8
    assert quotients[merged : merged + states].tolist() == [0, *[1] * (states - 1)]


def test_vocabularies_without_strings():
    for tokens in ([b'"'], [b"\n", b'"', b"\xff"], [b'a"', b"\\"], [b"a", b"", b'"']):
        vocabulary = Vocabulary.from_bytes([*tokens, b"{}[]", b'[""]', b'["a"]'], eos_ids=())
        table = TokenTable(vocabulary)
        machine, config = opened("^a*[^b]?", vocabulary, {})
        wanted = mask_by_steps(table, config, machine.step, accepting=False)
        assert differences(table, mask_of(machine, config), wanted) == []


def spelled_letters(token: bytes) -> tuple[list[int] | None, bool]:
    """Whole characters that a token is, or begins with before a quotation mark; None if there is more to it."""
    for end in range(len(token), -1, -1):
        if b'"' in token[:end] and token[:end].count(b'\\"') < token[:end].count(b'"'):
            continue
        try:
            text = json.loads(b'"' + token[:end] + b'"')
        except ValueError:
            continue
        if end == len(token) or token[end : end + 1] == b'"':
            lone = any(0xD800 <= ord(char) < 0xE000 for char in text)
            return None if lone else [ord(char) for char in text], end < len(token)
    return None, False


def test_letters_of_tokens(table):
    tables = table.vocabulary.tables
    letters = {}
    for place, token in enumerate(tables.class_tokens.tolist()):
        letters[token] = tables.spelling[tables.spelling_starts[place] : tables.spelling_starts[place + 1]].tolist()
    for suffix, token in enumerate(tables.suffix_tokens.tolist()):
        quote = tables.suffix_quote[suffix]
        letters[token] = tables.quote_letters[tables.quote_starts[quote] : tables.quote_starts[quote + 1]].tolist()
    whole = 0
    for token in range(len(table.vocabulary)):
        expected, closes = spelled_letters(table.vocabulary.token_bytes(token))
        if expected is None or not table.vocabulary.token_bytes(token):
            continue
        assert letters[token] == [CHARACTER + code for code in expected], table.vocabulary.token_bytes(token)
        assert (token in set(tables.suffix_tokens.tolist())) == closes
        whole += 1
    assert whole > 500
    inside = np.zeros(tables.string_mask.size, np.uint32)
    np.bitwise_or.at(inside, tables.class_tokens >> 5, np.uint32(1) << (tables.class_tokens & 31).astype(np.uint32))
    assert np.array_equal(inside, tables.string_mask)
    assert sorted(tables.letter_tokens) == sorted(tables.class_tokens)


def test_tries_against_dictionaries():
    rng = random.Random(7)
    texts = sorted([rng.choice("abc\u00ff") for _ in range(rng.randrange(1, 6))] for _ in range(200))
    starts = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    trie, ends = build_letter_trie(np.array([ord(c) for text in texts for c in text], np.int32), starts)
    prefixes = sorted({tuple(text[:n]) for text in texts for n in range(len(text) + 1)})
    assert len(trie) == len(prefixes)
    for i, prefix in enumerate(prefixes):
        node = int(trie[i])
        assert (node >> 24) & 0xFFF == len(prefix)
        assert node >> 36 == sum(other[: len(prefix)] == prefix for other in prefixes)
        if prefix:
            assert chr(node & 0xFFFFFF) == prefix[-1]
        assert [tuple(text) for text in texts[ends[i] : ends[i + 1]]] == [t for t in map(tuple, texts) if t == prefix]


def test_dense_masks_are_the_tokens_of_their_nodes():
    vocabulary = Vocabulary.from_bytes([*BYTES, *(f"{a}{b}".encode() for a in range(10, 99) for b in range(10))], ())
    tables = vocabulary.tables
    nodes = np.flatnonzero(tables.class_dense >= 0)
    assert nodes.size == 1
    here = tables.class_tokens[tables.class_ends[nodes[0]] : tables.class_ends[nodes[0] + 1]]
    found = bits(tables.dense_masks[tables.class_dense[nodes[0]]], 32 * tables.dense_masks.shape[1])
    assert np.flatnonzero(found).tolist() == sorted(here.tolist())
    assert len(here) == 890


def test_coarse_classes_are_a_partition_of_the_characters():
    codes = np.arange(0x110000)
    classes = COARSE_CLASSES[np.searchsorted(COARSE_BOUNDS, codes, side="right") - 1]
    assert set(classes.tolist()) == {*range(COARSE), NO_CLASS}
    assert codes[classes == NO_CLASS].tolist() == list(range(0xD800, 0xE000))
    assert codes[classes < NON_ASCII].tolist() == list(range(128))
    assert [1 << int(cls) for cls in classes[:128]] == COARSE_BITS.tolist()
    spaces = [code for code in range(128, 0x110000) if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp")]
    apart = set(classes[[*spaces, 0xFEFF]].tolist())
    assert set(codes[np.isin(classes, list(apart))].tolist()) == {*spaces, 0xFEFF}


KEYED = [
    {"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"patternProperties": {"^[a-z]+$": {"type": "integer"}}, "additionalProperties": False},
    {"patternProperties": {"b": {"type": "null"}, "^a": True}, "properties": {"abc": {}, "x1": {"const": 1}, "é": {}}},
    {"properties": {"a": {}, "b c": {}, "日本": {}}, "propertyNames": {"pattern": "^[^z]*$", "maxLength": 9}},
    {"propertyNames": {"pattern": "^[ab]c?$"}, "properties": {"zz": {}}, "additionalProperties": {"type": "boolean"}},
    {"patternProperties": {"^[ab]$": {}}, "additionalProperties": False, "properties": {"ax": {}, "c\\d": {}}},
]
KEY_TEXTS = ['{"', '{"a', '{"x-', '{"b":null,"', '{"a":1,"', '{"a":1,"a', '{"x1":1,"', '{"é', '{"日', '{"z', '{"b c"']


@pytest.mark.parametrize("members", KEYED, ids=str)
@pytest.mark.parametrize("options", [{}, {"spelling": "plain"}], ids=str)
def test_keys_that_an_automaton_reads_along(table, members, options):
    vocabulary = table.vocabulary
    constraint = engine.compile(schema={"type": "object", **members}, vocabulary=vocabulary, **options)
    machine = constraint.machine
    checked = 0
    for budget in (1500, 0):
        machine.arena.set(Scalar.LETTER_BUDGET, budget)
        for text in KEY_TEXTS:
            config, _ = machine.advance_bytes(constraint.start, text.encode())
            if not config:
                continue
            machine.arena.column(Column.CONFIG_MASK)[:] = -1
            wanted = mask_by_steps(table, config, machine.step, accepting=False)
            assert differences(table, mask_of(machine, config), wanted)[:5] == [], text
            checked += 1
    assert checked >= 4


def test_keys_of_a_permissive_automaton_visit_few_nodes(llama3_1_json):
    vocabulary = load_table(llama3_1_json).vocabulary
    schema = {"type": "object", "patternProperties": {"^x-": {}}, "properties": {"name": {}}}
    machine = (constraint := engine.compile(schema=schema, vocabulary=vocabulary)).machine
    config, _ = machine.advance_bytes(constraint.start, b'{"')
    before = machine.arena.get(Scalar.VISITED)
    found = bits(mask_of(machine, config), len(vocabulary))
    assert machine.arena.get(Scalar.VISITED) - before < 20_000
    assert np.flatnonzero(found != (machine.successors(config) != 0))[:5].tolist() == []
