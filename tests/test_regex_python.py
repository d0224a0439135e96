"""The python dialect against `re` itself: language, syntax, flags and case folding."""

from __future__ import annotations

import re
import warnings
from random import Random

import pytest
from tests.oracles.regex_patterns import PYTHON_ALPHABET, SCALARS, accepted_runs, python_pattern, salad, texts

from gramarye.errors import LimitError, RegexError
from gramarye.grammar.regex import CharDfa, compile_regex

_FLAGS = {
    "": 0,
    "i": re.IGNORECASE,
    "s": re.DOTALL,
    "m": re.MULTILINE,
    "a": re.ASCII,
    "im": re.IGNORECASE | re.MULTILINE,
    "ia": re.IGNORECASE | re.ASCII,
    "isx": re.IGNORECASE | re.DOTALL | re.VERBOSE,
}
_PYTHON_SALAD = r"(?P<a> (?P=a) (?#a) (?i) (?x) (?i: (?-i: (?> \Z \A \1 \01 \x4 \u \s *+ ]"


def accepts(pattern: str, text: str, **options: object) -> bool:
    return compile_regex(pattern, **options).accepts(text)


def attempt(pattern: str, **options: object) -> CharDfa | RegexError:
    try:
        return compile_regex(pattern, **options)
    except RegexError as error:
        return error


def compiled_by_re(pattern: str, flags: int = 0) -> re.Pattern[str] | re.error:
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        return error


def found(compiled: re.Pattern[str], text: str) -> bool:
    """Whether there is a match anywhere. `search` itself is not used: its prefix filter ignores scoped flags."""
    return any(compiled.match(text, at) is not None for at in range(len(text) + 1))


def check_language(pattern: str, flags: str, whole: CharDfa, anywhere: CharDfa, samples: list[str]) -> None:
    compiled = re.compile(pattern, _FLAGS[flags])
    for text in samples:
        expected = compiled.fullmatch(text) is not None
        assert whole.accepts(text) == expected, (pattern, flags, text, "fullmatch", expected)
        expected = found(compiled, text)
        assert anywhere.accepts(text) == expected, (pattern, flags, text, "search", expected)


@pytest.mark.parametrize("seed", range(8))
def test_random_patterns_mean_what_they_mean_to_re(seed):
    rng = Random(seed)
    compared = 0
    while compared < 200:
        pattern = python_pattern(rng, rng.randint(1, 5))
        flags = rng.choice(list(_FLAGS))
        compiled = compiled_by_re(pattern, _FLAGS[flags])
        if isinstance(compiled, re.error):
            assert "fixed-width" in compiled.msg, (pattern, compiled)
            continue
        whole = compile_regex(pattern, flags=flags)
        anywhere = compile_regex(pattern, flags=flags, search=True)
        check_language(pattern, flags, whole, anywhere, texts(rng, PYTHON_ALPHABET, 25))
        compared += 1


@pytest.mark.parametrize("seed", range(3))
def test_atomic_groups_and_possessive_repeats_match_as_in_re_or_are_refused(seed):
    rng = Random(1000 + seed)
    exact = refused = 0
    while exact < 250:
        pattern = python_pattern(rng, rng.randint(1, 4), atomic=True)
        if isinstance(compiled_by_re(pattern), re.error):
            continue
        whole = attempt(pattern)
        if isinstance(whole, RegexError):
            assert "atomic group" in whole.message
            assert whole.span is not None
            refused += 1
            continue
        check_language(pattern, "", whole, compile_regex(pattern, search=True), texts(rng, PYTHON_ALPHABET, 20))
        exact += 1
    assert refused < exact / 5


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("(?>a*)b", ["aab", "b"], ["aa"]),
        ("(?>a*)ab", [], ["aab", "ab"]),
        ("a++a", [], ["aa", "aaa"]),
        ("(?>ab|a)c", ["abc", "ac"], ["ab"]),
        ("(?>a|ab)c", ["ac"], ["abc"]),
        ("(?:ab?)?+c", ["c", "ac", "abc"], ["ab"]),
        ("a{1,3}+ab", [], ["aab"]),
        ("a{1,3}+ab?", ["aaaa", "aaaab"], ["aaa"]),
    ],
)
def test_atomic_groups_by_hand(pattern, inside, outside):
    dfa = compile_regex(pattern)
    assert [text for text in inside if not dfa.accepts(text)] == []
    assert [text for text in outside if dfa.accepts(text)] == []


