"""The Earley kernels on grammars whose languages are known."""

from __future__ import annotations

import pytest
from tests.grammar_machines import GrammarMachine

SPACED = "\nWS: / +/\n%ignore WS\n"


def test_maximal_munch_goes_back_to_the_last_lexeme() -> None:
    machine = GrammarMachine('start: ("a" | "abc" | "bd")+')
    assert machine.accepts("abd")
    assert machine.accepts("abcabd")
    assert machine.next_bytes("ab") == "cd"


def test_a_longer_lexeme_forbids_the_shorter_split() -> None:
    machine = GrammarMachine('start: "a" "bc" | "abc" "d"')
    assert machine.accepts("abcd")
    assert not machine.accepts("abc")
    assert machine.next_bytes("abc") == "d"


def test_a_watcher_survives_several_lexemes() -> None:
    machine = GrammarMachine('start: ("a" | "b" | "c" | "abcde")+')
    assert machine.accepts("abcd"[:3])
    assert machine.next_bytes("abcd") == "e"
    assert machine.accepts("abcde")
    assert not machine.is_prefix("abcda")


def test_a_doomed_hypothesis_is_dropped_at_once() -> None:
    """After "ab" the "abc" that never comes can only be ruled out by another byte, which no rule provides."""
    machine = GrammarMachine('start: "a" "b" | "abc"')
    assert machine.accepts("ab")
    assert machine.accepts("abc")
    assert machine.next_bytes("ab") == "c"


def test_dynamic_lexing_takes_every_split() -> None:
    machine = GrammarMachine('start: "a" "bc" | "abc" "d"', "dynamic")
    assert machine.accepts("abc")
    assert machine.accepts("abcd")


def test_keywords_win_over_names_of_the_same_length_only() -> None:
    machine = GrammarMachine('start: "if" NAME "!" | NAME "?"\nNAME: /[a-z]+/' + SPACED)
    assert machine.accepts("if x!")
    assert not machine.is_prefix("if?")
    assert machine.accepts("iff?")
    assert machine.accepts("i?")


def test_equal_ranks_are_taken_together() -> None:
    machine = GrammarMachine('start: A "!" | B "?"\nA: /[ab]+/\nB: /[bc]+/')
    assert machine.accepts("bb!")
    assert machine.accepts("bb?")
    assert not machine.is_prefix("ab?")


def test_priority_decides_where_both_match() -> None:
    machine = GrammarMachine('start: A "!" | B "?"\nA.2: /[ab]+/\nB: /[bc]+/')
    assert machine.accepts("bb!")
    assert not machine.is_prefix("bb?")
    assert machine.accepts("bc?")


def test_lexing_is_contextual() -> None:
    machine = GrammarMachine('start: "<" RAW ">" | WORD\nRAW: /[^>]+/\nWORD: /[a-z]+/' + SPACED)
    assert machine.accepts("<a b>")
    assert not machine.is_prefix("a b")


def test_ignored_text_may_stand_anywhere() -> None:
    machine = GrammarMachine('start: "a" "b"' + SPACED)
    for text in ("ab", " ab", "ab ", "  a   b  "):
        assert machine.accepts(text)
    assert not machine.accepts("  ")
    assert machine.is_prefix("  ")


def test_a_terminal_may_be_both_ignored_and_used() -> None:
    machine = GrammarMachine('start: "a" WS "b"' + SPACED)
    assert machine.accepts("a b")
    assert machine.accepts(" a b ")
    assert not machine.is_prefix("ab")


@pytest.mark.parametrize(
    ("grammar", "words", "others"),
    [
        ('start: start "a" | "b"', ["b", "ba", "baaa"], ["", "a", "ab", "bab"]),
        ('start: "a" start | "b"', ["b", "ab", "aaab"], ["", "a", "ba"]),
        ('start: x start "a" | "b"\nx: | "c"', ["b", "ba", "cba", "ccbaa"], ["", "cb", "bac"]),
        ('start: start start | "a" |', ["", "a", "aaaa"], ["b"]),
        ('start: start | x\nx: start | "a"', ["a"], ["", "aa"]),
        ('start: x "a" | "b"\nx: start "c" | x "d" | "e"', ["b", "bca", "ea", "eddaca"], ["bc", "ec", "eaa"]),
        ('start: "a" start "a" | "b" start "b" |', ["", "aa", "abba", "baab"], ["a", "ab", "aba"]),
        ('start: x y x\nx: | "a"\ny: | x "b"', ["", "a", "aa", "b", "ab", "aba", "aaba"], ["bb", "abb"]),
    ],
)
def test_recursion_and_empty_rules(grammar: str, words: list[str], others: list[str]) -> None:
    for lexer in ("longest", "dynamic"):
        machine = GrammarMachine(grammar, lexer)
        assert [word for word in words if not machine.accepts(word)] == []
        assert [word for word in others if machine.accepts(word)] == []


def test_terminals_are_utf8() -> None:
    machine = GrammarMachine('start: "ä" /[α-ω]/+')
    assert machine.accepts("äαω")
    assert machine.is_prefix("ä".encode()[:1])
    assert not machine.is_prefix("ä".encode()[:1] + b"a")


def test_equal_texts_have_equal_configurations() -> None:
    machine = GrammarMachine('start: start "+" start | NAME\nNAME: /[a-z]+/')
    assert machine.feed("a+b+") == machine.feed("xyz+c+q+")


def test_expected_names_terminals_with_their_rules() -> None:
    machine = GrammarMachine('start: call | "!"\ncall: NAME "(" [NAME] ")"\nNAME: /[a-z]+/' + SPACED)
    assert {(one.terminal, one.rule) for one in machine.expected("")} == {
        ("NAME", "call"),
        ('"!"', "start"),
        ("WS", None),
    }
    begun = {one.terminal for one in machine.expected("ab") if one.begun}
    assert begun == {"NAME"}
    assert "" in {one.terminal for one in machine.expected("!")}
