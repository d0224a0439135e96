"""The difference of two regular expressions, as an expression again: what EBNF's exception ``a - b`` means.

Sets of characters are subtracted as sets. Everything else goes through automata: the two are compiled,
subtracted, and the result is read back by eliminating its states one by one (Brzozowski and McCluskey 1963)::

    p --a--> q --b--> r,  q --c--> q      =>      p --a c* b--> r
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import GrammarError, LimitError, Span
from .characters import as_characters, minus, union
from .expression import EMPTY, Characters, Expression, Repeat, Text, choice, sequence, walk
from .notation import regex_source

if TYPE_CHECKING:
    from .regex import CharDfa

__all__ = ["subtracted"]

# Parts of the resulting expression; state elimination can grow exponentially.
_LARGEST = 20_000

Edges = dict[int, dict[int, Expression]]


def subtracted(kept: Expression, removed: Expression, span: Span | None = None) -> Expression:
    """An expression for the strings of `kept` that are not strings of `removed`; both are without references.

    Raises:
        GrammarError: nothing is left.
        LimitError: the result is too large to be written down.
    """
    kept_set, removed_set = as_characters(kept), as_characters(removed)
    if kept_set is not None and removed_set is not None:
        return _something(minus(kept_set, removed_set), span)
    if isinstance(kept, Repeat) and kept.low == 0 and removed in (EMPTY, Text("")) and _never_empty(kept.item):
        return Repeat(kept.item, 1, kept.high)
    from .regex import compile_regex, difference  # only exceptions need automata here

    left, right = (compile_regex(regex_source(operand)) for operand in (kept, removed))
    return _expression(difference(left, right), span)


def _never_empty(item: Expression) -> bool:
    return as_characters(item) is not None or (isinstance(item, Text) and item.text != "")


def _something(characters: Characters, span: Span | None) -> Characters:
    if not characters.ranges:
        raise GrammarError(
            "the exception leaves nothing", span=span, hint="every string before the - is also one of those after it"
        )
    return characters


def _expression(dfa: CharDfa, span: Span | None) -> Expression:
    """The language of an automaton as an expression."""
    if dfa.start == 0:
        return _something(union(()), span)
    final, initial = dfa.states, dfa.states + 1
    edges: Edges = {state: _edges(dfa, state) for state in range(1, dfa.states)}
    for state, leaving in edges.items():
        if dfa.accept[state]:
            leaving[final] = EMPTY
    edges[initial] = {dfa.start: EMPTY}
    while len(edges) > 1:
        _eliminate(edges, min((state for state in edges if state != initial), key=lambda state: _work(edges, state)))
        size = sum(1 for leaving in edges.values() for expression in leaving.values() for _ in walk(expression))
        if size > _LARGEST:
            raise LimitError(
                f"what the exception leaves needs an expression of more than {_LARGEST} parts",
                span=span,
                hint="write out what is left when the exception is taken away",
            )
    return edges[initial][final]


def _edges(dfa: CharDfa, state: int) -> dict[int, Expression]:
    """One expression for each next state."""
    bounds = [*map(int, dfa.bounds), 0x110000]
    ranges: dict[int, list[tuple[int, int]]] = {}
    for index, column in enumerate(map(int, dfa.classes)):
        following = int(dfa.trans[state, column])
        if following:
            ranges.setdefault(following, []).append((bounds[index], bounds[index + 1] - 1))
    return {following: union(pairs) for following, pairs in ranges.items()}


def _work(edges: Mapping[int, Mapping[int, Expression]], state: int) -> int:
    """How many edges eliminating the state makes."""
    return len(edges[state]) * sum(state in leaving for leaving in edges.values())


def _eliminate(edges: Edges, state: int) -> None:
    """Replace each path through the state by an edge."""
    leaving = edges.pop(state)
    loop = leaving.pop(state, None)
    around: list[Expression] = [] if loop is None else [Repeat(loop, 0, None)]
    for sources in edges.values():
        entering = sources.pop(state, None)
        if entering is None:
            continue
        for target, exit_edge in leaving.items():
            path = sequence([entering, *around, exit_edge])
            sources[target] = choice([sources[target], path]) if target in sources else path
