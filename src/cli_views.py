"""What the command line shows, as rich renderables: reports, refused texts and errors.

Pure functions from values to renderables, so that they are tested without a terminal. Text of users never
goes through rich's markup: it is built into `Text` piece by piece.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .errors import GramaryeError, Span

__all__ = ["ExplanationLike", "ReportEntryLike", "canvas_view", "error_view", "explanation_view", "report_view"]

# Characters of the text shown on either side of a refused place.
_CONTEXT = 400
# Lines of a schema shown at the pointer of an explanation.
_EXCERPT_LINES = 12

_STATUS_STYLES = {"enforced": "green", "annotation": "yellow", "refused": "bold red"}


class ReportEntryLike(Protocol):
    """One keyword of a schema, or one rule of a grammar, and what became of it."""

    @property
    def keyword(self) -> str:
        """The keyword's or the rule's name."""
        ...

    @property
    def pointer(self) -> str:
        """Where it stands: a JSON Pointer, or a rule name."""
        ...

    @property
    def status(self) -> str:
        """One of "enforced", "annotation" and "refused"."""
        ...

    @property
    def note(self) -> str:
        """Why, or how; may be empty."""
        ...


class ExplanationLike(Protocol):
    """Why a text was refused."""

    @property
    def position(self) -> int:
        """Bytes of the text that were let through."""
        ...

    @property
    def expected(self) -> Sequence[str]:
        """What would have been let through there."""
        ...

    @property
    def pointer(self) -> str | None:
        """The place in the constraint: a JSON Pointer, or a rule name."""
        ...

    @property
    def span(self) -> Span | None:
        """The same as a place in the grammar's text, where there is one."""
        ...


def report_view(entries: Iterable[ReportEntryLike]) -> RenderableType:
    """A table of all keywords with what became of them, and a line that counts them."""
    table = Table("keyword", "at", "status", "note", header_style="bold", expand=False)
    counts = dict.fromkeys(_STATUS_STYLES, 0)
    for entry in entries:
        counts[entry.status] = counts.get(entry.status, 0) + 1
        status = Text(entry.status, _STATUS_STYLES.get(entry.status, ""))
        table.add_row(Text(entry.keyword), Text(entry.pointer or "/"), status, Text(entry.note))
    summary = ", ".join(f"{count} {status}" for status, count in counts.items())
    return Group(table, Text(summary, "bold"))


def canvas_view(pieces: Sequence[bytes | None], given: Iterable[int], new: Iterable[int]) -> Text:
    """A canvas as text: open positions as blocks, what was given dim, what the last step committed bright.

    Args:
        pieces: the bytes at each position; None where it is open, empty for end tokens.
        given: positions that were fixed from the beginning.
        new: positions that the last step committed.
    """
    before, fresh = frozenset(given), frozenset(new)
    shown = Text()
    for position, piece in enumerate(pieces):
        if piece is None:
            shown.append("░", "dim")
        elif not piece:
            shown.append("·", "dim")
        else:
            style = "dim" if position in before else "bold black on green" if position in fresh else "green"
            shown.append(piece.decode("utf-8", "replace"), style)
    return shown


def explanation_view(text: bytes, explanation: ExplanationLike, source: str) -> RenderableType:
    """The text with its offending place marked, what was expected there, and the place in the constraint.

    Args:
        text: the whole text that was refused.
        explanation: why.
        source: the text of the schema or grammar.
    """
    before, place, after = split_at(text, explanation.position)
    shown = Text(("…" if len(before) > _CONTEXT else "") + before[-_CONTEXT:], "green")
    shown.append(place or "⏎ end of text", "bold white on red")
    shown.append(after[:_CONTEXT] + ("…" if len(after) > _CONTEXT else ""), "dim")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    facts = Table.grid(padding=(0, 2))
    facts.add_row(Text("refused at", "bold"), Text(f"line {line}, column {column} (byte {explanation.position})"))
    if explanation.expected:
        facts.add_row(Text("expected", "bold"), Text(", ".join(explanation.expected)))
    parts: list[RenderableType] = [Panel(shown, title="text", title_align="left"), facts]
    if explanation.pointer is not None:
        facts.add_row(Text("because of", "bold"), Text(explanation.pointer or "/"))
    excerpt = source_excerpt(source, explanation.pointer, explanation.span)
    if excerpt is not None:
        parts.append(Panel(excerpt, title="constraint", title_align="left"))
    return Group(*parts)


def error_view(error: GramaryeError, source: str | None = None) -> RenderableType:
    """An error with its place, what was expected and its hint, each on a line of its own."""
    facts = Table.grid(padding=(0, 2))
    facts.add_row(Text(type(error).__name__, "bold red"), Text(error.message))
    if error.pointer is not None:
        facts.add_row(Text("at", "bold"), Text(error.pointer or "/"))
    if error.span is not None:
        facts.add_row(Text("at", "bold"), Text(str(error.span)))
    if error.expected:
        facts.add_row(Text("expected", "bold"), Text(", ".join(error.expected)))
    if error.hint:
        facts.add_row(Text("hint", "bold"), Text(error.hint))
    excerpt = None if source is None else source_excerpt(source, error.pointer, error.span)
    return facts if excerpt is None else Group(facts, Panel(excerpt, title="source", title_align="left"))


def split_at(text: bytes, position: int) -> tuple[str, str, str]:
    """The text before the character that byte `position` is in, that character, and the text after it.

    The character is empty at the end of the text. Bytes that are no UTF-8 show as U+FFFD.
    """
    start = position
    while start > 0 and start < len(text) and text[start] & 0xC0 == 0x80:
        start -= 1
    end = start + 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    pieces = (text[:start], text[start:end], text[end:])
    before, place, after = (piece.decode("utf-8", "replace") for piece in pieces)
    return before, place, after


def source_excerpt(source: str, pointer: str | None, span: Span | None) -> Text | None:
    """The part of a schema or grammar that a pointer or span names; None where neither leads anywhere."""
    if span is not None:
        return _marked_line(source, span)
    if pointer is None:
        return None
    try:
        found = _resolve(json.loads(source), pointer)
    except (KeyError, IndexError, ValueError):
        return None
    lines = json.dumps(found, indent=2, ensure_ascii=False).splitlines()
    more = ["…"] if len(lines) > _EXCERPT_LINES else []
    return Text("\n".join(lines[:_EXCERPT_LINES] + more))


def _marked_line(source: str, span: Span) -> Text | None:
    """The line that a span stands in, with the span underlined."""
    lines = source.splitlines()
    if not 1 <= span.line <= len(lines):
        return None
    line = lines[span.line - 1]
    shown = Text(f"{span.line} │ {line}")
    start = len(f"{span.line} │ ") + span.column - 1
    shown.stylize("bold underline red", start, start + max(1, span.length))
    return shown


def _resolve(document: Any, pointer: str) -> Any:
    """The value that a JSON Pointer (RFC 6901) names.

    Raises:
        KeyError, IndexError, ValueError: where it names none.
    """
    for part in pointer.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document[key]
        elif isinstance(document, list):
            document = document[int(key)]
        else:
            raise KeyError(key)
    return document
