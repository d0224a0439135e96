"""The decoding loop: one batched forward pass a step, several tokens a step where the constraint forces them.

Each request becomes a *course*. A course holds the ids that the next pass must feed (``pending``), of which
the newest ``unscored`` were forced, not drawn: their probabilities are read from the same pass that feeds
them::

    pending      [ drawn | forced 1 | forced 2 ]
    logits       [  row 0 |  row 1   |  row 2   ]        one forward pass
    row 0 scores forced 1, row 1 scores forced 2, from row 2 the next token is drawn

A course ends when the end token is drawn, when the constraint leaves nothing to add, or when the budget is
used up (which ``Budget`` lets happen only where the text is complete).

Courses share passes and nothing else: each has its own random stream, and its rows of logits are read alone.
So a course depends on its request only, as far as the model's rows do: batched matrix products may round
differently for other batches, in the last bits (``TransformersModel(..., batched=False)`` rules that out).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GramaryeError, ModelError, VocabularyError
from .budget import EDGE, Budget
from .overlap import Overlap
from .protocol import BitMask, Bits, FloatArray, Matcher, Model, State, Vocabulary
from .result import FinishReason
from .sampling import Choice, Sampling, allowed_mass, choose, generator, log_softmax

__all__ = ["Course", "Request", "decode", "unpack"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be generated for one prompt.

    Attributes:
        prompt: ids to feed before the first token.
        matcher: at the start of the constraint (owned by the course from here on).
        max_tokens: budget without the end token.
        sampling: how tokens are drawn.
        seed: of this request's own random stream.
        fast_forward: append forced tokens without asking the model.
        edge: see ``budget.EDGE``.
    """

    prompt: tuple[int, ...]
    matcher: Matcher
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    fast_forward: bool = True
    edge: int = EDGE


class Course:
    """One sequence under way.

    Attributes:
        request: what was asked for.
        tokens: tokens generated so far, without the end token.
        log_prob, log_weight: see ``GenerationResult``; they lag behind ``tokens`` by the ``unscored`` ones.
        finish_reason: set once nothing can be added; the course is ``done`` when its scores are complete as
            well.
        forced, passes: counters.
        state: the model's state after all that was fed.
        pending: ids that the next pass feeds.
    """

    def __init__(self, request: Request, vocabulary: Vocabulary) -> None:
        """Raises BudgetError if no valid output fits, before any forward pass."""
        self.request = request
        self.tokens: list[int] = []
        self.log_prob = 0.0
        self.log_weight = 0.0
        self.finish_reason: FinishReason | None = None
        self.forced = 0
        self.passes = 0
        self.state: State | None = None
        self.pending: list[int] = list(request.prompt)
        self._unscored: list[int] = []
        self._vocabulary = vocabulary
        self._matcher = request.matcher
        self._budget = Budget(request.max_tokens, self._matcher, edge=request.edge)
        self._rng = generator(request.seed)
        self._finish_if_full()

    @property
    def done(self) -> bool:
        """Nothing to add and nothing to score."""
        return self.finish_reason is not None and not self._unscored

    @property
    def matcher(self) -> Matcher:
        """Where the text stands."""
        return self._matcher

    @property
    def rows_wanted(self) -> int:
        """Rows of logits that the next pass must return for this course."""
        return 1 if self.passes == 0 else len(self.pending)

    def read(self, logits: FloatArray, state: State) -> None:
        """Take in a pass over ``pending``: score what was forced, then add tokens.

        Args:
            logits: float64[rows_wanted, V].
            state: the model's state after the pass.
        """
        self.state = state
        self.passes += 1
        log_probs = log_softmax(logits)
        for row, token in enumerate(self._unscored):
            self._score_forced(log_probs[row], token)
        self._unscored = []
        if self.finish_reason is None:
            self._step(log_probs[-1])

    def _step(self, log_probs: FloatArray) -> None:
        """Add one token, drawn or forced, and whatever is forced after it."""
        forced = self._take_forced()
        if forced:
            self._score_forced(log_probs, forced[0])
            added, self._unscored = forced, forced[1:]
        else:
            token = self._draw(log_probs)
            if token is None:
                return
            self.tokens.append(token)
            self._finish_if_full()
            self._unscored = self._take_forced() if self.finish_reason is None else []
            added = [token, *self._unscored]
        # the logits after the last token are needed only if there is a token to draw from them
        self.pending = added if self.finish_reason is None else added[:-1]

    def _draw(self, log_probs: FloatArray) -> int | None:
        """Draw a token and move the matcher; None if the end token was drawn."""
        near = self._budget.near
        choice = self._choose(log_probs, self._budget.mask(self._matcher))
        ended = choice.token in self._vocabulary.eos_ids
        if not ended and not self._moved(choice.token):
            if not near:  # it opens more than can be closed: draw from what does not
                choice = self._choose(log_probs, self._budget.narrow(self._matcher))
                ended = choice.token in self._vocabulary.eos_ids
            if not ended and (near or not self._moved(choice.token)):
                raise GramaryeError(f"the output cannot be finished after token {choice.token} of the mask")
        self.log_prob += choice.log_prob
        self.log_weight += choice.log_mass
        if not ended:
            return choice.token
        self.finish_reason = "length" if self._budget.landed else "stop"
        return None

    def _choose(self, log_probs: FloatArray, mask: BitMask) -> Choice:
        allowed = unpack(mask, len(log_probs))
        if not allowed.any():
            raise VocabularyError(
                "no token continues the output here",
                hint="the vocabulary cannot spell what the constraint asks for next",
            )
        return choose(log_probs, allowed, self.request.sampling, self._rng)

    def _moved(self, token: int) -> bool:
        """Advance by a token if the budget then still suffices; otherwise nothing changes."""
        if not self._matcher.advance(token):
            raise GramaryeError(f"the matcher refuses token {token}, which its mask allows")
        if self._budget.spend((token,), self._matcher):
            return True
        self._matcher.rollback(1)
        return False

    def _take_forced(self) -> list[int]:
        """Move over the forced tokens, if there are any and the budget suffices for them."""
        forced = self._matcher.forced_tokens() if self.request.fast_forward and not self._matcher.accepting else []
        if not forced:
            return []
        ahead = self._matcher.fork()
        if not all(ahead.advance(token) for token in forced) or not self._budget.spend(forced, ahead):
            return []
        self._matcher = ahead
        self.tokens.extend(forced)
        self.forced += len(forced)
        self._finish_if_full()
        return forced

    def _score_forced(self, log_probs: FloatArray, token: int) -> None:
        log_prob = allowed_mass(log_probs[token : token + 1])
        self.log_prob += log_prob
        self.log_weight += log_prob

    def _finish_if_full(self) -> None:
        if self._matcher.finished:
            self.finish_reason = "length" if self._budget.landed else "stop"
        elif self._budget.left == 0:
            self.finish_reason = "length"


