"""Patterns with length bounds: the counts beside the state against the product automaton and against brute force."""

from __future__ import annotations

import json
import random
from itertools import product

import numpy as np
import pytest
from tests.oracles.masks import TokenTable, allowed_by, mask_by_steps
from tests.oracles.regex_patterns import ECMA_ALPHABET, ecma_pattern, texts
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import LimitError, RegexError, SchemaError
from gramarye.grammar.regex import CharDfa, compile_counted, compile_regex, intersect, is_empty
from gramarye.grammar.schema.lengths import NEVER, Bounded
from gramarye.grammar.schema.shortest_text import ShortestText, quote
from gramarye.kernels.columns import Column, Scalar
from gramarye.kernels.opcodes import Op

VOCABULARY = toy_vocabulary(
    b'a"', b"ab", b"bab", b"\\u00", b"\\ud8", b"\xc3\xa9", b"\xf0\x9f", b"aaaa", b'a":', b'ab"}'
)
TABLE = TokenTable(VOCABULARY)
BOUNDS = [(0, 0), (0, 1), (1, 2), (2, 2), (3, 5), (0, 7), (4, None), (9, 12), (11, None)]
PATTERNS = [
    "^(ab)*$",
    "^(?:aaa|aaaaa)*$",
    "a",
    "^a",
    "b$",
    "^[ab]+é*$",
    "^(a{7}|b{11})*$",
    "^(?:😀|ab)*$",
    '^["\\\\]*$',
    "^[\\x00-\\x1f]+a?$",
    "",
    "^.$|^(..)*b$",
]


def product_of(pattern: str, fewest: int, most: int | None) -> CharDfa:
    """The automaton of both."""
    bound = compile_regex(f"(?s:.{{{fewest},{'' if most is None else most}}})")
    return intersect(compile_regex(pattern, dialect="ecma", search=True), bound)


def schema_of(pattern: str, fewest: int, most: int | None) -> dict[str, object]:
    return {"type": "string", "pattern": pattern, "minLength": fewest} | ({} if most is None else {"maxLength": most})


def spelled(rng: random.Random, text: str) -> bytes:
    """A JSON string with each character in a random spelling."""
    parts = []
    for letter in text:
        units = letter.encode("utf-16-be").hex()
        escaped = "".join("\\u" + units[i : i + 4] for i in range(0, len(units), 4))
        plainly = json.dumps(letter, ensure_ascii=False)[1:-1]
        parts.append(rng.choice([plainly, plainly, escaped, escaped.upper().replace("U", "u")]))
    return b'"' + "".join(parts).encode() + b'"'


def random_text(rng: random.Random, automaton: CharDfa, longest: int = 40) -> str | None:
    """A random text of a trimmed automaton."""
    state, text = automaton.start, ""
    starts = automaton.bounds.tolist()
    ends = [*starts[1:], 0x110000]
    while not (automaton.accept[state] and (rng.random() < 0.2 or not automaton.trans[state].any())):
        live = [i for i, cls in enumerate(automaton.classes.tolist()) if automaton.trans[state, cls]]
        place = rng.choice(live)
        code = rng.choice([starts[place], ends[place] - 1, rng.randrange(starts[place], ends[place])])
        if 0xD800 <= code < 0xE000:
            continue
        text += chr(code)
        state = automaton.step(state, code)
        if len(text) > longest:
            return None
    return text


def check(rng: random.Random, pattern: str, fewest: int, most: int | None, **options: str) -> None:
    """The engine's language is the product's, and whatever it lets through it can finish."""
    joint = product_of(pattern, fewest, most)
    schema = schema_of(pattern, fewest, most)
    if is_empty(joint):
        with pytest.raises(SchemaError, match="nothing satisfies"):
            engine.compile(schema=schema, vocabulary=VOCABULARY, **options)
        return
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, **options)
    for text in texts(rng, ECMA_ALPHABET, 15, 8):
        data = quote(text) if options else spelled(rng, text)
        assert constraint.accepts(data) == joint.accepts(text), (pattern, fewest, most, text)
    for _ in range(6):
        text = random_text(rng, joint)
        if text is not None:
            data = quote(text) if options else spelled(rng, text)
            assert constraint.accepts(data), (pattern, fewest, most, data)
    machine = constraint.machine
    for _ in range(3):
        config, data = constraint.start, b""
        for _ in range(14):
            completion = constraint.completer.shortest(config)
            assert constraint.accepts(data + completion), (pattern, fewest, most, data, completion)
            assert joint.accepts(json.loads(data + completion)), (pattern, fewest, most, data, completion)
            live = machine.live_bytes(config)
            if not live or machine.accepting(config):
                break
            byte = rng.choice([b for b in live if b not in b" \t\r\n"])
            config, data = machine.step(config, byte), data + bytes([byte])


