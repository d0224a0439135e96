"""The ECMA-262 dialect against `regress`: language, syntax with and without the flag u, properties, case folding."""

from __future__ import annotations

from random import Random

import pytest
import regress
from tests.oracles.regex_patterns import ECMA_ALPHABET, accepted_runs, ecma_pattern, salad, texts
from tests.oracles.regex_unicode_tables import ranges

from gramarye.errors import RegexError
from gramarye.grammar.regex import CharDfa, compile_regex

_STRICT_SALAD = r"\c \cA \0 \1 \x \u \u0061 \u{61} \k \k<a> (?<a> \/ \- [\d- - ]"
_LEGACY_SALAD = r"\c \cA \0 \1 \12 \8 \x \u \u0061 \k [\d- (?<a> \- \_ \a [\c [\c1 ]"


def attempt(pattern: str, flags: str = "") -> CharDfa | RegexError:
    try:
        return compile_regex(pattern, dialect="ecma", flags=flags, search=True)
    except RegexError as error:
        return error


def compiled_by_regress(pattern: str, flags: str) -> regress.Regex | None:
    try:
        return regress.Regex(pattern, flags)
    except regress.RegressError:
        return None


@pytest.mark.parametrize("seed", range(8))
def test_random_patterns_mean_what_they_mean_to_regress(seed):
    rng = Random(seed)
    for _ in range(200):
        pattern = ecma_pattern(rng, rng.randint(1, 5))
        flags = rng.choice(["u", "u", "iu", "su", "mu", "imu"])
        compiled = regress.Regex(pattern, flags)
        anywhere = compile_regex(pattern, dialect="ecma", flags=flags, search=True)
        whole = compile_regex(pattern, dialect="ecma", flags=flags)
        anchored = None if "m" in flags else regress.Regex(f"^(?:{pattern})$", flags)
        for text in texts(rng, ECMA_ALPHABET, 25):
            expected = compiled.find(text) is not None
            assert anywhere.accepts(text) == expected, (pattern, flags, text, "search", expected)
            if anchored is not None:
                expected = anchored.find(text) is not None
                assert whole.accepts(text) == expected, (pattern, flags, text, "full", expected)


@pytest.mark.parametrize(("flags", "extra"), [("u", _STRICT_SALAD), ("", _LEGACY_SALAD)])
def test_the_same_strings_are_patterns_as_in_regress(flags, extra):
    rng = Random(11)
    valid = 0
    for _ in range(6000):
        pattern = salad(rng, extra)
        compiled = compiled_by_regress(pattern, flags)
        dfa = attempt(pattern, flags)
        if isinstance(dfa, RegexError):
            # regress lets \b and \B be repeated, against the grammar; backreferences are not regular.
            known = ("backreference", "an assertion cannot be repeated")
            assert compiled is None or any(word in dfa.message for word in known), (pattern, dfa)
            continue
        assert compiled is not None, pattern
        valid += 1
        for text in texts(rng, "ab10-,{}()x:=! cd\\]\x01^_ik", 12):
            assert dfa.accepts(text) == (compiled.find(text) is not None), (pattern, text)
    assert valid > 800


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^[\w-.]+$", "a-.", True),  # Annex B
        (r"^\-$", "-", True),
        (r"^\p{L}$", "é", True),
        (r"^[\w-.]\p{L}$", "-é", True),  # Annex B, yet \p keeps its meaning
        ("^.$", "😀", True),
        ("^\\ud83d\\ude00$", "😀", True),
        ("^\\u{1F600}$", "😀", True),
        ("a$", "a\n", False),
        ("^[^]$", "\n", True),
        ("[]", "", False),
        (r"^\s$", "\ufeff", True),
        (r"^\d$", "٣", False),
        ("^(?i:a)b$", "Ab", True),
        ("^(?i:a)b$", "AB", False),
        ("(?<=a.*)b", "acb", True),
        ("(?<=a(?=b.d).*)c", "abcd", True),
        ("(?<=a(?=b.d).*)c", "abce", False),
        ("(?<!a(?=b.d).*)c", "abcd", False),
        ("(?<!a(?=b.d).*)c", "abce", True),
        ("^(?!.*(?<=a)b)[ab]*$", "aab", False),
        ("^(?!.*(?<=a)b)[ab]*$", "bba", True),
        ("^(?:(?=a)a|(?!a)b)*$", "abba", True),
    ],
)
def test_search_by_hand(pattern, text, expected):
    assert compile_regex(pattern, dialect="ecma", search=True).accepts(text) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "s",
        "ſ",
        "k",
        "ß",
        "ẞ",
        "İ",
        "i",
        "[a-z]",
        "[^a-z]",
        "[à-ÿ]",
        "ΐ",
        "ﬅ",
        "[Α-Ω]",
        "[^µ]",
        r"\w",
        r"\W",
        "Ꭰ",
        "ᾳ",
        "𐐀",
    ],
)
def test_case_folding_over_all_code_points(pattern):
    dfa = compile_regex(pattern, dialect="ecma", flags="iu")
    assert accepted_runs(dfa) == accepted_by_regress(pattern, "iu")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("s|{", "ſ", False),  # upper case of ſ is S, but only ASCII may map into ASCII
        ("k|{", "\u212a", False),
        ("i|{", "ı", False),
        ("ſ|{", "ſ", True),
        ("é|{", "É", True),
        ("ß|{", "ẞ", False),  # upper case of ß is SS, more than one character
        ("µ|{", "Μ", True),
        ("[^a-z]|{", "A", False),
        (r"\w|{", "ſ", False),
    ],
)
def test_case_folding_of_annex_b(pattern, text, expected):
    assert compile_regex(pattern, dialect="ecma", flags="i").accepts(text) is expected  # { alone is no u syntax


