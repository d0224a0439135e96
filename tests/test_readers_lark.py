"""Lark specifics: terminals and their priorities, lazy patterns, imports, templates, repetitions."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from tests.oracles.earley import EarleyOracle, Lexemes, LongestMatchOracle
from tests.oracles.languages import all_texts

from gramarye import GrammarError
from gramarye.grammar.ir import Grammar, Terminal
from gramarye.grammar.lark_reader import read_lark
from gramarye.grammar.patterns import split_lazy


def accepted(grammar: Grammar, texts: list[str]) -> list[str]:
    oracle = LongestMatchOracle(grammar) if grammar.lexer == "longest" else EarleyOracle(grammar)
    return [text for text in texts if oracle.accepts(text)]


def test_terminals_keep_priorities_flags_and_places() -> None:
    grammar = read_lark('start: A B "c"i\nA.3: "x"\nB.-1: /y[0-9]/is\n')
    assert grammar.terminal["A"] == Terminal("A", "x", literal=True, priority=3, span=(2, 1, 1))
    assert grammar.terminal["B"] == Terminal("B", "y[0-9]", "is", priority=-1, span=(3, 1, 1))
    assert grammar.terminal['"c"i'].literal
    assert grammar.terminal['"c"i'].flags == "i"
    assert grammar.lexer == "longest"


def test_an_anonymous_string_is_the_named_terminal_that_says_the_same() -> None:
    grammar = read_lark('start: "if" IF NAME\nIF.2: "if"\nNAME: /[a-z]+/')
    assert {terminal.name for terminal in grammar.terminals} == {"IF", "NAME"}
    assert grammar.rules[0].expansion == ("IF", "IF", "NAME")


def test_terminals_of_several_parts_are_one_regular_expression() -> None:
    grammar = read_lark('start: A\nA: "x"i ("y" | B)~2..3 ["q"]\nB: "0".."9"')
    texts = ["xyy", "X1y", "x12y", "x123", "x1234", "xy", "xyyq", "XY"]
    assert accepted(grammar, texts) == ["xyy", "X1y", "x12y", "x123", "xyyq"]


def test_ranges_of_special_characters() -> None:
    grammar = read_lark('start: A\nA: "^".."a" | "\\\\".."]"')
    assert accepted(grammar, ["^", "_", "a", "]", "\\", "b", "[", "-"]) == ["^", "_", "a", "]", "\\"]


def test_a_terminal_that_may_be_empty_may_be_left_out() -> None:
    grammar = read_lark('start: "(" A ")"\nA: /a*/')
    assert accepted(grammar, ["()", "(a)", "(aaa)", "(b)", "("]) == ["()", "(a)", "(aaa)"]
    grammar = read_lark('start: "(" A ")"\nA: /(?:)/')
    assert accepted(grammar, ["()", "(a)"]) == ["()"]


def test_templates_extend_and_override(tmp_path: Path) -> None:
    (tmp_path / "base.lark").write_text(
        'value: "v" | list\nlist: "[" _sep{value, ","} "]"\n_sep{x, s}: x (s x)*\nN: "n"\n'
    )
    grammar = read_lark(
        'start: value pair{value}\npair{x}: "<" x x ">"\n'
        '%import .base.value\n%import .base.N\n%extend value: N\n%override N: "m"\n',
        base_path=tmp_path,
    )
    texts = ["v<vv>", "[v,m]<m[v]>", "n<vv>", "[v,]<vv>", "v<v>"]
    assert accepted(grammar, texts) == ["v<vv>", "[v,m]<m[v]>"]


def test_templates_take_templates_and_recur() -> None:
    grammar = read_lark('start: twice{paren, "x"}\ntwice{t, x}: t{x} t{x}\nparen{x}: "(" x ")" | "[" paren{x} "]"')
    assert accepted(grammar, ["(x)(x)", "[(x)](x)", "(x)", "()(x)"]) == ["(x)(x)", "[(x)](x)"]


def test_optionals_are_not_multiplied_out() -> None:
    letters = [chr(ord("a") + index) for index in range(20)]
    grammar = read_lark("start: " + " ".join(f'["{letter}"]' for letter in letters))
    assert len(grammar.rules) == 41
    assert accepted(grammar, ["", "at", "".join(letters), "ba"]) == ["", "at", "".join(letters)]


def test_optionals_that_collide_are_ambiguous_and_not_refused() -> None:
    grammar = read_lark('start: "a"? "a"? ["b"]')
    assert accepted(grammar, ["", "a", "aa", "aab", "aaa"]) == ["", "a", "aa", "aab"]


@pytest.mark.parametrize("low", [0, 1, 2, 5, 17])
@pytest.mark.parametrize("more", [0, 1, 2, 3, 8, 13])
def test_bounded_repetitions_count(low: int, more: int) -> None:
    grammar = read_lark(f'start: "<" x~{low}..{low + more} ">"\nx: "(" [x] ")"')
    counts = [count for count in range(low + more + 3) if accepted(grammar, ["<" + "()" * count + ">"])]
    assert counts == list(range(low, low + more + 1))


def test_large_repetitions_stay_small() -> None:
    grammar = read_lark('start: x~1000000..3000000\nx: "(" [x] ")"')
    assert len(grammar.rules) < 200


@pytest.mark.parametrize(
    ("pattern", "flags", "parts"),
    [
        (r'".*?"', "", (r'".*?"', "")),
        (r'"(?:.*?)(?:(?<!\\)(\\\\)*?)"(?:i)?', "", (r'"(?:.*?)(?:(?<!\\)(\\\\)*?)"', "(?:i)?")),
        (r"a.*?b+", "", (r"a.*?b{1}", "b*")),
        (r"a.*?\x41{2,5}c*", "", (r"a.*?\x41{2}", r"\x41{0,3}c*")),
        (r"a.*?b{3}", "", (r"a.*?b{3}", "")),
        (r"a.*?b{2,}(?:c|)", "", (r"a.*?b{2}", r"b*(?:c|)")),
        (r"a*?|b", "", (r"a*?|b", "")),
        (r"a.*?(?=b)c*", "", (r"a.*?(?=b)", "c*")),
        ("a .*? # b+\n b+", "x", ("a.*?b{1}", "b*")),
        (r"[*?]*[^]?]+\*?", "", None),
        (r"(a+?)(?#c?)b", "", (r"(a+?)b", "")),
    ],
)
def test_lazy_patterns_are_split(pattern: str, flags: str, parts: tuple[str, str] | None) -> None:
    assert split_lazy(pattern, flags) == parts


@pytest.mark.parametrize("pattern", ['".*?"', '".*?(?<!b)"a?', "a.*?b+", "a+?b*", "(?:ab)*?b", "a.*?b{2,3}a*"])
def test_a_lazy_lexeme_is_what_re_matches(pattern: str) -> None:
    terminal = read_lark(f"start: A\nA: /{pattern}/").terminal["A"]
    assert terminal.lazy
    lexemes = Lexemes(terminal)
    for text in all_texts('ab"', 6):
        found = re.match(pattern, text)
        longest = max((end for end in range(1, len(text) + 1) if text[:end] in lexemes), default=0)
        assert longest == (found.end() if found else 0), text


def test_lazy_quantifiers_say_nothing_under_dynamic_lexing() -> None:
    grammar = read_lark('start: A\nA: /".*?"/', lexer="dynamic")
    assert not any(terminal.lazy for terminal in grammar.terminals)
    assert accepted(grammar, ['"a""']) == ['"a""']


def test_assertions_see_the_lexeme_alone() -> None:
    for lexer in ("longest", "dynamic"):
        grammar = read_lark('start: A "b"\nA: /a(?!b)/', lexer=lexer)
        assert accepted(grammar, ["ab", "a"]) == ["ab"]


def test_rules_that_cannot_be_reached_are_left_out() -> None:
    grammar = read_lark('start: "a"\nother: "b" B\nB: "c"')
    assert {rule.origin for rule in grammar.rules} == {"start"}
    assert [terminal.pattern for terminal in grammar.terminals] == ["a"]


def lark_grammar(name: str) -> str:
    return (files("lark") / "grammars" / f"{name}.lark").read_text("utf-8")


def test_larks_grammar_of_lark_reads_lark() -> None:
    oracle = LongestMatchOracle(read_lark(lark_grammar("lark")))
    assert oracle.accepts('start: a "b"i~2..3 | [C] -> d // comment\n\nC.2: /[a-z]*/i | "x".."y"\n%ignore " "\n')
    assert not oracle.accepts('start: a "b\n')
    assert not oracle.accepts("start: )a\n")


def test_larks_grammar_of_python_reads_expressions() -> None:
    oracle = LongestMatchOracle(read_lark(lark_grammar("python"), start="eval_input"))
    for text in ("f(x, *y)[1:2] if not a.b else {'k': \"v\" 'w'}", "lambda x, y=1: x ** -y\n", "[i for i in x if i]"):
        assert oracle.accepts(text), text
    for text in ("f(x", "1 +", "a b", "'a"):
        assert not oracle.accepts(text), text


def test_a_declared_terminal_is_refused_where_it_is_used() -> None:
    with pytest.raises(GrammarError) as caught:
        read_lark(lark_grammar("python"), start="file_input")
    assert caught.value.span is not None
    assert lark_grammar("python").splitlines()[caught.value.span.line - 1].startswith("%declare")


@pytest.mark.parametrize("name", ["common", "unicode"])
def test_every_terminal_of_larks_libraries_can_be_imported(name: str) -> None:
    terminals = re.findall(r"^(_?[A-Z_]+) *:", lark_grammar(name), re.MULTILINE)
    assert len(terminals) >= 2
    for terminal in terminals:
        grammar = read_lark(f"start: {terminal}\n%import {name}.{terminal}")
        assert grammar.terminals
