"""Automata of formats on disk: what is read is what was written, and a broken file is made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gramarye.grammar.regex import CharDfa, compile_regex
from gramarye.grammar.schema.format_cache import kept_automaton


def _make() -> CharDfa:
    return compile_regex("a+[b-\u00e9]{2}|z")


def _refuse() -> CharDfa:
    raise AssertionError("the automaton was made again")


def test_an_automaton_is_made_once(tmp_path: Path) -> None:
    made = kept_automaton("one", _make, tmp_path)
    assert kept_automaton("one", _refuse, tmp_path) == made == _make()
    assert [path.name.startswith("format-one-") for path in tmp_path.iterdir()] == [True]


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, keep: int) -> None:
    kept_automaton("one", _make, tmp_path)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 255
    path.write_bytes(content[:keep])
    assert kept_automaton("one", _make, tmp_path) == _make()
    assert kept_automaton("one", _refuse, tmp_path) == _make()


def test_a_folder_that_cannot_be_written_is_tolerated(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert kept_automaton("one", _make, tmp_path / "file") == _make()