def accepted_by_regress(pattern: str, flags: str) -> list[tuple[int, int]]:
    return [
        tuple(c if c < 0xD800 else max(c, 0xE000) - 0x800 for c in run)
        for run in merged(ranges(f"(?:{pattern})", flags))
    ]


def merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of code points, with those joined that only the surrogates separate."""
    found: list[tuple[int, int]] = []
    for low, high in runs:
        if found and found[-1][1] == 0xD800 and low == 0xE000:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


@pytest.mark.parametrize(
    "name",
    "L Lu LC Letter gc=Nd General_Category=Punctuation P Cn C Script=Greek sc=Grek Script_Extensions=Greek scx=Deva "
    "sc=Zzzz Alphabetic Any ASCII Assigned Emoji XIDC White_Space Uppercase CWKCF Extended_Pictographic".split(),
)
def test_properties_over_all_code_points(name):
    for escape in (rf"\p{{{name}}}", rf"\P{{{name}}}"):
        dfa = compile_regex(escape, dialect="ecma", flags="u")
        found = accepted_runs(dfa) if dfa.start else []
        assert found == accepted_by_regress(escape, "u")


@pytest.mark.parametrize(
    ("pattern", "column", "word"),
    [
        ("(a", 1, "unterminated group"),
        ("a)", 2, "unbalanced"),
        ("[a", 1, "unterminated character class"),
        ("a{2,1}", 2, "out of order"),
        ("[b-a]", 2, "out of order"),
        ("*", 1, "nothing to repeat"),
        ("a**", 3, "nothing to repeat"),
        ("b(?<=a)*", 2, "assertion"),
        (r"(a)\1", 4, "backreference"),
        (r"(?<n>a)\k<n>", 8, "backreference"),
        (r"ab\p{Nope}", 3, "unknown Unicode property"),
        ("(?x:a)", 1, "invalid group"),
        ("a\\", 2, "backslash"),
    ],
)
def test_errors_say_where(pattern, column, word):
    for flags in ("", "u"):
        with pytest.raises(RegexError) as caught:
            compile_regex(pattern, dialect="ecma", flags=flags)
        assert word in caught.value.message
        assert caught.value.span is not None
        assert (caught.value.span.line, caught.value.span.column) == (1, column)


def test_the_flag_u_allows_no_fall_back():
    compile_regex(r"\-", dialect="ecma")
    with pytest.raises(RegexError, match="invalid escape"):
        compile_regex(r"\-", dialect="ecma", flags="u")


def test_the_flag_v_is_refused_with_a_hint():
    with pytest.raises(RegexError) as caught:
        compile_regex("a", dialect="ecma", flags="v")
    assert "v" in (caught.value.hint or "")
