"""A bar on the terminal's error stream while a benchmark runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def shown(items: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a bar where the error stream is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    yield from track(
        items, description=title, total=total, console=console, transient=True, disable=not console.is_terminal
    )
