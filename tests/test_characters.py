"""Strings of JSON as code points: every spelling of every character, and what half-read ones may become."""

from __future__ import annotations

import random
from functools import cache

import pytest
from numba import njit
from tests.oracles.json_spelling import BAD, MORE, character

from gramarye.kernels import characters

LETTERS = [
    *range(32, 0x200, 9),
    0x1FF,
    0x7FF,
    0x800,
    0xFFF,
    0x1000,
    0xD7FF,
    0xE000,
    0xFFFD,
    0xFFFF,
    0x10000,
    0x1F600,
    0x40000,
    0x10FFFF,
]


@njit
def decode(state, byte):
    return characters.decode(state, byte)


@njit
def canonical(state, low):
    return characters.canonical(state, low)


@njit
def span(state):
    return characters.range_low(state), characters.range_high(state)


def read(text: bytes, state: int = 0) -> int:
    """Code point, MORE or BAD, as the oracle says it."""
    for place, byte in enumerate(text):
        state = decode(state, byte)
        if state == characters.INVALID:
            return BAD
        if state < 0:
            return -2 - state if place == len(text) - 1 else BAD
    return MORE


def spellings(code: int) -> list[bytes]:
    letter = chr(code)
    units = letter.encode("utf-16-be").hex()
    escaped = "".join("\\u" + units[i : i + 4] for i in range(0, len(units), 4))
    raw = [letter.encode()] if code >= 32 and letter not in '"\\' else []
    return [*raw, escaped.encode(), escaped.upper().replace("U", "u").encode()]


def test_every_character_in_every_spelling():
    for code in [*range(0xD800), *range(0xE000, 0x110000, 7), 0x10FFFF]:
        for spelling in spellings(code):
            assert read(spelling) == code


def test_prefixes_of_spellings_are_unfinished():
    for code in LETTERS:
        for spelling in spellings(code):
            for length in range(1, len(spelling)):
                assert read(spelling[:length]) == MORE == character(spelling[:length])


def test_surrogates_and_overlong_forms_are_refused():
    for bad in (
        b"\xc0\x80",
        b"\xc1",
        b"\xe0\x80",
        b"\xed\xa0",
        b"\xf0\x8f",
        b"\xf4\x90",
        b"\xf5",
        b"\x80",
        b"\x1f",
        b'"',
    ):
        assert read(bad) == BAD
    for bad in (b"\\udc", b"\\uDFFF", b"\\ud800a", b"\\ud800\\n", b"\\ud800\\ud8", b"\\U0041", b"\\x", b"\\u00g"):
        assert read(bad) == BAD


def test_random_bytes_as_the_oracle_reads_them():
    rng = random.Random(1)
    letters = b'\\\\\\uudDdD8cC0aF"n/\x00 a\x80\xbf\xc2\xe0\xed\xf0\xf4\x90\xa0\x8f'
    ended = 0
    for _ in range(60_000):
        text = bytes(rng.choice(letters) for _ in range(rng.randrange(1, 13)))
        for length in range(1, len(text) + 1):
            found = character(text[:length])
            assert read(text[:length]) == found, text[:length]
            if found != MORE:
                ended += 1
                break
    assert ended > 50_000


def half_read() -> dict[int, bytes]:
    """All states on the way to some spelling of the characters of LETTERS and around surrogates, each with a prefix."""
    found: dict[int, bytes] = {}
    for code in [*LETTERS, *range(0xD000, 0xD800, 97), *range(0x10000, 0x110000, 70_001)]:
        for spelling in spellings(code):
            state = 0
            for length, byte in enumerate(spelling[:-1], 1):
                state = decode(state, byte)
                found.setdefault(state, spelling[:length])
    return found


@cache
def becomes(state: int, depth: int = 12) -> set[tuple[bytes, int]]:
    """What follows a state and the code point it gives; sampled where a character has many continuations."""
    found = set()
    waiting = [(state, b"")]
    while waiting:
        one, path = waiting.pop()
        if len(path) > depth:
            continue
        for byte in b'\\unbt"/08dDfF7cC1\x80\x8f\x90\x9f\xa0\xbf':
            after = decode(one, byte)
            if after < -1:
                found.add((path + bytes([byte]), -2 - after))
            elif after >= 0:
                waiting.append((after, path + bytes([byte])))
    return found


def ranges(state: int) -> list[tuple[int, int]]:
    """The ranges that a state stands for, as the machine asks for them."""
    return [
        span(state),
        *([(0x10000, 0x10FFFF)] if state == characters.SPLIT_RANGE else []),
    ]


def test_ranges_hold_what_half_read_characters_become():
    checked = 0
    for state in half_read():
        codes = {code for _, code in becomes(state)}
        if not codes:
            continue
        checked += 1
        spans = ranges(state)
        assert all(any(low <= code <= high for low, high in spans) for code in codes), state
        if state & 15 not in (4, 5):
            for low, high in spans:
                assert min(abs(code - low) for code in codes) == 0, (state, low)
                assert min(abs(code - high) for code in codes) <= 2, (state, high)
    assert checked > 100


@pytest.mark.parametrize(
    "low", [0, 0x20, 0x80, 0x100, 0x370, 0x800, 0x1000, 0x3040, 0xCFFF, 0xE000, 0x10000, 0x1F600, 0x20000]
)
def test_canonical_states_behave_alike_and_stay_within_the_interval(low):
    for state in half_read():
        if state == characters.SPLIT_RANGE or span(state)[0] < low:
            continue
        other = canonical(state, low)
        assert canonical(other, low) == other
        assert span(other)[0] >= low
        assert {path for path, _ in becomes(state)} == {path for path, _ in becomes(other)}, (state, other)


def test_few_canonical_states_remain():
    assert len({canonical(state, 0) for state in half_read()}) < 40
