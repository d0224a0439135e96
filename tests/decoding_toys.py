"""Toys for the tests of decoding: small languages, brute-force matchers, models with known laws."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import interegular
import numpy as np

from gramarye.errors import BudgetError
from gramarye.runtime.vocabulary import Vocabulary

Step = Callable[[Any, int], Any]


@dataclass
class ToyConstraint:
    """A byte machine (``step`` returns None for dead; every other state is live) over a vocabulary."""

    vocabulary: Vocabulary
    start: Hashable
    step: Step
    accepts: Callable[[Any], bool]
    plans: dict[Hashable, list[int]] = field(default_factory=dict)
    moves: dict[Hashable, dict[int, Hashable]] = field(default_factory=dict)

    def matcher(self) -> ToyMatcher:
        return ToyMatcher(self, [self.start])

    def run(self, state: Hashable, data: bytes) -> Hashable | None:
        for byte in data:
            state = None if state is None else self.step(state, byte)
        return state

    def successors(self, state: Hashable) -> dict[int, Hashable]:
        if state not in self.moves:
            pairs = ((t, self.vocabulary.token_bytes(t)) for t in range(len(self.vocabulary)))
            after = {t: self.run(state, data) for t, data in pairs if data}
            self.moves[state] = {t: target for t, target in after.items() if target is not None}
        return self.moves[state]

    def plan(self, state: Hashable) -> list[int]:
        """A shortest list of tokens to an accepting state, by breadth-first search."""
        if state not in self.plans:
            queue: deque[tuple[Any, list[int]]] = deque([(state, [])])
            seen = {state}
            while queue:
                here, path = queue.popleft()
                if self.accepts(here):
                    self.plans[state] = path
                    break
                for token, there in self.successors(here).items():
                    if there not in seen:
                        seen.add(there)
                        queue.append((there, [*path, token]))
        return self.plans[state]

    def known_plan(self, state: Hashable) -> list[int]:
        """The plan that a matcher knows without a search; here the shortest."""
        return self.plan(state)


class ClumsyConstraint(ToyConstraint):
    """Knows only plans spelled with tokens of one byte, unless asked for a shorter one."""

    def known_plan(self, state: Hashable) -> list[int]:
        data = self.vocabulary.decode(self.plan(state))
        return [self.vocabulary.encode(bytes([byte]))[0] for byte in data]


class ToyMatcher:
    def __init__(self, constraint: ToyConstraint, history: list[Any]) -> None:
        self.constraint = constraint
        self.history = history

    @property
    def state(self) -> Any:
        return self.history[-1]

    @property
    def accepting(self) -> bool:
        return self.constraint.accepts(self.state)

    @property
    def finished(self) -> bool:
        return self.accepting and not self.constraint.successors(self.state)

    def mask(self, out: Any = None, budget: int | None = None) -> Any:
        constraint = self.constraint
        words = np.zeros(constraint.vocabulary.words, np.uint32) if out is None else out
        words[:] = 0
        allowed = [
            token
            for token, there in constraint.successors(self.state).items()
            if budget is None or len(constraint.known_plan(there)) < budget
        ]
        if budget is not None and not allowed and not self.accepting:
            raise BudgetError("nothing fits", needed=len(constraint.known_plan(self.state)), budget=budget)
        for token in [*allowed, *(constraint.vocabulary.eos_ids if self.accepting else ())]:
            words[token // 32] |= np.uint32(1 << token % 32)
        return words

    def advance(self, token: int) -> bool:
        there = self.constraint.successors(self.state).get(token)
        if there is None:
            return False
        self.history.append(there)
        return True

    def advance_bytes(self, data: bytes) -> bool:
        there = self.constraint.run(self.state, data)
        if there is None:
            return False
        self.history.append(there)
        return True

    def rollback(self, n_tokens: int) -> None:
        del self.history[len(self.history) - n_tokens :]

    def fork(self) -> ToyMatcher:
        return ToyMatcher(self.constraint, list(self.history))

    def forced_tokens(self) -> list[int]:
        state, data = self.state, b""
        while not self.constraint.accepts(state):
            ways = {byte: self.constraint.step(state, byte) for byte in range(256)}
            live = [byte for byte, there in ways.items() if there is not None]
            if len(live) != 1:
                break
            data += bytes(live)
            state = ways[live[0]]
        return self.constraint.vocabulary.encode(data) if data else []

    def shortest_tokens(self, limit: int | None = None) -> list[int]:
        plan = self.constraint.known_plan(self.state)
        if limit is not None and len(plan) > limit:
            plan = self.constraint.plan(self.state)
            if len(plan) > limit:
                raise BudgetError("too short", needed=len(plan), budget=limit)
        return list(plan)


def regex_constraint(pattern: str, vocabulary: Vocabulary) -> ToyConstraint:
    """ASCII regexes, by interegular."""
    fsm = interegular.parse_pattern(pattern).to_fsm().reduce()

    def step(state: int, byte: int) -> int | None:
        there = fsm.map.get(state, {}).get(fsm.alphabet[chr(byte)])
        return there if there is not None and fsm.islive(there) else None

    return ToyConstraint(vocabulary, fsm.initial, step, lambda state: state in fsm.finals)


def nested_constraint(vocabulary: Vocabulary) -> ToyConstraint:
    """Nested lists: ``x`` anywhere inside balanced brackets, one outermost pair."""

    def step(state: int, byte: int) -> int | None:  # depth, -1 at the end
        if byte == ord("["):
            return state + 1 if state >= 0 else None
        if state <= 0:
            return None
        if byte == ord("x"):
            return state
        return (state - 1 or -1) if byte == ord("]") else None

    return ToyConstraint(vocabulary, 0, step, lambda state: state == -1)


class RandomModel:
    """Logits drawn once for each history of tokens; remembers its histories as states."""

    def __init__(self, vocabulary: Vocabulary, seed: int = 0, *, scale: float = 2.0, padding: int = 0) -> None:
        self.vocabulary = vocabulary
        self.seed = seed
        self.scale = scale
        self.padding = padding
        self.calls: list[list[list[int]]] = []

    def logits(self, history: Sequence[int]) -> np.ndarray[Any, Any]:
        rng = np.random.default_rng([self.seed, *history])
        return np.append(rng.normal(0, self.scale, len(self.vocabulary)), np.full(self.padding, 99.0))

    def forward(self, ids: Sequence[Sequence[int]], states: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        self.calls.append([list(new) for new in ids])
        after = [(state or ()) + tuple(new) for new, state in zip(ids, states, strict=True)]
        counts = [1 if state is None else len(new) for new, state in zip(ids, states, strict=True)]
        rows = [
            np.stack([self.logits(history[: len(history) - back]) for back in range(count - 1, -1, -1)])
            for history, count in zip(after, counts, strict=True)
        ]
        return rows, after

    def law(self, history: Sequence[int]) -> np.ndarray[Any, Any]:
        logits = self.logits(history)[: len(self.vocabulary)]
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()


def bits(mask: Any, size: int) -> set[int]:
    return {t for t in range(size) if int(mask[t // 32]) >> t % 32 & 1}


def enumerate_law(
    model: RandomModel, constraint: ToyConstraint, prompt: Sequence[int], budget: int | None = None
) -> Iterator[tuple[tuple[int, ...], float, float]]:
    """Every output of a finite constraint with its probability under masks, and under the model alone.

    By definition: at each step the model's law, renormalised over the mask; the end token is a token.
    """

    def walk(tokens: tuple[int, ...], matcher: ToyMatcher, q: float, p: float) -> Iterator[Any]:
        if matcher.finished:
            yield tokens, q, p
            return
        left = None if budget is None else budget - len(tokens)
        if left == 0:
            yield tokens, q, p
            return
        law = model.law([*prompt, *tokens])
        allowed = bits(matcher.mask(budget=left), len(model.vocabulary))
        mass = sum(law[t] for t in allowed)
        for token in sorted(allowed):
            q_next, p_next = q * law[token] / mass, p * law[token]
            if token in model.vocabulary.eos_ids:
                yield tokens, q_next, p_next
                continue
            ahead = matcher.fork()
            if not ahead.advance(token):
                raise AssertionError
            yield from walk((*tokens, token), ahead, q_next, p_next)

    yield from walk((), constraint.matcher(), 1.0, 1.0)