@pytest.mark.parametrize("options", [{}, {"spelling": "plain"}], ids=str)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_bounded_patterns_are_the_product(pattern, options):
    rng = random.Random(pattern)
    for fewest, most in BOUNDS:
        check(rng, pattern, fewest, most, **options)


@pytest.mark.parametrize("seed", range(6))
def test_random_bounded_patterns_are_the_product(seed):
    rng = random.Random(seed)
    for _ in range(25):
        fewest = rng.choice([0, 0, 1, 2, 3, 5, 8])
        check(rng, ecma_pattern(rng, rng.randint(1, 4)), fewest, rng.choice([None, fewest, fewest + rng.randint(0, 6)]))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_masks_allow_what_can_be_finished(pattern):
    rng = random.Random(pattern)
    for fewest, most in BOUNDS:
        joint = product_of(pattern, fewest, most)
        if is_empty(joint):
            continue
        constraint = engine.compile(schema=schema_of(pattern, fewest, most), vocabulary=VOCABULARY)
        machine, matcher = constraint.machine, constraint.matcher()
        for _ in range(8):
            allowed = allowed_by(matcher)
            found = mask_by_steps(TABLE, matcher.config, machine.step, accepting=matcher.accepting)
            assert allowed == set(np.flatnonzero(found).tolist())
            choices = sorted(allowed - constraint.end_tokens)
            if not choices:
                break
            assert matcher.advance(rng.choice(choices))


def brute_lengths(automaton: CharDfa, state: int, longest: int) -> set[int]:
    """Lengths up to ``longest`` of the texts that lead from a state to acceptance."""
    current, found = {state}, set()
    for length in range(longest + 1):
        if any(automaton.accept[one] for one in current):
            found.add(length)
        current = {int(target) for one in current for target in automaton.trans[one] if target}
    return found


@pytest.mark.parametrize("pattern", [*PATTERNS, "^(?:(?:a{6})*|(?:b{10})*|(?:c{15})*)$"])
def test_the_table_of_lengths_is_exact(pattern):
    automaton = compile_regex(pattern, dialect="ecma", search=True)
    horizon = 150
    known = [brute_lengths(automaton, state, horizon) for state in range(automaton.states)]
    for fewest, most in [*BOUNDS, (40, 44), (61, None)]:
        strings = Bounded.of(automaton, fewest, most)
        high = horizon if most is None else most
        for state, read in product(range(1, automaton.states), range(70)):
            expected = any(fewest <= read + length <= high + (read if most is None else 0) for length in known[state])
            if not strings.bounded:
                continue
            low, top = strings.fewest, strings.most
            assert strings.alive(state, read) == any(
                low <= read + length <= (NEVER if top is None else top) for length in known[state]
            ), (fewest, most, state, read)
            if (low, top) == (fewest, most):
                assert strings.alive(state, read) == expected
        assert strings.empty == (not any(fewest <= length <= high for length in known[automaton.start]))


def test_the_table_of_lengths_is_as_long_as_its_period_and_no_longer():
    strings = Bounded.of(compile_regex("(?:a{6}|b{10})*"), 100_000, 100_001)
    assert len(strings.slack.added) < 100
    assert strings.slack.period == 2
    assert strings.empty is False
    assert Bounded.of(compile_regex("(?:a{6}|b{10})*"), 100_001, 100_001).empty


@pytest.mark.parametrize(
    ("pattern", "fewest", "most", "expected"),
    [
        ("^[a-z]{1,5}$", 0, 5, (0, None)),
        ("^[a-z]{1,5}$", 1, 100, (0, None)),
        ("^[a-z]{1,5}$", 2, 100, (2, None)),
        ("^[a-z]{1,5}$", 0, 4, (0, 4)),
        ("a", 1, None, (0, None)),
    ],
)
def test_bounds_that_say_nothing_are_dropped(pattern, fewest, most, expected):
    strings = Bounded.of(compile_regex(pattern, dialect="ecma", search=True), fewest, most)
    assert (strings.fewest, strings.most) == expected


