"""A logits processor for users who call ``model.generate`` of transformers themselves.

::

    model.generate(**inputs, logits_processor=[ConstraintLogitsProcessor(constraint)], num_beams=4)

It keeps no state of a sequence but what can be computed again from the token ids: each call looks up every
row's generated tokens among those of the call before, so beams may be reordered, duplicated and dropped
freely::

    call n     {"a": matcher}    {"ab": matcher}          keys: the generated ids of each row
    call n+1   row "abc"  ->  matcher of "ab", forked and advanced by c
               row "abd"  ->  matcher of "ab", forked and advanced by d
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from transformers import LogitsProcessor

from ...errors import BudgetError, GramaryeError, ModelError
from ..decoding.budget import Budget
from ..decoding.protocol import BitMask, Constraint, Matcher
from ..device.copies import MaskCopier
from ..device.operations import apply_mask_

__all__ = ["ConstraintLogitsProcessor"]


class ConstraintLogitsProcessor(LogitsProcessor):
    """Sets the scores of forbidden tokens to -inf; may be used for any number of ``generate`` calls.

    Once a row has ended, or can no longer be continued (a beam that another processor led astray), only end
    tokens are left to it.
    """

    def __init__(
        self,
        constraint: Constraint | Sequence[Constraint],
        *,
        prompt_length: int | None = None,
        max_tokens: int | None = None,
    ) -> None:
        """Make a processor.

        Args:
            constraint: one for all rows, or one for each prompt of the batch.
            prompt_length: tokens of the (padded) prompt; None: a call whose ids do not continue those of the
                call before by one token starts a new generation, and all its ids are prompt. Needed with
                assisted generation, which jumps.
            max_tokens: land within this many tokens, the end token not counted; give ``generate`` one more as
                ``max_new_tokens``.

        Raises:
            BudgetError: the shortest valid output needs more than ``max_tokens``.
        """
        self._constraints = tuple(constraint) if isinstance(constraint, Sequence) else (constraint,)
        if not self._constraints:
            raise GramaryeError("no constraint is given")
        self._vocabulary = self._constraints[0].vocabulary
        self._fixed_length = prompt_length
        self._max_tokens = max_tokens
        self._prompts = 0
        self._last: np.ndarray[Any, Any] | None = None
        self._known: dict[tuple[int, bytes], Matcher | None] = {}
        self._copier: MaskCopier | None = None
        if max_tokens is not None:
            for each in self._constraints:
                Budget(max_tokens, each.matcher())

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Scores float[B, V'] with -inf for what is not allowed after int64[B, T] ids.

        Raises:
            ModelError: the scores are NaN, too few for the vocabulary, or -inf for everything allowed.
        """
        ids = input_ids.detach().cpu().numpy()
        self._find_prompt(ids)
        size = len(self._vocabulary)
        if scores.shape[-1] < size:
            raise ModelError(f"the model returns {scores.shape[-1]} logits, but the vocabulary has {size} tokens")
        if bool(torch.isnan(scores).any()):
            raise ModelError("the model returned NaN logits")
        known: dict[tuple[int, bytes], Matcher | None] = {}
        words = np.empty((len(ids), (size + 31) // 32), np.uint32)
        for row, generated in enumerate(ids[:, self._prompts :]):
            which = self._which(row, len(ids))
            matcher = self._matcher(which, generated)
            known[which, generated.tobytes()] = matcher
            words[row] = self._allowed(matcher, len(generated))
        self._known = known
        self._last = ids
        masked = apply_mask_(scores.clone(), self._copier_to(scores.device).copy(words))
        if not bool((masked.max(dim=-1).values > -torch.inf).all()) and bool((scores > -torch.inf).any(dim=-1).all()):
            raise ModelError("the scores of all tokens that the constraint allows are -inf")
        return cast("torch.FloatTensor", masked)

    def _copier_to(self, device: torch.device) -> MaskCopier:
        """What copies masks to the device of the scores; kept between calls."""
        if self._copier is None or self._copier.device != device:
            self._copier = MaskCopier((len(self._vocabulary) + 31) // 32, device)
        return self._copier

    def _find_prompt(self, ids: np.ndarray[Any, Any]) -> None:
        """Decide where the generated tokens start: at the end of a call that does not continue the last."""
        if self._fixed_length is not None:
            self._prompts = self._fixed_length
            return
        last = self._last
        if last is not None and ids.shape == (last.shape[0], last.shape[1] + 1):
            before = {row.tobytes() for row in last}
            if all(row[:-1].tobytes() in before for row in ids):
                return
        self._prompts = ids.shape[1]
        self._known = {}

    def _which(self, row: int, rows: int) -> int:
        """The constraint of a row: beams and returned sequences of one prompt are neighbours."""
        count = len(self._constraints)
        if rows % count:
            raise GramaryeError(f"{count} constraints for a batch of {rows} rows", expected=("one for each prompt",))
        return row // (rows // count)

    def _matcher(self, which: int, generated: np.ndarray[Any, Any]) -> Matcher | None:
        """The matcher after the generated tokens; None for a row that has ended or cannot be continued."""
        if not len(generated):
            return self._constraints[which].matcher()
        key = which, generated[:-1].tobytes()
        if key in self._known:
            before = self._known[key]
            return None if before is None else _advanced(before.fork(), generated[-1:])
        return _advanced(self._constraints[which].matcher(), generated)

    def _allowed(self, matcher: Matcher | None, used: int) -> BitMask:
        """uint32[W] of the tokens that may come next."""
        if matcher is None:
            words = np.zeros((len(self._vocabulary) + 31) // 32, np.uint32)
            for token in self._vocabulary.eos_ids:
                words[token >> 5] |= np.uint32(1 << (token & 31))
            return words
        budget = None if self._max_tokens is None else max(0, self._max_tokens - used)
        try:
            return matcher.mask(budget=budget)
        except BudgetError:  # a beam of probability zero, which `generate` keeps for want of better ones
            return self._allowed(None, used)


def _advanced(matcher: Matcher, tokens: np.ndarray[Any, Any]) -> Matcher | None:
    return matcher if all(matcher.advance(int(token)) for token in tokens) else None
