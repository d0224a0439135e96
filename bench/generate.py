"""End to end on the demo model: what the constraint costs a token, and what forced text saves.

For each schema the model is asked, greedily, for an instance, once with fast-forward and once without. The time inside
the constraint (masks, advances, forced text, plans to finish) is taken around every call of the decoding loop, on its
own thread, and set beside that of the whole call, forward passes and sampling included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from .data import Problem, maskbench
from .masks import no_collection
from .progress import shown
from .report import Report, Section, summarize

Result = TypeVar("Result")

OPTIONS = ("model", "family", "schemas", "seed", "max_tokens", "spelling")
# Serialisers' spelling, as small models are best held to: line breaks or single spaces, keys in the schema's order.
SPELLINGS: dict[str, dict[str, Any]] = {
    "plain": {"whitespace": "bounded", "spelling": "plain", "property_order": "schema"},
    "compact": {"whitespace": "compact", "spelling": "plain", "property_order": "schema"},
    "any": {},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--schemas", type=int, default=12, metavar="N", help="how many schemas (default 12)")
    parser.add_argument("--family", default="Glaive", help="part of the names of the schemas (default Glaive)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--model", default="smollm2", help="a demo model or a folder (default smollm2)")
    parser.add_argument("--max-tokens", type=int, default=80, help="budget of each text (default 80)")
    parser.add_argument("--spelling", choices=sorted(SPELLINGS), default="plain", help="of JSON (default plain)")


class Clock:
    """Adds up the time of calls: seconds of the wall and of CPU."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0

    def call(self, function: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
        """The result of a call, timed."""
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments, **options)
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.thread_time() - cpu


class TimedMatcher:
    """A matcher whose calls go to a clock."""

    def __init__(self, matcher: Any, clock: Clock) -> None:
        self._matcher = matcher
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        """The matcher's own; a method is timed when it is called, a property here."""
        found = self._clock.call(getattr, self._matcher, name)
        if not callable(found):
            return found
        return lambda *arguments, **options: self._clock.call(found, *arguments, **options)

    def fork(self) -> TimedMatcher:
        """See `Matcher`."""
        return TimedMatcher(self._clock.call(self._matcher.fork), self._clock)


class TimedConstraint:
    """A constraint whose matchers' calls go to a clock."""

    def __init__(self, constraint: Any, clock: Clock) -> None:
        self.vocabulary = constraint.vocabulary
        self._constraint = constraint
        self._clock = clock

    def matcher(self) -> TimedMatcher:
        """See `Constraint`."""
        return TimedMatcher(self._constraint.matcher(), self._clock)


class TimedModel:
    """A model whose forward passes go to a clock."""

    def __init__(self, model: Any, clock: Clock) -> None:
        self.vocabulary = model.vocabulary
        self.encode_prompt = model.encode_prompt
        self._model = model
        self._clock = clock

    def forward(self, ids: Any, states: Any) -> Any:
        """See `Model`."""
        return self._clock.call(self._model.forward, ids, states)


def problems(options: argparse.Namespace) -> Iterator[Problem]:
    """Schemas of the family."""
    every = maskbench(options.data, options.seed)
    return islice((problem for problem in every if options.family in problem.id), options.schemas)


class Tally:
    """What was measured with fast-forward, or without."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.inside: list[float] = []
        self.forward: list[float] = []
        self.tokens = 0
        self.passes = 0
        self.forced = 0
        self.total = Clock()
        self.constraint = Clock()

    def add(self, result: Any, total: Clock, inside: Clock, forward: Clock) -> None:
        """Take in one text."""
        steps = max(len(result.tokens), 1)
        self.shares.append(100 * inside.wall / total.wall)
        self.inside.append(1e6 * inside.cpu / steps)
        self.forward.append(1e3 * forward.wall / result.passes)
        self.tokens += len(result.tokens)
        self.passes += result.passes
        self.forced += result.forced
        for clock, one in ((self.total, total), (self.constraint, inside)):
            clock.wall += one.wall
            clock.cpu += one.cpu


def decode(model: Any, problem: Problem, constraint: Any, options: argparse.Namespace, forward: bool) -> Tally:
    """Generate one text."""
    from gramarye.runtime.decoding.generate import run as generate

    tally = Tally()
    total, inside, passes = Clock(), Clock(), Clock()
    prompt = [{"role": "user", "content": f"Give an example of JSON that fits this schema: {problem.schema}"}]
    with no_collection():
        result = total.call(
            generate,
            TimedModel(model, passes),
            prompt,
            TimedConstraint(constraint, inside),
            max_tokens=options.max_tokens,
            temperature=0.0,
            seed=0,
            fast_forward=forward,
        )
    tally.add(result, total, inside, passes)
    return tally


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import BudgetError, GramaryeError, engine
    from gramarye.runtime.decoding.models import resolve_model

    model = resolve_model(options.model)
    tallies = {"with fast-forward": Tally(), "without": Tally()}
    skipped = 0
    for problem in shown(problems(options), "schemas", options.schemas):
        try:
            constraints = [
                engine.compile(schema=problem.schema, vocabulary=model.vocabulary, **SPELLINGS[options.spelling])
                for _ in tallies
            ]
            made = [
                decode(model, problem, constraint, options, fast)
                for constraint, fast in zip(constraints, (True, False), strict=True)
            ]
        except (BudgetError, GramaryeError):
            skipped += 1
            continue
        for tally, one in zip(tallies.values(), made, strict=True):
            merge(tally, one)
    return report(options, tallies, skipped)


def merge(tally: Tally, other: Tally) -> None:
    """Take in what another tally holds."""
    for name in ("shares", "inside", "forward"):
        getattr(tally, name).extend(getattr(other, name))
    for name in ("tokens", "passes", "forced"):
        setattr(tally, name, getattr(tally, name) + getattr(other, name))
    for clock, one in ((tally.total, other.total), (tally.constraint, other.constraint)):
        clock.wall += one.wall
        clock.cpu += one.cpu


def report(options: argparse.Namespace, tallies: dict[str, Tally], skipped: int) -> Report:
    """Summarize the tallies."""
    notes = [f"{skipped} schemas refused, or without an instance within the budget"]
    for name, tally in tallies.items():
        if tally.passes:
            notes.append(
                f"{name}: {tally.tokens} tokens, {tally.forced} of them forced, in {tally.passes} passes "
                f"({1 - tally.passes / (tally.tokens + len(tally.shares)):.1%} fewer than one a token and end); "
                f"constraint {tally.constraint.wall / tally.total.wall:.2%} of the time of the wall, "
                f"{tally.constraint.cpu / max(tally.tokens, 1) * 1e6:.0f} us of CPU a token"
            )

    def section(title: str, attribute: str) -> Section:
        return Section(title, {name: summarize(getattr(tally, attribute)) for name, tally in tallies.items()})

    return Report(
        bench="generate",
        options={
            key: getattr(options, key) for key in ("model", "family", "schemas", "seed", "max_tokens", "spelling")
        },
        engines=["gramarye"],
        sections=[
            section("constraint, % of the wall time of a text", "shares"),
            section("constraint, us of CPU a token", "inside"),
            section("forward pass, ms of the wall", "forward"),
        ],
        notes=notes,
        samples={name: tally.shares for name, tally in tallies.items()},
        unit="constraint, % of the wall time of a text",
    )
