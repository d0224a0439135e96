"""What a reader of a tokenizer yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias

from ...errors import VocabularyError

__all__ = ["Encoder", "PlainExceptions", "TokenSource"]

Encoder: TypeAlias = Callable[[str], list[int]]
"""A tokenizer's own tokenization of a text, without special tokens. Safe to call from several threads."""


@dataclass(frozen=True, slots=True)
class TokenSource:
    """A tokenizer, read.

    Attributes:
        name: what error messages call it: its path or its type.
        tokens: the bytes of each token by id; empty for ids that spell nothing.
        special_ids: the control tokens.
        eos_ids: the end tokens found; may be empty.
        encoder: the tokenizer's own tokenization, where it is at hand.
    """

    name: str
    tokens: list[bytes]
    special_ids: frozenset[int]
    eos_ids: tuple[int, ...]
    encoder: Encoder | None = None


class PlainExceptions:
    """Context manager that turns exceptions of exactly the class `Exception` into `VocabularyError`.

    The `tokenizers` library raises those for whatever it refuses; any more specific exception passes through.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is Exception:
            raise VocabularyError(f"{self.message}: {error}", hint=self.hint) from error
