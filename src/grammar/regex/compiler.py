"""From the text of a pattern to its automaton: the front door of this package.

::

    text --syntax_python, syntax_ecma--> tree --rewrite--> tree --glushkov--> graph
                                                                               |-- positions --> determinise --> CharDfa
                                                               lookarounds:    '-- lookaround -----------------> CharDfa
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from ...errors import RegexError
from .automata import DEFAULT_LIMITS, CharDfa, CharNfa, RegexLimits
from .counted import Counted, counted
from .determinise import determinise, positions_of, to_nfa
from .glushkov import build_positions
from .lookaround import compile_assertions
from .nodes import Node
from .positions import Positions, positions_of_graph, resolvable
from .rewrite import rewrite
from .syntax_ecma import parse_ecma
from .syntax_python import parse_python

__all__ = ["Dialect", "compile_counted", "compile_nfa", "compile_regex"]

Dialect = Literal["python", "ecma"]


def compile_regex(
    pattern: str,
    *,
    dialect: Dialect = "python",
    flags: str = "",
    search: bool = False,
    limits: RegexLimits | None = None,
) -> CharDfa:
    """The minimal automaton of a regular expression.

    Args:
        pattern: the source text.
        dialect: "python" is the syntax and meaning of ``re`` for str patterns, "ecma" that of ECMA-262.
        flags: letters; python i m s x a u, ECMA i m s u (u: no fall-back to Annex B).
        search: False: the pattern matches the whole text. True: it matches somewhere, as JSON Schema's ``pattern``.
        limits: bounds on the work; None for the defaults.

    Returns:
        The automaton of all texts that match. Two patterns with equal languages give equal automata.

    Raises:
        RegexError: malformed or not regular, with the place and a hint.
        LimitError: a limit was reached. :func:`compile_nfa` may still help.
    """
    bounds = limits or DEFAULT_LIMITS
    found = _front(pattern, dialect, flags, search, bounds)
    return found if isinstance(found, CharDfa) else determinise(found, bounds)


def compile_counted(pattern: str, limits: RegexLimits | None = None) -> Counted:
    """The texts in which an ECMA-262 pattern matches somewhere, a long bounded repeat left to a count of characters.

    ``^[a-z]{1,30000}$`` becomes ``^[a-z]*$`` with 1 to 30,000 characters, see :mod:`.counted`.

    Raises:
        RegexError: malformed or not regular.
        LimitError: a limit was reached.
    """
    bounds = limits or DEFAULT_LIMITS
    tree, fewest, most = counted(parse_ecma(pattern))
    found = _positions(tree, True, bounds)
    return Counted(found if isinstance(found, CharDfa) else determinise(found, bounds), fewest, most)


def compile_nfa(
    pattern: str,
    *,
    dialect: Dialect = "python",
    flags: str = "",
    search: bool = False,
    limits: RegexLimits | None = None,
) -> CharNfa:
    """The position automaton of a regular expression, for patterns whose :class:`CharDfa` is too large.

    Arguments and errors are those of :func:`compile_regex`. Patterns with lookarounds are determinised
    nevertheless, since assertions have no place in a :class:`CharNfa`.
    """
    found = _front(pattern, dialect, flags, search, limits or DEFAULT_LIMITS)
    return to_nfa(positions_of(found) if isinstance(found, CharDfa) else found)


def _front(pattern: str, dialect: str, flags: str, search: bool, limits: RegexLimits) -> Positions | CharDfa:
    """The position automaton of a pattern; a finished automaton if there are lookarounds."""
    if dialect == "ecma":
        tree = parse_ecma(pattern, flags)
    elif dialect == "python":
        tree = rewrite(
            parse_python(pattern, flags),
            open_end=search,
            prefix_free=lambda node: _prefix_free(node, limits),
            refuse=lambda group: RegexError(
                "an atomic group or possessive repeat over this body is not supported",
                span=group.span,
                hint="use an ordinary group (?:...) and say with a lookahead what must not follow",
            ),
        )
    else:
        raise RegexError(f"unknown dialect {dialect!r}", expected=["python", "ecma"])
    return _positions(tree, search, limits)


def _positions(tree: Node, search: bool, limits: RegexLimits) -> Positions | CharDfa:
    """The position automaton of a tree; a finished automaton if there are lookarounds."""
    graph = build_positions(tree, limits)
    if resolvable(graph):
        return positions_of_graph(graph, search=search)
    return _asserted(tree, search, limits)


@lru_cache(maxsize=64)
def _asserted(tree: Node, search: bool, limits: RegexLimits) -> CharDfa:
    """:func:`compile_assertions`; the last ones are kept, since grammars ask for a terminal twice."""
    return compile_assertions(tree, search=search, limits=limits)


def _prefix_free(node: Node, limits: RegexLimits) -> bool:
    """Whether no match of an assertion-free subtree is a proper prefix of another."""
    dfa = determinise(positions_of_graph(build_positions(node, limits), search=False), limits)
    return not dfa.trans[dfa.accept != 0].any()
