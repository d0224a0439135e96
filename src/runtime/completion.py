"""The shortest way to finish: what :meth:`Matcher.completion` returns and budgets are measured by.

A configuration is a stack of frames, and bytes are atomic, so the shortest completion of the stack is the shortest
completion of the top frame followed by that of its parent; of a SET, the shortest of its members::

    KEY "na|"  ->  me"        COLON  ->  :0        MEMBERS  ->  ,"id":0}        FINISHED  ->  (nothing)

Frames of JSON text are finished in ``completion_json.py``, context-free grammars in ``completion_cfg.py``, byte automata
by breadth-first search here. A PRODUCT is no stack: it is searched as a whole, within the limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ..errors import LimitError
from ..kernels.columns import Scalar
from ..kernels.opcodes import Op
from ..kernels.search import GOAL_END, GOAL_PART, search
from .machine import Machine

__all__ = ["BYTE_ORDER", "Completer", "find_path"]

BYTE_ORDER = np.array(
    sorted(range(256), key=lambda b: (not 97 <= b < 123, not 65 <= b < 91, not 48 <= b < 58, not 32 < b < 127, b)), np.uint8
)
"""The order in which bytes are tried: letters, digits, marks, then the rest."""

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
    places = range(place) if goal == 2 else [place]
    found = []
    for end in places:
        if goal == 2 and machine.fields(int(queue[end, 0]))[0] is not Op.COLON:
            continue
        path = bytearray()
        at = end
        while queue[at, 1] >= 0:
            path.append(int(queue[at, 2]))
            at = int(queue[at, 1])
        found.append((int(queue[end, 0]), bytes(reversed(path))))
    return found


def _fresh_search(header: np.ndarray, config: int, goal: int, seen: np.ndarray, queue: np.ndarray, order: np.ndarray) -> int:
    """The search with ``seen`` cleared first: the arena repeats it after growing."""
    seen[:] = 0
    return int(search(header, config, goal, seen, queue, order))


class Completer:
    """Shortest completions of the configurations of one machine, memoised.

    Args:
        machine: the machine.
        frames: how to finish the top frame of an opcode, without its parent.
        whole: how to finish a configuration of an opcode, parents included.
    """

    def __init__(self, machine: Machine, frames: dict[Op, FrameFinisher], whole: dict[Op, FrameFinisher]) -> None:
        self._machine = machine
        self._frames = {Op.BYTES: self._part, **frames}
        self._whole = {Op.PRODUCT: self._search, **whole}
        self._known: dict[int, bytes] = {machine.end: b""}
        self._tokens: dict[int, tuple[int, ...]] = {}
        self._best: dict[int, tuple[int, ...]] = {}

    def shortest(self, config: int) -> bytes:
        """The shortest bytes after which the text may end, the first in BYTE_ORDER among equals.

        Raises:
            LimitError: a search for it reached its limit.
        """
        chain: list[int] = []
        while config not in self._known:
            op, _, _, _, parent = self._machine.fields(config)
            if op is Op.SET:
                options = [self.shortest(member) for member in self._machine.members(config)]
                self._known[config] = min(options, key=lambda text: (len(text), text))
            elif op in self._whole:
                self._known[config] = self._whole[op](config)
            elif op is Op.FINISHED:
                self._known[config] = b""
            else:
                chain.append(config)
                config = parent
        rest = self._known[config]
        for frame in reversed(chain):
            op = self._machine.fields(frame)[0]
            if op is Op.KEY:
                rest = self._frames[op](frame)
            else:
                rest = self._frames[op](frame) + rest
            self._known[frame] = rest
        return rest

    def tokens(self, config: int) -> tuple[int, ...]:
        """Few tokens after which the text may end: the fewest that spell :meth:`shortest`, or fewer if known."""
        found = self._best.get(config) or self._tokens.get(config)
        if found is None:
            text = self.shortest(config)
            found = tuple(self._machine.vocabulary.segment(text))
            self._tokens[config] = found
        return found

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
        """The search of :meth:`fewest_tokens`, for a configuration whose :meth:`tokens` are too many or cannot be spelled."""
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
                for target, token in zip(distinct.tolist(), first.tolist(), strict=True):
                    if target == 0 or target in came:
                        continue
                    came[target] = (one, token)
                    if machine.accepting(target):
                        return self._remember(target, came)
                    if -(-len(self.shortest(target)) // longest) <= budget - used:
                        following.append(target)
            level = following
        return None

    def _remember(self, end: int, came: dict[int, tuple[int, int] | None]) -> tuple[int, ...]:
        path = [end]
        tokens: list[int] = []
        while (step := came[path[-1]]) is not None:
            path.append(step[0])
            tokens.append(step[1])
        for place, (_, config) in enumerate(pairwise(path), 1):
            self._best[config] = tuple(reversed(tokens[:place]))
        return tuple(reversed(tokens))

    def _part(self, config: int) -> bytes:
        return find_path(self._machine, config, GOAL_PART)[0][1]

    def _search(self, config: int) -> bytes:
        found = find_path(self._machine, config, GOAL_END)
        if not found:
            raise LimitError("the constraints taken together cannot be finished from here")
        return found[0][1]
