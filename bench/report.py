"""What a benchmark prints and writes: summaries, ratios against peers, the machine, JSON and a plot."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .peers import engine_version


class Summary(NamedTuple):
    """Location and tail of a sample, in the sample's own unit; NaN throughout for an empty one."""

    size: int
    avg: float
    p50: float
    p90: float
    p99: float
    p999: float
    max: float


LABELS = ("size", "avg", "p50", "p90", "p99", "p99.9", "max")


def summarize(sample: ArrayLike) -> Summary:
    """Summarize a sample of numbers of any shape."""
    values = np.asarray(sample, np.float64).ravel()
    if values.size == 0:
        nan = float("nan")
        return Summary(0, nan, nan, nan, nan, nan, nan)
    p50, p90, p99, p999 = np.quantile(values, (0.5, 0.9, 0.99, 0.999)).tolist()
    return Summary(values.size, float(values.mean()), p50, p90, p99, p999, float(values.max()))


@dataclass(frozen=True)
class Section:
    """One table: a summary for each engine, with the first engine as the base of the ratios.

    Attributes:
        title: what was measured, with the unit.
        rows: engine name to summary.
    """

    title: str
    rows: Mapping[str, Summary]

    def __str__(self) -> str:
        """The table as text, and below it the others' ratios to the first."""
        first, *others = self.rows
        ratios = {f"{name} / {first}": self.rows[name] for name in others}
        width = max(map(len, [*self.rows, *ratios])) + 1
        lines = [self.title, " " * width + "".join(f"{label:>11}" for label in LABELS)]
        for name, row in self.rows.items():
            figures = "".join(f"{_figure(value):>11}" for value in row[1:])
            lines.append(f"{name:<{width}}{row.size:>11}{figures}")
        for label, row in ratios.items():
            quotients = (theirs / ours if ours else np.nan for theirs, ours in zip(row, self.rows[first], strict=True))
            figures = "".join(f"{_figure(value) + 'x':>11}" for value in list(quotients)[1:])
            lines.append(f"{label:<{width}}{'':>11}{figures}")
        return "\n".join(lines)


def _figure(value: float) -> str:
    """Three significant digits, without an exponent."""
    if np.isnan(value):
        return "-"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    return f"{value:,.{min(digits, 3)}f}"


def machine() -> dict[str, str]:
    """The processor, its cores, and the versions of what runs on it."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "processor": model or platform.machine(),
        "cores": str(os.cpu_count()),
        "load": ", ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "numba")},
    }


class Curves(NamedTuple):
    """One drawing of lines.

    Attributes:
        title: what was measured.
        x: what the horizontal axis shows, with the unit; it is logarithmic, as is the other.
        y: what the vertical axis shows.
        lines: name to the places of its points.
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]

    def draw(self, axes: Any) -> None:
        """Draw it into axes of matplotlib."""
        for name, points in self.lines.items():
            axes.plot(*zip(*points, strict=True), label=name, marker="o", markersize=3, linewidth=1.6)
        axes.set(xscale="log", yscale="log", xlabel=self.x, ylabel=self.y, title=self.title)
        axes.grid(visible=True, which="both", alpha=0.25)
        axes.legend(frameon=False)


@dataclass(frozen=True)
class Report:
    """All that a benchmark run found.

    Attributes:
        bench: its name.
        options: the command line, parsed.
        engines: the engines that ran; the first is the base of the ratios.
        sections: the tables.
        notes: further lines, such as refusals.
        samples: raw numbers for the plot, by engine, in the unit of `unit`.
        unit: unit of the samples.
        curves: further drawings, or the only ones.
    """

    bench: str
    options: Mapping[str, Any]
    engines: Sequence[str]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    samples: Mapping[str, ArrayLike] | None = None
    unit: str = ""
    curves: Sequence[Curves] = ()

    def __str__(self) -> str:
        """The report as text."""
        versions = ", ".join(f"{name} {engine_version(name)}" for name in self.engines)
        host = ", ".join(f"{key} {value}" for key, value in machine().items())
        options = " ".join(f"{key}={value}" for key, value in self.options.items() if value is not None)
        head = f"{self.bench}: {options}\nmachine: {host}\nengines: {versions}"
        return "\n\n".join([head, *map(str, self.sections), *self.notes])

    def write_json(self, path: Path) -> None:
        """Write all but the raw samples as JSON."""
        record = {
            "bench": self.bench,
            "options": {key: str(value) for key, value in self.options.items()},
            "machine": machine(),
            "engines": {name: engine_version(name) for name in self.engines},
            "sections": [
                {"title": section.title, "rows": {name: row._asdict() for name, row in section.rows.items()}}
                for section in self.sections
            ],
            "notes": list(self.notes),
            "curves": [curves._asdict() for curves in self.curves],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def write_plot(self, path: Path) -> None:
        """Draw the tails of the samples, and the curves side by side."""
        from matplotlib.figure import Figure

        count = bool(self.samples) + len(self.curves)
        figure = Figure(figsize=(8 * max(count, 1), 5), layout="constrained")
        places = iter(figure.subplots(1, max(count, 1), squeeze=False).flat)
        if self.samples:
            self._draw_tails(next(places), self.samples)
        for curves, axes in zip(self.curves, places, strict=False):
            curves.draw(axes)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)

    def _draw_tails(self, axes: Any, samples: Mapping[str, ArrayLike]) -> None:
        """Draw, for each engine, the share of samples above x, both axes logarithmic: the tail shows."""
        for name, sample in samples.items():
            values = np.sort(np.asarray(sample, np.float64).ravel())
            axes.plot(values, 1.0 - np.arange(values.size) / values.size, label=name, linewidth=1.6)
        axes.set(xscale="log", yscale="log", xlabel=self.unit, ylabel="share at or above", title=self.bench)
        axes.grid(visible=True, which="both", alpha=0.25)
        axes.legend(frameon=False)
