"""Canvases for diffusion models: building one, its masks and commits, by length and by the size of the automaton.

For each schema that an exact automaton of bounded size is found for: the automaton is built once, its time is reported
apart. A canvas from scratch remembers nothing of earlier ones, all its positions are open, and its time includes the
masks of all positions. Then it is filled in random order, half of the tokens the witness's and half drawn from the
masks, and the time of a commit includes the masks of all positions that it changed.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .data import EOS_TOKENS, RealTokenizer, maskbench
from .masks import no_collection
from .progress import shown
from .report import Curves, Report, Section, summarize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--schemas", type=int, default=24, metavar="N", help="schemas that are measured (default 24)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--lengths", type=int, nargs="+", default=[32, 64, 128, 256], metavar="L")
    parser.add_argument("--largest", type=int, default=3000, metavar="S", help="states of an automaton (default 3000)")
    parser.add_argument("--approximate", action="store_true", help="schemas without an exact automaton as well")
    parser.add_argument("--order", choices=("any", "schema"), default="any", help="order of properties (default any)")


@dataclass
class Tally:
    """Milliseconds of wall-clock time, by length of the canvas; and seconds of building the automata."""

    states: list[int] = field(default_factory=list)
    build: list[float] = field(default_factory=list)
    scratch: dict[int, list[float]] = field(default_factory=dict)
    commit: dict[int, list[float]] = field(default_factory=dict)
    sample: dict[int, list[float]] = field(default_factory=dict)
    peers: dict[str, list[float]] = field(default_factory=dict)
    peers_refused: dict[str, int] = field(default_factory=dict)
    not_for: set[str] = field(default_factory=set)
    refused: int = 0
    passed_over: int = 0


def milliseconds(since: int) -> float:
    """Time since a reading of the clock."""
    return (time.perf_counter_ns() - since) / 1e6


def fill(canvas: Any, rng: random.Random) -> list[float]:
    """Fill a canvas; the time of each commit with the masks behind it."""
    times = []
    waiting = list(range(canvas.length))
    rng.shuffle(waiting)
    for position in waiting:
        token = canvas.witness()[position]
        if rng.random() < 0.5:
            row = canvas.masks()[position]
            allowed = np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little"))
            token = int(allowed[rng.randrange(allowed.size)])
        before = time.perf_counter_ns()
        taken = canvas.commit(position, token)
        canvas.masks()
        times.append(milliseconds(before))
        if not taken:
            canvas.commit(position, canvas.witness()[position])
    return times


def fill_peers(constraint: Any, length: int, tally: Tally, rng: random.Random) -> None:
    """Fill canvases of every check in one random order with one text of the constraint; times are of commits alone."""
    from gramarye.errors import GramaryeError

    text = constraint.canvas(length).witness()
    order = rng.sample(range(length), length)
    for check in ("exact", "lookahead", "intersection"):
        try:
            canvas = constraint.canvas(length, check=check)
            for position in order:
                before = time.perf_counter_ns()
                taken = canvas.commit(position, text[position])
                tally.peers.setdefault(check, []).append(milliseconds(before))
                tally.peers_refused[check] = tally.peers_refused.get(check, 0) + (not taken)
        except GramaryeError:
            tally.not_for.add(check)


def measure(constraint: Any, options: argparse.Namespace, tally: Tally, rng: random.Random) -> None:
    """Measure the canvases of one constraint; it is passed over if its automaton is too large or not exact.

    Raises:
        LimitError: there is no automaton at all.
    """
    from gramarye.runtime.diffusion.canvas_lattice import Lattice

    before = time.perf_counter_ns()
    canvas = constraint.canvas(max(options.lengths), approximate=options.approximate)
    built = milliseconds(before) / 1e3
    lattice = next(iter(constraint.lattices.values()))
    states = lattice.automaton.states
    if states > options.largest or not canvas.completable:
        tally.passed_over += 1
        return
    tally.states.append(states)
    tally.build.append(built)
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    fill_peers(constraint, min(options.lengths), tally, rng)
    for length in options.lengths:
        constraint.lattices = {key: Lattice(lattice.automaton, 64 << 20) for key in constraint.lattices}
        with no_collection():
            before = time.perf_counter_ns()
            canvas = constraint.canvas(length, approximate=options.approximate)
            canvas.masks()
            tally.scratch.setdefault(length, []).append(milliseconds(before))
            if not canvas.completable:
                continue
            if length == min(options.lengths) and canvas.exact:
                log_probs = numbers.normal(size=(length, len(constraint.vocabulary)))
                before = time.perf_counter_ns()
                canvas.sample(log_probs, numbers)
                tally.sample.setdefault(length, []).append(milliseconds(before))
            tally.commit.setdefault(length, []).extend(fill(canvas, rng))
            tally.refused += getattr(canvas, "refused", 0)


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import Vocabulary, engine
    from gramarye.errors import GramaryeError

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    tally, rng = Tally(), random.Random(options.seed)
    warm = engine.compile(regex="a*", vocabulary=vocabulary).canvas(4)
    warm.masks()
    warm.sample(np.zeros((4, len(vocabulary))), np.random.default_rng(0))
    for problem in shown(maskbench(options.data, options.seed), "schemas"):
        if len(tally.states) == options.schemas:
            break
        try:
            schema = json.loads(problem.schema)
            constraint = engine.compile(schema=schema, vocabulary=vocabulary, property_order=options.order)
            measure(constraint, options, tally, rng)
        except GramaryeError:
            tally.passed_over += 1
    notes = [
        f"automata of {min(tally.states)} to {max(tally.states)} states, median {int(np.median(tally.states))}",
        f"{tally.passed_over} schemas passed over: no exact automaton, too large, or too long for the canvas",
        f"{tally.refused} commits refused that the masks allowed",
        "of the tokens of one text, committed in random order without any model's distributions, refused: "
        + ", ".join(f"{check} {count} of {len(tally.peers[check])}" for check, count in tally.peers_refused.items()),
    ]
    notes += [f"{check}: cannot serve some of these schemas" for check in sorted(tally.not_for)]
    sections = [
        Section("automaton: s", {"build": summarize(tally.build)}),
        Section("from scratch, all masks: ms", {f"L={n}": summarize(x) for n, x in tally.scratch.items()}),
        Section("a commit and the masks behind it: ms", {f"L={n}": summarize(x) for n, x in tally.commit.items()}),
        Section("commits by check, shortest canvas: ms", {name: summarize(x) for name, x in tally.peers.items()}),
        Section("joint sample: ms", {f"L={n}": summarize(x) for n, x in tally.sample.items()}),
    ]
    return Report(
        bench="canvas",
        options={key: getattr(options, key) for key in ("tokenizer", "schemas", "seed", "largest", "order")},
        engines=["gramarye"],
        sections=sections,
        notes=notes,
        curves=[
            Curves(
                title,
                "positions",
                "ms, median",
                {title: [(length, float(np.median(times))) for length, times in table.items()]},
            )
            for title, table in (("from scratch", tally.scratch), ("a commit", tally.commit))
        ],
    )
