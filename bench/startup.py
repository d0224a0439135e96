"""Start-up in a fresh process: the first ever run, kernels compiled on the way, and runs with warm caches.

Each run imports the package, reads a tokenizer, compiles a small schema and computes its first mask. The
first run finds empty caches, in folders of its own; the others find what it left there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .data import EOS_TOKENS, RealTokenizer
from .report import Report, Section, summarize

# Prints the CPU seconds of the whole process up to each point, start of the interpreter included.
SCRIPT = """
import json, sys, time
points = {}
import gramarye
points["import gramarye"] = time.process_time()
from gramarye import Vocabulary, engine
points["import of the engine"] = time.process_time()
vocabulary = Vocabulary.from_tokenizer(sys.argv[1], eos_ids=[int(sys.argv[2])])
points["vocabulary"] = time.process_time()
schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
matcher = engine.compile(schema=schema, vocabulary=vocabulary).matcher()
points["compiled"] = time.process_time()
matcher.mask()
points["first mask"] = time.process_time()
print(json.dumps(points))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--runs", type=int, default=5, help="runs with warm caches (default 5)")


def start(tokenizer: Path, eos_id: int, caches: Path) -> dict[str, float]:
    """CPU seconds up to each point of SCRIPT in a new process."""
    places = {"NUMBA_CACHE_DIR": str(caches / "numba"), "GRAMARYE_CACHE": str(caches / "gramarye")}
    command = [sys.executable, "-c", SCRIPT, str(tokenizer), str(eos_id)]
    done = subprocess.run(command, env={**os.environ, **places}, capture_output=True, check=True, text=True)
    points: dict[str, float] = json.loads(done.stdout)
    return points


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    tokenizer = RealTokenizer(options.data, options.tokenizer)
    path = tokenizer.write()
    with tempfile.TemporaryDirectory() as folder:
        runs = [start(path, tokenizer.eos_id, Path(folder)) for _ in range(options.runs + 1)]
    cold, *warm = runs
    sections = [
        Section(
            f"{point}, s of CPU since the start of the process",
            {"cached": summarize([run[point] for run in warm]), "first ever": summarize([seconds])},
        )
        for point, seconds in cold.items()
    ]
    return Report(
        bench="startup",
        options={"tokenizer": options.tokenizer, "runs": options.runs},
        engines=["gramarye"],
        sections=sections,
        samples={"cached": [run["first mask"] for run in warm], "first ever": [cold["first mask"]]},
        unit="s of CPU to the first mask",
    )
