"""Masks of real schemas along valid instances (MaskBench), interleaved schema by schema across engines.

For each schema and engine: compile and take the first mask (TTFM), then for each valid instance take the mask
at each position of its canonical tokenization, the end included, and advance. An instance whose token a mask
forbids counts as *rejected*; an instance that the schema does not admit and that passes whole counts as
*wrongly accepted*. Mask times are those of the mask call alone, without the advance.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from .data import EOS_TOKENS, Problem, RealTokenizer, is_basic, maskbench
from .peers import ENGINES, Engine, Mask, RefusedError, Session
from .report import Report, Section, summarize

WARM_UP = Problem("warm-up", '{"type": "object", "properties": {"a": {"type": "integer"}}}', ('{"a": 1}',), ())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--schemas", type=int, default=300, metavar="N", help="how many schemas (default 300)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument(
        "--engines",
        default="gramarye,llguidance,xgrammar",
        help=f"comma-separated, of {', '.join(ENGINES)}; ratios are against the first",
    )
    parser.add_argument(
        "--basic",
        action="store_true",
        help="only types, members, items, enums, counts, lengths, $ref and anyOf",
    )
    parser.add_argument("--covered-by", choices=sorted(ENGINES), help="leave out schemas that this engine refuses")
    parser.add_argument("--refusals", action="store_true", help="list every refusal with its reason")


@dataclass
class Tally:
    """What was measured of one engine. Times are nanoseconds, thread CPU and wall side by side."""

    first_cpu: list[int] = field(default_factory=list)
    first_wall: list[int] = field(default_factory=list)
    mask_cpu: list[int] = field(default_factory=list)
    mask_wall: list[int] = field(default_factory=list)
    advance_cpu: list[int] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in what another tally holds."""
        for name in ("first_cpu", "first_wall", "mask_cpu", "mask_wall", "advance_cpu"):
            getattr(self, name).extend(getattr(other, name))
        self.refused |= other.refused
        self.outcomes += other.outcomes
        self.counts += other.counts


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect garbage now, and not again until the block ends."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def allows(mask: Mask, token: int) -> bool:
    """Whether a token's bit is set."""
    return bool(mask[token >> 5] >> (token & 31) & 1)


def nothing() -> None:
    """What is done before a mask whose caches may be warm."""


def follow(
    session: Session, tokens: list[int], eos: int, tally: Tally | None, before: Callable[[], None] = nothing
) -> bool:
    """Whether a session lets all tokens and then the end through; times go to `tally` where there is one.

    `before` is called before each mask, outside of its time.
    """
    cpu, wall = time.thread_time_ns, time.perf_counter_ns
    for token in [*tokens, eos]:
        before()
        wall_before, cpu_before = wall(), cpu()
        mask = session.mask()
        cpu_after, wall_after = cpu(), wall()
        if tally is not None:
            tally.mask_cpu.append(cpu_after - cpu_before)
            tally.mask_wall.append(wall_after - wall_before)
        if not allows(mask, token):
            return False
        if token == eos:
            return True
        cpu_before = cpu()
        advanced = session.advance(token)
        cpu_after = cpu()
        if tally is not None:
            tally.advance_cpu.append(cpu_after - cpu_before)
        if not advanced:
            return False
    return False


def run_problem(
    engine: Engine, problem: Problem, tokenizer: RealTokenizer, tally: Tally, before: Callable[[], None] = nothing
) -> bool:
    """Measure one engine on one schema; False where it refuses the schema."""
    wall_before, cpu_before = time.perf_counter_ns(), time.thread_time_ns()
    try:
        session = engine.compile(problem.schema)
    except RefusedError as error:
        tally.refused[problem.id] = " ".join(str(error).split())
        return False
    session.mask()
    tally.first_cpu.append(time.thread_time_ns() - cpu_before)
    tally.first_wall.append(time.perf_counter_ns() - wall_before)
    for text in problem.valid:
        session.reset()
        passed = follow(session, tokenizer.encode(text), tokenizer.eos_id, tally, before)
        tally.outcomes["passed" if passed else "rejected"] += 1
    tally.counts += session.counts()
    for text in problem.invalid:
        session.reset()
        passed = follow(session, tokenizer.encode(text), tokenizer.eos_id, None)
        tally.outcomes["wrongly accepted" if passed else "caught"] += 1
    return True


