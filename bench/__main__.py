"""The command ``python -m bench NAME``: each benchmark is a module of this folder named in BENCHES.

Such a module has a docstring, whose first line is its help; ``add_arguments(parser)``; and
``run(options) -> Report``.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from .data import DEFAULT_FOLDER, DataMissingError

BENCHES = (
    "masks",
    "cold",
    "batch",
    "grammars",
    "scale",
    "generate",
    "memory",
    "startup",
    "growth",
    "conformance",
    "device",
    "canvas",
    "canvas_cfg",
    "diffusion",
)


def parser() -> argparse.ArgumentParser:
    """The command line, with a sub-command a benchmark."""
    root = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks against the peers of the field.")
    commands = root.add_subparsers(dest="bench", required=True)
    for name in BENCHES:
        module = import_module(f".{name}", __package__)
        summary = (module.__doc__ or "").partition("\n")[0]
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder of the real inputs")
        command.add_argument("--json", type=Path, help="write the report as JSON to this file")
        command.add_argument("--plot", type=Path, help="draw the distributions to this file")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return root


def main() -> int:
    """Run one benchmark; the exit status is 2 where its input is missing."""
    options = parser().parse_args()
    try:
        report = options.run(options)
    except DataMissingError as error:
        print(error, file=sys.stderr)
        return 2
    print(report)
    if options.json:
        report.write_json(options.json)
    if options.plot:
        report.write_plot(options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
