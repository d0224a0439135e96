"""Masks of many matchers in one call, on one thread and on more, beside the peers' own batches.

The matchers follow valid instances of MaskBench side by side: at each step the masks of all are filled in one call, and
each is moved by its token (outside of the time). Three mixes::

    fresh         as many constraints as matchers, nothing remembered: every mask is built
    remembered    the same again: every mask is a copy
    shared        one constraint of many instances, nothing remembered: one machine, one thread

Times are of the wall, which other work on the machine blurs; so the fastest of all repeats of each step stands beside
their median; and the CPU time of the busiest thread says what the wall would show if every thread had a core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import EOS_TOKENS, RealTokenizer, maskbench
from .masks import no_collection
from .report import Report, Section, summarize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--matchers", type=int, default=64, metavar="B", help="matchers in the batch (default 64)")
    parser.add_argument("--steps", type=int, default=40, help="tokens followed (default 40)")
    parser.add_argument("--repeats", type=int, default=15, help="times that each mix is run (default 15)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads (default 1 2)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")


@dataclass(frozen=True)
class Walk:
    """A constraint and the tokens that its matcher follows."""

    constraint: Any
    tokens: list[int]


@dataclass
class Times:
    """Microseconds of each step of each repeat: of the wall, of the calling thread's CPU and of the others'."""

    wall: list[list[float]]
    cpu: list[list[float]]
    others: list[list[float]]

    def fastest(self) -> NDArray[np.float64]:
        """The fastest repeat of each step."""
        fastest: NDArray[np.float64] = np.asarray(self.wall).min(axis=0)
        return fastest

    def busiest(self) -> float:
        """CPU time of the thread that has most to do, summed up; of several helpers, an equal part each."""
        return float(np.maximum(self.cpu, self.others).sum())


def forget(constraint: Any) -> None:
    """Let a machine forget its transitions and masks."""
    from gramarye.kernels.columns import Column, Scalar
    from gramarye.kernels.opcodes import UNFILLED

    arena = constraint.machine.arena
    for column in (Column.CONFIG_ROW, Column.CONFIG_MASK):
        arena.column(column)[: arena.get(Scalar.CONFIGS)] = UNFILLED
    for scalar in (Scalar.ROWS, Scalar.MASKS, Scalar.MASK_HAND):
        arena.set(scalar, 0)


def follow(walks: list[Walk], steps: int, words: int, threads: int, times: Times) -> None:
    """Follow the walks side by side once."""
    from gramarye import engine

    matchers = [walk.constraint.matcher() for walk in walks]
    out = np.zeros((len(walks), words), np.uint32)
    wall, cpu, others = [], [], []
    for step in range(steps):
        all_before, cpu_before, before = time.process_time(), time.thread_time(), time.perf_counter()
        engine.fill_masks(matchers, out, threads=threads)
        wall.append((time.perf_counter() - before) * 1e6)
        cpu.append((time.thread_time() - cpu_before) * 1e6)
        others.append(((time.process_time() - all_before) * 1e6 - cpu[-1]) / max(threads - 1, 1))
        for matcher, walk in zip(matchers, walks, strict=True):
            if step < len(walk.tokens):
                matcher.advance(walk.tokens[step])
    times.wall.append(wall)
    times.cpu.append(cpu)
    times.others.append(others)


def measure(
    walks: list[Walk], options: argparse.Namespace, words: int, prepare: Callable[[Any], None] | None
) -> dict[int, Times]:
    """Follow walks with each number of threads in turn, `prepare` done to their constraints each time."""
    times = {threads: Times([], [], []) for threads in options.threads}
    follow(walks, options.steps, words, options.threads[0], Times([], [], []))
    with no_collection():
        for _ in range(options.repeats):
            for threads in options.threads:
                for constraint in {id(walk.constraint): walk.constraint for walk in walks}.values():
                    if prepare is not None:
                        prepare(constraint)
                follow(walks, options.steps, words, threads, times[threads])
    return times


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import Vocabulary

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    walks, shared = gather(options, tokenizer, vocabulary)
    mixes = {
        "fresh": measure(walks, options, vocabulary.words, forget),
        "remembered": measure(walks, options, vocabulary.words, None),
        "shared": measure(shared, options, vocabulary.words, forget),
    }
    notes = []
    for mix, times in mixes.items():
        base = times[options.threads[0]]
        for threads, other in times.items():
            notes.append(
                f"{mix}, {threads} threads: {np.sum(base.wall) / np.sum(other.wall):.2f} times as fast as "
                f"{options.threads[0]} on average, {base.fastest().sum() / other.fastest().sum():.2f} times by the "
                f"fastest repeat of each step, {base.busiest() / other.busiest():.2f} times by the CPU time of the "
                "busiest thread"
            )
    vocabulary.workers.close()
    return Report(
        bench="batch",
        options={key: getattr(options, key) for key in ("tokenizer", "matchers", "steps", "repeats", "seed")},
        engines=["gramarye"],
        sections=[
            Section(
                f"{mix}: a batch of {options.matchers}, us of the wall",
                {f"{threads} threads": summarize(one.wall) for threads, one in times.items()},
            )
            for mix, times in mixes.items()
        ],
        notes=notes,
        samples={
            f"{mix}, {threads} threads": np.asarray(one.wall)
            for mix, times in mixes.items()
            for threads, one in times.items()
        },
        unit="a batch, us of the wall",
    )


def gather(options: argparse.Namespace, tokenizer: RealTokenizer, vocabulary: Any) -> tuple[list[Walk], list[Walk]]:
    """Walks of constraints of their own, and walks that share one: through the instances of many of the schemas."""
    from gramarye import GramaryeError, engine

    walks: list[Walk] = []
    anything = engine.compile(schema={"type": ["object", "array"]}, vocabulary=vocabulary)
    for problem in maskbench(options.data, options.seed):
        if len(walks) == options.matchers:
            break
        try:
            constraint = engine.compile(schema=problem.schema, vocabulary=vocabulary, formats="assert")
        except GramaryeError:
            continue
        walks.append(Walk(constraint, tokenizer.encode(problem.valid[0])))
    return walks, [Walk(anything, walk.tokens) for walk in walks]
