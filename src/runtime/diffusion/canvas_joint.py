"""Tokens of a whole canvas at once: drawn from the product of the positions' laws given the constraint, or its mode.

Several tokens that are each fine by the masks need not be fine together. Here they are: the law is exactly ::

    P(t_0 ... t_{L-1})  ~  exp(log_probs[0, t_0] + ... + log_probs[L-1, t_{L-1}])   for texts of the constraint, else 0

by forward filtering and backward sampling, or Viterbi, over the token automaton; see ``kernels/canvas/joint.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import GramaryeError, ModelError
from ...kernels.canvas.joint import (
    atom_weights,
    filter_step,
    pick_edge,
    pick_weighted,
    set_weights,
    sets_of_atoms,
    split_atoms,
)
from .canvas_automaton import TokenAutomaton
from .canvas_lattice import Lattice, StateSet
from .canvas_protocol import Mode

__all__ = ["Atoms", "joint_tokens", "make_atoms"]

_DRAWS = 64
"""Texts that are drawn until one is valid."""


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """Tokens that are in the same sets, as one.

    Attributes:
        of_token: int32[V]; 0 for tokens in no set.
        set_offsets: int64[N + 1] into ``in_sets``.
        in_sets: int32[...], the atoms of each set.
        offsets: int64[atoms + 1] into ``tokens``.
        tokens: int32[V], sorted by atom.
        owners: int32[E], the state that each edge of the automaton leaves.
    """

    of_token: NDArray[np.int32]
    set_offsets: NDArray[np.int64]
    in_sets: NDArray[np.int32]
    offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    owners: NDArray[np.int32]

    @property
    def count(self) -> int:
        """The number of atoms, atom 0 included."""
        return int(self.offsets.size - 1)


def make_atoms(automaton: TokenAutomaton) -> Atoms:
    """The atoms of an automaton's sets. O(tokens of all sets)."""
    sets = (automaton.set_offsets, automaton.set_sizes, automaton.set_tokens)
    tokens = len(automaton.vocabulary)
    rough = np.zeros(tokens, np.int32)
    split_atoms(*sets, rough, np.zeros(automaton.set_tokens.size + 2, np.int32))
    _, numbers = np.unique(np.append(rough, np.int32(0)), return_inverse=True)
    of_token: NDArray[np.int32] = numbers[:-1].astype(np.int32)
    count = int(of_token.max(initial=0)) + 1
    offsets = np.zeros(automaton.set_count + 1, np.int64)
    listed = np.empty(automaton.set_tokens.size, np.int32)
    used = sets_of_atoms(*sets, of_token, np.zeros(count, np.int32), offsets, listed)
    owners = np.repeat(np.arange(automaton.states, dtype=np.int32), np.diff(automaton.edge_offsets))
    by_atom = np.argsort(of_token, kind="stable").astype(np.int32)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(of_token, minlength=count))))
    return Atoms(of_token, offsets, listed[:used].copy(), bounds, by_atom, owners)


