"""The Triton kernels become machine code for real devices, which these tests do not have: nothing is launched here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gpu_compiler import KERNELS

ROOT = Path(__file__).resolve().parents[1]


def compiled(tmp_path, *targets):
    pytest.importorskip("triton", reason="triton is not installed")
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu_compiler", *targets],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    sizes = json.loads(done.stdout)
    assert {name.split()[0] for name in sizes} == {name for _, name in KERNELS}
    return sizes


def test_kernels_compile_for_hopper(tmp_path):
    assert min(compiled(tmp_path, "cuda:90").values()) > 0


@pytest.mark.slow
def test_kernels_compile_for_other_devices(tmp_path):
    assert min(compiled(tmp_path, "cuda:75", "cuda:80", "cuda:100", "hip:gfx942").values()) > 0


def test_every_kernel_is_compiled():
    """The list of kernels misses none."""
    files = {path.stem for path in (ROOT / "src/kernels/gpu").glob("*.py")} - {"__init__", "blocks", "torch_paths"}
    assert files == {module for module, _ in KERNELS}
