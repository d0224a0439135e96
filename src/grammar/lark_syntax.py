"""Places of names in a Lark grammar's text, and lark's complaints about it in this package's terms.

Lark's loader forgets positions once it has a tree, and says most of what it has to say in prose. So the text
is scanned once more for its names, and a complaint is given the place that its words point to.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import GrammarError, Span
from .validate import did_you_mean

__all__ = ["Places", "find_places", "translated"]

_TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | \#[^\n]* )
  | (?P<string> "(?:\\"|\\\\|[^"\n])*?"i? )
  | (?P<regexp> /(?!/)(?:\\/|\\\\|[^/])*?/[imslux]* )
  | (?P<directive> %[a-z]+ )
  | (?P<name> _?[a-zA-Z][_a-zA-Z0-9]* )
  | (?P<newline> \n )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_HEAD = re.compile(r"[!?]*(?P<name>_?[a-zA-Z][_a-zA-Z0-9]*)[ \t]*(\{[^}]*\})?[ \t]*(\.[ \t]*[+-]?\d+)?[ \t]*:")
_LINE_COLUMN = re.compile(r"line (\d+),? column (\d+)")
_NAMES = re.compile(r"_*[a-zA-Z][_a-zA-Z0-9]*")
_TOKEN_WORDS = {
    "_LPAR": '"("',
    "_RPAR": '")"',
    "_LBRA": '"["',
    "_RBRA": '"]"',
    "_LBRACE": '"{"',
    "_RBRACE": '"}"',
    "_COLON": '":"',
    "_COMMA": '","',
    "_OR": '"|"',
    "_NL_OR": '"|"',
    "_DOT": '"."',
    "_DOTDOT": '".."',
    "_TO": '"->"',
    "_NL": "the end of the line",
    "OP": '"?", "*" or "+"',
    "TILDE": '"~"',
    "NUMBER": "a number",
    "RULE": "a rule name",
    "TERMINAL": "a terminal name",
    "STRING": "a string",
    "REGEXP": "a regular expression",
    "RULE_MODIFIERS": '"!" or "?"',
    "$END": "the end of the grammar",
    "_IGNORE": "%ignore",
    "_OVERRIDE": "%override",
    "_DECLARE": "%declare",
    "_EXTEND": "%extend",
    "_IMPORT": "%import",
}


@dataclass(slots=True)
class Places:
    """Where the names of a grammar stand.

    Attributes:
        definitions: the first definition of each name.
        uses: all occurrences of each name outside the head of its own definition.
        declared: names after ``%declare``.
        relative_imports: the first name after each ``%import .``.
    """

    definitions: dict[str, Span] = field(default_factory=dict)
    uses: dict[str, list[Span]] = field(default_factory=dict)
    declared: list[tuple[str, Span]] = field(default_factory=list)
    relative_imports: list[tuple[str, Span]] = field(default_factory=list)

    def of(self, name: str) -> Span | None:
        """Where the name is defined, or else first used."""
        return self.definitions.get(name) or next(iter(self.uses.get(name, ())), None)


def find_places(text: str) -> Places:
    """Scan a Lark grammar, well-formed or not. Linear in its length."""
    places = Places()
    line, line_start = 1, 0
    directive, dotted = "", False
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        span = Span(line, token.start() - line_start + 1, len(value))
        if kind == "directive":
            directive, dotted = value, False
        elif kind == "other" and value == "." and directive == "%import":
            dotted = dotted or text[: token.start()].rstrip(" \t").endswith("%import")
        elif kind == "name":
            head = _HEAD.match(text, token.start())
            at_head = not text[line_start : token.start()].strip(" \t!?") or directive in (
                "%override",
                "%extend",
            )
            if head and at_head:
                places.definitions.setdefault(value, span)
                directive = ""
                continue
            places.uses.setdefault(value, []).append(span)
            if directive == "%declare":
                places.declared.append((value, span))
            elif dotted:
                places.relative_imports.append((value, span))
                directive, dotted = "", False
        if breaks := value.count("\n"):
            line += breaks
            line_start = token.start() + value.rindex("\n") + 1
            directive = "" if kind == "newline" else directive
    return places


@contextlib.contextmanager
def translated(text: str, places: Places) -> Iterator[None]:
    """Turns what lark raises inside the block into GrammarError with place, expectation and hint."""
    from lark.exceptions import LarkError, UnexpectedInput

    try:
        yield
    except UnexpectedInput as error:
        raise _syntax_error(text, error, "this is no Lark grammar") from error
    except LarkError as error:
        message = str(error).split("\n")[0].rstrip(" :")
        cause = error.__context__
        if isinstance(cause, UnexpectedInput):
            raise _syntax_error(text, cause, _LINE_COLUMN.split(message)[0].removesuffix(", at ")) from error
        raise _prose_error(message, places) from error
    except OSError as error:
        name = re.split(r"[\\/]", str(error.filename))[-1].removesuffix(".lark")
        raise GrammarError(
            f"cannot import {error.filename}: {error.strerror}",
            span=places.of(name),
            hint="imports come from lark's own grammars (common, python, ...), or from base_path",
        ) from error
    except RecursionError as error:
        raise GrammarError(
            "the grammar is nested too deeply, or its imports go round in a circle",
            hint="split deep expressions into rules; import from grammars that do not import back",
        ) from error


def _syntax_error(text: str, error: Exception, message: str) -> GrammarError:
    """The error of an unexpected character or token."""
    line, column = int(getattr(error, "line", -1)), int(getattr(error, "column", -1))
    lines = text.split("\n")
    if line < 1 or line > len(lines):  # lark says -1 for the end of the text
        line, column = len(lines), len(lines[-1]) + 1
    token = str(getattr(error, "token", "")) or "".join(lines[line - 1][column - 1 : column])
    allowed = (
        getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    )
    words = sorted({_TOKEN_WORDS[name] for name in allowed if name in _TOKEN_WORDS})
    found = f"found {token.strip()!r}" if token.strip() else "the line ends too early"
    if message.startswith("Unexpected input"):
        message = "unexpected character"
    return GrammarError(
        f"{message[0].lower()}{message[1:]}: {found}",
        span=Span(line, max(column, 1), max(len(token.strip()), 1)),
        expected=words,
        hint="rules are lower case and terminals upper case; a definition is written `name: ...`",
    )


def _prose_error(message: str, places: Places) -> GrammarError:
    """The error of a complaint without a place: the place of the first name in it that has one."""
    names = [name for name in _NAMES.findall(message) if places.of(name)]
    undefined = re.search(r"(?:'(\w+)' used but not defined|Terminal used but not defined: (\w+))", message)
    if undefined:
        name = undefined.group(1) or undefined.group(2)
        user = re.search(r"\(in (?:rule|terminal) '?(\w+)'?\)", message)
        return GrammarError(
            f"{name} is used" + (f" in {user.group(1)}" if user else "") + " but not defined",
            pointer=user.group(1) if user else None,
            span=next(iter(places.uses.get(name, ())), None),
            expected=("a name that is defined or imported",),
            hint=did_you_mean(name, places.definitions) or f"define {name}, or %import it",
        )
    quoted = [name for name in re.findall(r"'(\w+)'", message) if name in names]
    name = next(iter(quoted or names), "")
    return GrammarError(
        message[0].lower() + message[1:] if message else "lark refuses the grammar",
        pointer=name or None,
        span=places.of(name),
        hint=_hint(message),
    )


def _hint(message: str) -> str | None:
    if "Recursion in terminal" in message or "aren't allowed inside terminals" in message:
        return "write it as a rule, in lower case"
    if "defined more than once" in message:
        return "use %override to replace an imported definition, %extend to add alternatives to it"
    return None
