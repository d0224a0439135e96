"""The pipeline from a Grammar to tables: terminals, reduction, analysis, left corners."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gramarye.errors import GrammarError
from gramarye.grammar.cfg.adjacency import neighbours, suffix_relations
from gramarye.grammar.cfg.analysis import (
    first_terminals,
    following_terminals,
    nullable_names,
    shortest_lengths,
)
from gramarye.grammar.cfg.left_corner import Corner, left_corners
from gramarye.grammar.cfg.reduce import reduce_grammar
from gramarye.grammar.cfg.tables import ACCEPT, build_tables
from gramarye.grammar.cfg.terminals import UNREACHABLE, lexeme_dfa, pool_terminals, start_apart
from gramarye.grammar.ir import Grammar, Rule, Terminal
from gramarye.grammar.lark_reader import read_lark


def rules(*texts: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(origin, tuple(alternative.split()))
        for text in texts
        for origin, _, body in [text.partition(": ")]
        for alternative in body.split("|")
    )


TERMINALS = (Terminal("A", "a", literal=True), Terminal("B", "bb", literal=True), Terminal("N", "[0-9]+"))
NAMES = {"A", "B", "N"}


def reduced(*texts: str) -> dict[str, list[tuple[str, ...]]]:
    productions = reduce_grammar(Grammar(TERMINALS, rules(*texts), "s"), NAMES)
    return {name: [production.symbols for production in alternatives] for name, alternatives in productions.items()}


def test_reduction_drops_what_derives_nothing() -> None:
    assert reduced("s: A|s x|y", "x: x A", "y: B B B B") == {"s": [("A",), ("B",) * 4]}


def test_reduction_inlines_units_and_short_rules() -> None:
    assert reduced("s: t|s A t", "t: B|N t") == {"s": [("t",), ("s", "A", "t")], "t": [("B",), ("N", "t")]}
    assert reduced("s: t|s A", "t: B|N") == {"s": [("B",), ("N",), ("s", "A")]}
    assert reduced("s: A t A|s t", "t: B N") == {"s": [("A", "B", "N", "A"), ("s", "B", "N")]}


def test_reduction_drops_a_rule_that_is_itself() -> None:
    assert reduced("s: s|A") == {"s": [("A",)]}


def test_an_empty_language_is_an_error() -> None:
    with pytest.raises(GrammarError, match="is empty"):
        reduce_grammar(Grammar(TERMINALS, rules("s: s A"), "s"), NAMES)


def test_a_terminal_without_lexemes_derives_nothing() -> None:
    grammar = Grammar((*TERMINALS, Terminal("E", "()")), rules("s: E|A"), "s")
    assert [p.symbols for p in build_tables(grammar).productions["s"]] == [("A",)]


def test_analysis() -> None:
    grammar = Grammar(TERMINALS, rules("s: x y A|N", "x: |B x|y", "y: |x"), "s")
    productions = reduce_grammar(grammar, NAMES)
    nullable = nullable_names(productions)
    assert nullable == {"x", "y"}
    assert first_terminals(productions, nullable)["s"] == {"A", "B", "N"}
    follow = following_terminals(productions, nullable)
    assert follow["B"] == {"A", "B"}
    assert follow.get("A", set()) == set()
    assert shortest_lengths(productions, {"A": 1, "B": 2, "N": 1}) == {"A": 1, "B": 2, "N": 1, "x": 0, "y": 0, "s": 1}


def test_left_corner_components() -> None:
    # 0 begins with itself and 1; 1 with 2 and 3; 2 with 1
    parents = [
        [Corner(0, 9, False)],
        [Corner(0, 8, True), Corner(2, 7, True)],
        [Corner(1, 6, True)],
        [Corner(1, 5, False)],
    ]
    relation = left_corners(parents)
    assert relation.reach == [0b1111, 0b1110, 0b1110, 0b1000]
    assert relation.component[1] == relation.component[2]
    assert len(set(relation.component)) == 3
    recursive = {name: relation.recursive[relation.component[name]] for name in range(4)}
    assert recursive == {0: True, 1: True, 2: True, 3: False}
    assert [sorted(unit) for unit in relation.unit] == [[0], [1, 2], [1, 2], [3]]
    assert [relation.component[n] for n in relation.ancestors[3]] == [relation.component[n] for n in (0, 1, 3)]


def test_left_corner_closure_on_random_relations() -> None:
    rng = random.Random(5)
    for _ in range(50):
        count = rng.randrange(1, 12)
        edges = [[rng.random() < 0.2 for _ in range(count)] for _ in range(count)]
        parents = [[Corner(a, 0, False) for a in range(count) if edges[a][n]] for n in range(count)]
        closure = np.array(edges) | np.eye(count, dtype=bool)
        for _ in range(count):
            closure = closure @ closure
        relation = left_corners(parents)
        assert [[reach >> n & 1 for n in range(count)] for reach in relation.reach] == closure.astype(int).tolist()
        for one in range(count):
            for other in range(count):
                together = bool(closure[one, other] and closure[other, one])
                assert (relation.component[one] == relation.component[other]) == together


@pytest.mark.parametrize("pattern", ["a*", "a*b|c", "(ab)*", "", "x", "[ab]+"])
def test_the_start_of_a_lexeme_is_never_entered_again(pattern: str) -> None:
    dfa = lexeme_dfa(Terminal("T", pattern))
    trans, accept = start_apart(dfa)
    assert not (trans == 1).any()
    for text in ("", "a", "aa", "b", "ab", "aab", "abab", "c", "x", "ba"):
        state = 1 if len(trans) > 1 else 0
        for byte in text.encode():
            state = int(trans[state, byte])
        assert bool(accept[state]) == (text != "" and dfa.accepts(text.encode())), text


def test_lazy_terminals_are_cut_at_their_first_match() -> None:
    dfa = lexeme_dfa(Terminal("T", '".*?"', lazy=True, tail="i?"))
    assert dfa.accepts(b'"ab"')
    assert dfa.accepts(b'"ab"i')
    assert not dfa.accepts(b'"a"b"')
    assert lexeme_dfa(Terminal("T", "a*b", lazy=True, tail="b*")).accepts(b"aabbb")


def test_the_pool_keeps_every_terminal() -> None:
    pool = pool_terminals(TERMINALS)
    for index, (text, other) in enumerate([("a", "b"), ("bb", "b"), ("2024", "2a")]):
        for word, expected in ((text, True), (other, False)):
            state = int(pool.first[index])
            for byte in word.encode():
                state = int(pool.trans[state, pool.byte_class[byte]])
            assert bool(pool.accept[state]) == expected
            assert state == 0 or pool.terminal[state] == index
    assert [pool.shortest(index) for index in range(3)] == [1, 2, 1]
    assert pool.distance[0] == UNREACHABLE
    assert pool.classes == 4


def test_dots_are_shared_by_rules_that_end_alike() -> None:
    tables = build_tables(read_lark('start: "x" b "c" | "y" "z" b "c"\nb: "b" b | "b"'))
    rests = [place.rest for place in tables.places]
    assert len(rests) - 2 == len(set(rests[2:]))
    assert tables.symbol[1] == ACCEPT
    for dot, rest in enumerate(rests):
        if rest:
            assert rests[tables.next[dot]] == rest[1:]


def test_neighbours() -> None:
    terminals = (Terminal("NAME", "[a-z]+"), Terminal("DOT", ".", literal=True), Terminal("AB", "a+b"))
    pairs = neighbours(pool_terminals(terminals), [])
    assert pairs.tolist() == [[False, True, False], [True, True, True], [True, True, True]]
    blank = (*terminals, Terminal("WS", " +"))
    assert neighbours(pool_terminals(blank), [3])[:3, :3].all()


def test_suffix_relations_know_what_a_rule_leads_to() -> None:
    grammar = Grammar(TERMINALS, rules("s: A s A|B|"), "s")
    productions = reduce_grammar(grammar, NAMES)
    pairs = np.ones((3, 3), bool)
    pairs[0, 0] = False  # A never follows A, so the empty s and a nested one are impossible within A s A
    relation = suffix_relations(productions, ("A", "B", "N"), pairs, [("s",), ("A", "s", "A"), ()])
    assert relation.tolist() == [[0b0011, 0b0011, 0b0111, 0b1011], [0, 1, 1, 1], [1, 2, 4, 8]]
