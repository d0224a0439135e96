"""Regular expressions and finite sets of texts as byte machines: by interegular, by comparing strings."""

from __future__ import annotations

from functools import cache

import interegular
from interegular.fsm import anything_else
from tests.oracles.json_spelling import BAD, MORE, character

__all__ = ["ChoiceOracle", "RegexOracle"]

_LAST = 0x10FFFF


class RegexOracle:
    """A state is ``(state of the automaton, bytes of a half-read character)``; None is dead."""

    def __init__(self, pattern: str) -> None:
        self._fsm = interegular.parse_pattern(pattern).to_fsm()
        self._known = sorted(symbol for symbol in self._fsm.alphabet._symbol_mapping if symbol != anything_else)
        self._alive = cache(self._fsm.islive)
        self.start = (self._fsm.initial, b"")
        self.step = cache(self._step)

    def _after(self, state: int, symbol: object) -> int | None:
        target = self._fsm.map.get(state, {}).get(self._fsm.alphabet[symbol])
        return target if target is not None and self._alive(target) else None

    def _step(self, state: tuple[int, bytes], byte: int) -> tuple[int, bytes] | None:
        pending = state[1] + bytes([byte])
        code = pending[0] if pending[0] < 128 else character(pending)
        if code == BAD:
            return None
        if code != MORE:
            target = self._after(state[0], chr(code))
            return None if target is None else (target, b"")
        named = any(
            symbol.encode().startswith(pending) and self._after(state[0], symbol) is not None for symbol in self._known
        )
        other = self._after(state[0], anything_else) is not None and self._has_other(pending)
        return (state[0], pending) if named or other else None

    def _has_other(self, pending: bytes) -> bool:
        """True if a character that the pattern does not name begins with some bytes: it names few."""
        missing = (2 if pending[0] < 0xE0 else 3 if pending[0] < 0xF0 else 4) - len(pending)
        beginning = sum(symbol.encode().startswith(pending) for symbol in self._known)
        return beginning < 64**missing // 4

    def accepting(self, state: tuple[int, bytes]) -> bool:
        return not state[1] and state[0] in self._fsm.finals


class ChoiceOracle:
    """A state is what was read, in a tuple; None is dead."""

    def __init__(self, choices: list[str]) -> None:
        self._choices = [choice.encode() for choice in choices]
        self.start = (b"",)
        self.step = cache(self._step)

    def _step(self, state: tuple[bytes], byte: int) -> tuple[bytes] | None:
        text = state[0] + bytes([byte])
        return (text,) if any(choice.startswith(text) for choice in self._choices) else None

    def accepting(self, state: tuple[bytes]) -> bool:
        return state[0] in self._choices
