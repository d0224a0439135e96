"""Bytes of vocabularies, compiled schemas and matchers, and whether a process that compiles many stays flat.

Each schema is compiled, followed along its first valid instance with masks, measured and dropped. Where something is
kept that should not be, the resident size grows over the last half of the schemas.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import tracemalloc
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .data import EOS_TOKENS, RealTokenizer, maskbench
from .progress import shown
from .report import Curves, Report, Section, summarize

MATCHERS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--schemas", type=int, default=400, metavar="N", help="how many; 0: all (default 400)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--traced", type=int, default=100, help="schemas whose Python objects are traced (default 100)")


def resident() -> float:
    """Megabytes of memory that this process occupies; the most so far where only that is known."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def slope(sizes: Sequence[float]) -> float:
    """Growth over the last half as a share: of the straight line through it, end against beginning."""
    half = np.asarray(sizes[len(sizes) // 2 :])
    if half.size < 2:
        return 0.0
    rise, level = np.polyfit(np.arange(half.size), half, 1)
    return float(rise * (half.size - 1) / level)


def follow(constraint: Any, tokens: list[int]) -> None:
    """Take the masks along a text."""
    matcher = constraint.matcher()
    for token in tokens:
        matcher.mask()
        if not matcher.advance(token):
            break


def traced(vocabulary: Any, chosen: list[tuple[str, list[int]]]) -> tuple[list[float], list[float]]:
    """Kilobytes of the Python side of each compiled schema, and bytes of a matcher at the end of a text."""
    from gramarye import GramaryeError, engine

    schemas, matchers = [], []
    tracemalloc.start()
    for schema, tokens in chosen:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        try:
            constraint = engine.compile(schema=schema, vocabulary=vocabulary)
        except GramaryeError:
            continue
        gc.collect()
        compiled = tracemalloc.get_traced_memory()[0]
        schemas.append((compiled - before) / 1e3)
        follow(constraint, tokens)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        live = [constraint.matcher() for _ in range(MATCHERS)]
        for matcher in live:
            all(matcher.advance(token) for token in tokens)
        matchers.append((tracemalloc.get_traced_memory()[0] - before) / MATCHERS)
        del live, constraint
    tracemalloc.stop()
    return schemas, matchers


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import GramaryeError, Vocabulary, engine

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    tables = vocabulary.tables.arrays()
    first = list(islice(maskbench(options.data, options.seed), options.traced))
    engine.compile(schema=True, vocabulary=vocabulary).matcher().mask()
    python, live = traced(vocabulary, [(one.schema, tokenizer.encode(one.valid[0])) for one in first])
    sizes, refused = [], 0
    schemas = islice(maskbench(options.data, options.seed), options.schemas or None)
    for problem in shown(schemas, "schemas", options.schemas or None):
        try:
            follow(engine.compile(schema=problem.schema, vocabulary=vocabulary), tokenizer.encode(problem.valid[0]))
        except GramaryeError:
            refused += 1
            continue
        sizes.append(resident())
    quarter = max(len(sizes) // 4, 1)
    largest = sorted(tables, key=lambda name: -tables[name].nbytes)[:4]
    return Report(
        bench="memory",
        options={key: getattr(options, key) for key in ("tokenizer", "schemas", "seed", "traced")},
        engines=["gramarye"],
        sections=[
            Section("Python objects of a compiled schema, kB", {"gramarye": summarize(python)}),
            Section("a live matcher at the end of a text, bytes", {"gramarye": summarize(live)}),
            Section(
                "resident size of the process, MB",
                {"first quarter": summarize(sizes[:quarter]), "last quarter": summarize(sizes[-quarter:])},
            ),
        ],
        notes=[
            f"{refused} schemas refused",
            f"tables of the vocabulary {vocabulary.tables.nbytes / 1e6:.1f} MB: "
            + ", ".join(f"{name} {tables[name].nbytes / 1e6:.1f}" for name in largest),
            f"spare arrays {vocabulary.spare.nbytes / 1e6:.1f} MB of address space",
            f"resident size over the last half of {len(sizes)} schemas: {slope(sizes):+.2%}",
        ],
        curves=[
            Curves("soak", "schemas compiled", "resident, MB", {"gramarye": list(enumerate(sizes, 1))[::10]}),
        ],
    )
