"""Tiny random transformers models with a byte-level tokenizer, made in memory."""

from __future__ import annotations

from typing import Any

import tokenizers
import torch
import transformers

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% if not loop.last or add_generation_prompt %}<end>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MERGES = [("a", "b"), ("ab", "a"), ("l", "l"), ("Ġ", "h"), ('"', ":"), ("h", "e"), ("he", "ll"), ("1", "2")]


def tiny_tokenizer(*, chat: bool = True, bos: bool = False) -> Any:
    """256 bytes, some merges, and an end token (and a begin token, which is put before texts)."""
    pieces = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()) + ["".join(merge) for merge in MERGES]
    model = tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, MERGES)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(["<end>", *(["<begin>"] if bos else [])])
    if bos:
        begin = tokenizer.token_to_id("<begin>")
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single="<begin> $A", special_tokens=[("<begin>", begin)]
        )
    special = {"eos_token": "<end>", "pad_token": "<end>", **({"bos_token": "<begin>"} if bos else {})}
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    wrapped.chat_template = CHAT_TEMPLATE if chat else None
    return wrapped


def tiny_model(kind: str = "Llama", *, padding: int = 0, seed: int = 0, **options: Any) -> Any:
    """A causal LM of two small layers with sharp random logits."""
    size = len(tiny_tokenizer()) + padding
    common = {
        "vocab_size": size,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "initializer_range": 0.6,
        "bos_token_id": None,
        "eos_token_id": size - padding - 1,
        "pad_token_id": size - padding - 1,
    }
    config = getattr(transformers, f"{kind}Config")(**{**common, **options})
    torch.manual_seed(seed)
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()
