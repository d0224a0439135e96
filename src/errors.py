"""The one error tree of the package.

Every failure that a user can cause is one of these, and carries where it happened and what would have been right::

    GramaryeError
    ├── SchemaError       a JSON Schema or a Python type that cannot be enforced
    ├── GrammarError      a Lark, EBNF or GBNF grammar
    ├── RegexError        a regular expression
    ├── VocabularyError   a tokenizer, or a vocabulary that cannot spell the language
    ├── BudgetError       max_tokens is below the shortest valid output
    ├── LimitError        a typed limit (configs, seconds, bytes) was reached
    └── ModelError        a model returned NaN logits or a wrong shape
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "BudgetError",
    "GramaryeError",
    "GrammarError",
    "LimitError",
    "ModelError",
    "RegexError",
    "SchemaError",
    "Span",
    "VocabularyError",
]


class Span(NamedTuple):
    """A place in a source text: 1-based line and column of its first character, and its length in characters."""

    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class GramaryeError(Exception):
    """Base of all errors.

    Attributes:
        message: what went wrong, in one sentence.
        pointer: JSON Pointer (RFC 6901) into the schema, or a rule name of the grammar; None where neither applies.
        span: the place in the source text, where there is one.
        expected: what would have been accepted at that place.
        hint: what to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        pointer: str | None = None,
        span: Span | None = None,
        expected: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.pointer = pointer
        self.span = span
        self.expected = tuple(expected)
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        place = []
        if self.pointer is not None:
            place.append(f"at {self.pointer or '/'}")
        if self.span is not None:
            place.append(f"at {self.span}")
        lines = [self.message + (f" ({', '.join(place)})" if place else "")]
        if self.expected:
            lines.append("expected: " + ", ".join(self.expected))
        if self.hint:
            lines.append("hint: " + self.hint)
        return "\n".join(lines)


class SchemaError(GramaryeError):
    """A JSON Schema, or a Python type turned into one, is malformed, unsatisfiable or not enforceable."""


class GrammarError(GramaryeError):
    """A context-free grammar is malformed, empty, or cannot be kept live under its lexing."""


class RegexError(GramaryeError):
    """A regular expression is malformed or denotes no regular language."""


class VocabularyError(GramaryeError):
    """A tokenizer cannot be read, or its vocabulary cannot spell the constraint's language."""


class BudgetError(GramaryeError):
    """No valid output fits the token budget.

    Attributes:
        needed: tokens of the shortest valid output found.
        budget: tokens that were allowed.
    """

    def __init__(self, message: str, *, needed: int, budget: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.needed = needed
        self.budget = budget


class LimitError(GramaryeError):
    """A typed limit was reached: nothing was computed wrongly, and the state before the call is unchanged."""


class ModelError(GramaryeError):
    """A language model broke its protocol: NaN logits, a wrong shape, a vocabulary of another size."""
