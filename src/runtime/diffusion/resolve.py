"""What users pass as a diffusion model, made into a ``DiffusionModel``. Adapters are imported only when needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import ModelError
from .model_protocol import DiffusionModel
from .renoise import RenoisedModel

__all__ = ["SHIPPED", "is_diffusion_model", "resolve_diffusion_model"]

SHIPPED = ("tiny", "rxnfp")
"""Models by name: the small one in this package, and the SMILES model of the package rxnfp."""

_SHIFTED = ("dream",)
_MASKED = ("llada", *_SHIFTED)


def is_diffusion_model(model: object) -> bool:
    """Whether a model fills canvases rather than writes left to right."""
    if isinstance(model, str | os.PathLike):
        return os.fspath(model) in SHIPPED or _is_masked(_architectures(Path(model)))
    if isinstance(model, DiffusionModel | RenoisedModel):
        return True
    config = getattr(model, "config", None)
    return config is not None and (_is_masked([type(model).__name__]) or _family(config) in _MASKED)


def resolve_diffusion_model(model: object, tokenizer: object = None) -> DiffusionModel | RenoisedModel:
    """A ``DiffusionModel`` as it is; a transformers model wrapped; a shipped model by name, or a folder, loaded.

    Raises:
        ModelError: ``model`` is none of these, or a tokenizer is given for a model that has its vocabulary.
    """
    if isinstance(model, DiffusionModel | RenoisedModel):
        if tokenizer is not None:
            raise ModelError("this model has a vocabulary of its own", hint="leave out tokenizer=")
        return model
    if isinstance(model, str | os.PathLike):
        name = os.fspath(model)
        if name == "tiny":
            from .tiny import load_tiny

            return load_tiny()
        if name == "rxnfp":
            from .rxnfp import load_rxnfp

            return load_rxnfp()
        if not is_diffusion_model(model):
            raise ModelError(f"there is no diffusion model {name!r}", expected=(*SHIPPED, "a folder with a masked LM"))
        from .adapters import load_folder

        return load_folder(Path(name))
    if not is_diffusion_model(model):
        raise ModelError(
            f"a {type(model).__name__} is no diffusion model",
            expected=(
                "a transformers *ForMaskedLM",
                "an object with vocabulary, mask_id, shift and forward(ids, attention)",
            ),
        )
    if hasattr(model, "model") and type(model).__name__.endswith("ForBlockDiffusion"):
        from .renoised_model import DiffusionGemma

        return DiffusionGemma(model, tokenizer)
    from .adapters import MaskedModel

    return MaskedModel(model, tokenizer)


def _family(config: Any) -> str:
    name = str(getattr(config, "model_type", "")).lower()
    return next((family for family in _MASKED if name.startswith(family)), name)


def _is_masked(names: list[str]) -> bool:
    return any(name.endswith(("ForMaskedLM", "ForBlockDiffusion")) for name in names)


def _architectures(folder: Path) -> list[str]:
    """Class names in a model folder's configuration; none where there is no such folder."""
    import json

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = config.get("architectures") if isinstance(config, dict) else None
    return [str(name) for name in names or ()]
