"""The small masked-diffusion model that comes with the package: ``"tiny"``.

An MPNet encoder of 4 layers over 512 byte-level tokens, trained by ``bench/train_diffusion.py`` on texts that a
generator of this repository makes up (``bench/diffusion_texts.py``): JSON objects, arithmetic, small C functions,
Python expressions. Weights, tokenizer and configuration lie beside this file in ``weights/tiny`` under the licence of
the repository. A prompt is one line that says what is to come::

    json name string, age integer        expr        c max        python
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import MPNetConfig, MPNetForMaskedLM

from ...errors import ModelError
from ..vocabulary import Vocabulary
from .adapters import MaskedModel

__all__ = ["FOLDER", "load_tiny"]

FOLDER = Path(__file__).parent / "weights" / "tiny"


def load_tiny(folder: Path = FOLDER) -> MaskedModel:
    """Load the model, in float32 on the CPU; well under a second.

    Raises:
        ModelError: the files are missing, as in an installation without package data.
    """
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelError(f"no weights in {folder}", hint="train them: python -m bench.train_diffusion FOLDER")
    config: Any = MPNetConfig.from_pretrained(folder)
    model: Any = MPNetForMaskedLM(config)
    model.load_state_dict({name: value.float() for name, value in load_file(weights).items()}, strict=False)
    model.tie_weights()
    torch.nn.init.zeros_(model.mpnet.embeddings.position_embeddings.weight)  # relative positions only
    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    end = tokenizer.token_to_id("<|end|>")
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos_ids=[end], cache=False)
    return MaskedModel(
        model.eval().to(torch.float32),
        vocabulary=vocabulary,
        mask_id=tokenizer.token_to_id("<|mask|>"),
        eos_ids=[end],
    )
