"""Masks on the device of the logits: packed and fused operations beside plain torch ones.

With a GPU the Triton kernels run beside torch operations on the same tensors. Without one the report says so, and the
torch implementations that serve other devices are measured on the CPU, which says nothing about a GPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .report import Report, Section, summarize

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "bfloat16", "float16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 64], help="rows of logits (default 1 16 64)")
    parser.add_argument("--size", type=int, default=128_256, help="tokens of the vocabulary (default 128256)")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="of the logits (default bfloat16)")
    parser.add_argument("--allowed", type=float, default=0.3, help="share of the tokens allowed (default 0.3)")
    parser.add_argument("--repeat", type=int, default=20, help="times that each is run (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="draws logits and masks (default 0)")


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    import torch

    from gramarye.runtime.device.operations import backend_of

    present = torch.cuda.is_available()
    device = torch.device("cuda" if present else "cpu")
    if not present:
        torch.set_num_threads(1)  # threads that wait for each other measure what else the machine does
    sections = []
    for rows in options.rows:
        inputs = _Inputs(options, rows, device)
        for title, contenders in _contests(inputs):
            times = _interleaved(contenders, options.repeat, device)
            summaries = {name: summarize(sample) for name, sample in times.items()}
            sections.append(Section(f"{title}, {rows} rows of {options.size:,}, microseconds", summaries))
    backend = backend_of(device)
    where = torch.cuda.get_device_name(device) if present else "no GPU is present: NOTHING here was run on one"
    return Report(
        bench="device",
        options={key: getattr(options, key) for key in ("rows", "size", "dtype", "allowed", "repeat", "seed")},
        engines=["gramarye", "torch"],
        sections=sections,
        notes=[
            f"device: {where}",
            f"gramarye's implementation: {backend.name}" + (f" ({backend.reason})" if backend.reason else ""),
        ],
    )


class _Inputs:
    """Random logits and masks, on the host and on the device."""

    def __init__(self, options: argparse.Namespace, rows: int, device: torch.device) -> None:
        import torch

        from gramarye.runtime.device.copies import MaskCopier
        from gramarye.runtime.device.operations import mask_tensor

        rng = np.random.default_rng(options.seed)
        self.size: int = options.size
        self.device = device
        bits = np.zeros((rows, -(-self.size // 32) * 32), np.bool_)
        bits[:, : self.size] = rng.random((rows, self.size)) < options.allowed
        self.host = np.packbits(bits, axis=1, bitorder="little").view(np.uint32)
        self.masks = mask_tensor(self.host, device)
        self.bits = torch.from_numpy(bits[:, : self.size]).to(device)
        dtype = getattr(torch, options.dtype)
        self.logits = torch.from_numpy(rng.normal(0, 3, (rows, self.size))).to(dtype).to(device)
        self.uniforms = torch.from_numpy(rng.random(rows)).to(device)
        self.copier = MaskCopier(self.host.shape[1], device)


Contest = tuple[str, Mapping[str, Callable[[], Any]]]


def _contests(inputs: _Inputs) -> list[Contest]:
    """Title, and what is compared: ours first."""
    import torch

    from gramarye.runtime.device import operations

    logits, masks, bits, size = inputs.logits, inputs.masks, inputs.bits, inputs.size
    scratch = logits.clone()

    def send_bits() -> torch.Tensor:
        octets = inputs.host.view(np.uint8)
        allowed = np.unpackbits(octets, axis=1, count=size, bitorder="little").view(np.bool_)
        return scratch.masked_fill_(~torch.from_numpy(allowed).to(inputs.device), -torch.inf)

    def plain_law() -> tuple[torch.Tensor, torch.Tensor]:
        values = logits.float()
        kept = values.masked_fill(~bits, -torch.inf)
        return kept.log_softmax(1), kept.logsumexp(1) - values.logsumexp(1)

    def plain_sample() -> torch.Tensor:
        """Top-p by sorting, as transformers' warper does, with torch's own draw."""
        ranked, ids = (logits.float().masked_fill(~bits, -torch.inf) / 0.8).sort(dim=1, descending=True)
        shares = ranked.softmax(1)
        shares.masked_fill_(shares.cumsum(1) - shares >= 0.95, 0.0)
        return ids.gather(1, torch.multinomial(shares, 1))

    def plain_argmax() -> tuple[torch.Tensor, ...]:
        law = logits.float().masked_fill(~bits, -torch.inf).softmax(1)
        two = law.topk(2, dim=1)
        return two.indices[:, 0], two.values[:, 0], two.values[:, 0] - two.values[:, 1], torch.special.entr(law).sum(1)

    return [
        (
            "host masks to masked logits",
            {"gramarye": lambda: operations.apply_mask_(scratch, inputs.copier.copy(inputs.host)), "torch": send_bits},
        ),
        (
            "masks on the device to masked logits",
            {
                "gramarye": lambda: operations.apply_mask_(scratch, masks),
                "torch": lambda: scratch.masked_fill_(~bits, -torch.inf),
            },
        ),
        (
            "masked log-softmax and allowed mass",
            {"gramarye": lambda: operations.masked_log_softmax(logits, masks, size=size), "torch": plain_law},
        ),
        (
            "masked sampling, temperature 0.8 and top-p 0.95",
            {
                "gramarye": lambda: operations.masked_sample(
                    logits, masks, inputs.uniforms, temperature=0.8, top_p=0.95, size=size
                ),
                "torch": plain_sample,
            },
        ),
        (
            "masked argmax, confidence, margin and entropy",
            {"gramarye": lambda: operations.canvas_argmax(logits, masks, size=size), "torch": plain_argmax},
        ),
    ]


def _interleaved(
    contenders: Mapping[str, Callable[[], Any]], repeat: int, device: torch.device
) -> dict[str, list[float]]:
    """Microseconds of each run, in turns, the device waited for; two runs before are not counted."""
    import torch

    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(-2, repeat):
        for name, action in contenders.items():
            start = time.perf_counter()
            action()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn >= 0:
                times[name].append(1e6 * (time.perf_counter() - start))
    return times
