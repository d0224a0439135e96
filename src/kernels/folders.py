"""Where files that are made once and reused lie: the tables of vocabularies, the machine code of kernels."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["default_cache_directory"]


def default_cache_directory(environment: Mapping[str, str] = os.environ) -> Path | None:
    """``GRAMARYE_CACHE``, or ``gramarye`` in the user's cache directory; None where there is no home."""
    if chosen := environment.get("GRAMARYE_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        if local := environment.get("LOCALAPPDATA"):
            return Path(local) / "gramarye" / "Cache"
    elif base := environment.get("XDG_CACHE_HOME"):
        return Path(base) / "gramarye"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "gramarye"
