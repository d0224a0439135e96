"""Automata of formats on disk: made once on a machine, not once in a process.

A few formats have automata of ten thousand states, which take half a second to make and milliseconds to read. A file is
named by the format and by all that its automaton follows from: the code of the formats and of the regular expressions,
and the version of Unicode. Files are written beside their names and renamed, so readers see a whole file or none; a
file that cannot be read or written is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from ...kernels.folders import default_cache_directory
from ..regex import CharDfa

__all__ = ["kept_automaton"]

_GRAMMAR = Path(__file__).parents[1]
_SOURCES = ("regex/*.py", "schema/*format*.py")
_KERNELS = ("minimise.py", "product.py", "subset.py")


@cache
def _version() -> str:
    """Names all that automata of formats follow from."""
    content = hashlib.sha256(f"{unicodedata.unidata_version} {np.dtype(np.int32).str}".encode())
    written = [path for pattern in _SOURCES for path in sorted(_GRAMMAR.glob(pattern))]
    for path in (*written, *(_GRAMMAR.parent / "kernels" / name for name in _KERNELS)):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def kept_automaton(name: str, make: Callable[[], CharDfa], directory: Path | None = None) -> CharDfa:
    """An automaton from its file; made, and its file written, where there is none.

    Args:
        name: of the format.
        make: makes its automaton.
        directory: where the files are; None: in the cache directory of the package.
    """
    folder = default_cache_directory() if directory is None else directory
    if folder is None:
        return make()
    path = folder / f"format-{name}-{_version()}.npz"
    found = _read(path)
    if found is None:
        found = make()
        _write(path, found)
    return found


def _read(path: Path) -> CharDfa | None:
    """The automaton in a file, None if there is none to be read; archives carry checksums."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return CharDfa(arrays["trans"], arrays["accept"], arrays["bounds"], arrays["classes"], int(arrays["start"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, automaton: CharDfa) -> None:
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".writing-", dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            np.savez(
                file,
                trans=automaton.trans,
                accept=automaton.accept,
                bounds=automaton.bounds,
                classes=automaton.classes,
                start=np.array(automaton.start),
            )
        temporary.replace(path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