def run(options: argparse.Namespace, bench: str = "masks", before: Callable[[], None] = nothing) -> Report:
    """Run the benchmark; `before` is called before each mask."""
    names = options.engines.split(",")
    if unknown := set(names) - ENGINES.keys():
        sys.exit(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    if options.covered_by and options.covered_by not in names:
        sys.exit(f"--covered-by {options.covered_by} needs that engine among --engines")
    tokenizer = RealTokenizer(options.data, options.tokenizer)
    engines = {name: ENGINES[name](tokenizer) for name in names}
    for engine in engines.values():
        run_problem(engine, WARM_UP, tokenizer, Tally())
    tallies = {name: Tally() for name in names}
    common = {name: Tally() for name in names}
    drawn = maskbench(options.data, options.seed)
    if options.basic:
        drawn = (problem for problem in drawn if is_basic(problem))
    problems = measured(engines, drawn, tokenizer, options.covered_by, before)
    count = 0
    for results in islice(problems, options.schemas):
        count += 1
        everywhere = all(tally.first_cpu for tally in results.values())
        for name, tally in results.items():
            tallies[name].add(tally)
            if everywhere:
                common[name].add(tally)
    return report(bench, options, tallies, common, count)


def measured(
    engines: dict[str, Engine],
    problems: Iterator[Problem],
    tokenizer: RealTokenizer,
    covered_by: str | None,
    before: Callable[[], None] = nothing,
) -> Iterator[dict[str, Tally]]:
    """Yield, for each problem, what each engine did on it; the order of the engines rotates.

    With `covered_by` that engine goes first, since whether the others run hangs on its verdict, and problems
    that it refuses are left out.
    """
    rotating = [name for name in engines if name != covered_by]
    for problem in problems:
        rotating.append(rotating.pop(0))
        results = {name: Tally() for name in engines}
        with no_collection():
            if covered_by and not run_problem(engines[covered_by], problem, tokenizer, results[covered_by], before):
                continue
            for name in rotating:
                run_problem(engines[name], problem, tokenizer, results[name], before)
        yield results


def report(
    bench: str, options: argparse.Namespace, tallies: dict[str, Tally], common: dict[str, Tally], count: int
) -> Report:
    """Summarize the tallies of `count` schemas, and of those of them that every engine compiled."""

    def section(title: str, attribute: str, unit: float, of: dict[str, Tally] = tallies) -> Section:
        rows = {name: summarize([t / unit for t in getattr(tally, attribute)]) for name, tally in of.items()}
        return Section(title, rows)

    notes = [coverage(tallies, count), *work(tallies)]
    if options.refusals:
        notes += [
            f"{name} refused {schema}: {reason}" for name, t in tallies.items() for schema, reason in t.refused.items()
        ]
    return Report(
        bench=bench,
        options={key: getattr(options, key) for key in ("tokenizer", "schemas", "seed", "basic", "covered_by")},
        engines=list(tallies),
        sections=[
            section("mask, us of thread CPU", "mask_cpu", 1e3),
            section("mask, us of wall time", "mask_wall", 1e3),
            section("mask, us of thread CPU, schemas that all engines compile", "mask_cpu", 1e3, common),
            section("advance, us of thread CPU", "advance_cpu", 1e3),
            section("schema to first mask, ms of thread CPU", "first_cpu", 1e6),
            section("schema to first mask, ms of wall time", "first_wall", 1e6),
        ],
        notes=notes,
        samples={name: [t / 1e3 for t in tally.mask_cpu] for name, tally in tallies.items()},
        unit="mask, us of thread CPU",
    )


def coverage(tallies: dict[str, Tally], count: int) -> str:
    """How many of `count` schemas each engine compiled, and its verdicts on their instances."""
    lines = [f"coverage of {count} schemas and their instances"]
    for name, tally in tallies.items():
        outcomes = ", ".join(
            f"{key} {tally.outcomes[key]}" for key in ("passed", "rejected", "caught", "wrongly accepted")
        )
        lines.append(f"{name:<18} compiled {len(tally.first_cpu)}, refused {len(tally.refused)}; instances: {outcomes}")
    return "\n".join(lines)


def work(tallies: dict[str, Tally]) -> list[str]:
    """What each engine that counts its work did on the valid instances."""
    lines = []
    for name, tally in tallies.items():
        masks = max(len(tally.mask_cpu), 1)
        shares = [f"{what} {count:,} ({count / masks:,.1f} a mask)" for what, count in sorted(tally.counts.items())]
        if shares:
            lines.append(f"{name}, {masks:,} masks: {', '.join(shares)}")
    return lines
