"""Which compiled kernels lie in the cache, for those who want to know."""

from __future__ import annotations

from pathlib import Path

from ..kernels.compiling import kernel_folder

__all__ = ["cached_kernels"]


def cached_kernels() -> tuple[Path | None, frozenset[Path]]:
    """The folder of this version's kernels, None where there is no place for one, and the files of code in it."""
    folder = kernel_folder()
    return folder, frozenset(folder.rglob("*.nbc")) if folder is not None else frozenset()
