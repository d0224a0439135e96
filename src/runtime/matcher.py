"""The cursor: a configuration and how it was reached. One int, so forks are free and rollback is a step back.

::

    matcher ── config 17
      history:  () <── (config 3, b'{"') <── (config 9, b'a') <── (config 17, b'":')
                              fork: both matchers share the past
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError, GramaryeError, Span

if TYPE_CHECKING:
    from .constraint import Constraint

__all__ = ["Explanation", "Matcher", "places"]

_WORD = np.dtype(np.uint32)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a token or some bytes are refused.

    Attributes:
        accepted: True if nothing is wrong with them.
        position: how many of the bytes are let through.
        text: the bytes asked about.
        expected: what may come at that place, in words.
        pointer: JSON Pointer into the schema, or the rule of the grammar, that says so; None where neither exists.
        span: the place in the source of the grammar, where there is one.
    """

    accepted: bool
    position: int
    text: bytes
    expected: tuple[str, ...]
    pointer: str | None
    span: Span | None

    def __str__(self) -> str:
        if self.accepted:
            return f"{self.text!r} is accepted"
        place = f" (by {self.pointer or '/'})" if self.pointer is not None else ""
        found = repr(self.text[self.position : self.position + 12]) if self.position < len(self.text) else "the end"
        return f"byte {self.position}: expected {' or '.join(self.expected) or 'the end'}, found {found}{place}"


class _Past:
    """One link of a matcher's history."""

    __slots__ = ("before", "config", "data", "ended")

    def __init__(self, before: _Past | None, config: int, data: bytes, ended: bool) -> None:
        self.before = before
        self.config = config
        self.data = data
        self.ended = ended


