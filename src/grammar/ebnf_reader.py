"""EBNF in its two common notations, told apart by how the first rule is defined.

==============================  ============================================  =======================
`ebnf_iso`, ISO/IEC 14977       ``list = item, { ",", item } ;``              ``name = ...``
`ebnf_w3c`, W3C (XML 1.0, 6)    ``list ::= item ("," item)*``                 ``name ::= ...``
==============================  ============================================  =======================

There is no lexer in either: a grammar is over characters, and every way to cut a text counts
(``lexer="dynamic"``).
"""

from __future__ import annotations

import re
from typing import Literal

from ..errors import GrammarError, Span
from .ebnf_iso import read_iso_definitions
from .ebnf_w3c import read_w3c_definitions
from .expression import Draft
from .ir import Grammar
from .lowering import lower
from .regular import fold_regular
from .validate import check_references, validated

__all__ = ["read_ebnf"]

_FIRST_SIGN = re.compile(
    r"""(?: \s+ | \(\*.*?\*\) | /\*.*?\*/ | \[\s*\d+\w*\s*\] )*  [\w.<>-] [\w\s.<>-]*  (?P<sign> ::= | = )""",
    re.VERBOSE | re.DOTALL,
)


def read_ebnf(text: str, dialect: Literal["auto", "iso", "w3c"] = "auto", start: str | None = None) -> Grammar:
    """The language of an EBNF grammar.

    Args:
        text: the grammar.
        dialect: its notation; "auto" looks at how the first rule is defined.
        start: the start rule, by default the first.

    Raises:
        GrammarError: the grammar is malformed, takes exceptions from what is not regular, or is empty.
        ValueError: the dialect is unknown.
    """
    if dialect == "auto":
        dialect = _detected(text)
    match dialect:
        case "iso":
            definitions = read_iso_definitions(text)
        case "w3c":
            definitions = read_w3c_definitions(text)
        case _:
            raise ValueError(f"unknown dialect {dialect!r}: expected auto, iso or w3c")
    first = next(iter(definitions), "")
    draft = Draft(definitions, start if start is not None else first, lexer="dynamic", source=text)
    check_references(draft)
    return validated(lower(fold_regular(draft)))


def _detected(text: str) -> Literal["iso", "w3c"]:
    found = _FIRST_SIGN.match(text)
    if found is None:
        raise GrammarError(
            "this is no EBNF grammar: it does not begin with a rule",
            span=Span(1, 1),
            expected=("name = ... ;  (ISO 14977)", "name ::= ...  (W3C)"),
            hint="dialect= tells which of the two it should be, and gives a closer message",
        )
    return "w3c" if found["sign"] == "::=" else "iso"