@pytest.mark.parametrize(
    ("pattern", "fewest", "most", "expected"),
    [
        ("^[^\\x20-\\x7e]*$", 2, None, "\x7f\x7f"),
        ("^.+$", 3, 5, "aaa"),
        ("^(?:aaa|😀)$", 0, None, "aaa"),
        ("^(?:aaa|😀)$", 0, 2, "😀"),
        ("^(?:(?:aaa)*|(?:é)*)$", 4, None, "aaaaaa"),
        ("^(?:(?:aaa)*|(?:é)*)$", 4, 5, "éééé"),
        ("^(?:\n|\\x01|Z)$", 1, 1, "Z"),
        ("^(?:\n|\\x01)$", 1, 1, "\n"),
        ("^(?:a{9}b|[é]{5})c*$", 7, 9, "ééééécc"),
    ],
)
def test_the_shortest_text_counts_bytes_and_keeps_the_bounds(pattern, fewest, most, expected):
    strings = Bounded.of(compile_regex(pattern, dialect="ecma", search=True), fewest, most)
    assert ShortestText(strings).shortest() == expected


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_of_the_product_is_shorter(pattern):
    """Against all texts of the product over a few letters."""
    letters = 'ab"é😀\n\x01'
    for fewest, most in [(0, 2), (1, 3), (2, 4), (3, None), (4, 4)]:
        strings = Bounded.of(compile_regex(pattern, dialect="ecma", search=True), fewest, most)
        accepted = [
            "".join(text)
            for length in range(fewest, min(most or 5, 5) + 1)
            for text in product(letters, repeat=length)
            if strings.automaton.accepts("".join(text))
        ]
        found = ShortestText(strings).shortest()
        if found is None:
            assert not accepted
            continue
        assert strings.automaton.accepts(found)
        assert fewest <= len(found) <= (len(found) if most is None else most)
        assert len(quote(found)) <= min((len(quote(text)) for text in accepted), default=10**9)


@pytest.mark.parametrize(
    ("pattern", "fewest", "most"),
    [
        ("^[a-z]{1,30000}$", 1, 30000),
        ("^#[0-9a-f]{2,30000};$", 4, 30002),
        ("^(?:ab|cd){3,400}$", 6, 800),
        ("^x{300}$", 300, 300),
        (f"^{'.' * 60}$", 60, 60),
        ("^.{500,}$", 500, None),
        ("^(?:[0-9]{2}:){1,200}[0-9]{2}$", 5, 602),
    ],
)
def test_long_repeats_are_counted(pattern, fewest, most):
    counted = compile_counted(pattern)
    assert (counted.fewest, counted.most) == (fewest, most)
    assert counted.automaton.states < 20
    if (most or fewest) > 20_000:
        return
    whole = compile_regex(pattern, dialect="ecma", search=True)
    rng = random.Random(pattern)
    for _ in range(5):
        text = random_text(rng, whole, 1000) or ""
        for one in (text, text[:-1], text + text[-1:], text * 2):
            assert counted.accepts(one) == whole.accepts(one), one


@pytest.mark.parametrize(
    "pattern", ["^[a-z]{1,30}$", "^a{1,300}b*$", "[a-z]{1,300}$", "^a{1,300}|b$", "^(?=a)a{1,300}$"]
)
def test_other_repeats_are_unrolled(pattern):
    counted = compile_counted(pattern)
    assert (counted.fewest, counted.most) == (0, None)
    assert counted.automaton == compile_regex(pattern, dialect="ecma", search=True)


@pytest.mark.parametrize("seed", range(4))
def test_counted_patterns_mean_what_the_patterns_mean(seed):
    rng = random.Random(seed)
    for _ in range(150):
        pattern = ecma_pattern(rng, 2)
        low = rng.choice([0, 1, 30, 70])
        high = rng.choice(["", low, low + 40])
        pattern = f"^{rng.choice(['', 'a', '(?:ab|c.)'])}(?:{pattern}){{{low},{high}}}{rng.choice(['', 'b', 'a?'])}$"
        try:
            whole = compile_regex(pattern, dialect="ecma", search=True)
            counted = compile_counted(pattern)
        except (RegexError, LimitError):
            continue
        joint = Bounded.of(counted.automaton, counted.fewest, counted.most)
        most = "" if joint.most is None else joint.most
        assert intersect(joint.automaton, compile_regex(f"(?s:.{{{joint.fewest},{most}}})")) == whole, pattern


