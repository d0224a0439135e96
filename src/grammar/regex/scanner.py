"""What the parsers of both dialects share: a cursor over the pattern, located errors, numbers and property escapes."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import LimitError, RegexError, Span
from .charset import CharSet
from .unicode_properties import property_set

__all__ = ["MAX_DEPTH", "Scanner"]

MAX_DEPTH = 100

_HEX = frozenset("0123456789abcdefABCDEF")


class Scanner:
    """A cursor over the text of a pattern.

    Attributes:
        text: the pattern.
        at: offset of the next character.
        depth: groups that are open.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, token: str) -> bool:
        """Step over ``token`` if it comes next."""
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def until(self, token: str, what: str) -> str:
        """The text up to ``token``, which is stepped over."""
        stop = self.text.find(token, self.at)
        if stop < 0:
            raise self.error(f"unterminated {what}", self.at, len(self.text), expected=[token])
        found = self.text[self.at : stop]
        self.at = stop + len(token)
        return found

    def hex_digits(self, count: int) -> int | None:
        """The value of exactly ``count`` hexadecimal digits; None, and nothing read, if there are fewer."""
        digits = self.text[self.at : self.at + count]
        if len(digits) < count or not _HEX.issuperset(digits):
            return None
        self.at += count
        return int(digits, 16)

    def decimal(self) -> int | None:
        """The value of the longest run of ASCII digits; None if there is none."""
        stop = self.at
        while stop < len(self.text) and "0" <= self.text[stop] <= "9":
            stop += 1
        if stop == self.at:
            return None
        digits = self.text[self.at : stop].lstrip("0") or "0"
        self.at = stop
        # Digits that Python's own conversion limit refuses name a count that no limit allows either.
        return int(digits) if len(digits) < 20 else 10**20

    def enter(self, start: int) -> None:
        """Count one more open group, which begins at offset ``start``.

        Raises:
            LimitError: more than ``MAX_DEPTH`` groups are open.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitError(
                f"groups are nested more than {MAX_DEPTH} deep",
                span=self.span(start, start + 1),
                hint="remove redundant groups",
            )

    def span(self, start: int, stop: int) -> Span:
        """The place of ``text[start:stop]``."""
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        return Span(line, column, max(stop - start, 1))

    def error(
        self,
        message: str,
        start: int,
        stop: int | None = None,
        *,
        expected: Sequence[str] = (),
        hint: str | None = None,
    ) -> RegexError:
        """An error about ``text[start:stop]``; ``stop`` defaults to the cursor."""
        end = min(self.at if stop is None else stop, len(self.text))
        return RegexError(message, span=self.span(start, end), expected=expected, hint=hint)

    def property_escape(self, start: int) -> CharSet:
        """The set of ``{Name}`` or ``{Name=Value}``; the escape began at ``start`` and the cursor is after p or P."""
        if not self.take("{"):
            raise self.error("a property escape needs a name in braces", start, expected=[r"\p{Name}"])
        name = self.until("}", "property escape")
        found = property_set(name)
        if found is None:
            raise self.error(
                f"unknown Unicode property {name!r}",
                start,
                hint="general categories (Lu, Letter), Script=..., Script_Extensions=... and the binary properties "
                "of ECMA-262 are known, spelled as there",
            )
        return found

    def refuse_backreference(self, start: int) -> RegexError:
        """The error for ``text[start:at]``, a backreference."""
        return self.error(
            f"the backreference {self.text[start : self.at]} makes the language non-regular",
            start,
            hint="write out the alternatives that the group can match",
        )
