"""Which terminals longest match lets stand side by side, and what that leaves of the rest of a rule.

A lexeme of t goes on for as long as t itself matches a longer prefix of the text. So u can never follow t directly
if, from every accepting state of t, every lexeme of u passes through another one: ``NAME NAME``, or ``"a"`` after
``/a+/``. That is a relation between neighbours, so a rule, or the rest of one, maps the last terminal before it to the
last terminals behind it (all that the parser allows and no pair of neighbours forbids)::

    relation(u)      t -> u           if u can follow t, ignored lexemes between them allowed
    relation(alpha)  product of the relations of its symbols
    relation(N)      union over the rules of N, the least solution

Only grammars that are not separable (liveness.py) are given these tables: they keep the search of
kernels/earley_live.py from going ever deeper into texts that a forbidden pair must end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .reduce import Productions
from .terminals import TerminalPool

__all__ = ["MOST_TERMINALS", "neighbours", "suffix_relations"]

MOST_TERMINALS = 62
"""Terminals that fit the bits of one word of the tables; larger grammars go without them."""


def neighbours(pool: TerminalPool, ignored: list[int]) -> NDArray[np.bool_]:
    """bool[terminals, terminals]; [t, u]: some lexeme of u can come behind one of t, ignored ones between."""
    count = len(pool.first)
    directly = np.array([[_can_follow(pool, t, u) for u in range(count)] for t in range(count)], np.bool_)
    behind = directly[:, ignored]
    among = directly[np.ix_(ignored, ignored)] | np.eye(len(ignored), dtype=np.bool_)
    for _ in ignored:
        among = among @ among
    return directly | (behind @ among @ directly[ignored])


def _can_follow(pool: TerminalPool, one: int, other: int) -> bool:
    """Is there a lexeme of `other` on which an accepting state of `one` never comes to another accepting state?"""
    if not pool.first[one] or not pool.first[other]:
        return False
    pending = [
        (int(state), int(pool.first[other])) for state in np.flatnonzero((pool.terminal == one) & (pool.accept > 0))
    ]
    seen = set(pending)
    while pending:
        before, state = pending.pop()
        for longer, following in zip(pool.trans[before].tolist(), pool.trans[state].tolist(), strict=True):
            if following == 0 or pool.accept[longer]:
                continue
            if pool.accept[following]:
                return True
            if (longer, following) not in seen:
                seen.add((longer, following))
                pending.append((longer, following))
    return False


def suffix_relations(
    productions: Productions, names: tuple[str, ...], pairs: NDArray[np.bool_], suffixes: list[tuple[str, ...]]
) -> NDArray[np.int64]:
    """int64[suffixes, terminals + 1]; bit u of [i, t]: t before the symbols of suffix i, u last behind them.

    Args:
        productions: the reduced rules.
        names: of the terminals, in order of their numbers; one more "terminal" stands for the start of the text.
        pairs: what :func:`neighbours` returned.
        suffixes: sequences of symbols.
    """
    count = len(names) + 1
    identity = np.eye(count, dtype=np.bool_)
    relations: dict[str, NDArray[np.bool_]] = {}
    for index, name in enumerate(names):
        relation = np.zeros((count, count), np.bool_)
        relation[:-1, index] = pairs[:, index]
        relation[-1, index] = True
        relations[name] = relation
    for name in productions:
        relations[name] = np.zeros((count, count), np.bool_)

    def product(symbols: tuple[str, ...]) -> NDArray[np.bool_]:
        total = identity
        for symbol in symbols:
            total = total @ relations[symbol]
        return total

    changed = True
    while changed:
        changed = False
        for name, alternatives in productions.items():
            united = relations[name]
            for production in alternatives:
                united = united | product(production.symbols)
            if (united != relations[name]).any():
                relations[name] = united
                changed = True
    weights = np.left_shift(np.int64(1), np.arange(count, dtype=np.int64))
    return np.array([product(symbols) @ weights for symbols in suffixes], np.int64).reshape(-1, count)
