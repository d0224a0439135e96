"""Masks when nothing of the constraint is in the processor's caches: 48 MB are written before each mask.

That is how a mask finds the machine in decoding, after a forward pass has gone through gigabytes of weights.
"""

from __future__ import annotations

import argparse

import numpy as np

from . import masks
from .data import EOS_TOKENS
from .report import Report

FLUSHED = 48_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--schemas", type=int, default=100, metavar="N", help="how many schemas (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument(
        "--engines", default="gramarye,llguidance", help="comma-separated; ratios are against the first"
    )
    parser.add_argument("--megabytes", type=float, default=FLUSHED / 1e6, help="written before each mask (default 48)")
    parser.set_defaults(basic=False, covered_by=None, refusals=False)


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    buffer = np.zeros(int(options.megabytes * 1e6) // 8, np.int64)

    def flush() -> None:
        np.add(buffer, 1, out=buffer)

    return masks.run(options, bench="cold", before=flush)