def test_the_same_strings_are_patterns_as_in_re():
    rng = Random(5)
    valid = 0
    for _ in range(6000):
        pattern = salad(rng, _PYTHON_SALAD)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            compiled = compiled_by_re(pattern)
        dfa = attempt(pattern)
        if isinstance(compiled, re.error):
            if "fixed-width" not in compiled.msg:
                assert isinstance(dfa, RegexError), (pattern, compiled)
                assert dfa.span is not None
            continue
        if isinstance(dfa, RegexError):
            assert any(word in dfa.message for word in ("backreference", "conditional")), (pattern, dfa)
            continue
        valid += 1
        for text in texts(rng, "ab10-,{}()x:=!\\]\x01^", 12):
            assert dfa.accepts(text) == (compiled.fullmatch(text) is not None), (pattern, text)
    assert valid > 1000


@pytest.mark.parametrize("flags", ["", "a"])
@pytest.mark.parametrize(
    "pattern", [r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", ".", "[^a]", r"[\W\d]", r"[^\s\x00-\x20]"]
)
def test_classes_over_all_code_points(pattern, flags):
    check_every_code_point(pattern, flags)


@pytest.mark.parametrize("flags", ["i", "ia"])
@pytest.mark.parametrize(
    "pattern",
    [
        "s",
        "ſ",
        "k",
        "K",
        "ß",
        "ẞ",
        "[ßa]",
        "İ",
        "i",
        "ı",
        "[a-z]",
        "[^a-z]",
        "[à-ÿ]",
        "ΐ",
        "[ſt-x]",
        "[Α-Ω]",
        "[^µ]",
        "𐐀",
        "ﬅ",
        "[^K]",
    ],
)
def test_case_folding_over_all_code_points(pattern, flags):
    check_every_code_point(pattern, flags)


def test_case_folding_beyond_the_basic_plane():
    check_every_code_point("[𐐀-𐐧]", "i")
    # Here re folds ranges beyond U+FFFF even under the flag a, against its documentation.
    assert not accepts("[𐐀-𐐧]", "𐐨", flags="ia")


def check_every_code_point(pattern: str, flags: str) -> None:
    """`pattern` matches one character; compare which ones, over all scalar values."""
    dfa = compile_regex(pattern, flags=flags)
    matched = [match.span() for match in re.finditer(f"(?:{pattern})+", SCALARS, _FLAGS[flags])]
    assert accepted_runs(dfa) == matched


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "expected"),
    [
        ("(?i:s)", "", "ſ", True),
        ("(?i:s)", "", "S", True),
        ("(?i:s)t", "", "ST", False),
        ("(?-i:s)", "i", "S", False),
        (" a b # c", "x", "ab", True),
        ("(?x: a\n b)c d", "", "abc d", True),
        ("(?x)a #b\nc", "", "ac", True),
        ("(?s:.)", "", "\n", True),
        (".", "", "\n", False),
        (r"\N{GREEK SMALL LETTER ALPHA}", "", "α", True),
        (r"\p{Script=Greek}+", "", "αβγ", True),
        (r"\P{Lu}", "", "A", False),
        ("a{,2}", "", "", True),
        ("a{,}", "", "aaa", True),
        ("a{}", "", "a{}", True),
        ("a{1", "", "a{1", True),
        ("(?<=a+)b", "", "b", False),
        ("a+(?<=aa+)b", "", "aab", True),
        ("a+(?<=aa+)b", "", "ab", False),
    ],
)
def test_syntax_by_hand(pattern, flags, text, expected):
    assert accepts(pattern, text, flags=flags) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a$", "a\n", True),
        ("a$", "a\n\n", False),
        (r"a\Z", "a\n", False),
        ("$", "anything", True),
        ("^b", "ab", False),
        ("(?m)^b$", "a\nb\nc", True),
        (r"\bfoo\b", "a foo b", True),
        (r"\bfoo\b", "afoo", False),
        (r"^\b", "-a", False),
        (r"^\b", "a-", True),
        (r"\b$", "-a", True),
        (r"\b$", "a-", False),
        ("(?=.*[A-Z])(?=.*[0-9])", "xA0", True),
        ("^(?!.*--)[a-z-]+$", "a--b", False),
        ("(?=a$)", "a\n", True),
    ],
)
def test_search(pattern, text, expected):
    assert accepts(pattern, text, search=True) is expected
    assert (re.search(pattern, text) is not None) is expected