def test_a_pattern_that_is_over_is_any_string():
    schema = {"type": "string", "pattern": "[0-9]", "maxLength": 9}
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY)
    machine = constraint.machine
    config, _ = machine.advance_bytes(constraint.start, b'"abc')
    assert machine.fields(config)[0] is Op.PATTERN
    config, _ = machine.advance_bytes(config, b"7")
    assert machine.fields(config)[0] is Op.STRING
    assert machine.fields(config)[2] == 4
    twice, _ = machine.advance_bytes(constraint.start, b'"7abc')
    assert config == twice


def test_counts_end_where_they_no_longer_matter():
    schema = {"type": "string", "pattern": "^(?:a*|b{1,3})$", "minLength": 2, "maxLength": 50}
    machine = (constraint := engine.compile(schema=schema, vocabulary=VOCABULARY)).machine
    state = machine.fields(machine.advance_bytes(constraint.start, b'"bb')[0])[2]
    assert state >> 32 == 0
    state = machine.fields(machine.advance_bytes(constraint.start, b'"aa')[0])[2]
    assert state >> 32 == 3
    schema = {"type": "string", "pattern": "^a*$", "minLength": 2}
    machine = (constraint := engine.compile(schema=schema, vocabulary=VOCABULARY)).machine
    assert machine.advance_bytes(constraint.start, b'"aa') == machine.advance_bytes(constraint.start, b'"aa')
    assert machine.advance_bytes(constraint.start, b'"aa')[0] == machine.advance_bytes(constraint.start, b'"aaaa')[0]


def test_masks_far_from_the_bounds_are_shared():
    schema = {"type": "string", "pattern": "^[a-z]+$", "maxLength": 500}
    matcher = engine.compile(schema=schema, vocabulary=VOCABULARY).matcher()
    machine = matcher.constraint.machine
    assert matcher.advance_bytes(b'"' + b"a" * 100)
    first = matcher.mask()
    built = machine.arena.get(Scalar.MASKS_BUILT)
    for _ in range(390):
        assert matcher.advance_bytes(b"b")
        assert np.array_equal(matcher.mask(), first)
    assert machine.arena.get(Scalar.MASKS_BUILT) == built
    near = []
    while matcher.advance_bytes(b"c"):
        near.append(matcher.mask().tobytes())
    assert len(near) == 10
    assert len(set(near)) > 3
    assert allowed_by(matcher) == {
        token for token in range(len(VOCABULARY)) if VOCABULARY.token_bytes(token).startswith(b'"')
    } - {token for token in range(len(VOCABULARY)) if VOCABULARY.token_bytes(token)[1:].strip()}


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^$|(^(?:\\S+\\s+){0,99}\\S+$)", "minLength": 1, "maxLength": 5000},
        {"pattern": "^data:image/(jpg|png);base64,[0-9a-zA-Z+/=]*$", "maxLength": 32767},
        {"pattern": "^(?:[a-z]+\\.){2,}[a-z]+$", "minLength": 1000, "maxLength": 100_000},
        {"pattern": "^[a-z]{1,30000}$", "not": {"pattern": "xyz"}},
    ],
    ids=str,
)
def test_bounds_in_the_thousands_cost_a_table_and_no_product(schema):
    constraint = engine.compile(schema={"type": "string", **schema}, vocabulary=VOCABULARY)
    tables = (Column.CHAR_TRANS, Column.CHAR_LENGTH)
    assert sum(constraint.machine.arena.column(table).nbytes for table in tables) < 1 << 20
    text = json.loads(constraint.completer.shortest(constraint.start))
    assert constraint.accepts(json.dumps(text))
    assert schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 30_000)
    assert constraint.machine.arena.get(Scalar.CONFIGS) < 200_000


def test_a_table_that_is_too_large_is_a_typed_error():
    pattern = (
        "^(?:"
        + "|".join(f"(?:{c}{{{n}}})*" for c, n in zip("abcdef", (97, 101, 103, 107, 109, 113), strict=True))
        + ")$"
    )
    with pytest.raises(LimitError, match="minLength"):
        engine.compile(schema={"type": "string", "pattern": pattern, "minLength": 900_000}, vocabulary=VOCABULARY)
