"""Advance a batch of automaton states by a token each, in place.

Reference::

    for b in range(B):
        accepted[b] = False
        if 0 <= tokens[b] < V:
            row = row_start[states[b]], row_start[states[b] + 1]      # classes of tokens that may come, ascending
            for i in range(*row):
                if row_class[i] == class_of[tokens[b]]:
                    states[b], accepted[b] = row_target[i], True

The search is binary, in as many steps as the longest row asks for. A refused token leaves the state as it is.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

__all__ = ["step_automaton", "step_automaton_kernel"]

BLOCK = 128


@triton.jit
def step_automaton_kernel(
    states,
    tokens,
    accepted,
    class_of,
    row_start,
    row_class,
    row_target,
    count,
    size,
    steps,
    block: tl.constexpr,
):
    """See the module; a grid of (blocks of rows,)."""
    rows = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = rows < count
    token = tl.load(tokens + rows, mask=inside, other=-1)
    known = inside & (token >= 0) & (token < size)
    wanted = tl.load(class_of + token, mask=known, other=0)
    state = tl.load(states + rows, mask=inside, other=0)
    low = tl.load(row_start + state, mask=inside, other=0)
    end = tl.load(row_start + state + 1, mask=inside, other=0)
    high = end
    for _ in range(steps):
        searching = low < high
        middle = (low + high) // 2
        below = tl.load(row_class + middle, mask=searching, other=0) < wanted
        low = tl.where(searching & below, middle + 1, low)
        high = tl.where(searching & ~below, middle, high)
    there = known & (low < end)
    found = there & (tl.load(row_class + low, mask=there, other=-1) == wanted)
    target = tl.load(row_target + low, mask=found, other=0)
    tl.store(states + rows, target.to(tl.int64), mask=found)
    tl.store(accepted + rows, found, mask=inside)


def step_automaton(
    states: torch.Tensor,
    tokens: torch.Tensor,
    class_of: torch.Tensor,
    row_start: torch.Tensor,
    row_class: torch.Tensor,
    row_target: torch.Tensor,
    steps: int,
) -> torch.Tensor:
    """Launch.

    Args:
        states: int64[B], changed.
        tokens: int64[B].
        class_of: int32[V].
        row_start: int64[S + 1].
        row_class: int32[n], ascending in each row.
        row_target: int32[n].
        steps: of the binary search, ``bit_length`` of the longest row.

    Returns:
        bool[B], whether the token was accepted.
    """
    count = states.shape[0]
    accepted = torch.zeros(count, dtype=torch.bool, device=states.device)
    if count:
        step_automaton_kernel[(triton.cdiv(count, BLOCK),)](
            states,
            tokens,
            accepted,
            class_of,
            row_start,
            row_class,
            row_target,
            count,
            class_of.shape[0],
            steps,
            block=BLOCK,
        )
    return accepted