def decode(model: Model, courses: Sequence[Course]) -> Iterator[Course]:
    """Run courses to their ends, as one batch that shrinks; yields a course after each of its passes.

    Masks are computed during the forward pass (``overlap.py``).

    Raises:
        ModelError: the logits are NaN, +inf, all -inf where it matters, or of a wrong shape.
    """
    live = [course for course in courses if not course.done]
    with closing(Overlap()) as overlap:
        while live:
            ahead = overlap.ask([course.matcher for course in live if course.finish_reason is None])
            logits, states = model.forward([course.pending for course in live], [course.state for course in live])
            ahead.withdraw()
            if len(logits) != len(live) or len(states) != len(live):
                raise ModelError(
                    f"the model returned {len(logits)} logits and {len(states)} states for {len(live)} sequences",
                    expected=(f"{len(live)} of each",),
                )
            for course, rows, state in zip(live, logits, states, strict=True):
                course.read(_checked(rows, course.rows_wanted, len(model.vocabulary)), state)
                yield course
            live = [course for course in live if not course.done]


def _checked(rows: npt.NDArray[Any], wanted: int, size: int) -> FloatArray:
    """The last ``wanted`` rows of logits, cut to the vocabulary, as float64[wanted, size]."""
    try:
        array = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"the model's logits are no array of numbers: {error}") from error
    array = array[np.newaxis] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) < wanted:
        raise ModelError(
            f"the model returned logits of shape {np.shape(rows)}",
            expected=(f"at least {wanted} rows of {size} logits",),
        )
    if array.shape[1] < size:
        raise ModelError(
            f"the model returns {array.shape[1]} logits, but the vocabulary has {size} tokens",
            hint="the tokenizer belongs to another model, or has tokens that the model has no embedding for",
        )
    return array[len(array) - wanted :, :size]


def unpack(mask: BitMask, size: int) -> Bits:
    """uint32[W] to bool[size]: token t is bit t % 32 of word t // 32."""
    words = np.ascontiguousarray(mask, dtype="<u4")
    return np.unpackbits(words.view(np.uint8), count=size, bitorder="little").view(np.bool_)
