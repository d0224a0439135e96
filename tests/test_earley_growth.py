"""What each repetition adds to the machine: nothing for lists, however ambiguous, a constant for a level of nesting.

Counts of configurations and lists, never times; ``bench/growth.py`` measures the times.
"""

from __future__ import annotations

import random

import pytest
from tests.grammar_machines import ALPHABET, GrammarMachine, random_grammar

from gramarye.errors import GrammarError
from gramarye.kernels.columns import Column, Scalar
from gramarye.kernels.earley_memo import MEMO_FIELDS

LEXICON = "\nNUMBER: /[0-9]+/\nNAME: /[a-z]+/\nWS: /[ \\n]+/\n%ignore WS\n"

# name -> grammar, what comes first, what is repeated
LISTS = {
    "left-recursive": ('start: "[" l "]"\nl: NUMBER | l "," NUMBER' + LEXICON, "[", "1,"),
    "right-recursive": ('start: "[" l "]"\nl: NUMBER | NUMBER "," l' + LEXICON, "[", "1,"),
    "operators": ('start: e\ne: e "+" e | e "*" e | "-" e | "(" e ")" | NAME' + LEXICON, "", "a+"),
    "all ways": ('start: e\ne: e e e | e e | "a" |', "", "a"),
    "hidden left": ('start: s\ns: n s "a" | "b" | n\nn: | "c"', "b", "a"),
    "mutual": ('start: x\nx: y "a" | x x | "a"\ny: x "b" | y y | x', "", "ab"),
    "mutual operators": ('start: x\nx: y "," x | x ";" y | "a"\ny: x "," y | y ";" x | "b" | x', "", "a,b;"),
    "mutual of three": ('start: x\nx: y y | "a" | z x\ny: x x | "b" | z\nz: y x | x y | "a" z?', "", "ab"),
    "mutual through units": ('start: a | b\na: b "x," | a "x," | "x,"\nb: a "x," | b "x," | a b | "x,"', "", "x,"),
}

NESTS = {
    "brackets": ('start: e\ne: t | e "+" t\nt: NAME | "(" e ")"' + LEXICON, "", "("),
    "ambiguous brackets": (
        'start: e\ne: e "+" e | e e | NAME | "(" e ")" | "[" e ("," e)* "]"' + LEXICON,
        "",
        "(a+[a ",
    ),
    "palindromes": ('start: "a" start "a" | "b" start "b" |', "", "ab"),
    "one or two ends": ('start: "a" start "b" | "a" start "b" "b" |', "", "a"),
    # The number of "?" allowed is bounded by the number of "+" before, so something must be counted.
    "counted operators": (
        'start: e\ne: b | u | c | NAME\nb: e "+" e | e "*" e\nu: "-" e | e "!"\nc: e "(" [e ("," e)*] ")" | b "?" e'
        + LEXICON,
        "",
        "a+",
    ),
}


def added(machine: GrammarMachine, first: str, repeated: str, counts: list[int]) -> list[tuple[int, int]]:
    """Configurations and lists added between successive numbers of repetitions."""
    config = machine.feed(first)
    done = 0
    before = machine.made()
    found = []
    for count in counts:
        config = machine.feed(repeated * (count - done), config)
        assert config, "the text is no prefix"
        done = count
        now = machine.made()
        found.append((now[0] - before[0], now[1] - before[1]))
        before = now
    return found


@pytest.mark.parametrize("name", LISTS)
def test_lists_add_nothing(name: str) -> None:
    grammar, first, repeated = LISTS[name]
    _, *later = added(GrammarMachine(grammar), first, repeated, [10, 100, 400, 800])
    assert later == [(0, 0)] * 3


@pytest.mark.parametrize("name", NESTS)
def test_nesting_adds_a_constant_for_each_level(name: str) -> None:
    grammar, first, repeated = NESTS[name]
    machine = GrammarMachine(grammar)
    _, once, *later = added(machine, first, repeated, [50, 51, 150, 250, 450, 850])
    assert [configs for configs, _ in later] == [once[0] * n for n in (99, 100, 200, 400)]
    assert max(abs(lists - once[1] * n) for (_, lists), n in zip(later, (99, 100, 200, 400), strict=True)) <= 4
    assert once[1] <= 40


def test_leaving_a_nest_adds_at_most_what_entering_did() -> None:
    grammar, first, repeated = NESTS["brackets"]
    machine = GrammarMachine(grammar)
    config = machine.feed(first + repeated * 400 + "a")
    entered = machine.made()
    assert machine.complete(machine.feed(")" * 400, config))
    left = machine.made()
    assert left[1] - entered[1] <= entered[1]


def test_random_recursion_grows_at_most_linearly() -> None:
    """Along random walks the lists made in the second hundred bytes are about as many as in the first."""
    for seed in range(4000, 4060):
        try:
            machine = GrammarMachine(random_grammar(seed, "dynamic"))
        except GrammarError:
            continue
        rng = random.Random(seed)
        config = machine.start
        marks = [machine.made()[1]]
        for length in range(1, 301):
            following = [after for char in ALPHABET if (after := machine.step(config, ord(char)))]
            if not following:
                break
            config = rng.choice(following)
            if length % 100 == 0:
                marks.append(machine.made()[1])
        if len(marks) == 4:
            assert marks[3] - marks[2] <= 2 * (marks[1] - marks[0]) + 100, seed


@pytest.mark.parametrize("name", ["mutual of three", "counted operators"])
def test_growth_in_the_middle_of_anything_changes_nothing(name: str) -> None:
    """The table of answers is made to fill up at each of its first entries in turn."""
    grammar, first, repeated = {**LISTS, **NESTS}[name]
    text = first + repeated * 8
    reference = GrammarMachine(grammar)
    verdicts = [reference.next_bytes(text[:length]) for length in range(len(text))]
    capacity = reference.arena.column(Column.EARLEY_MEMO).size // MEMO_FIELDS
    for entries in range(1, min(reference.arena.get(Scalar.EARLEY_MEMOS), capacity // 2)):
        machine = GrammarMachine(grammar, fill=capacity // 2 - entries)
        assert [machine.next_bytes(text[:length]) for length in range(len(text))] == verdicts, entries
