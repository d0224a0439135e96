"""The oracles themselves, on grammars whose languages can be told by looking at them."""

from __future__ import annotations

from tests.oracles.earley import EarleyOracle, LongestMatchOracle

from gramarye.grammar.ir import Grammar, Rule, Terminal


def grammar(rules: str, *terminals: Terminal, ignore: tuple[str, ...] = (), lexer: str = "longest") -> Grammar:
    made = [line.split("->") for line in rules.split(";")]
    return Grammar(
        terminals=terminals,
        rules=tuple(Rule(origin.strip(), tuple(body.split())) for origin, body in made),
        start="S",
        ignore=ignore,
        lexer=lexer,
    )


A = Terminal("A", "a", literal=True)
IF = Terminal("IF", "if", literal=True)
NAME = Terminal("NAME", "[a-z]+")
SPACE = Terminal("SPACE", " +")


def test_balanced_and_ambiguous_and_empty() -> None:
    left = Terminal("L", "(", literal=True)
    right = Terminal("R", ")", literal=True)
    oracle = EarleyOracle(grammar("S -> S S; S -> L S R; S -> ", left, right, lexer="dynamic"))
    for text in ("", "()", "(())()"):
        assert oracle.accepts(text)
    for text in (")", "(", "())"):
        assert not oracle.accepts(text)
    assert oracle.is_prefix("((")
    assert not oracle.is_prefix("())")


def test_hidden_left_recursion_and_cycles() -> None:
    oracle = EarleyOracle(grammar("S -> E S A; S -> T; T -> S; T -> A; E -> ", A, lexer="dynamic"))
    assert [oracle.accepts("a" * count) for count in range(4)] == [False, True, True, True]


def test_dynamic_lexing_cuts_anywhere() -> None:
    oracle = EarleyOracle(grammar("S -> IF NAME NAME", IF, NAME, SPACE, ignore=("SPACE",), lexer="dynamic"))
    assert oracle.accepts("ifab")
    assert oracle.accepts(" if a b ")
    assert not oracle.accepts("ifa")
    assert not oracle.accepts("i f a b")
    assert oracle.is_prefix("ifa")
    assert not oracle.is_prefix("j")


def test_longest_match_takes_the_longest_and_prefers_literals() -> None:
    oracle = LongestMatchOracle(grammar("S -> IF NAME; S -> NAME A", IF, NAME, A, SPACE, ignore=("SPACE",)))
    assert oracle.lexemes("if b") == ([("if", {"IF"}), (" ", {"SPACE"}), ("b", {"NAME"})], True)
    assert not oracle.accepts("ifb")  # one name
    assert oracle.accepts("ifb a")
    assert not oracle.accepts("if if if")
    assert oracle.accepts("if if")  # only a name can stand second
    assert not oracle.accepts("if")
    assert oracle.is_prefix("i", "f b", 3)
    assert not oracle.is_prefix("b b", "ab ", 2)


def test_explicit_priorities_come_first_and_equals_stay_together() -> None:
    strong = Terminal("STRONG", "[a-z]+", priority=1)
    oracle = LongestMatchOracle(
        grammar("S -> IF; S -> STRONG A; S -> OTHER IF", IF, strong, A, Terminal("OTHER", "[a-z]+", priority=1))
    )
    assert oracle.lexemes("if") == ([("if", {"STRONG", "OTHER"})], False)


def test_a_longest_lexeme_is_not_taken_back() -> None:
    one, three = Terminal("ONE", "a", literal=True), Terminal("THREE", "aab")
    oracle = LongestMatchOracle(grammar("S -> ONE S; S -> THREE; S -> ONE", one, three))
    assert oracle.accepts("aaa")
    assert oracle.accepts("aab")
    assert oracle.accepts("aaab")
    assert not oracle.accepts("aabaab")


def test_lexemes_that_are_ignored_and_wanted_are_both() -> None:
    word = Terminal("WORD", " +")
    oracle = LongestMatchOracle(grammar("S -> A WORD A; S -> A A", A, word, SPACE, ignore=("SPACE",)))
    assert oracle.accepts("a a")
    assert oracle.accepts("aa")


def test_lazy_lexemes() -> None:
    text = Terminal("TEXT", '".*?"', lazy=True, tail="i?")
    oracle = LongestMatchOracle(grammar("S -> TEXT S; S -> ", text))
    assert oracle.lexemes('"a""b"i"c') is None
    assert oracle.lexemes('"a""b"i') == ([('"a"', {"TEXT"}), ('"b"i', {"TEXT"})], True)