class _Filter:
    """Filtering forward over a canvas, and picking backward. All arrays of one position are kept until the end."""

    def __init__(self, lattice: Lattice, fixed: Mapping[int, int], log_probs: NDArray[np.floating], mode: Mode) -> None:
        self._automaton = lattice.automaton
        self._atoms = lattice.atoms
        self._fixed = fixed
        self._log_probs = log_probs
        self._best = mode == "map"
        self._sums = np.empty(max(self._atoms.count, self._automaton.states))
        start = np.full(self._automaton.states, -np.inf)
        start[1] = 0.0
        self._alphas = [start]
        self._of_atoms: list[NDArray[np.float64]] = []
        self._of_sets: list[NDArray[np.float64]] = []

    def row(self, position: int) -> NDArray[np.float64]:
        """The logarithms of one position.

        Raises:
            ModelError: one is NaN, or infinite above 0.
        """
        row = np.ascontiguousarray(self._log_probs[position], np.float64)
        if np.isnan(row).any() or np.isposinf(row).any():
            raise ModelError(f"the log-probabilities of position {position} hold NaN or infinity")
        return row

    def open_step(self, position: int, needed: NDArray[np.uint8], allowed: StateSet) -> None:
        """Filter over an open position."""
        automaton, atoms = self._automaton, self._atoms
        of_atoms, of_sets = np.empty(atoms.count), np.empty(automaton.set_count)
        atom_weights(self.row(position), atoms.of_token, self._best, self._sums[: atoms.count], of_atoms)
        set_weights(of_atoms, atoms.set_offsets, atoms.in_sets, needed, self._best, of_sets)
        after = np.empty(automaton.states)
        edges = (automaton.edge_offsets, automaton.edge_targets, automaton.edge_sets)
        sums = self._sums[: automaton.states]
        filter_step(self._alphas[-1], allowed.members, *edges, of_sets, self._best, sums, after)
        self._of_atoms.append(of_atoms)
        self._of_sets.append(of_sets)
        self._alphas.append(after)

    def fixed_step(self, token: int, allowed: StateSet) -> None:
        """Filter over a position that holds a token."""
        before = self._alphas[-1]
        after = np.full_like(before, -np.inf)
        unite = np.maximum if self._best else np.logaddexp
        for state in np.flatnonzero(before > -np.inf).tolist():
            target = self._automaton.next(state, token)
            if target and allowed.members[target]:
                after[target] = unite(after[target], before[state])
        self._of_atoms.append(np.empty(0))
        self._of_sets.append(np.empty(0))
        self._alphas.append(after)

    def pick(self, rng: np.random.Generator) -> list[int]:
        """The tokens, last one first picked.

        Raises:
            GramaryeError: nothing has a probability above 0.
        """
        state = self._pick(self._alphas[-1], rng)
        if state < 0:
            raise GramaryeError("log_probs give no text of the constraint a probability above 0")
        tokens: list[int] = []
        for position in reversed(range(len(self._of_sets))):
            token = self._fixed.get(position)
            if token is None:
                token, state = self._pick_open(position, state, rng)
            else:
                state = self._pick_before(position, token, state, rng)
            tokens.append(token)
        return tokens[::-1]

    def _uniform(self, rng: np.random.Generator) -> float:
        return -1.0 if self._best else float(rng.random())

    def _pick(self, weights: NDArray[np.float64], rng: np.random.Generator) -> int:
        return int(pick_weighted(weights, self._uniform(rng)))

    def _pick_open(self, position: int, target: int, rng: np.random.Generator) -> tuple[int, int]:
        """A token of an open position, and the state before it: an edge, an atom of its set, a token of the atom."""
        automaton, atoms = self._automaton, self._atoms
        edges = automaton.edge_targets.size
        of_sets = self._of_sets[position]
        listed = (atoms.owners, automaton.edge_targets, automaton.edge_sets, np.empty(edges, np.int32))
        edge = int(pick_edge(self._alphas[position], *listed, of_sets, target, np.empty(edges), self._uniform(rng)))
        number = automaton.edge_sets[edge]
        of_set = atoms.in_sets[atoms.set_offsets[number] : atoms.set_offsets[number + 1]]
        atom = of_set[self._pick(self._of_atoms[position][of_set], rng)]
        tokens = atoms.tokens[atoms.offsets[atom] : atoms.offsets[atom + 1]]
        return int(tokens[self._pick(self.row(position)[tokens], rng)]), int(atoms.owners[edge])

    def _pick_before(self, position: int, token: int, target: int, rng: np.random.Generator) -> int:
        """The state before a fixed position."""
        before = self._alphas[position]
        states = np.flatnonzero(before > -np.inf)
        good = np.array([state for state in states.tolist() if self._automaton.next(state, token) == target])
        return int(good[self._pick(before[good], rng)])


def joint_tokens(
    lattice: Lattice,
    ahead: Sequence[StateSet],
    behind: Sequence[StateSet],
    fixed: Mapping[int, int],
    log_probs: NDArray[np.floating],
    rng: np.random.Generator,
    mode: Mode,
    valid: Callable[[Sequence[int]], bool],
) -> list[int]:
    """Tokens of a completable canvas of L positions, jointly. O(L * (V + edges + atoms of the sets)).

    Args:
        lattice: its lattice.
        ahead: L + 1 forward sets.
        behind: L + 1 backward sets.
        fixed: tokens by position.
        log_probs: float[L, V].
        rng: where randomness comes from.
        mode: "sample" or "map".
        valid: what a text must satisfy besides; those that do not are rejected and drawn anew.

    Raises:
        GramaryeError: nothing has a probability above 0, the mode is neither, or too many draws were rejected.
        ModelError: ``log_probs`` has another shape, or holds NaN or infinity above 0.
    """
    if mode not in get_args(Mode):
        raise GramaryeError(f"mode is {mode!r}", expected=list(get_args(Mode)))
    shape = (len(ahead) - 1, len(lattice.automaton.vocabulary))
    if log_probs.shape != shape:
        raise ModelError(f"log_probs of shape {list(log_probs.shape)}", expected=[str(list(shape))])
    chain = _Filter(lattice, fixed, log_probs, mode)
    for position in range(shape[0]):
        token = fixed.get(position)
        if token is None:
            needed = lattice.needed(ahead[position], behind[position + 1])
            chain.open_step(position, needed, behind[position + 1])
        else:
            chain.fixed_step(token, behind[position + 1])
    for _ in range(_DRAWS if mode == "sample" else 1):
        tokens = chain.pick(rng)
        if valid(tokens):
            return tokens
    raise GramaryeError(
        "the texts drawn do not satisfy the constraint, of which this canvas knows an approximation",
        hint="the likeliest text of the approximation says nothing of other texts: draw with mode='sample'"
        if mode == "map"
        else "fix fewer positions, or forbid repeated keys by additionalProperties: false",
    )
