"""The small model that comes with the package."""

from __future__ import annotations

import json

import pytest
import torch

from gramarye import engine
from gramarye.runtime.diffusion.resolve import is_diffusion_model
from gramarye.runtime.diffusion.tiny import FOLDER, load_tiny


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_shipped_model_writes_json() -> None:
    model = load_tiny()
    assert is_diffusion_model("tiny")
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    result = engine.generate(model, "json name string, age integer\n", schema=schema, length=32, temperature=0, block=8)
    assert result.value.keys() == {"name", "age"}
    assert json.loads(result.text) == result.value
    free = engine.generate(model, "json name string, age integer\n", length=32, temperature=0, block=8)
    assert free.text.startswith('{"')


def test_the_shipped_weights_are_small() -> None:
    files = list(FOLDER.iterdir())
    assert {file.name for file in files} == {"config.json", "model.safetensors", "tokenizer.json", "LICENSE"}
    assert sum(file.stat().st_size for file in files) < 4 << 20
