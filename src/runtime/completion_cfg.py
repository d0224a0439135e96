"""The shortest way to finish a text of a context-free grammar.

A* search (Hart, Nilsson, Raphael 1968) over configurations, one byte an edge, under the lower bound of
kernels/earley_bound.py: the fewest bytes as far as the parser is concerned. Where lexing forbids nothing the bound is
exact, and the search walks straight to the end. The queue is ordered by (bytes so far + bound, bytes so far), so of all
shortest completions the lexicographically least comes out first: whenever a whole completion is taken from the queue,
every prefix of a lesser one of the same length would have been taken before it.
"""

from __future__ import annotations

import heapq
import time

import numpy as np

from ..errors import LimitError
from ..kernels.columns import Column
from ..kernels.earley_entries import earley_bound_entry, earley_complete_entry, earley_step_entry
from .arena import Arena
from .limits import Limits

__all__ = ["shortest_completion"]


def shortest_completion(arena: Arena, config: int, limits: Limits) -> bytes:
    """The shortest bytes, of those the least, after which the text of an EARLEY configuration is a word.

    Raises:
        LimitError: the search met more than ``limits.search`` configurations, or took longer than ``limits.seconds``.
    """
    _, representatives = np.unique(arena.column(Column.EARLEY_CLASS), return_index=True)
    alphabet = sorted(representatives.tolist())
    deadline = time.monotonic() + limits.seconds
    queue: list[tuple[int, bytes, int]] = [(arena.run(earley_bound_entry, config), b"", config)]
    settled: set[int] = set()
    while queue:
        _, text, current = heapq.heappop(queue)
        if current in settled:
            continue
        settled.add(current)
        if arena.run(earley_complete_entry, current):
            return text
        if len(settled) > limits.search or time.monotonic() > deadline:
            break
        for byte in alphabet:
            following = arena.run(earley_step_entry, current, byte)
            if following and following not in settled:
                cost = len(text) + 1 + arena.run(earley_bound_entry, following)
                heapq.heappush(queue, (cost, text + bytes((byte,)), following))
    raise LimitError(
        f"no way to finish the text was found within {len(settled):,} steps of search",
        hint="raise Limits(search=..., seconds=...)",
    )
