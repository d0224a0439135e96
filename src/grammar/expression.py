"""What a rule says before it becomes plain BNF: the expression tree that all dialects are parsed into.

::

    dialect text --reader--> Draft --(fold regular parts)--> Draft --lower--> Grammar --validate--> Grammar

    Draft
    └── definitions   {"list": Definition("list", Sequence(item, Repeat(Sequence(Text(","), item), 0, None)))}

    Expression = Text          literal characters            "while"     "select"i
               | Characters    one character of a set        [a-z]       #x41
               | Pattern       a regular expression          /0|[1-9][0-9]*/
               | Reference     a rule or a named terminal    expr        NAME
               | Sequence      one after the other           a b c       Sequence(()) is the empty string
               | Choice        one of several                a | b | c
               | Repeat        low to high times             a? a* a+ a{2,5}     high None is unbounded
               | Difference    a string of one, not of other     Char* - (Char* "?>" Char*)

Expressions compare and hash by what they say and not by where they stand, so equal parts can be shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import Span
from .ir import LexerKind, Terminal

__all__ = [
    "EMPTY",
    "Characters",
    "Choice",
    "Definition",
    "Difference",
    "Draft",
    "Expression",
    "Pattern",
    "Reference",
    "Repeat",
    "Sequence",
    "Text",
    "choice",
    "references",
    "sequence",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters; the empty text derives the empty string."""

    text: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of a set, given as sorted, disjoint, not adjacent ranges (first, last) of code points."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in Python's dialect; if it matches the empty string, so does the expression.

    `label` is what messages call it, by default the expression itself.
    """

    source: str
    flags: str = ""
    label: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of a rule or of a named terminal, and where it is used."""

    name: str
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The items one after the other."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the items; at least one."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The item `low` to `high` times, `high` None for no upper bound."""

    item: Expression
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """The strings of `kept` that are not strings of `removed`; both must turn out to be regular."""

    kept: Expression
    removed: Expression
    span: Span | None = field(default=None, compare=False)


Expression = Text | Characters | Pattern | Reference | Sequence | Choice | Repeat | Difference

EMPTY = Sequence(())


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule before lowering."""

    name: str
    expression: Expression
    span: Span | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole grammar before lowering.

    Attributes:
        definitions: by name, in order of the source.
        start: name of the start rule.
        terminals: named terminals; the anonymous ones come into being in lowering.
        ignore: names of terminals.
        lexer: see `ir`.
        source: the text that was read.
    """

    definitions: Mapping[str, Definition]
    start: str
    terminals: tuple[Terminal, ...] = ()
    ignore: tuple[str, ...] = ()
    lexer: LexerKind = "dynamic"
    source: str = ""


def walk(expression: Expression) -> Iterator[Expression]:
    """All parts of an expression, itself first, in source order."""
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        match part:
            case Sequence(items) | Choice(items):
                pending.extend(reversed(items))
            case Repeat(item):
                pending.append(item)
            case Difference(kept, removed):
                pending.extend((removed, kept))


def references(expression: Expression) -> Iterator[Reference]:
    """All references in an expression, in source order."""
    return (part for part in walk(expression) if isinstance(part, Reference))


def sequence(items: list[Expression]) -> Expression:
    """The items one after the other, without nesting sequences and without a sequence of one."""
    flat: list[Expression] = []
    for item in items:
        if isinstance(item, Sequence):
            flat.extend(item.items)
        elif item != Text(""):
            flat.append(item)
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def choice(items: list[Expression]) -> Expression:
    """Any one of the items, without nesting choices, duplicates, and choices of one."""
    flat: dict[Expression, None] = {}
    for item in items:
        flat.update(dict.fromkeys(item.items if isinstance(item, Choice) else (item,)))
    distinct = tuple(flat)
    return distinct[0] if len(distinct) == 1 else Choice(distinct)
