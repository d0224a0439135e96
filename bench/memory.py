"""Bytes of a compiled schema, and whether a process that compiles many stays flat.

Each schema is compiled, followed along its first valid instance with masks, measured and dropped. The resident
size after the first quarter of the schemas and at the end differ where something is kept that should not be.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
from dataclasses import fields
from itertools import islice
from pathlib import Path

import numpy as np

from .data import EOS_TOKENS, RealTokenizer, maskbench
from .report import Report, Section, summarize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--schemas", type=int, default=200, metavar="N", help="how many schemas (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")


def resident() -> float:
    """Megabytes of memory that this process occupies; the most so far where only that is known."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import GramaryeError, Vocabulary, engine

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    tables = [getattr(vocabulary.tables, field.name) for field in fields(vocabulary.tables)]
    shared = sum(table.nbytes for table in tables if isinstance(table, np.ndarray))
    own, sizes, refused = [], [], 0
    for problem in islice(maskbench(options.data, options.seed), options.schemas):
        try:
            constraint = engine.compile(schema=problem.schema, vocabulary=vocabulary)
        except GramaryeError:
            refused += 1
            continue
        matcher = constraint.matcher()
        for token in tokenizer.encode(problem.valid[0]):
            matcher.mask()
            if not matcher.advance(token):
                break
        own.append((constraint.machine.arena.nbytes() - shared) / 1e3)
        del constraint, matcher
        gc.collect()
        sizes.append(resident())
    quarter = max(len(sizes) // 4, 1)
    sections = [
        Section("bytes of a constraint's own arrays, kB", {"gramarye": summarize(own)}),
        Section(
            "resident size of the process, MB",
            {"first quarter": summarize(sizes[:quarter]), "last quarter": summarize(sizes[-quarter:])},
        ),
    ]
    return Report(
        bench="memory",
        options={key: getattr(options, key) for key in ("tokenizer", "schemas", "seed")},
        engines=["gramarye"],
        sections=sections,
        notes=[
            f"{refused} schemas refused",
            f"tables of the vocabulary {shared / 1e6:.1f} MB, spare arrays {vocabulary.spare.nbytes / 1e6:.1f} MB",
        ],
    )
