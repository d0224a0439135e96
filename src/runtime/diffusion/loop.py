"""The denoising loop: a forward pass, proposals, commits that the canvas checks; block after block.

::

    ids      prompt  {    MASK  MASK | MASK  MASK  MASK  eos         blocks from left to right (semi-autoregressive)
                     │     └─ block ─┘
    pass ──> view of the block's open positions ──decoder──> rows ──> Canvas.commit ──> refused: next best proposal
                                                                             │
    forced positions (one token allowed) are committed without a pass  <─────┘

Where the canvas is exact a commit is never refused: masks are asked for again before each further commit of a step,
so several commits of one step never contradict each other. Other canvases (``intersection``, ``lookahead``,
upper-bound masks) may refuse; each refusal is counted as a retry. Where nothing is left to propose the run is stuck:
no exact canvas ever is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import GramaryeError
from .canvas_protocol import Canvas, Mode
from .decoders import BlockSizing, Decoder, Drafting
from .free_canvas import free_mask
from .lookahead import Observing
from .model_protocol import DiffusionModel, position_log_probs
from .view import View, make_view, unpack_masks

if TYPE_CHECKING:
    from ..matcher import Matcher

__all__ = ["Proposals", "Run", "Settings", "Step"]

Proposals = Literal["exact", "bound", "none"]
"""Masks that proposals are drawn from: the canvas's exact ones, its upper bound, or none of the canvas's: then anything
may be proposed (at the left edge, what the matcher lets through), and the check decides alone. All three are equally
safe; they differ in what a step costs, and in retries: none, few, or as many as the model needs.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a canvas is decoded.

    Attributes:
        decoder: which positions a step commits.
        block: positions of a block; None: the whole canvas is one.
        steps: passes for the whole canvas, by which decoders without a rule of their own set their quota; None: one
            token a step.
        temperature: of the proposals; 0 takes the likeliest.
        seed: of the noise.
        refusals: refused proposals of one step after which a canvas recovers (lookahead) or is stuck; None: no limit.
        fast_forward: commit positions where one token is allowed without a pass.
        joint: propose from a joint sample of the canvas (regular constraints): several commits of a step then follow
        the
            model's product law given the constraint.
        masks: what proposals are drawn from, see :data:`Proposals`; None: "exact" on exact canvases, else "none".
    """

    decoder: Decoder
    block: int | None = 32
    steps: int | None = None
    temperature: float = 0.0
    seed: int = 0
    refusals: int | None = None
    fast_forward: bool = True
    joint: bool = False
    masks: Proposals | None = None

    def __post_init__(self) -> None:
        if self.block is not None and self.block < 1:
            raise GramaryeError(f"block is {self.block}", expected=["a positive number", "None"])
        if self.steps is not None and self.steps < 1:
            raise GramaryeError(f"steps is {self.steps}", expected=["a positive number", "None"])
        if not 0 <= self.temperature < np.inf:
            raise GramaryeError(f"temperature is {self.temperature}", expected=["a finite number >= 0"])


@dataclass(frozen=True, slots=True)
class Step:
    """What a pass did.

    Attributes:
        canvas: the tokens, None where open.
        new: positions that it committed, in order.
        forced: how many of them could hold one token only.
        confidence: of each of ``new``; 1 for the forced.
        passes: forward passes so far.
    """

    canvas: tuple[int | None, ...]
    new: tuple[int, ...]
    forced: int
    confidence: tuple[float, ...]
    passes: int


@dataclass(slots=True)
class Run:
    """One canvas being filled.

    Attributes:
        model: gives the laws.
        canvas: what is filled.
        settings: how.
        prefix: ids before the canvas.
        matcher: makes a matcher of the constraint at the canvas's beginning, where there is one.
        log_prob: sum of the log-probabilities, under the model and at the time of its commit, of each token that was
        chosen
            after a pass (not of forced ones).
        chosen, forced, passes, rows, retries, recovered: counters; rows are sequences fed, more than passes with
        drafts;
            recovered are tokens that lookahead's witness put in.
        masks: what proposals were drawn from.
        stuck: nothing could be committed any more.
    """

    model: DiffusionModel
    canvas: Canvas
    settings: Settings
    prefix: Sequence[int] = ()
    matcher: Callable[[], Matcher] | None = None
    log_prob: float = 0.0
    chosen: int = 0
    forced: int = 0
    passes: int = 0
    rows: int = 0
    retries: int = 0
    recovered: int = 0
    stuck: bool = False
    masks: Proposals = field(init=False)
    _rng: np.random.Generator = field(init=False)
    _free: NDArray[np.uint32] | None = field(init=False, default=None)
    _block: tuple[int, int] = field(init=False, default=(0, 0))
    _known: dict[bytes, NDArray[np.float64]] = field(init=False, default_factory=dict)
    _drafted: list[tuple[int, int]] = field(init=False, default_factory=list)
    _bans: dict[int, set[int]] = field(init=False, default_factory=dict)
    _steps_done: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._rng = np.random.Generator(np.random.PCG64(self.settings.seed))
        self.masks = self.settings.masks or ("exact" if self.canvas.exact else "none")
        if isinstance(self.settings.decoder, Drafting) and self.settings.temperature > 0:
            raise GramaryeError("drafts are verified against greedy steps", expected=["temperature 0"])

    def __iter__(self) -> Iterator[Step]:
        """Fill the canvas; a step for each pass, and one for what is forced before the first."""
        while not self.stuck:
            new = self._forced() if self.settings.fast_forward else []
            free = len(new)
            confidence = [1.0] * free
            if self.finished:
                if new:
                    yield self._step(new, free, confidence)
                return
            for position, certainty in self._pass():
                new.append(position)
                confidence.append(certainty)
            yield self._step(new, free, confidence)

    @property
    def finished(self) -> bool:
        """Nothing is open before the first end token."""
        fixed = self.canvas.fixed
        ends = self.model.vocabulary.eos_ids
        for position in range(self.canvas.length):
            token = fixed.get(position)
            if token is None:
                return False
            if token in ends:
                return True
        return True

    def _step(self, new: list[int], forced: int, confidence: list[float]) -> Step:
        fixed = self.canvas.fixed
        tokens = tuple(fixed.get(position) for position in range(self.canvas.length))
        return Step(tokens, tuple(new), forced, tuple(confidence), self.passes)

    def _open(self) -> NDArray[np.int64]:
        """Open positions before the first end token."""
        fixed = self.canvas.fixed
        ends = self.model.vocabulary.eos_ids
        last = min((p for p, token in fixed.items() if token in ends), default=self.canvas.length)
        return np.array([p for p in range(last) if p not in fixed], np.int64)

    def _forced(self) -> list[int]:
        """Commit all positions that one token is allowed at; they agree, since each is in every completion."""
        if self.masks == "none":
            return []
        masks = self.canvas.masks(self.masks == "exact")
        counts = np.bitwise_count(masks).sum(axis=1)
        made = []
        for position in np.flatnonzero(counts == 1).tolist():
            if position in self.canvas.fixed:
                continue
            word = int(np.flatnonzero(masks[position])[0])
            token = word * 32 + int(masks[position, word]).bit_length() - 1
            if self.canvas.commit(position, token):
                made.append(position)
        self.forced += len(made)
        return made

    def _pass(self) -> list[tuple[int, float]]:
        """One forward pass, or the kept logits of a draft, and the commits after it."""
        opened = self._open()
        settings = self.settings
        laws = self._laws(opened)
        if isinstance(self.canvas, Observing):
            self.canvas.observe(opened, laws)
        start, end = self._bounds(opened, laws)
        inside = (opened >= start) & (opened < end)
        view = self._view(opened[inside], laws[inside], len(opened))
        view.quota = self._quota(int(inside.sum()), len(opened))
        chosen = settings.decoder.select(view)
        made = self._commit(view, chosen)
        if isinstance(settings.decoder, Drafting):
            rows = settings.decoder.draft(view, chosen)
            self._drafted = [(int(view.positions[row]), int(view.tokens[row])) for row in rows if view.tokens[row] >= 0]
        self._steps_done += 1
        return made

    def _bounds(self, opened: NDArray[np.int64], laws: NDArray[np.float64]) -> tuple[int, int]:
        """The current block: the last one while it has open positions, else the next."""
        start, end = self._block
        if bool(((opened >= start) & (opened < end)).any()):
            return self._block
        start = int(opened[0])
        size = self.canvas.length if self.settings.block is None else self.settings.block
        end = min(start + size, self.canvas.length)
        decoder = self.settings.decoder
        if isinstance(decoder, BlockSizing):
            view = self._view(opened, laws, len(opened))
            text = [self.model.vocabulary.token_bytes(max(0, int(token))) for token in view.tokens]
            end = max(start + 1, decoder.block_end(view, start, end, text))
        self._block = start, end
        return self._block

    def _quota(self, inside: int, opened: int) -> int:
        """Tokens for this step, so that the passes that are left are enough for all that is open."""
        if self.settings.steps is None:
            return 1
        left = max(1, self.settings.steps - self._steps_done)
        return max(1, min(inside, -(-opened // left)))

    def _view(self, positions: NDArray[np.int64], laws: NDArray[np.float64], opened: int) -> View:
        size = len(self.model.vocabulary)
        allowed = np.array(unpack_masks(self._masks(positions), size))
        for row, position in enumerate(positions.tolist()):
            allowed[row, list(self._bans.get(position, ()))] = False
        view = make_view(positions, laws, allowed, self.settings.temperature, self._rng)
        view.progress = 1 - opened / max(1, self.canvas.length)
        view.open = opened
        if self.settings.joint:
            self._propose_jointly(view)
        return view

    def _masks(self, positions: NDArray[np.int64]) -> NDArray[np.uint32]:
        """uint32[n, W]: what may be proposed."""
        if self.masks != "none":
            return self.canvas.masks(self.masks == "exact")[positions]
        if self._free is None:
            self._free = free_mask(self.model.vocabulary)
        masks = np.tile(self._free, (len(positions), 1))
        first = int(positions[0])
        if self.matcher is not None and all(position in self.canvas.fixed for position in range(first)):
            edge = self.matcher()
            if all(edge.advance(self.canvas.fixed[position]) for position in range(first)):
                masks[0] &= edge.mask()
        return masks

    def _propose_jointly(self, view: View) -> None:
        """Replace the proposals by those of one joint assignment of the whole canvas."""
        laws = np.zeros((self.canvas.length, len(self.model.vocabulary)))
        laws[view.positions] = (
            view.log_probs if self.settings.temperature == 0 else (view.log_probs / self.settings.temperature)
        )
        mode: Mode = "map" if self.settings.temperature == 0 else "sample"
        tokens = np.array(self.canvas.sample(laws, self._rng, mode), np.int64)[view.positions]
        forced = view.allowed.sum(axis=1) == 1
        view.tokens[:] = tokens
        own = view.log_probs[np.arange(len(tokens)), tokens]
        view.confidence[:] = np.where(forced, 1.0, np.exp(own))

    def _laws(self, opened: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64[n, V] at the open positions: kept from a batch of drafts, or by a new pass."""
        ids = self._ids({})
        kept = self._known.get(ids.tobytes())
        if kept is not None:
            found: NDArray[np.float64] = kept[opened]
            return found
        batch = [ids]
        extra: dict[int, int] = {}
        for position, token in self._drafted:
            if position not in self.canvas.fixed:
                extra[position] = token
                batch.append(self._ids(extra))
        where = len(self.prefix) + np.arange(self.canvas.length)
        if len(batch) == 1:
            where = where[opened]
        laws = position_log_probs(self.model, np.stack(batch), where)
        self.passes += 1
        self.rows += len(batch)
        first: NDArray[np.float64] = laws[0]
        if len(batch) > 1:
            self._known = {one.tobytes(): law for one, law in zip(batch, laws, strict=True)}
            first = first[opened]
        return first

    def _ids(self, extra: dict[int, int]) -> NDArray[np.int64]:
        """int64[T]: the prefix and the canvas, the mask token at open positions."""
        ids = np.full(len(self.prefix) + self.canvas.length, self.model.mask_id, np.int64)
        ids[: len(self.prefix)] = self.prefix
        for position, token in (*self.canvas.fixed.items(), *extra.items()):
            ids[len(self.prefix) + position] = token
        return ids

    def _commit(self, view: View, chosen: NDArray[np.int64]) -> list[tuple[int, float]]:
        """Commit the chosen rows; where the first is refused, the next best proposal of the block, and so on."""
        made: list[tuple[int, float]] = []
        refused = 0
        for row in chosen.tolist():
            if made and self.masks == "exact" and not self.settings.joint:
                self._refresh(view, row)
            if view.tokens[row] >= 0 and self._try(view, row, made):
                continue
            refused += view.tokens[row] >= 0
            if made:
                continue
            while not made and (self.settings.refusals is None or refused < self.settings.refusals):
                order = view.by_confidence()
                row = int(order[0])
                if view.tokens[row] < 0:
                    break
                refused += not self._try(view, row, made)
            if not made:
                self._recover(view, made)
            break
        return made

    def _try(self, view: View, row: int, made: list[tuple[int, float]]) -> bool:
        """Commit one proposal; a refused one is not proposed again at that position."""
        position, token = int(view.positions[row]), int(view.tokens[row])
        if position in self.canvas.fixed:
            return True
        if self.canvas.commit(position, token):
            self.log_prob += float(view.log_probs[row, token])
            self.chosen += 1
            made.append((position, float(view.confidence[row])))
            return True
        self.retries += 1
        if not isinstance(
            self.canvas, Observing
        ):  # more commits leave fewer completions: refused once, refused for good
            self._bans.setdefault(position, set()).add(token)
        view.allowed[row, token] = False
        view.update(row)
        return False

    def _refresh(self, view: View, row: int) -> None:
        """Propose anew at a position after other commits of the step."""
        position = int(view.positions[row])
        mask = self.canvas.masks(True)[position : position + 1]
        view.update(row, unpack_masks(mask, len(self.model.vocabulary))[0])

    def _recover(self, view: View, made: list[tuple[int, float]]) -> None:
        """Let the canvas lead on, if it can; else the run is stuck."""
        if not isinstance(self.canvas, Observing):
            self.stuck = True
            return
        found = self.canvas.recover()
        self.recovered += len(found)
        rows = {int(position): row for row, position in enumerate(view.positions)}
        for position, token in found:
            if position in rows:
                self.log_prob += float(view.log_probs[rows[position], token])
                self.chosen += 1
            made.append((position, 0.0))
        self.stuck = not found
