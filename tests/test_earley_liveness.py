"""Texts that the parser accepts and longest match dooms: refused when compiled, never let through, or finished."""

from __future__ import annotations

import random
import time

import pytest
from tests.grammar_machines import GrammarMachine

from gramarye.errors import GrammarError, LimitError
from gramarye.grammar.cfg import build_tables
from gramarye.grammar.lark_reader import read_lark
from gramarye.kernels.columns import Scalar
from gramarye.runtime.limits import Limits

NAME = "\nNAME: /[a-z]+/"
SPACED = "\nWS: / +/\n%ignore WS\n"


@pytest.mark.parametrize("rule", ["NAME NAME", '"(" start ")" | NAME NAME', "NAME* NAME NAME"])
def test_a_language_that_lexing_empties_is_refused_with_its_place(rule: str) -> None:
    with pytest.raises(GrammarError, match="NAME can never begin where NAME has ended") as caught:
        GrammarMachine(f"start: {rule}{NAME}")
    assert caught.value.span is not None
    assert caught.value.span.line == 2
    assert caught.value.hint


@pytest.mark.parametrize("rule", ["NAME NAME", '"(" start ")" | NAME NAME'])
def test_the_same_language_lives_with_blanks_or_dynamic_lexing(rule: str) -> None:
    assert GrammarMachine(f"start: {rule}{NAME}{SPACED}").accepts("a b")
    assert GrammarMachine(f"start: {rule}{NAME}", "dynamic").accepts("ab")


def test_a_doomed_alternative_is_never_entered() -> None:
    machine = GrammarMachine(f'start: "<" NAME NAME ">" | "<" NAME "=" | "(" start ")"{NAME}')
    assert machine.next_bytes("((<ab").strip("abcdefghijklmnopqrstuvwxyz") == "="
    assert machine.completion("((<ab") == "=))"


def test_a_keyword_that_swallows_its_neighbour() -> None:
    """The text "ab" is one lexeme, so behind "a" there can only be what begins otherwise."""
    machine = GrammarMachine('start: "a" ("b" | "c" | "bd") | "ab" "e"')
    assert machine.next_bytes("ab") == "e"
    assert machine.accepts("abe")
    assert machine.accepts("ac")


def test_a_watcher_that_must_die_is_waited_for() -> None:
    """A comment that never ends is two minus signs; one that ends is not."""
    machine = GrammarMachine('start: e\ne: NAME | "-" e\nCOMMENT: /--[a-z ]*!/\n%ignore COMMENT' + NAME)
    assert machine.accepts("--a")
    assert not machine.accepts("--a!")
    assert machine.accepts("--a!b")
    assert machine.next_bytes("--a").endswith("z")
    assert "!" in machine.next_bytes("--a")


def test_an_undecided_search_is_a_limit() -> None:
    grammar = 'start: B | BCB start B\nB: "b"\nBCB: /bc?b?/'
    with pytest.raises(LimitError, match="not decided within"):
        GrammarMachine(grammar, limits=Limits(search=2000)).next_bytes("b")


@pytest.mark.parametrize(
    ("grammar", "proved"),
    [
        ('start: "[" [NUMBER ("," NUMBER)*] "]"\nNUMBER: /[0-9]+/', True),
        ("start: NAME NAME" + NAME + SPACED, True),
        ("start: NAME NAME" + NAME, False),
        ('start: "if" NAME | NAME "!"' + NAME, False),
        ('start: "if" NAME' + NAME, True),  # at the start "if" is the only candidate
        ('start: "if" NAME' + NAME + SPACED, True),
        ('start: NAME ("." NAME)* ".."' + NAME, True),
        ('start: "<" RAW ">" | WORD\nRAW: /[^>]+/\nWORD: /[a-z]+/', True),
        # True in fact: blanks are always RAW, too. The check does not see that, and the machine then searches.
        ('start: "<" RAW ">" | WORD\nRAW: /[^>]+/\nWORD: /[a-z]+/' + SPACED, False),
        ("start: A B\nA: /a+/\nB: /a/", False),
    ],
)
def test_separation(grammar: str, proved: bool) -> None:
    tables = build_tables(read_lark(grammar))
    assert tables.separation.proved == proved
    assert not (proved and tables.separation.culprits)


def test_separable_grammars_search_only_for_watched_records() -> None:
    machine = GrammarMachine('start: e\ne: e "+" e | "(" e ")" | NAME' + NAME + SPACED)
    assert machine.is_prefix("(a + (b+c) + ((")
    assert machine.arena.get(Scalar.EARLEY_SEARCHES) == 0


def test_every_separable_prefix_can_be_finished() -> None:
    machine = GrammarMachine(
        'start: e\ne: e "+" e | e "." NAME | "if" e "then" e | NUMBER | FLOAT | NAME | e "..." e'
        "\nNUMBER: /[0-9]+/\nFLOAT: /[0-9]+\\.[0-9]+/" + NAME + SPACED
    )
    assert machine.tables.separation.proved
    rng = random.Random(1)
    for _ in range(30):
        config, text = machine.start, ""
        for _ in range(15):
            following = [(char, machine.step(config, ord(char))) for char in "ifthenx1.+ "]
            char, config = rng.choice([pair for pair in following if pair[1]])
            text += char
        assert machine.accepts(text + machine.completion(text)), text


def test_a_completion_is_found_deep_down() -> None:
    machine = GrammarMachine('start: e\ne: "(" e ")" | "[" e "]" | NAME' + NAME)
    text = "([" * 200
    assert machine.completion(text) == "a" + "])" * 200


def test_a_completion_gives_up_at_its_limit() -> None:
    machine = GrammarMachine("start: /a{50}/", limits=Limits(search=20))
    with pytest.raises(LimitError, match="no way to finish"):
        machine.completion("a")


def test_a_completion_gives_up_in_time() -> None:
    machine = GrammarMachine("start: /[ab]{400}/", limits=Limits(seconds=0.0))
    started = time.monotonic()
    with pytest.raises(LimitError):
        machine.completion("a")
    assert time.monotonic() - started < 60
