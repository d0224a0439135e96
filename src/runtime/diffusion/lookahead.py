"""Lookahead-then-verify: a commit passes if some filling of the text up to it is a viable prefix.

LAVE (arXiv 2602.00612). The prefix of a canvas runs up to its last fixed position; its open positions are filled N
times from the distributions of the same forward pass, and each filling is read by a matcher::

    canvas      {"a   MASK   MASK   : 1   MASK   MASK ...        commit "1" at position 3?
    filling 1   {"a    b      ,    : 1                           not viable
    filling 2   {"a    b      "    : 1                           viable: accept, and keep it as the witness

After tau refusals in a row the witness of an earlier commit takes the place of the open positions of its prefix, and
the next position gets the likeliest token that the matcher allows there (*recovery*).

What it cannot do: see a fixed text on the right before the prefix has reached it (those positions only count once
they lie in the prefix, so an unlucky choice is found too late), count what room is left, or find rare fillings:
refusals grow with the number of open positions. So it is not exact: canvases may run into dead ends, and a finished
one may not be a whole text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ...errors import BudgetError, GramaryeError
from ..decoding.sampling import generator
from .canvas_protocol import Mode, checked_fixed
from .free_canvas import free_mask

if TYPE_CHECKING:
    from ..constraint import Constraint
    from .canvas_protocol import End

__all__ = ["LookaheadCanvas", "Observing", "lookahead_canvas"]


@runtime_checkable
class Observing(Protocol):
    """A canvas whose check depends on the forward pass."""

    def observe(self, positions: NDArray[np.int64], log_probs: NDArray[np.float64]) -> None:
        """Take in the laws of a pass: float64[n, V] at int64[n] positions, all open ones up to the last of interest."""
        ...

    def recover(self) -> list[tuple[int, int]]:
        """Commits (position, token) that lead on after too many refusals, made already; empty if there are none."""
        ...


def lookahead_canvas(
    constraint: Constraint,
    length: int,
    fixed: Mapping[int, int],
    end: End,
    *,
    fillings: int = 10,
    temperature: float = 1.0,
    seed: int = 0,
) -> LookaheadCanvas:
    """The canvas of ``check="lookahead"``.

    Args:
        constraint: any.
        length: L.
        fixed: positions that are given.
        end: see :data:`.canvas_protocol.End`.
        fillings: N, fillings tried for each proposal.
        temperature: of the distributions that fillings are drawn from.
        seed: of the fillings.
    """
    return LookaheadCanvas(constraint, length, fixed, end, fillings=fillings, temperature=temperature, seed=seed)


class LookaheadCanvas:
    """See the module, and :class:`.canvas_protocol.Canvas`.

    Attributes:
        length: L.
        exact: False.
        given: the positions that were fixed from the beginning.
    """

    exact = False

    def __init__(
        self,
        constraint: Constraint,
        length: int,
        fixed: Mapping[int, int],
        end: End,
        *,
        fillings: int,
        temperature: float,
        seed: int,
    ) -> None:
        self.length = length
        self._constraint = constraint
        self._fixed = checked_fixed(length, fixed, len(constraint.vocabulary))
        self._given = frozenset(self._fixed)
        self._ends = end == "padded"
        self._eos = frozenset(constraint.vocabulary.eos_ids) if self._ends else frozenset[int]()
        self._free = free_mask(constraint.vocabulary, ends=self._ends)
        self._fillings = fillings
        self._temperature = temperature
        self._rng = generator(seed)
        self._laws: dict[int, NDArray[np.float64]] = {}
        self._witness: list[int] = []
        self._checked: dict[tuple[int, int], bool] = {}

    @property
    def completable(self) -> bool:
        """Whether the language has a text that is short enough; what is fixed is not looked at."""
        shortest = self.shortest
        return shortest is not None and shortest <= self.length

    @property
    def fixed(self) -> dict[int, int]:
        """The token of each position that was given or committed."""
        return self._fixed

    @property
    def shortest(self) -> int | None:
        """Tokens of a shortest text of the language, wherever it stands."""
        return len(self._constraint.matcher().shortest_tokens())

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """uint32[L, W]: an upper bound, everything that spells something; only commits are checked.

        Raises:
            GramaryeError: exact masks are asked for.
        """
        if exact:
            raise GramaryeError("lookahead has no exact masks", hint='use check="exact"')
        masks = np.tile(self._free, (self.length, 1))
        for position, token in self._fixed.items():
            masks[position] = 0
            masks[position, token >> 5] = np.uint32(1 << (token & 31))
        return masks

    def observe(self, positions: NDArray[np.int64], log_probs: NDArray[np.float64]) -> None:
        """Take in the laws of a pass."""
        self._laws = {int(position): row for position, row in zip(positions, log_probs, strict=True)}
        self._checked.clear()

    def allows(self, position: int, token: int) -> bool:
        """Whether a filling is found. The verdict is kept until the next pass, so that a commit does not ask again."""
        if self._fixed.get(position, token) != token:
            return False
        if not self._free[token >> 5] >> (token & 31) & 1 and position not in self._fixed:
            return False
        key = (position, token)
        if key not in self._checked:
            self._checked[key] = self._verify(position, token)
        return self._checked[key]

    def commit(self, position: int, token: int) -> bool:
        """Fix a position if a filling is found."""
        if not self.allows(position, token):
            return False
        self._fixed[position] = token
        self._checked.clear()
        return True

    def recover(self) -> list[tuple[int, int]]:
        """Commit the witness, and the likeliest token that may follow it."""
        made = []
        matcher = self._constraint.matcher()
        done = 0
        while done < self.length:
            token = self._fixed.get(done, self._witness[done] if done < len(self._witness) else None)
            if token is None or not matcher.advance(token):
                break
            if done not in self._fixed:
                self._fixed[done] = token
                made.append((done, token))
            done += 1
        if done < self.length and done not in self._fixed and done in self._laws:
            mask = matcher.mask() & self._free
            bits = np.unpackbits(mask.astype("<u4").view(np.uint8), bitorder="little")[: len(self._laws[done])]
            law = np.where(bits.astype(np.bool_), self._laws[done], -np.inf)
            token = int(law.argmax())
            if law[token] > -np.inf:
                self._fixed[done] = token
                made.append((done, token))
                self._witness = [self._fixed[position] for position in range(done + 1)]
        self._checked.clear()
        return made

    def witness(self) -> list[int]:
        """The tokens of a finished canvas.

        Raises:
            BudgetError: open positions are left, or the text is none of the language.
        """
        if len(self._fixed) < self.length or not self._whole():
            raise BudgetError("lookahead knows no completion", needed=self.length + 1, budget=self.length)
        return [self._fixed[position] for position in range(self.length)]

    def sample(self, log_probs: NDArray[np.floating], rng: np.random.Generator, mode: Mode = "sample") -> list[int]:
        """Not possible.

        Raises:
            GramaryeError: always.
        """
        raise GramaryeError("lookahead cannot draw jointly", hint='use check="exact" with a regular constraint')

    def _whole(self) -> bool:
        matcher = self._constraint.matcher()
        return all(matcher.advance(self._fixed[i]) or matcher.ended for i in range(self.length)) and (
            matcher.ended or matcher.accepting
        )

    def _verify(self, position: int, token: int) -> bool:
        """Whether one of N fillings of the prefix is viable; it becomes the witness."""
        trial = {**self._fixed, position: token}
        last = max(p for p in trial if p not in self._given or p == position)
        for _ in range(self._fillings):
            filled = self._fill(trial, last)
            if filled is not None:
                self._witness = filled
                return True
        return False

    def _fill(self, trial: Mapping[int, int], last: int) -> list[int] | None:
        """One filling of positions 0 to ``last``, read along the way; None where the matcher refuses it."""
        matcher = self._constraint.matcher()
        filled: list[int] = []
        for place in range(last + 1):
            token = trial.get(place)
            if token is None:
                law = self._laws.get(place)
                if law is None:
                    return None
                token = self._draw(law)
            if matcher.ended:
                if token not in self._eos:
                    return None
            elif not matcher.advance(token):
                return None
            filled.append(token)
        return filled

    def _draw(self, law: NDArray[np.float64]) -> int:
        """A token by the Gumbel trick."""
        if self._temperature == 0:
            return int(law.argmax())
        return int((law / self._temperature + self._rng.gumbel(size=law.shape)).argmax())
