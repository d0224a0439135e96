"""What all tests share: the real data beside the repository as fixtures, and hypothesis' effort."""

from __future__ import annotations

import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Triton kernels are interpreted, on the CPU, unless the environment says otherwise: asked for before triton is loaded.
os.environ.setdefault("TRITON_INTERPRET", "1")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TOKENIZER_NAMES = ("llama3_1", "qwen3", "gemma3")

# Deadlines are off in both: a first example pays for compilation, and a timing is never a test.
_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("fast", max_examples=50, derandomize=True, **_SETTINGS)
settings.register_profile("long", max_examples=1000, print_blob=True, **_SETTINGS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tokenizers, schemas and suites, which is not part of the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared data is absent: no folder {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tokenizer_json(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a name in TOKENIZER_NAMES to its tokenizer.json, unpacked once a session."""
    folder = tmp_path_factory.mktemp("tokenizers")

    def unpack(name: str) -> Path:
        path = folder / name / "tokenizer.json"
        if not path.exists():
            packed = shared_data / "tokenizers" / f"{name}.json.xz"
            if not packed.exists():
                pytest.skip(f"the tokenizer {name} is absent: no file {packed}")
            path.parent.mkdir()
            path.write_bytes(lzma.decompress(packed.read_bytes()))
        return path

    return unpack


@pytest.fixture(scope="session")
def llama3_1_json(tokenizer_json: Callable[[str], Path]) -> Path:
    """Llama 3.1: byte-level BPE, 128k tokens."""
    return tokenizer_json("llama3_1")


@pytest.fixture(scope="session")
def qwen3_json(tokenizer_json: Callable[[str], Path]) -> Path:
    """Qwen 3: byte-level BPE, 151k tokens."""
    return tokenizer_json("qwen3")


@pytest.fixture(scope="session")
def gemma3_json(tokenizer_json: Callable[[str], Path]) -> Path:
    """Gemma 3: SentencePiece with byte fallback, 262k tokens."""
    return tokenizer_json("gemma3")


@pytest.fixture(scope="session", params=TOKENIZER_NAMES)
def real_tokenizer_json(request: pytest.FixtureRequest, tokenizer_json: Callable[[str], Path]) -> Path:
    """Each of the real tokenizers in turn."""
    return tokenizer_json(request.param)