@pytest.mark.parametrize(
    ("pattern", "column", "length", "word"),
    [
        ("(a", 1, 1, "unterminated group"),
        ("a)", 2, 1, "unbalanced"),
        ("ab[c", 3, 1, "unterminated character class"),
        ("a**", 3, 1, "multiple repeat"),
        ("*a", 1, 1, "nothing to repeat"),
        ("a{2,1}", 2, 5, "min repeat"),
        (r"(a)b\1", 5, 2, "backreference"),
        ("(?P<n>a)(?P=n)", 9, 6, "backreference"),
        ("(a)?(?(1)b|c)", 5, 5, "conditional"),
        (r"\q", 1, 2, "bad escape"),
        ("[b-a]", 2, 3, "bad character range"),
        (r"a\p{Nope}", 2, 8, "unknown Unicode property"),
        ("a(?i)b", 2, 4, "global flags"),
        ("(?P<1>a)", 1, 6, "bad group name"),
        ("a\\", 2, 1, "backslash"),
        ("(?>(?:a|ab)(?:c|bcd))d", 1, 21, "atomic group"),
    ],
)
def test_errors_say_where(pattern, column, length, word):
    with pytest.raises(RegexError) as caught:
        compile_regex(pattern)
    error = caught.value
    assert word in error.message
    assert error.span is not None
    assert (error.span.line, error.span.column, error.span.length) == (1, column, length)


def test_the_line_of_an_error_is_counted():
    with pytest.raises(RegexError) as caught:
        compile_regex("a  # first\n b )", flags="x")
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == (2, 4)


def test_what_is_refused_comes_with_a_hint():
    for pattern in (r"(a)\1", "(a)?(?(1)b|c)", r"\p{Nope}", "(?>(?:a|ab)(?:c|bcd))d"):
        with pytest.raises(RegexError) as caught:
            compile_regex(pattern)
        assert caught.value.hint


def test_unknown_flags_and_dialects_are_errors():
    with pytest.raises(RegexError, match="unknown flag"):
        compile_regex("a", flags="L")
    with pytest.raises(RegexError, match="dialect"):
        compile_regex("a", dialect="perl")


def test_deep_nesting_is_a_limit_and_no_recursion_error():
    assert accepts("(" * 99 + "a" + ")" * 99, "a")
    for opening in ("(", "(?:", "(?=", "(?i:", "(?>"):
        with pytest.raises(LimitError, match="deep"):
            compile_regex(opening * 5000 + "a" + ")" * 5000)


def test_surrogates_are_in_no_language():
    assert not accepts(r"[\ud800-\udfff]", "\ud800")
    assert not accepts("(?s:.)", "\udfff")
    assert not accepts(r"\ud800|a", "\ud800")
    assert accepts(r"\ud800|a", "a")
