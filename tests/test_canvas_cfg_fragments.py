"""Texts with holes against the slow oracle; lexing without context against the machine."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from tests.grammar_machines import ALPHABET, GrammarMachine, random_grammar
from tests.oracles.canvas_cfg import ANYTHING, Choices, GapOracle
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import GramaryeError, GrammarError, LimitError
from gramarye.grammar.cfg.binary_context import collisions
from gramarye.grammar.cfg.tables import build_tables
from gramarye.grammar.ir import Grammar, LexerKind
from gramarye.runtime.diffusion.cfg_fragments import completable, fragment_items
from gramarye.runtime.diffusion.cfg_tables import TokenGrammar
from gramarye.runtime.vocabulary import Vocabulary

SCHEMAS = Path(__file__).parent.parent / "schemas"
LETTERS = Vocabulary.from_bytes([*(letter.encode() for letter in ALPHABET), b""], eos_ids=[len(ALPHABET)])


def grammars(seed: int, count: int, *kinds: LexerKind) -> list[tuple[int, Grammar]]:
    """Random grammars with a language."""
    found: list[tuple[int, Grammar]] = []
    rng = random.Random(seed)
    while len(found) < count:
        seed = rng.randrange(1 << 30)
        try:
            found.append((seed, random_grammar(seed, rng.choice(kinds))))
        except GrammarError:
            continue
    return found


def random_fragments(rng: random.Random) -> list[str]:
    lengths = [rng.choice((0, 0, 1, 1, 2, 3)) for _ in range(rng.randrange(1, 5))]
    return ["".join(rng.choice(ALPHABET) for _ in range(length)) for length in lengths]


def with_gaps(fragments: list[str]) -> list[Choices]:
    text: list[Choices] = []
    for number, fragment in enumerate(fragments):
        if number:
            text.append(ANYTHING)
        text.append([fragment])
    return text


def check_fragments(seed: int, cases: int) -> None:
    """Three lists of fragments a grammar, lexed in every way that the grammar's lexer has."""
    rng = random.Random(seed)
    verdicts = {True: 0, False: 0}
    for number, grammar in grammars(seed, cases // 3, "dynamic", "basic"):
        oracle = GapOracle(grammar, ALPHABET)
        tables = TokenGrammar(build_tables(grammar), LETTERS)
        for _ in range(3):
            fragments = random_fragments(rng)
            expected = oracle.possible(with_gaps(fragments))
            found = tables.derives(tables.text_lattice(fragment_items(fragments)))
            assert found == expected, (number, fragments)
            verdicts[found] += 1
    assert min(verdicts.values()) > cases // 10


def test_fragments_are_completable_as_the_oracle_says() -> None:
    check_fragments(11, 150)


@pytest.mark.slow
def test_fragments_are_completable_as_the_oracle_says_often() -> None:
    check_fragments(12, 3000)


def check_contexts(seed: int, count: int, longest: int) -> None:
    """Where no terminals collide, the machine's texts are those that are lexed without context."""
    safe = 0
    for number, grammar in grammars(seed, count, "longest"):
        if collisions(build_tables(grammar)):
            continue
        oracle = GapOracle(grammar, ALPHABET)
        try:
            machine = GrammarMachine(grammar)
            for length in range(longest + 1):
                for letters in itertools.product(ALPHABET, repeat=length):
                    text = "".join(letters)
                    assert machine.accepts(text) == oracle.accepts(text), (number, text)
        except GrammarError:
            assert not oracle.possible([ANYTHING]), number
        except LimitError:
            continue
        safe += 1
    assert safe > count // 2


def test_grammars_without_collisions_need_no_context() -> None:
    check_contexts(21, 40, 3)


@pytest.mark.slow
def test_grammars_without_collisions_need_no_context_often() -> None:
    check_contexts(22, 800, 4)


def check_basic(seed: int, count: int, longest: int) -> None:
    """Words and prefixes of the machine under basic lexing."""
    words = 0
    for number, grammar in grammars(seed, count, "basic"):
        oracle = GapOracle(grammar, ALPHABET)
        try:
            machine = GrammarMachine(grammar)
            for length in range(longest + 1):
                for letters in itertools.product(ALPHABET, repeat=length):
                    text = "".join(letters)
                    accepted = machine.accepts(text)
                    words += accepted
                    assert accepted == oracle.accepts(text), (number, text)
                    assert machine.is_prefix(text) == oracle.possible([[text], ANYTHING]), (number, text)
        except GrammarError:
            assert not oracle.possible([ANYTHING]), number
        except LimitError:
            continue
    assert words > count


def test_basic_lexing_has_all_terminals_as_candidates() -> None:
    check_basic(31, 30, 3)


@pytest.mark.slow
def test_basic_lexing_has_all_terminals_as_candidates_often() -> None:
    check_basic(32, 600, 4)


def test_json_fragments() -> None:
    constraint = engine.compile(lark=(SCHEMAS / "json.lark").read_text(), vocabulary=toy_vocabulary())
    for fragments, expected in (
        (['{"a": ', ', "b": ]'], False),
        (['{"a": ', ', "b": 1}'], True),
        (["tr", "e"], True),  # one hole within one lexeme
        (["tr", "x", "e"], False),
        (['"', '"', ""], True),  # or a string, and nothing behind it
        (['{"a"', "1}"], True),
        (['{"a" 1', "}"], False),
        (["1.", "e", "5"], True),  # both fragments in one number
        (["[[[", "]]"], True),
        (["", "}"], True),
        ([""], False),
        (["", ""], True),
    ):
        assert completable(constraint, fragments) == expected, fragments


def test_collisions_are_refused_by_name() -> None:
    grammar = 'start: NAME "=" v\nv: "if" | NAME\nNAME: /[a-z]+/\n'
    constraint = engine.compile(lark=grammar, vocabulary=toy_vocabulary())
    with pytest.raises(GrammarError, match='"if" takes lexemes away from NAME') as caught:
        completable(constraint, ["", "=", ""])
    assert caught.value.hint is not None
    assert 'lexer="basic"' in caught.value.hint
    assert constraint.accepts("if=if")  # the first is a NAME, since no "if" can stand there
    basic = engine.compile(lark=grammar, vocabulary=toy_vocabulary(), lexer="basic")
    assert not basic.accepts("if=if")
    assert basic.accepts("a=if")
    assert completable(basic, ["a=i", ""])
    assert completable(basic, ["if", "=a"])  # "ifx" is a NAME
    assert not completable(basic, ["if=", ""])


def test_fragments_need_a_grammar() -> None:
    constraint = engine.compile(regex="a+", vocabulary=toy_vocabulary())
    with pytest.raises(GramaryeError, match="regex constraint has no context-free grammar"):
        completable(constraint, ["a", ""])
    with pytest.raises(GramaryeError, match="no fragments"):
        completable(engine.compile(lark='start: "a"', vocabulary=toy_vocabulary()), [])


def test_intersection_canvas() -> None:
    vocabulary = toy_vocabulary()
    constraint = engine.compile(lark='start: "(" start ")" | "x"', vocabulary=vocabulary)
    canvas = constraint.canvas(4, {0: ord("("), 3: ord(")")}, check="intersection")
    assert not canvas.exact
    assert canvas.completable
    assert canvas.commit(1, ord("("))  # a dead end: four positions have no room for the second ")"
    assert canvas.completable  # since lengths are free
    assert not any(canvas.allows(2, token) for token in range(len(vocabulary)))
    assert canvas.fixed == {0: ord("("), 1: ord("("), 3: ord(")")}
    with pytest.raises(GramaryeError, match="no masks"):
        canvas.masks()
    with pytest.raises(GramaryeError, match="outside the canvas"):
        canvas.allows(4, 0)
    with pytest.raises(GramaryeError, match="is fixed to token"):
        canvas.commit(0, 1)
