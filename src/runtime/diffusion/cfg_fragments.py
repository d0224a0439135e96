"""Multi-region infilling: whether fragments with holes between them can be completed to a text of a grammar.

Additive infilling after Mündler, Dekoninck and Vechev (2025): the texts that have the given fragments in order, and
anything in between, are a regular language; a completion exists if and only if its intersection with the grammar is
not empty. A hole is any string, so it may go on with the lexeme before it, end within the one behind it, or join both.
The intersection is decided on a graph of what the lexer may be in the middle of (cfg_lattice.py), by the rows of
kernels/canvas/cfg_inside.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import GramaryeError
from .cfg_keys import Item, ItemKind
from .cfg_tables import TokenGrammar

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["completable", "fragment_items", "token_grammar"]


def completable(constraint: Constraint, fragments: Sequence[bytes | str]) -> bool:
    """Whether strings put between the fragments, one between each two, make a text of the constraint's grammar.

    Args:
        constraint: of kind "lark", "ebnf" or "gbnf".
        fragments: at least one; an empty first or last one lets the text begin or end with a hole.

    Raises:
        GramaryeError: the constraint has no grammar, or there are no fragments.
        GrammarError: the grammar cannot be lexed without context.
    """
    return token_grammar(constraint).derives(token_grammar(constraint).text_lattice(fragment_items(fragments)))


def fragment_items(fragments: Sequence[bytes | str]) -> list[Item]:
    """Bytes, and a hole between each two fragments."""
    if not fragments:
        raise GramaryeError("there are no fragments", expected=["the text before the first hole, maybe empty"])
    items: list[Item] = []
    for number, fragment in enumerate(fragments):
        if number:
            items.append(ItemKind.HOLE)
        items.extend(fragment.encode() if isinstance(fragment, str) else fragment)
    return items


def token_grammar(constraint: Constraint) -> TokenGrammar:
    """The tables that all canvases of a constraint share.

    Raises:
        GramaryeError: the constraint has no context-free grammar.
        GrammarError: the grammar cannot be lexed without context.
    """
    found = constraint.token_grammar
    if found is None:
        raise GramaryeError(
            f"a {constraint.kind} constraint has no context-free grammar",
            expected=["a constraint made of lark=, ebnf= or gbnf="],
            hint='check="exact" serves it',
        )
    return found
