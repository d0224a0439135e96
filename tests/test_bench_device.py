"""The benchmark of the device runs where there is no GPU, and says so."""

from __future__ import annotations

import pytest
import torch

from bench.__main__ import parser


def test_a_report_without_a_gpu_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    try:
        options = parser().parse_args(["device", "--rows", "1", "3", "--size", "70", "--repeat", "2"])
        report = str(options.run(options))
    finally:
        torch.set_num_threads(threads)
    assert "no GPU is present: NOTHING here was run on one" in report
    assert "gramarye's implementation: torch (the Triton kernels run on CUDA" in report
    assert report.count("microseconds") == 10


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_other_types(monkeypatch, dtype):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    try:
        options = parser().parse_args(["device", "--rows", "2", "--size", "33", "--repeat", "1", "--dtype", dtype])
        assert len(options.run(options).sections) == 5
    finally:
        torch.set_num_threads(threads)
