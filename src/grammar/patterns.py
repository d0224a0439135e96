r"""What the readers need to know of a terminal's regular expression: can it be empty, and where does it stop.

Lazy quantifiers
----------------
A regular expression denotes a set of strings, and for a set ``.*?`` and ``.*`` are the same. Under
longest-match lexing they are meant to differ: ``/".*?"/`` should end at the first quote. `split_lazy` turns
such a pattern into a *head*, of which the shortest matches count, and a *tail* that is matched greedily
after it. The tail is all that may be absent at the end of the pattern and contains nothing lazy::

    " .*? (?<!\\)(\\\\)*? " (i)?        head  ".*?(?<!\\)(\\\\)*?"        tail  (i)?
    a .*? b+                            head  a.*?b                       tail  b*
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..errors import GrammarError, LimitError, RegexError, Span
from .ir import LexerKind, Terminal

if TYPE_CHECKING:
    from .regex import CharNfa

__all__ = [
    "named_terminal",
    "sees_only_itself",
    "split_lazy",
]

_TOKEN = re.compile(
    r"""
    (?P<escape> \\x[0-9a-fA-F]{2} | \\u[0-9a-fA-F]{4} | \\U[0-9a-fA-F]{8} | \\[NpP]\{[^}]*\} | \\\d{1,3} |
    \\. )
  | (?P<class> \[ \^? \]? (?: \\. | [^\]\\] )* \] )
  | (?P<comment> \(\?\#[^)]*\) )
  | (?P<flags> \(\?[aiLmsux]+\) )
  | (?P<open> \( (?: \? (?: P<\w+> | P=\w+ | <[=!] | [=!>] | [aiLmsux]*(?:-[imsx]+)?: )? )? )
  | (?P<close> \) )
  | (?P<quantifier> (?: [*+?] | \{(?:\d+|\d*,\d*)\} ) [?+]? )
  | (?P<bar> \| )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_VERBOSE_GAP = re.compile(r"\s+|\#[^\n]*")
_MAY_BE_NOTHING = re.compile(r"\[\^|\{0")
_LOOKS_AROUND = re.compile(r"\(\?(?:<?[=!])|\\[bBAZ]|[$^]")


@dataclass(slots=True)
class _Atom:
    """One item of a concatenation and its quantifier; `lazy` if it or a part of it is quantified lazily."""

    text: str
    quantifier: str = ""
    lazy: bool = False


class Shape(NamedTuple):
    """What of a terminal's strings matters to the rules that use it.

    Attributes:
        empty: its pattern (and tail) match the empty string.
        lexemes: its pattern matches some other string.
    """

    empty: bool
    lexemes: bool


def shape(terminal: Terminal) -> Shape:
    """Compile the terminal's pattern once and look at its shortest strings.

    Raises:
        GrammarError: the pattern is no regular expression.
        LimitError: the pattern is too large.
    """
    if terminal.literal:
        return Shape(empty=not terminal.pattern, lexemes=bool(terminal.pattern))
    automaton = _automaton(terminal.name, terminal.pattern, terminal.flags, terminal.span)
    empty = automaton.accepts("")
    if empty and terminal.tail:
        empty = _automaton(terminal.name, terminal.tail, terminal.flags, terminal.span).accepts("")
    lexemes = automaton.positions > 1 or bool(automaton.sink.any())
    if lexemes and _MAY_BE_NOTHING.search(terminal.pattern) and sees_only_itself(terminal.pattern):
        # Positions of empty classes are still there: only the deterministic automaton is trimmed of them.
        from .regex import compile_regex

        dfa = compile_regex(terminal.pattern, flags=terminal.flags)
        lexemes = bool(dfa.trans[dfa.start].any())
    return Shape(empty, lexemes)


def named_terminal(
    name: str,
    pattern: str,
    flags: str,
    *,
    lexer: LexerKind,
    priority: int = 0,
    span: Span | None = None,
) -> Terminal:
    """The terminal of a regular expression, with its lazy quantifiers seen to where they matter."""
    parts = split_lazy(pattern, flags) if lexer != "dynamic" else None
    head, tail = parts or (pattern, "")
    return Terminal(name, head, flags, priority=priority, lazy=parts is not None, tail=tail, span=span)


def split_lazy(pattern: str, flags: str) -> tuple[str, str] | None:
    """Head and tail of a pattern with lazy quantifiers, None of one without."""
    atoms, alternatives, lazy = _atoms(pattern, verbose="x" in flags)
    if not lazy:
        return None
    if alternatives:
        return pattern, ""
    tail: list[str] = []
    while not (last := atoms[-1]).lazy and not _LOOKS_AROUND.search(last.text):
        low, rest = _loosened(last.quantifier)
        if low == 0 or _automaton("", last.text, flags, None).accepts(""):
            tail.append(last.text + last.quantifier)
            atoms.pop()
            continue
        if rest:
            last.quantifier = f"{{{low}}}"
            tail.append(last.text + rest)
        break
    return "".join(atom.text + atom.quantifier for atom in atoms), "".join(reversed(tail))


def sees_only_itself(pattern: str) -> bool:
    """Whether the pattern means the same inside a larger one: it looks nowhere and commits to nothing."""
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token.group()
        if kind == "flags" or (kind == "open" and text.startswith(("(?=", "(?!", "(?<", "(?>", "(?P="))):
            return False
        if (kind == "quantifier" and len(text) > 1 and text.endswith("+")) or (kind == "other" and text in "^$"):
            return False
        if kind == "escape" and (text in (r"\b", r"\B", r"\A", r"\Z") or text[1] in "123456789"):
            return False
    return True


def _loosened(quantifier: str) -> tuple[int, str]:
    """The least count of a quantifier, and one for the repetitions beyond it ("" if there are none)."""
    match quantifier.rstrip("+") if len(quantifier) > 1 else quantifier:
        case "":
            return 1, ""
        case "*" | "?":
            return 0, quantifier
        case "+":
            return 1, "*"
        case bounds:
            low, comma, high = bounds.strip("{}").partition(",")
            least = int(low or 0)
            return least, "" if not comma else f"{{0,{int(high) - least}}}" if high else "*"


def _atoms(pattern: str, *, verbose: bool) -> tuple[list[_Atom], bool, bool]:
    """The top-level items of a pattern, whether it has top-level alternatives, and whether any part is lazy.

    Global flags ``(?i)`` make it count as one with alternatives, since its parts cannot be taken alone.
    """
    atoms: list[_Atom] = []
    depth, position = 0, 0
    alternatives = lazy = False
    while position < len(pattern):
        if verbose and (gap := _VERBOSE_GAP.match(pattern, position)):
            position = gap.end()
            continue
        token = _TOKEN.match(pattern, position)
        if token is None:
            break
        position, kind, text = token.end(), token.lastgroup, token.group()
        is_lazy = kind == "quantifier" and len(text) > 1 and text.endswith("?")
        lazy |= is_lazy
        if kind == "close":
            depth -= 1
        if depth == 0 and kind in ("bar", "flags"):
            alternatives = True
        elif depth == 0 and kind == "quantifier" and atoms:
            atoms[-1].quantifier = text
            atoms[-1].lazy |= is_lazy
        elif depth > 0 or kind == "close":
            atoms[-1].text += text
            atoms[-1].lazy |= is_lazy
        elif kind != "comment":
            atoms.append(_Atom(text))
        if kind == "open":
            depth += 1
    return atoms, alternatives, lazy


@lru_cache(maxsize=1024)
def _compiled(pattern: str, flags: str) -> CharNfa:
    from .regex import compile_nfa

    return compile_nfa(pattern, flags=flags)


def _automaton(name: str, pattern: str, flags: str, span: Span | None) -> CharNfa:
    """The pattern's positions; what is wrong with the pattern is told of the terminal and its place."""
    try:
        return _compiled(pattern, flags)
    except RegexError as error:
        where = "" if error.span is None else f", at character {error.span.column} of it"
        raise GrammarError(
            f"the pattern of {name} is not a regular expression: {error.message}{where}",
            pointer=name,
            span=span,
            expected=error.expected,
            hint=error.hint or f"the pattern is /{pattern}/",
        ) from error
    except LimitError as error:
        raise LimitError(
            f"the pattern of {name} is too large: {error.message}", pointer=name, span=span, hint=error.hint
        ) from error
