"""A cursor over a grammar's text that the hand-written readers (EBNF, GBNF) share."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from ..errors import GrammarError, LimitError, Span

__all__ = ["Scanner"]

# Parentheses nested deeper than this are refused: no written grammar comes near, and readers recur on them.
_DEEPEST = 100


class Scanner:
    """A position in a text.

    Attributes:
        text: what is read.
        position: index of the next character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._depth = 0

    @property
    def at_end(self) -> bool:
        """Whether all of the text is read."""
        return self.position >= len(self.text)

    def peek(self, length: int = 1) -> str:
        """The next characters, fewer at the end; they are not consumed."""
        return self.text[self.position : self.position + length]

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Consume what the pattern matches here, if it does."""
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def take(self, text: str) -> bool:
        """Consume the text if it comes next."""
        if self.text.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def expect(self, text: str, meaning: str, opened: Span | None = None) -> None:
        """Consume the text, which must come next; `opened` is the place of the bracket that it closes."""
        if not self.take(text):
            hint = f"the bracket at {opened} is not closed" if opened else None
            raise self.error(f"{meaning} is missing", expected=(f'"{text}"',), hint=hint)

    def span(self, start: int | None = None) -> Span:
        """The place from `start` to the position, or of the next character."""
        begin = self.position if start is None else start
        line = bisect_right(self._line_starts, begin)
        length = 1 if start is None else max(1, self.position - start)
        return Span(line, begin - self._line_starts[line - 1] + 1, length)

    def error(
        self, message: str, *, start: int | None = None, expected: Sequence[str] = (), hint: str | None = None
    ) -> GrammarError:
        """An error at `start`, by default at the next character, which is then named."""
        if start is None:
            message += f": found {self.peek()!r}" if not self.at_end else ": the grammar ends here"
        return GrammarError(message, span=self.span(start), expected=expected, hint=hint)

    def enter(self) -> None:
        """Count an opened bracket.

        Raises:
            LimitError: too many are open.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LimitError(
                f"brackets are nested more than {_DEEPEST} deep",
                span=self.span(),
                hint="give inner parts names of their own",
            )

    def leave(self) -> None:
        """Count a closed bracket."""
        self._depth -= 1
