"""Canvases of context-free grammars: completability, masks and commits by open positions, beside intersection.

Each canvas is a text of the grammar up to a random token, and a block of open positions behind it. Reported are CPU
times of one thread: whether it is completable, with nothing known of this canvas (tables of the grammar, which the
first canvas makes, are reported apart); its masks, exact or a bound; commits of random tokens of the masks in random
order, told apart by whether they agree with the witness; and the verdicts of the intersection check on the same
proposals.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .data import EOS_TOKENS, RealTokenizer
from .masks import no_collection
from .report import Report, Section, summarize

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"

C_FUNCTIONS = "\n".join(
    f"int f{k}(int n) {{ int s = 0; for (int i = 0; i < n; i++) {{ if (i % 2 == 0) s += i * {k}; else s -= 1; }} "
    "return s; }"
    for k in range(6)
)

TEXTS = MappingProxyType(
    {
        "json": '{"name": "Anna", "tags": ["a", "b"], "n": 12.5, "x": {"y": [1, 2, {"z": null}], "w": true}, "v": -1}',
        "sql": "SELECT a.x, COUNT(*) FROM t AS a JOIN u AS b ON a.id = b.id WHERE a.x > 3 AND b.y LIKE 'q%' GROUP BY x "
        "HAVING COUNT(*) > 2 ORDER BY a.x DESC LIMIT 10",
        "c_subset": C_FUNCTIONS + "\nint main(void) { int x = f0(3); while (x > 0) { x = x - 1; } return f1(x) + 2; }",
    }
)

SETTINGS = (("json", 8, 0), ("json", 16, 0), ("json", 32, 0), ("sql", 8, 0), ("sql", 16, 0), ("c_subset", 8, 240))
"""Grammar, open positions, fixed tokens at least."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--canvases", type=int, default=5, help="canvases a setting (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="draws where texts are cut, and proposals (default 0)")


@dataclass
class Times:
    """Milliseconds of CPU."""

    completable: list[float] = field(default_factory=list)
    masks: list[float] = field(default_factory=list)
    agreeing: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    intersection: list[float] = field(default_factory=list)
    exact: bool = False


def _timed(call: Any) -> tuple[Any, float]:
    before = time.thread_time_ns()
    found = call()
    return found, (time.thread_time_ns() - before) / 1e6


def measure(constraint: Any, prefix: list[int], opened: int, rng: random.Random, times: Times) -> None:
    """One canvas: completable, masks, and a commit at every open position."""
    length = len(prefix) + opened
    canvas = constraint.canvas(length, dict(enumerate(prefix)))
    baseline = constraint.canvas(length, dict(enumerate(prefix)), check="intersection")
    times.completable.append(_timed(lambda: canvas.completable)[1])
    times.exact = canvas.exact
    rows, spent = _timed(lambda: canvas.masks(canvas.exact))
    times.masks.append(spent)
    order = list(range(len(prefix), length))
    rng.shuffle(order)
    commits: dict[str, list[float]] = {"agreeing": [], "taken": [], "refused": [], "intersection": []}
    for position in order:
        allowed = np.flatnonzero(np.unpackbits(rows[position].view(np.uint8), bitorder="little"))
        witness = canvas.witness()[position]
        for token in (int(rng.choice(allowed)), witness):
            commits["intersection"].append(_timed(lambda at=position, one=token: baseline.allows(at, one))[1])
            made, spent = _timed(lambda at=position, one=token: canvas.commit(at, one))
            commits["agreeing" if token == witness else "taken" if made else "refused"].append(spent)
            if made:
                baseline.commit(position, token)
                break
    for name, spent_on in commits.items():
        getattr(times, name).extend(spent_on)


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import Vocabulary, engine

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    rng = random.Random(options.seed)
    constraints: dict[str, Any] = {}
    tables: dict[str, float] = {}
    sections = []
    for name, opened, fixed in SETTINGS:
        tokens = tokenizer.encode(TEXTS[name])
        if name not in constraints:
            text = (SCHEMAS / f"{name}.lark").read_text(encoding="utf-8")
            constraints[name] = engine.compile(lark=text, vocabulary=vocabulary, lexer="basic")
            tables[name] = _timed(lambda made=constraints[name]: made.token_grammar.core)[1]
        times = Times()
        measure(constraints[name], tokens[: max(1, fixed)], opened, rng, Times())
        with no_collection():
            for _ in range(options.canvases):
                cut = rng.randrange(max(1, fixed), len(tokens))
                measure(constraints[name], tokens[:cut], opened, rng, times)
        rows = {
            "completable": times.completable,
            "exact masks" if times.exact else "bounds of masks": times.masks,
            "commits that agree with the witness": times.agreeing,
            "other commits": times.taken,
            "refusals": times.refused,
            "intersection, a verdict": times.intersection,
        }
        sections.append(
            Section(
                f"{name}, {opened} open" + (f" after {fixed} or more" if fixed else "") + ": ms of CPU",
                {label: summarize(found) for label, found in rows.items() if found},
            )
        )
    grammars = {name: summarize([spent]) for name, spent in tables.items()}
    sections.append(Section("tables of a grammar and a vocabulary, made or read once: ms of CPU", grammars))
    return Report(
        bench="canvas_cfg",
        options={key: getattr(options, key) for key in ("tokenizer", "canvases", "seed")},
        engines=["gramarye"],
        sections=sections,
    )
