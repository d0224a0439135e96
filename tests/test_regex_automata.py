"""What every automaton of the regex front end promises: canonical form, limits, lazy tables, exact UTF-8."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest
from tests.oracles.regex_automata import assert_canonical, differs_from_interegular
from tests.oracles.regex_patterns import PYTHON_ALPHABET, SCALARS, python_pattern, texts

from gramarye.errors import LimitError, RegexError
from gramarye.grammar.regex import CharDfa, RegexLimits, compile_nfa, compile_regex, to_bytes

HOSTILE = "^(a|b)*a(a|b){24}$"


def random_dfas(seed: int, count: int, **options: bool) -> list[tuple[str, CharDfa]]:
    """Random patterns that both `re` and this package accept, with their automata, some of them searching."""
    rng = Random(seed)
    found: list[tuple[str, CharDfa]] = []
    while len(found) < count:
        pattern = python_pattern(rng, rng.randint(1, 5), **options)
        try:
            re.compile(pattern)
        except re.error:
            continue
        found.append((pattern, compile_regex(pattern, search=rng.random() < 0.5)))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_automata_are_minimal_trimmed_and_canonical(seed):
    for _, dfa in random_dfas(seed, 100):
        assert_canonical(dfa)
        assert_canonical(to_bytes(dfa))


@pytest.mark.parametrize("seed", range(3))
def test_languages_equal_those_of_interegular(seed):
    rng = Random(seed)
    sample = "[ab] [^a] [a-c] [^b-d] . a b \\n - é".split(" ")

    def pattern(depth: int) -> str:
        if depth == 0:
            return rng.choice(sample)
        inner = [pattern(depth - 1) for _ in range(2)]
        bounds = rng.choice(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])
        return rng.choice([inner[0] + inner[1], f"(?:{inner[0]}|{inner[1]})", f"(?:{inner[0]}){bounds}"])

    for _ in range(80):
        text = pattern(rng.randint(1, 4))
        assert differs_from_interegular(compile_regex(text), text) is None, text


def test_equal_languages_give_equal_tables():
    for left, right in [("(a|b)*", "[ab]*"), ("a+?", "aa*"), ("a{2,3}", "aa|aaa"), ("[^\\n]", "."), ("a(?!b)c", "ac")]:
        assert compile_regex(left) == compile_regex(right), (left, right)
    assert compile_regex("a") != compile_regex("b")
    assert compile_regex("a") != compile_regex("aa")


def test_the_table_of_the_module_docstring():
    dfa = compile_regex("a+b")
    assert dfa.bounds.tolist() == [0, 97, 98, 99]
    assert dfa.classes.tolist() == [0, 1, 2, 0]
    assert dfa.trans.tolist() == [[0, 0, 0], [0, 2, 0], [0, 2, 3], [0, 0, 0]]
    assert dfa.accept.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_nfas_have_the_language_of_the_dfa(seed):
    rng = Random(seed)
    for _ in range(60):
        pattern = python_pattern(rng, rng.randint(1, 4), assertions=rng.random() < 0.3)
        search = rng.random() < 0.5
        try:
            re.compile(pattern)
        except re.error:
            continue
        nfa = compile_nfa(pattern, search=search)
        dfa = compile_regex(pattern, search=search)
        assert nfa.follow_list.dtype == np.int32
        for text in texts(rng, PYTHON_ALPHABET + "\ud800", 25):
            assert nfa.accepts(text) == dfa.accepts(text), (pattern, search, text)


def test_hostile_patterns_hit_a_limit_but_run_lazily():
    with pytest.raises(LimitError) as caught:
        compile_regex(HOSTILE, search=True)
    assert "compile_nfa" in (caught.value.hint or "")
    nfa = compile_nfa(HOSTILE, search=True)
    rng = Random(3)
    for _ in range(40):
        text = "".join(rng.choices("ab", k=rng.randint(0, 60)))
        assert nfa.accepts(text) == (len(text) >= 25 and text[-25] == "a")


@pytest.mark.parametrize("pattern", ["(((a{1,100}){1,100}){1,100}){1,100}", "a{30000}", "(?:a|(?:bc){1,99999999})"])
def test_repeats_that_cannot_be_unrolled_are_a_limit(pattern):
    with pytest.raises(LimitError, match="positions") as caught:
        compile_regex(pattern)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("a{1,5000}", ["a", "a" * 5000], ["", "a" * 5001]),
        ("(ab|c){0,500}", ["", "abc" * 250, "c" * 500], ["c" * 501, "a"]),
        ("(?:){1000000000}", [""], ["a"]),
        (r"(?:\b){999999999}a", ["a"], [""]),
        ("(?:a?){300}", ["", "a" * 300], ["a" * 301]),
        ("[^\\W]{0,2000}-", ["é" * 2000 + "-"], ["é" * 2001 + "-"]),
    ],
)
def test_large_repeats(pattern, inside, outside):
    dfa = compile_regex(pattern)
    assert [len(text) for text in inside if not dfa.accepts(text)] == []
    assert [len(text) for text in outside if dfa.accepts(text)] == []


def test_every_limit_is_kept():
    assert compile_regex("a{100}", limits=RegexLimits(positions=102)).states == 102
    with pytest.raises(LimitError, match="positions"):
        compile_regex("a{100}", limits=RegexLimits(positions=101))
    with pytest.raises(LimitError, match="more than 50 states"):
        compile_regex("a{100}", limits=RegexLimits(states=50))
    with pytest.raises(LimitError, match="states"):
        compile_regex("a{100}", limits=RegexLimits(bytes=100))
    with pytest.raises(LimitError, match="steps"):
        compile_regex("a{100}", limits=RegexLimits(work=100))
    with pytest.raises(LimitError, match="steps"):
        compile_regex("(?=a)a{100}", limits=RegexLimits(work=10_000))
    with pytest.raises(LimitError, match="states"):
        compile_regex("(?=a)a{100}", limits=RegexLimits(states=50))
    with pytest.raises(LimitError, match="bytes"):
        to_bytes(compile_regex("a{100}"), RegexLimits(bytes=100))


def test_positions_that_lead_nowhere_are_not_in_the_nfa():
    nfa = compile_nfa("(?:ab$c|d)", dialect="ecma")
    entered = set(nfa.follow_list.tolist())
    for position in entered:
        assert nfa.follow_offsets[position] < nfa.follow_offsets[position + 1] or (
            int(nfa.accept[position >> 6]) >> (position & 63) & 1
        )


@pytest.mark.parametrize("seed", range(3))
def test_bytes_are_the_utf8_of_the_language(seed):
    rng = Random(seed)
    for pattern, dfa in random_dfas(seed, 60):
        encoded = to_bytes(dfa)
        for text in texts(rng, PYTHON_ALPHABET + "\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff", 40):
            assert encoded.accepts(text.encode()) == dfa.accepts(text), (pattern, text)


@pytest.mark.parametrize("pattern", ["(?s:.)", ".", r"\w", "[^a-zé]", r"[\u0800-\U00010001]", "[\ue000-\uffff]"])
def test_bytes_accept_each_character_once_and_nothing_else(pattern):
    """Paths are counted and spelled out: no overlong form, no surrogate, nothing beyond U+10FFFF."""
    dfa = compile_regex(pattern)
    encoded = to_bytes(dfa)
    rows = {state: np.flatnonzero(encoded.trans[state]).tolist() for state in range(encoded.states)}
    spelled = []
    level = [(encoded.start, b"")]
    for _ in range(4):
        level = [
            (int(encoded.trans[state, byte]), data + bytes([byte])) for state, data in level for byte in rows[state]
        ]
        spelled += [data for state, data in level if encoded.accept[state]]
    assert not any(rows[state] for state, _ in level)
    characters = [data.decode() for data in spelled]
    assert len(set(characters)) == len(characters)
    assert set(characters) == {match.group() for match in re.finditer(pattern, SCALARS)}


def test_invalid_utf8_is_not_accepted():
    encoded = to_bytes(compile_regex("(?s:.*)"))
    rng = Random(9)
    assert not encoded.accepts(b"\xc0\x80")
    assert not encoded.accepts(b"\xed\xa0\x80")
    assert not encoded.accepts(b"\xf4\x90\x80\x80")
    valid = 0
    for _ in range(4000):
        data = bytes(
            rng.choices(b"a\x80\xbf\x9f\xa0\x8f\x90\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff", k=rng.randint(1, 4))
        )
        try:
            data.decode()
        except UnicodeDecodeError:
            assert not encoded.accepts(data), data
        else:
            valid += 1
            assert encoded.accepts(data), data
    assert valid > 50


def test_an_error_leaves_no_trace_for_the_next_pattern():
    with pytest.raises(RegexError):
        compile_regex("(")
    assert compile_regex("a").accepts("a")
