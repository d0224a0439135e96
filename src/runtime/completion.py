"""The shortest way to finish: what :meth:`Matcher.completion` returns and budgets are measured by.

A configuration is a stack of frames, and bytes are atomic, so the shortest completion of the stack is the shortest
completion of the top frame followed by that of its parent; of a SET, the shortest of its members::

    KEY "na|"  ->  me"        COLON  ->  :0        MEMBERS  ->  ,"id":0}        FINISHED  ->  (nothing)

Frames of JSON text are finished in ``completion_json.py``, context-free grammars in ``completion_cfg.py``, byte
automata by breadth-first search here. A PRODUCT is no stack: it is searched as a whole, within the limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ..errors import LimitError, VocabularyError
from ..kernels.columns import Scalar
from ..kernels.opcodes import Op
from ..kernels.search import GOAL_CHARACTER, GOAL_COLON, GOAL_END, GOAL_PART, search
from .machine import Machine

__all__ = ["BYTE_ORDER", "SPELLING_TOKENS", "Completer", "find_path"]

BYTE_ORDER = np.array(
    sorted(range(256), key=lambda b: (not 97 <= b < 123, not 65 <= b < 91, not 48 <= b < 58, not 32 < b < 127, b)),
    np.uint8,
)
"""The order in which bytes are tried: letters, digits, marks, then the rest."""

SPELLING_TOKENS = 64
"""Tokens within which a vocabulary without all single bytes must spell some completion."""

FrameFinisher = Callable[[int], bytes]


def find_path(machine: Machine, config: int, goal: int, order: np.ndarray = BYTE_ORDER) -> list[tuple[int, bytes]]:
    """Goals that :func:`gramarye.kernels.search.search` finds, each with the bytes that lead there, shortest first.

    Raises:
        LimitError: the search would expand more configurations than ``Limits.search``.
    """
    limit = machine.arena.limits.search
    room = 1024
    while True:
        seen = np.zeros(machine.arena.get(Scalar.CONFIGS) + 256 * room, np.uint8)
        queue = np.zeros((room, 3), np.int64)
        place = int(machine.arena.run(_fresh_search, config, goal, seen, queue, order))
        if place == -1:
            return []
        if place >= 0:
            break
        if room >= limit:
            raise LimitError(
                f"no way to finish was found within {limit:,} configurations", hint="raise Limits(search=...)"
            )
        room *= 4
    every = goal in (GOAL_COLON, GOAL_CHARACTER)
    found = []
    for end in range(place) if every else [place]:
        one = int(queue[end, 0])
        op, _, _, decoder, _ = machine.fields(one)
        if op is Op.SET:
            op = machine.fields(machine.members(one)[0])[0]
        if every and (op is not Op.COLON if goal == GOAL_COLON else decoder):
            continue
        path = bytearray()
        at = end
        while queue[at, 1] >= 0:
            path.append(int(queue[at, 2]))
            at = int(queue[at, 1])
        found.append((int(queue[end, 0]), bytes(reversed(path))))
    return found


def _fresh_search(
    header: np.ndarray, config: int, goal: int, seen: np.ndarray, queue: np.ndarray, order: np.ndarray
) -> int:
    """The search with ``seen`` cleared first: the arena repeats it after growing."""
    seen[:] = 0
    return int(search(header, config, goal, seen, queue, order))


class Completer:
    """Shortest completions of the configurations of one machine, memoised.

    Args:
        machine: the machine.
        frames: how to finish the top frame of an opcode, without its parent.
        whole: how to finish a configuration of an opcode, parents included.
        decides: configurations whose finisher in ``frames`` finishes their parents too.
    """

    def __init__(
        self,
        machine: Machine,
        frames: dict[Op, FrameFinisher],
        whole: dict[Op, FrameFinisher],
        decides: Callable[[int], bool] = lambda config: False,
    ) -> None:
        self._machine = machine
        self._decides = decides
        self._frames: dict[Op, FrameFinisher] = {Op.BYTES: partial(_part, machine), **frames}
        self._whole: dict[Op, FrameFinisher] = {Op.PRODUCT: partial(_search, machine), **whole}
        self._known: dict[int, bytes] = {machine.end: b""}
        self._plans: dict[int, tuple[int, int, int]] = {}

    def shortest(self, config: int) -> bytes:
        """The shortest bytes after which the text may end, the first in BYTE_ORDER among equals.

        Raises:
            LimitError: a search for it reached its limit.
        """
        known = self._known
        if config in known:
            return known[config]
        with self._machine.arena.lock:
            waiting = [config]
            while waiting:
                one = waiting[-1]
                missing = [] if one in known else [below for below in self._below(one) if below not in known]
                if missing:
                    waiting.extend(missing)
                    continue
                waiting.pop()
                if one not in known:
                    known[one] = self._finish(one)
        return known[config]

    def _below(self, config: int) -> list[int]:
        """The configurations whose completions that of ``config`` is made of."""
        op, _, _, _, parent = self._machine.fields(config)
        if op is Op.SET:
            return self._machine.members(config)
        return [] if op in self._whole or op is Op.FINISHED or self._decides(config) else [parent]

    def _finish(self, config: int) -> bytes:
        """The completion of a configuration, those of :meth:`_below` being known."""
        op, _, _, _, parent = self._machine.fields(config)
        if op is Op.SET:
            return min(
                (self._known[member] for member in self._machine.members(config)), key=lambda text: (len(text), text)
            )
        if op in self._whole:
            return self._whole[op](config)
        if op is Op.FINISHED:
            return b""
        rest = b"" if self._decides(config) else self._known[parent]
        return self._frames[op](config) + rest

    def tokens(self, config: int) -> tuple[int, ...]:
        """Few tokens after which the text may end: the fewest that spell :meth:`shortest`, or fewer if known.

        What is left of a plan after its first token is the plan of the configuration that it leads to, or that one has
        a shorter one. So who follows plans, or leaves one for another configuration's shorter one, always lands.
        """
        if config not in self._plans:
            self._remember(config, self._spell(config))
        tokens: list[int] = []
        left, token, config = self._plans[config]
        while left:
            tokens.append(token)
            left, token, config = self._plans[config]
        return tuple(tokens)

    def _spell(self, config: int) -> Sequence[int]:
        """Tokens of :meth:`shortest`; where a vocabulary without all single bytes has none, of any completion.

        Raises:
            VocabularyError: no completion of at most SPELLING_TOKENS tokens can be spelled.
        """
        try:
            return self._machine.vocabulary.segment(self.shortest(config))
        except VocabularyError:
            plan = self.search_tokens(config, SPELLING_TOKENS)
            if plan is None:
                raise
            return plan

    def count(self, config: int) -> int:
        """Length of :meth:`tokens`."""
        if config not in self._plans:
            self.tokens(config)
        return self._plans[config][0]

    def fits(self, config: int, budget: int) -> bool:
        """True if :meth:`tokens` has at most ``budget``; False also if no tokens spell a completion."""
        try:
            return self.count(config) <= budget
        except VocabularyError:
            return False

    def _remember(self, config: int, plan: Sequence[int]) -> None:
        """Keep a plan for ``config`` and its rests for the configurations on the way, where none as short is known.

        A plan is kept as a chain: ``_plans[config]`` is its length, its first token, and the configuration after that.
        """
        configs = [config]
        for token in plan:
            configs.append(self._machine.advance_token(configs[-1], token))
        self._plans[configs[-1]] = 0, 0, 0
        for place in reversed(range(len(plan))):
            left = len(plan) - place
            known = self._plans.get(configs[place])
            if known is None or known[0] > left:
                self._plans[configs[place]] = left, plan[place], configs[place + 1]

    def fewest_tokens(self, config: int, budget: int) -> tuple[int, ...] | None:
        """A completion of at most ``budget`` tokens, searched among all spellings; None if there is none.

        Breadth first over the configurations that tokens lead to, those left out whose shortest completion in bytes is
        too long for the tokens left. Exact; what it finds is remembered for :meth:`tokens`.

        Raises:
            LimitError: the answer was not found within ``Limits.search`` tokens tried or ``Limits.seconds``.
        """
        plan = self.tokens(config)
        return plan if len(plan) <= budget else self.search_tokens(config, budget)

    def search_tokens(self, config: int, budget: int) -> tuple[int, ...] | None:
        """The search of :meth:`fewest_tokens`, where :meth:`tokens` are too many or there are none.

        Tokens that differ only in the letters of an additional key, none of the keys seen, are represented by one.
        """
        machine = self._machine
        longest = int(np.diff(machine.vocabulary.tables.token_offsets).max(initial=1))
        came: dict[int, tuple[int, int] | None] = {config: None}
        level = [config]
        deadline = time.monotonic() + machine.arena.limits.seconds
        for used in range(1, budget + 1):
            following: list[int] = []
            for one in level:
                if time.monotonic() > deadline or len(came) > machine.arena.limits.search:
                    raise LimitError(
                        f"whether {budget} tokens can finish the text was not settled within the limits",
                        hint="raise max_tokens, or Limits(seconds=..., search=...)",
                    )
                targets = machine.successors(one)
                distinct, first = np.unique(targets, return_index=True)
                for sketch, token in zip(distinct.tolist(), first.tolist(), strict=True):
                    target = machine.advance_token(one, token) if sketch else 0
                    if target == 0 or target in came:
                        continue
                    came[target] = (one, token)
                    if machine.accepting(target):
                        plan = _path(target, came)
                        self._remember(config, plan)
                        return plan
                    if -(-len(self.shortest(target)) // longest) <= budget - used:
                        following.append(target)
            level = following
        return None


def _part(machine: Machine, config: int) -> bytes:
    """The end of a byte automaton's text."""
    return find_path(machine, config, GOAL_PART)[0][1]


def _search(machine: Machine, config: int) -> bytes:
    """The end of the text that several constraints read together."""
    found = find_path(machine, machine.sketched(config), GOAL_END)
    after = machine.advance_bytes(config, found[0][1])[0] if found else 0
    if not after or not machine.accepting(after):
        raise LimitError("no way to finish the constraints taken together was found from here")
    return found[0][1]


def _path(end: int, came: dict[int, tuple[int, int] | None]) -> tuple[int, ...]:
    """The tokens that lead to ``end``."""
    tokens: list[int] = []
    while (step := came[end]) is not None:
        end, token = step
        tokens.append(token)
    return tuple(reversed(tokens))
