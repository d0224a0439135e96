"""The Unicode tables and the sets that are made of them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from random import Random

import pytest

from gramarye.grammar.regex.charset import EMPTY, SCALARS, CharSet, partition, union
from gramarye.grammar.regex.unicode_properties import property_set

TABLES = Path(__file__).resolve().parents[1] / "src" / "grammar" / "regex" / "unicode_tables.py"


def test_the_tables_are_what_the_generator_makes():
    pytest.importorskip("fontTools", reason="fontTools names the scripts")
    from tests.oracles import regex_unicode_tables

    assert TABLES.read_text(encoding="utf-8") == regex_unicode_tables.module()


def test_categories_agree_with_the_standard_library_on_what_it_knows():
    changed = 0
    names = [
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "Mn",
        "Mc",
        "Nd",
        "Nl",
        "No",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Po",
        "Sm",
        "Sc",
        "Zs",
        "Cc",
    ]
    for name in names:
        found = property_set(name)
        assert found is not None
        known = {c for c in found.code_points() if unicodedata.category(chr(c)) != "Cn"}
        changed += len({c for c in known if unicodedata.category(chr(c)) != name})
    assert changed < 50  # a handful of characters changed category between versions of Unicode


def test_two_letter_categories_are_a_partition():
    names = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()
    sets = [property_set(name) for name in names]
    assert all(chars is not None for chars in sets)
    assert union(chars for chars in sets if chars is not None) == SCALARS
    assert sum(len(chars) for chars in sets if chars is not None) == len(SCALARS) == 0x110000 - 0x800


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lu", "Uppercase_Letter"),
        ("Lu", "uppercase letter"),
        ("gc=Lu", "General_Category=lu"),
        ("Script=Greek", "sc=Grek"),
        ("scx=Hira", "Script_Extensions=Hiragana"),
        ("Alphabetic", "alpha"),
    ],
)
def test_names_are_loose(one, other):
    assert property_set(one) == property_set(other) is not None


@pytest.mark.parametrize("name", ["", "Nope", "Script=Nope", "Nope=Lu", "Script", "sc=Lu", "=", "Block=Basic_Latin"])
def test_unknown_names_are_none(name):
    assert property_set(name) is None


def random_set(rng: Random) -> CharSet:
    low = [rng.choice([0, 50, 0xD7F0, 0xE000, 0x10FFF0]) + rng.randint(0, 15) for _ in range(rng.randint(0, 4))]
    return CharSet.of(*((c, min(c + rng.randint(0, 6), 0x10FFFF)) for c in low))


def test_set_algebra_and_partition_against_python_sets():
    rng = Random(1)
    for _ in range(200):
        a, b, c = (random_set(rng) for _ in range(3))
        one, two = set(a.code_points()), set(b.code_points())
        assert set((a | b).code_points()) == one | two
        assert set((a & b).code_points()) == one & two
        assert set((a - b).code_points()) == one - two
        assert ~~a == a
        assert len(a) == len(one)
        parts = partition((a, b, c))
        ends = [*parts.bounds[1:], 0x110000]
        for k, chars in enumerate((a, b, c)):
            pieces = [
                (low, high - 1)
                for low, high, group in zip(parts.bounds, ends, parts.classes, strict=True)
                if parts.members[k] >> group & 1
            ]
            assert CharSet.of(*pieces) == chars
        assert len(set(parts.classes)) == parts.size
        assert [parts.classes[parts.bounds.index(s)] for s in parts.samples] == list(range(parts.size))


def test_surrogates_are_left_out():
    assert CharSet.of((0, 0x10FFFF)) == SCALARS
    assert CharSet.char(0xD900) == EMPTY
    assert ~EMPTY == SCALARS
    assert CharSet.of((0xD7FF, 0xE000)).ranges == ((0xD7FF, 0xD7FF), (0xE000, 0xE000))
