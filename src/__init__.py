"""Exact token masks for language models, from schemas, grammars and regular expressions.

The front door::

    from gramarye import Vocabulary, engine

    result = engine.generate(model, "Describe a cat as JSON: ", schema={"type": "object"})

Everything but the error tree is imported on first use, so that ``import gramarye`` costs milliseconds and
pulls in neither numba nor any deep-learning library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BudgetError,
    GramaryeError,
    GrammarError,
    LimitError,
    ModelError,
    RegexError,
    SchemaError,
    Span,
    VocabularyError,
)

if TYPE_CHECKING:
    from . import engine
    from .runtime.vocabulary import Vocabulary

    __version__: str

__all__ = [
    "BudgetError",
    "GramaryeError",
    "GrammarError",
    "LimitError",
    "ModelError",
    "RegexError",
    "SchemaError",
    "Span",
    "Vocabulary",
    "VocabularyError",
    "__version__",
    "engine",
]


def __getattr__(name: str) -> Any:
    """Import ``engine``, ``Vocabulary`` or ``__version__`` on first access (PEP 562)."""
    if name == "engine":
        return import_module(".engine", __name__)
    if name == "Vocabulary":
        value = import_module(".runtime.vocabulary", __name__).Vocabulary
    elif name == "__version__":
        from importlib.metadata import version

        value = version("gramarye")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the lazy names beside the imported ones."""
    return sorted({*globals(), *__all__})
