"""Trains the small masked-diffusion model that the package ships: ``python -m bench.train_diffusion FOLDER``.

An MPNet encoder of 4 layers (0.8 million parameters) over a byte-level BPE vocabulary of 512 tokens, trained on the
made-up texts of ``diffusion_texts`` by the objective of LLaDA (arXiv 2502.09992): a share t ~ U(0, 1) of the text's
tokens becomes ``<|mask|>``, and the model names what stood there. The text is followed by end tokens up to the end of
its row, as a canvas that is longer than its text will be::

    row      json name string \\n {"name": "Nora Weber"} <|end|> <|end|> <|end|>
             `---- prompt -----´ `------------------ canvas -----------------´     four rows of five have a prompt
    masked   at random (60%), from some position on (25%: decoding in blocks), or inside a span (15%: infilling)

The share of masks grows over the first half of the training. Seeded throughout: the same versions on the same kind of
machine give the same weights. On one core with bfloat16 instructions it takes about half an hour, at about 3 GB of
memory.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tokenizers
import torch
from rich.console import Console
from rich.progress import track
from safetensors.torch import save_file
from transformers import MPNetConfig, MPNetForMaskedLM

from .diffusion_texts import draw

SPECIAL = ("<|mask|>", "<|end|>", "<|pad|>")
MASK, END, PAD = range(3)
VOCABULARY = 512
LEFT_OUT = ("lm_head.decoder.weight", "lm_head.decoder.bias", "mpnet.embeddings.position_embeddings.weight")
"""Weights that are tied to others, and the absolute positions: zero, so that relative ones serve any length."""
HEADS = 8
NEIGHBOURS = (1, 17, 2, 18)
"""Buckets of relative positions -1, +1, -2 and +2: half of the heads begin by looking there. Without that, and with
weights that start at the usual 0.02, a model of this size stays for thousands of steps with the frequencies of tokens.
"""
LONGEST = 112
"""Tokens of the longest row; longer documents are not used."""


def train_tokenizer(seed: int, count: int = 20_000) -> tokenizers.Tokenizer:
    """Byte-level BPE of the made-up texts; the special tokens come first."""
    rng = random.Random(seed)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    digits = tokenizers.pre_tokenizers.Digits(individual_digits=True)
    levels = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([digits, levels])
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (draw(rng) for _ in range(count))
    tokenizer.train_from_iterator((text.prompt + text.text for text in texts), trainer)
    return tokenizer


def build_model(seed: int, hidden: int) -> MPNetForMaskedLM:
    """The untrained model."""
    torch.manual_seed(seed)
    config = MPNetConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=4,
        num_attention_heads=HEADS,
        initializer_range=0.08,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=1024,
        pad_token_id=PAD,
        eos_token_id=END,
        bos_token_id=None,
    )
    model = MPNetForMaskedLM(config)
    positions = model.mpnet.embeddings.position_embeddings.weight
    positions.requires_grad_(False).zero_()
    with torch.no_grad():
        for head, bucket in enumerate(NEIGHBOURS):
            model.mpnet.encoder.relative_attention_bias.weight[bucket, head] = 5.0
    model.config.mask_token_id = MASK
    return model


def batches(
    tokenizer: tokenizers.Tokenizer, rng: random.Random, tokens: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of about equal length, for ever: ids int64[B, T] and the width of each row's prompt int64[B]."""
    while True:
        texts = [draw(rng) for _ in range(2048)]
        prompts = tokenizer.encode_batch([text.prompt if rng.random() < 0.8 else "" for text in texts])
        bodies = tokenizer.encode_batch([text.text for text in texts])
        rows = [(p.ids, b.ids) for p, b in zip(prompts, bodies, strict=True) if len(p.ids) + len(b.ids) < LONGEST]
        rows.sort(key=lambda row: len(row[0]) + len(row[1]))
        made = []
        while rows:
            width = min(LONGEST, len(rows[0][0]) + len(rows[0][1]) + rng.choice([1, 4, 10, 24]))
            size = max(8, tokens // width)
            part = [row for row in rows[:size] if len(row[0]) + len(row[1]) <= width]
            rows = rows[len(part) :]
            ids = np.full((len(part), width), END, np.int64)
            for row, (prompt, body) in zip(ids, part, strict=True):
                row[: len(prompt) + len(body)] = prompt + body
            made.append((ids, np.array([len(prompt) for prompt, _ in part], np.int64)))
        rng.shuffle(made)
        yield from made


def mask_rows(ids: np.ndarray, prompts: np.ndarray, rng: np.random.Generator, most: float = 1.0) -> np.ndarray:
    """bool[B, T] of the positions to mask; none of a prompt, at least one of each row, a share of at most ``most``."""
    masked = np.zeros(ids.shape, np.bool_)
    for row, start in zip(masked, prompts.tolist(), strict=True):
        canvas = row[start:]
        way = rng.random()
        if way < 0.6:
            canvas[:] = rng.random(len(canvas)) < rng.uniform(0, most)
        elif way < 0.85:
            canvas[rng.integers(len(canvas)) :] = True
            canvas &= rng.random(len(canvas)) < rng.uniform(0.4, 1.2) * most
        else:
            first, last = np.sort(rng.integers(0, len(canvas) + 1, 2))
            canvas[first:last] = True
        if not canvas.any():
            canvas[rng.integers(len(canvas))] = True
    return masked


def rate(step: int, steps: int, peak: float) -> float:
    """Warm-up, then half a cosine."""
    warm = min(200, steps // 10 + 1)
    return peak * step / warm if step < warm else peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def train(folder: Path, steps: int, tokens: int, seed: int, checkpoint: int, hidden: int) -> None:
    """Train, and write tokenizer, configuration and weights; now and then in between as well."""
    tokenizer = train_tokenizer(seed)
    model = build_model(seed, hidden)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    rng = np.random.default_rng(seed)
    source = batches(tokenizer, random.Random(seed + 1), tokens)
    log = (folder.parent / f"{folder.name}.log").open("w", encoding="utf-8")
    losses: list[float] = []
    model.train()
    for step in track(range(1, steps + 1), "training", console=Console(stderr=True)):
        ids, prompts = next(source)
        masked = mask_rows(ids, prompts, rng, min(1.0, 0.3 + 1.4 * step / steps))
        inputs = torch.from_numpy(np.where(masked, MASK, ids))
        targets = torch.from_numpy(ids[masked])
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, 1.5e-3)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=inputs).logits
        loss = torch.nn.functional.cross_entropy(logits[torch.from_numpy(masked)].float(), targets)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
        if step % 50 == 0:
            log.write(json.dumps({"step": step, "loss": round(float(np.mean(losses[-50:])), 4)}) + "\n")
            log.flush()
        if step % checkpoint == 0 or step == steps:
            save(model, folder)
    log.close()


def save(model: MPNetForMaskedLM, folder: Path) -> None:
    """Write configuration and half-precision weights; what is zero or stands elsewhere is left out."""
    config = json.loads(model.config.to_json_string(use_diff=True))
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    weights = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
    for name in LEFT_OUT:
        weights.pop(name, None)
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the model goes")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--tokens", type=int, default=2048, help="tokens of a batch")
    parser.add_argument("--hidden", type=int, default=128, help="width; a multiple of 8")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", type=int, default=250, help="steps between two writings")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(options.folder, options.steps, options.tokens, options.seed, options.checkpoint, options.hidden)


if __name__ == "__main__":
    main()
