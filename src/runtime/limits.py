"""Typed limits: what a constraint may cost before it stops with a :class:`~gramarye.errors.LimitError`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one compiled constraint may use.

    Attributes:
        configs: configurations interned at most. One takes about 40 bytes, and 1 KB more once a walk has gone
            through it.
        seconds: wall-clock seconds that one search (a shortest completion, a proof that something can be
            finished) may take.
        bytes: bytes of memoised masks; when they are used up, old masks are evicted, which is no error.
        automaton_states: states of one automaton built ahead of time.
        search: configurations that one search may expand.
    """

    configs: int = 4_000_000
    seconds: float = 10.0
    bytes: int = 64 << 20
    automaton_states: int = 65_536
    search: int = 200_000
