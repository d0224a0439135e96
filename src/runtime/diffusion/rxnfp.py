"""The SMILES model of the package rxnfp: ``"rxnfp"``, a masked LM of reactions written as SMILES.

Schwaller et al. 2021, *Mapping the space of chemical reactions using attention-based neural networks* (MIT licence):
12 layers, 6.7 million parameters, 591 tokens, each one atom, bond, bracket or ring label. It was trained on reactions
``reactants >> products`` between ``[CLS]`` and ``[SEP]``, so a prompt for a molecule is a reaction of which it is the
product::

    [CLS] C C O >> MASK MASK MASK ... [SEP]

Its own dependencies conflict with current releases, so only its files are wanted: ``pip install --no-deps
rxnfp==0.1.0`` (``make rxnfp``). They are found without importing the package. Its canvases are filled to the last
position: the model has no token that pads (``[SEP]`` ends a text).
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertForMaskedLM

from ...errors import ModelError, VocabularyError
from ..vocabulary import Vocabulary
from .adapters import MaskedModel

__all__ = ["SmilesModel", "load_rxnfp"]

_PARTS = ("models", "transformers", "bert_pretrained")
_CONTROL = re.compile(r"\[(?:PAD|UNK|CLS|SEP|MASK|unused\d+)\]")
_TOKEN = re.compile(r"\[[^\]]+\]|Br|Cl|>>|%\d\d|[BCNOPSFIbcnops().=#\-+\\/:~@?*$0-9]")


class SmilesModel(MaskedModel):
    """The model with its own tokens: a prompt gets ``[CLS]`` in front."""

    def __init__(self, model: Any, tokens: Sequence[str]) -> None:
        """Wrap the model; ``tokens`` are the lines of its vocabulary."""
        self.ids: Mapping[str, int] = {token: index for index, token in reversed(list(enumerate(tokens)))}
        spelled = [b"" if _CONTROL.fullmatch(token) else token.encode() for token in tokens]
        special = [index for index, data in enumerate(spelled) if not data]
        vocabulary = Vocabulary.from_bytes(spelled, special_ids=special)
        super().__init__(model, vocabulary=vocabulary, mask_id=self.ids["[MASK]"])

    def encode_prompt(self, prompt: str | Sequence[Mapping[str, Any]]) -> list[int]:
        """``[CLS]`` and the tokens of a SMILES text.

        Raises:
            ModelError: the prompt is a conversation.
            VocabularyError: the text has what is no token.
        """
        if not isinstance(prompt, str):
            raise ModelError("this model reads SMILES", hint="give the prompt as a text")
        pieces = _TOKEN.findall(prompt)
        unknown = [piece for piece in pieces if piece not in self.ids]
        if "".join(pieces) != prompt or unknown:
            raise VocabularyError(f"{prompt!r} is no SMILES text of this model's tokens")
        return [self.ids["[CLS]"], *(self.ids[piece] for piece in pieces)]


def load_rxnfp(folder: Path | None = None) -> SmilesModel:
    """Load the model from the installed package, or from a folder with its three files; float32 on the CPU.

    Raises:
        ModelError: it is not installed.
    """
    folder = folder or _installed()
    config: Any = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    model: Any = BertForMaskedLM(config)
    weights = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    renamed = {name.replace("gamma", "weight").replace("beta", "bias"): value for name, value in weights.items()}
    found = model.load_state_dict(renamed, strict=False)
    missing = [name for name in found.missing_keys if not name.endswith(("position_ids", "decoder.bias"))]
    if missing:
        raise ModelError(f"the weights in {folder} lack {missing[0]}")
    model.tie_weights()
    tokens = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return SmilesModel(model.eval(), [token for token in tokens if token])


def _installed() -> Path:
    """The folder of the model in the installed package."""
    spec = importlib.util.find_spec("rxnfp")
    for root in () if spec is None else tuple(spec.submodule_search_locations or ()):
        folder = Path(root).joinpath(*_PARTS)
        if (folder / "pytorch_model.bin").is_file():
            return folder
    raise ModelError("the SMILES model is not installed", hint="pip install --no-deps rxnfp==0.1.0  (make rxnfp)")
