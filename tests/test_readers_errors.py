"""Malformed grammars: an error of ours, with place, expectation and hint; never another exception."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gramarye import GramaryeError, GrammarError, LimitError
from gramarye.grammar.ebnf_reader import read_ebnf
from gramarye.grammar.gbnf_reader import read_gbnf
from gramarye.grammar.ir import Grammar
from gramarye.grammar.lark_reader import read_lark

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


def iso(text: str, **options: Any) -> Grammar:
    return read_ebnf(text, "iso", **options)


def w3c(text: str, **options: Any) -> Grammar:
    return read_ebnf(text, "w3c", **options)


Case = tuple[Callable[..., Grammar], str, tuple[int, int] | None, str, str]

# reader, grammar, (line, column), part of the message, part of the expectation or hint
CASES: list[Case] = [
    (read_lark, "start: xyz\nitem: A\nA: /a/", (1, 8), "xyz is used in start but not defined", "define xyz"),
    (read_lark, "start: itme\nitem: A\nA: /a/", (1, 8), "itme is used", "did you mean item"),
    (read_lark, 'start: "a" (', (1, 13), "unclosed parenthesis", ")"),
    (read_lark, 'start: "a" $', (1, 12), "unexpected character", "lower case"),
    (read_lark, 'start: "a"\nstart: "b"', (1, 1), "defined more than once", "%override"),
    (read_lark, "start: A\nA: A", (2, 1), "recursion in terminal", "write it as a rule"),
    (read_lark, "start: A\nA: a\na: A", (3, 1), "rules aren't allowed inside terminals", "write it as a rule"),
    (read_lark, "start: A\n%declare A", (2, 10), "%declare A", "define it"),
    (read_lark, "start: A\nA: /(/", (2, 1), "pattern of A is not a regular expression", "("),
    (read_lark, "start: /a(b/", (1, 1), "is not a regular expression", ""),
    (read_lark, "start: A\nA: /(a)\\1/", (2, 1), "pattern of A", ""),
    (read_lark, "start: A\nA: /[^\\s\\S]/", (2, 1), "A matches no string", "leaves nothing"),
    (read_lark, "start: A\nA: /(?!a)a/", (2, 1), "A matches no string", "leaves nothing"),
    (read_lark, 'start: "b".."a"', (1, 8), "is empty", '"a".."b"'),
    (read_lark, 'start: "ab".."c"', (1, 8), "no range of characters", "one character"),
    (read_lark, 'start: "a"~3..2', (1, 11), "has no meaning", "n <= m"),
    (read_lark, "start: /a/l", (1, 8), "locale", "flags i, m, s, u, x"),
    (read_lark, "%import nowhere.X\nstart: X", (1, 9), "cannot import", "base_path"),
    (read_lark, "%import common.NUMBRE\nstart: NUMBRE", (1, 16), "NUMBRE", ""),
    (read_lark, "%import .local.X\nstart: X", (1, 10), "relative import", "base_path="),
    (read_lark, 'start: f{"a"}\nf{x, y}: x y', (2, 1), "wrong number of template arguments", ""),
    (read_lark, "start: start", (1, 1), "language of the grammar is empty", "needs start"),
    (read_lark, 'start: "a" | b\nb: "(" b ")"', (2, 1), "b derives no string", "needs b"),
    (read_lark, 'start: "a" | b\nb: ("(" b ")")+', (2, 1), "b derives no string", "needs b"),
    (read_lark, 'begin: "a"', None, "no rule named start", "begin"),
    (read_lark, "", (1, 1), "no rules", "rule"),
    (read_gbnf, 'root ::= "a', (1, 10), "text is not closed", '"'),
    (read_gbnf, "root ::= [a", (1, 10), "class of characters is not closed", "]"),
    (read_gbnf, "root ::= [b-a]", (1, 11), "range b-a is empty", "swap"),
    (read_gbnf, "root ::= []", (1, 10), "no characters", "."),
    (read_gbnf, 'root ::= "\\q"', (1, 11), "escape is unknown", "\\xHH"),
    (read_gbnf, 'root ::= "\\x4"', (1, 11), "escape is unknown", "\\xHH"),
    (read_gbnf, 'root ::= "\\ud800"', (1, 11), "U+D800 is no character", "UHHHHHHHH"),
    (read_gbnf, 'root ::= ("a"', (1, 14), "closing parenthesis is missing", "line 1, column 10"),
    (read_gbnf, 'root ::= "a")', (1, 13), "cannot go on", "|"),
    (read_gbnf, 'root ::= "a"\n  "b"', (2, 3), "a rule must begin here", "parentheses"),
    (read_gbnf, 'root := "a"', (1, 6), "definition sign of root is missing", "::="),
    (read_gbnf, "root ::= *", (1, 10), "nothing stands before *", "rule name"),
    (read_gbnf, 'root ::= "a"{3,1}', (1, 13), "has no meaning", "m <= n"),
    (read_gbnf, 'root ::= "a"{,1}', (1, 14), "bound is missing", "{0,n}"),
    (read_gbnf, 'root ::= "a"{1', (1, 15), "closing brace is missing", "line 1, column 13"),
    (read_gbnf, "root ::= <think>", (1, 10), "tokens", '"<think>"'),
    (read_gbnf, "root ::= !<[7]>", (1, 10), "tokens", "spell"),
    (
        read_gbnf,
        'root ::= value\nvlaue ::= "a"',
        (1, 10),
        "value is used in root but not defined",
        "did you mean vlaue",
    ),
    (read_gbnf, 'Root ::= "a"', None, "no rule named root", "did you mean Root"),
    (read_gbnf, 'root ::= "a"\nroot ::= "b"', (2, 1), "defined twice, first at line 1, column 1", "join"),
    (read_gbnf, 'root ::= "a" root', (1, 1), "language of the grammar is empty", "needs root"),
    (iso, "a = 'x'", (1, 8), "cannot go on", ";"),
    (iso, "a = 'x' 'y' ;", (1, 9), "cannot go on", "comma"),
    (iso, "a = 'x'+ ;", (1, 8), "cannot go on", "{ x }"),
    (iso, "a = 'x\n;", (1, 5), "text is not closed", "'"),
    (iso, "a = ( 'x' ;", (1, 11), "closing bracket is missing", "line 1, column 5"),
    (iso, "a = ? any ? ;", (1, 5), "special sequence", "W3C"),
    (iso, "a = 'x' ; (* open", (1, 11), "comment is not closed", "*)"),
    (iso, "a ::= 'x'", (1, 3), "definition sign of a is missing", "dialect='w3c'"),
    (iso, "a = 3 'x' ;", (1, 7), "repeated 3 times", "*"),
    (iso, "a = b, 'x' ; bb = 'y' ;", (1, 5), "b is used in a but not defined", "did you mean bb"),
    (iso, "a = a - 'x' | 'y' ;", (1, 5), "exception needs regular languages, and a is recursive", "write out"),
    (iso, "a = 'x' - 'x' ;", (1, 9), "exception leaves nothing", "before the -"),
    (iso, "a = 'xy' - ('xy' | 'z') ;", (1, 10), "exception leaves nothing", "before the -"),
    (iso, "= 'x' ;", (1, 1), "a rule must begin here", "rule name"),
    (w3c, "a ::= 'x' , 'y'", (1, 11), "cannot go on", "dialect='iso'"),
    (w3c, "a ::= ('x'", (1, 11), "closing parenthesis is missing", "line 1, column 7"),
    (w3c, "a ::= [x", (1, 7), "class of characters is not closed", "]"),
    (w3c, "a ::= [#x110000]", (1, 8), "#x110000 is no character", "#x10FFFF"),
    (w3c, "a ::= +", (1, 7), "nothing stands before +", "rule name"),
    (w3c, "a ::= 'x' -", (1, 12), "what the exception removes is missing", "rule name"),
    (w3c, "a ::= b\n/* open", (2, 1), "comment is not closed", "*/"),
    (w3c, "<a> ::= 'x'", (1, 1), "a rule must begin here", "angle brackets"),
    (w3c, "a ::= 'x\n", (1, 7), "text is not closed", "'"),
    (read_ebnf, "hello", (1, 1), "no EBNF grammar", "ISO"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0].__name__}:{case[1]!r}" for case in CASES])
def test_malformed_grammars(case: Case) -> None:
    read, text, place, message, advice = case
    with pytest.raises(GrammarError) as caught:
        read(text)
    error = caught.value
    assert message in error.message
    assert (error.span and error.span[:2]) == place
    assert advice in " ".join((*error.expected, error.hint or "", error.message))


def test_deep_nesting_is_a_limit() -> None:
    for read, text in (
        (read_gbnf, "root ::= " + "(" * 5000 + '"a"' + ")" * 5000),
        (iso, "a = " + "(" * 5000 + '"a"' + ")" * 5000 + ";"),
        (w3c, "a ::= " + "(" * 5000 + '"a"' + ")" * 5000),
        (read_lark, "start: " + "(" * 5000 + '"a"' + ")" * 5000),
    ):
        with pytest.raises((LimitError, GrammarError)):
            read(text)


def test_templates_without_end_are_a_limit() -> None:
    with pytest.raises(LimitError):
        read_lark('start: f{"a"}\nf{x}: x f{g{x}}\ng{x}: x x')


def test_imports_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.lark").write_text("%import .b.Y\nX: Y")
    (tmp_path / "b.lark").write_text("%import .a.X\nY: X")
    with pytest.raises(GrammarError, match="circle"):
        read_lark("%import .a.X\nstart: X", base_path=tmp_path)


def test_an_unknown_notation_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="unknown dialect"):
        read_ebnf("a = 'x' ;", "abnf")


READERS = {".lark": read_lark, ".gbnf": read_gbnf, ".ebnf": read_ebnf}
GRAMMARS = sorted(path for path in SCHEMAS.iterdir() if path.suffix in READERS)


def mutated(text: str, rng: random.Random) -> str:
    """A few random deletions, duplications and insertions."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.choice((1, 1, 2, 10)))
        kind = rng.random()
        if kind < 0.4:
            text = text[:start] + text[end:]
        elif kind < 0.6:
            text = text[:end] + text[start:]
        else:
            text = text[:start] + rng.choice("()[]{}|*+?\"'/\\:=;,.-~%#<>\n^aA1 \ud800é") + text[start:]
        text = text or " "
    return text


@pytest.mark.parametrize("path", GRAMMARS, ids=lambda path: path.name)
def test_damaged_grammars_are_read_or_refused(path: Path) -> None:
    rng = random.Random(path.name)
    source = path.read_text()
    lines = source.splitlines(keepends=True)
    refusals: list[tuple[str, GramaryeError]] = []
    for _ in range(60):
        text = mutated(source if len(source) < 1500 else "".join(lines[: rng.randrange(3, 25)]), rng)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of python, about escapes in lark's strings
                READERS[path.suffix](text)
        except GramaryeError as error:
            refusals.append((text, error))
    assert len(refusals) > 10
    for text, error in refusals:
        assert error.message
        assert error.span is None or 1 <= error.span.line <= text.count("\n") + 1
