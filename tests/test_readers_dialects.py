"""Specifics of GBNF and of both EBNF notations: escapes, layout, comments, exceptions, repetitions."""

from __future__ import annotations

import pytest
from tests.oracles.earley import EarleyOracle

from gramarye.grammar.ebnf_reader import read_ebnf
from gramarye.grammar.gbnf_reader import read_gbnf
from gramarye.grammar.ir import Grammar


def accepted(grammar: Grammar, texts: list[str]) -> list[str]:
    oracle = EarleyOracle(grammar)
    return [text for text in texts if oracle.accepts(text)]


def test_gbnf_escapes() -> None:
    grammar = read_gbnf(r'root ::= "\n\r\t\\\"\[\]\x41\u00e9\U0001F600" [\]\\\x42-\x43\u03b1-\u03b3\-] [^\n"]')
    head = '\n\r\t\\"[]Aé😀'
    assert accepted(grammar, [head + middle + "x" for middle in "]\\BCαγ-"]) == [
        head + middle + "x" for middle in "]\\BCαγ-"
    ]
    assert accepted(grammar, [head + "Ax", head + "δx", head + 'B"', head + "B\n", head + "B"]) == []


def test_gbnf_layout() -> None:
    grammar = read_gbnf(
        "# comment with ::= and |\r\n\nroot  ::=   # begins on the next line\n  a |\n  (b\n   # inside\n  c?)  # end\n"
        '  | "d"\na::="a"\nb ::= "b" # last\nc\t::= "c"'
    )
    assert accepted(grammar, ["a", "b", "bc", "d", "c", ""]) == ["a", "b", "bc", "d"]


def test_gbnf_empty_alternatives_and_dots() -> None:
    grammar = read_gbnf('root ::= | . "." | "" "z" ("" | "y")')
    assert accepted(grammar, ["", "\n.", "😀.", "z", "zy", "."]) == ["", "\n.", "😀.", "z", "zy"]


@pytest.mark.parametrize(
    ("mark", "counts"),
    [
        ("{3}", {3}),
        ("{2,}", {2, 3, 4, 5, 6}),
        ("{0,2}", {0, 1, 2}),
        ("{ 1 , 3 }", {1, 2, 3}),
        ("{0}", {0}),
        ("?{2}", {0, 1, 2}),
    ],
)
def test_gbnf_repetitions(mark: str, counts: set[int]) -> None:
    for item, one in (("[a]", "a"), ("x", "()")):  # a regular and a recursive item
        grammar = read_gbnf(f'root ::= "<" {item}{mark} ">"\nx ::= "(" x? ")"')
        assert {count for count in range(7) if accepted(grammar, [f"<{one * count}>"])} == counts


def test_large_repetitions_stay_small() -> None:
    grammar = read_gbnf('root ::= [a-z]{2,1000000} x{70000,}\nx ::= "(" x ")" | "."')
    assert len(grammar.rules) < 200


def test_repetitions_within_the_size_of_an_automaton_are_one_terminal() -> None:
    grammar = read_gbnf("root ::= [a-z]{1,100} [0-9]*")
    assert [rule.expansion for rule in grammar.rules] == [(grammar.terminals[0].name,)]


def test_folding_leaves_expressions_alone_whose_automata_are_large() -> None:
    grammar = read_gbnf('root ::= [ab]* "a" [ab]{40} "!"')
    assert len(grammar.terminals) > 1
    texts = ["b" + "ab" * 20 + "!", "a" + "ab" * 20 + "!", "ba" + "b" * 40 + "!", "a" + "b" * 39 + "!"]
    assert accepted(grammar, texts) == [texts[1], texts[2]]


def test_iso_notation() -> None:
    grammar = read_ebnf(
        '(* a (* nested *) comment *) start rule = first   part, (: "x" :), (/ "y" /), 2 * [ "z" ] ! "w" / \'v"\' ;\n'
        'first part = "<" , , ">" . (**)'
    )
    texts = ["<>", "<>xxyzz", "<>xzzz", "w", 'v"', "<>w", ""]
    assert accepted(grammar, texts) == ["<>", "<>xxyzz", "w", 'v"']
    assert grammar.start == "start rule"


def test_iso_exceptions() -> None:
    letters = "letter = 'a' | 'b' | 'c' ;"
    grammar = read_ebnf(f"word = {{ letter }}- ; {letters}")
    assert accepted(grammar, ["", "a", "abc", "d"]) == ["a", "abc"]
    grammar = read_ebnf(f"word = {{ letter }} - ( 'abc' | {{ 'a' }} ), '!' ; {letters}")
    assert accepted(grammar, ["!", "a!", "aaa!", "abc!", "ab!", "abca!", "c!"]) == ["ab!", "abca!", "c!"]


def test_w3c_notation() -> None:
    grammar = read_ebnf(
        "/* [1] not a rule ::= */ [1] start ::= item* [2] item ::= #x41 | [#x42-#x43x-z] | [^#x00-#x7F] | '\"' \"'\"\n"
        "[ wfc: a constraint ] [3a] unused ::= 'x'"
    )
    assert accepted(grammar, ["", "ABCxz", "é😀", "\"'", "D", '"', "w"]) == ["", "ABCxz", "é😀", "\"'"]


def test_w3c_exceptions() -> None:
    grammar = read_ebnf(
        "pi ::= '<?' (Char* - (Char* '?>' Char*)) '?>' name\n"
        "name ::= Char+ - ('x' | [a-c]) - 'yy'\nChar ::= [#x20-#x7E]"
    )
    texts = ["<?a?>z", "<?a?b>?>zz", "<??>?>z", "<?a?>b", "<?a?>x", "<?a?>yy", "<?a?>yyy", "<??>xx"]
    assert accepted(grammar, texts) == ["<?a?>z", "<?a?b>?>zz", "<??>?>z", "<?a?>yyy", "<??>xx"]


def test_exceptions_may_lie_inside_recursion() -> None:
    grammar = read_ebnf("list ::= '(' (word | list)* ')'\nword ::= [a-z]+ - 'if'")
    # Two words may stand side by side, so "if" is a word i and a word f.
    assert accepted(grammar, ["(a(b))", "(if)", "(", "()"]) == ["(a(b))", "(if)", "()"]


@pytest.mark.parametrize(
    ("text", "dialect"),
    [("a = 'x' ;", "iso"), ("(* ::= *) a b = 'x' .", "iso"), ("[1] a ::= 'x'", "w3c"), ("/* = */ a ::= '='", "w3c")],
)
def test_the_notation_is_recognised(text: str, dialect: str) -> None:
    assert read_ebnf(text).rules == read_ebnf(text, dialect).rules


def test_ends_that_recur_become_loops() -> None:
    for text in ('root ::= root "a" | "b" root | "c"', 'root ::= ("b" root)? "" | "c" | root "a"'):
        grammar = read_gbnf(text)
        assert len(grammar.rules) <= 3
        not_linear = text.replace("root", "x").replace("x ::=", 'root ::= x\nx ::= "(" x ")" |', 1)
        reference = EarleyOracle(read_gbnf(not_linear))
        oracle = EarleyOracle(grammar)
        for sample in ("", "c", "bc", "ca", "bbcaa", "bac", "acb", "b", "a", "ba"):
            assert oracle.accepts(sample) == reference.accepts(sample), (text, sample)