class Matcher:
    """Where a text stands in a constraint.

    Made by :meth:`Constraint.matcher`; not to be shared between threads (fork it).

    Attributes:
        constraint: what it is of.
        past: the last link of the chain of what was read.
    """

    __slots__ = ("constraint", "past")

    def __init__(self, constraint: Constraint, past: _Past | None = None) -> None:
        self.constraint = constraint
        self.past = past if past is not None else _Past(None, constraint.start, b"", False)

    @property
    def config(self) -> int:
        """The configuration: equal ints accept equal continuations."""
        return self.past.config

    @property
    def text_bytes(self) -> bytes:
        """All bytes read so far."""
        parts = []
        past: _Past | None = self.past
        while past is not None:
            parts.append(past.data)
            past = past.before
        return b"".join(reversed(parts))

    @property
    def accepting(self) -> bool:
        """True if the text may end here; the end tokens are then set in :meth:`mask`."""
        return self.constraint.machine.accepting(self.past.config)

    @property
    def ended(self) -> bool:
        """True once an end token was read."""
        return self.past.ended

    @property
    def finished(self) -> bool:
        """True if the text may end here and nothing but its end may come."""
        return self.past.ended or (self.accepting and not self.constraint.continues(self.past.config))

    def mask(self, out: NDArray[np.uint32] | None = None, budget: int | None = None) -> NDArray[np.uint32]:
        """The tokens that may come next.

        Args:
            out: uint32[ceil(V / 32)], written and returned; None makes a new one.
            budget: tokens left, the next one counted: only tokens after which the text can still be finished in the
                rest are set. None sets no bound.

        Returns:
            uint32[ceil(V / 32)]; token t is bit t % 32 of word t // 32. Bits at and above V are 0. After the end, only
            the end tokens. A copy if the configuration was met before, otherwise linear in the trie nodes visited.

        Raises:
            BudgetError: nothing fits the budget.
        """
        constraint = self.constraint
        if out is None:
            out = np.empty(constraint.machine.words, np.uint32)
        elif out.dtype != _WORD or out.shape != (constraint.machine.words,) or not out.flags.c_contiguous:
            raise GramaryeError(
                f"out is {out.dtype}{list(out.shape)}", expected=[f"contiguous uint32[{constraint.machine.words}]"]
            )
        if self.past.ended:
            return constraint.end_mask(out)
        if budget is None:
            return constraint.machine.mask(self.past.config, out)
        return constraint.budgeted_mask(self.past.config, budget, out)

    def advance(self, token: int) -> bool:
        """Read a token. False if it is refused; the state is then unchanged."""
        constraint = self.constraint
        past = self.past
        if past.ended:
            return False
        if token in constraint.end_tokens:
            if not self.accepting:
                return False
            self.past = _Past(past, past.config, b"", True)
            return True
        if not 0 <= token < len(constraint.vocabulary):
            raise GramaryeError(
                f"token {token} is outside the vocabulary", expected=[f"0 to {len(constraint.vocabulary) - 1}"]
            )
        config = constraint.machine.advance_token(past.config, token)
        if config == 0:
            return False
        self.past = _Past(past, config, constraint.vocabulary.token_bytes(token), False)
        return True

    def advance_bytes(self, data: bytes) -> bool:
        """Read bytes, as one step for :meth:`rollback`. False if they are refused; the state is then unchanged."""
        if self.past.ended:
            return False
        config, _ = self.constraint.machine.advance_bytes(self.past.config, data)
        if config == 0:
            return False
        self.past = _Past(self.past, config, bytes(data), False)
        return True

    def accept_draft(self, tokens: list[int]) -> int:
        """How many tokens of a draft can be read one after the other from here. The state is unchanged."""
        ahead = self.fork()
        for count, token in enumerate(tokens):
            if not ahead.advance(token):
                return count
        return len(tokens)

    def rollback(self, n_tokens: int) -> None:
        """Undo the last ``n_tokens`` steps. O(n).

        Raises:
            GramaryeError: there are not that many; the state is then unchanged.
        """
        past: _Past | None = self.past
        for done in range(n_tokens):
            past = past.before if past is not None else None
            if past is None:
                raise GramaryeError(f"rollback by {n_tokens} steps", expected=[f"at most {done}"])
        if n_tokens < 0 or past is None:
            raise GramaryeError(f"rollback by {n_tokens} steps", expected=["a non-negative number"])
        self.past = past

    def fork(self) -> Matcher:
        """Another matcher at the same place. O(1)."""
        return Matcher(self.constraint, self.past)

    def forced_bytes(self) -> bytes:
        """The bytes that must come next whatever is chosen; empty if there is a choice, or if the text may end."""
        return self.constraint.forced_bytes(self.past.config) if not self.past.ended else b""

    def forced_tokens(self) -> list[int]:
        """The canonical tokens of :meth:`forced_bytes`, less those that what follows might change."""
        return self.constraint.forced_tokens(self.forced_bytes())

    def completion(self, max_tokens: int | None = None) -> bytes:
        """A shortest way to finish from here.

        Args:
            max_tokens: it must be spelled in at most so many tokens.

        Raises:
            BudgetError: no completion is that short.
            LimitError: the search for one reached its limit.
        """
        if self.past.ended:
            return b""
        if max_tokens is None:
            return self.constraint.completer.shortest(self.past.config)
        return self.constraint.vocabulary.decode(self.shortest_tokens(max_tokens))

    def shortest_tokens(self, limit: int | None = None) -> list[int]:
        """Tokens of a short way to finish from here; none if the text may end.

        Args:
            limit: search all spellings for one of at most so many tokens, if the shortest bytes need more.

        Raises:
            BudgetError: no completion has at most ``limit`` tokens.
            LimitError: whether one has was not settled within the limits.
        """
        if self.past.ended:
            return []
        completer = self.constraint.completer
        plan = completer.tokens(self.past.config)
        if limit is None or len(plan) <= limit:
            return list(plan)
        found = completer.fewest_tokens(self.past.config, limit)
        if found is None:
            raise BudgetError(
                f"no valid text ends within {limit} tokens from here; {len(plan)} are enough",
                needed=len(plan),
                budget=limit,
            )
        return list(found)

    def explain(self, what: int | bytes) -> Explanation:
        """Why a token or some bytes are refused here, and what was expected."""
        constraint = self.constraint
        data = constraint.vocabulary.token_bytes(what) if isinstance(what, int) else bytes(what)
        ends = isinstance(what, int) and what in constraint.end_tokens
        if self.past.ended or (isinstance(what, int) and not data and not ends):
            expected = "nothing, for the text has ended" if self.past.ended else "a token that spells something"
            return Explanation(False, 0, data, (expected,), None, None)
        return constraint.explain(self.past.config, data, ends=ends)


def places(matchers: Sequence[Matcher]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Addresses of the machines' headers and configurations (-1: the text has ended) of B matchers, int64[B] each."""
    headers = [matcher.constraint.machine.arena.address for matcher in matchers]
    configs = [-1 if matcher.past.ended else matcher.past.config for matcher in matchers]
    return np.array(headers, np.int64), np.array(configs, np.int64)
