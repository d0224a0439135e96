"""An automaton's tables on a device: a batch is masked, sampled and advanced without a word to the host.

::

    states int64[B] ──mask_rows──> which mask ──┐
         ^                                      ├── apply_mask_ / masked_sample ──> tokens
         └────────────── advance_ <─────────────┴─────────────────────────────────────┘
"""

from __future__ import annotations

import numpy as np
import torch

from ...errors import GramaryeError
from ...kernels.gpu import torch_paths
from .automaton import Automaton
from .operations import apply_mask_, backend_of

__all__ = ["ResidentAutomaton"]


class ResidentAutomaton:
    """Tables of an :class:`~.automaton.Automaton` on one device, shared by any number of batches.

    Attributes:
        size: tokens of the vocabulary; logits beyond are refused.
        masks: int32[M, W], the distinct masks.
        ended: the state after an end token.
    """

    def __init__(self, automaton: Automaton, device: torch.device | str) -> None:
        self.size = automaton.size
        self.ended = automaton.ended
        self._device = torch.device(device)
        self.masks = torch.from_numpy(automaton.masks.view(np.int32)).to(device)
        self._class_of = torch.from_numpy(automaton.class_of).to(device)
        self._row_start = torch.from_numpy(automaton.row_start).to(device)
        self._row_class = torch.from_numpy(automaton.row_class).to(device)
        self._row_target = torch.from_numpy(automaton.row_target).to(device)
        self._mask_of = torch.from_numpy(automaton.mask_of).to(device)
        self._accepting = torch.from_numpy(automaton.accepting).to(device)
        self._steps = int(np.diff(automaton.row_start).max()).bit_length()

    def start(self, rows: int) -> torch.Tensor:
        """States of ``rows`` empty texts, int64[rows]."""
        return torch.zeros(rows, dtype=torch.int64, device=self._device)

    def mask_rows(self, states: torch.Tensor) -> torch.Tensor:
        """int64[B], which of ``masks`` each state has."""
        return self._mask_of[states]

    def accepting(self, states: torch.Tensor) -> torch.Tensor:
        """bool[B], whether the texts may end here."""
        return self._accepting[states]

    def apply_mask_(self, logits: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """Set what is refused in each state to -inf, in place."""
        return apply_mask_(logits, self.masks, mask_rows=self.mask_rows(states))

    def advance_(self, states: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Read a token a row, changing ``states``.

        Args:
            states: int64[B], contiguous.
            tokens: int64[B].

        Returns:
            bool[B]. False for a token that is refused, none (-1), or outside the vocabulary; the state then stays,
            as it does once the text has ended.

        Raises:
            GramaryeError: shapes, dtypes or devices do not fit.
        """
        for name, values in (("states", states), ("tokens", tokens)):
            fits = values.dtype == torch.int64 and values.shape == states.shape and values.dim() == 1
            if not fits or values.device.type != self._device.type or not values.is_contiguous():
                raise GramaryeError(
                    f"{name} are {values.dtype}{list(values.shape)} on {values.device}",
                    expected=[f"contiguous int64[B] on {self._device}, as many states as tokens"],
                )
        arguments = (self._class_of, self._row_start, self._row_class, self._row_target, self._steps)
        if backend_of(self._device).name == "triton":
            from ...kernels.gpu.step_automaton import step_automaton

            return step_automaton(states, tokens, *arguments)
        return torch_paths.step_automaton(states, tokens, *arguments)
