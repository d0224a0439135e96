"""The disk cache: mapped back equal, checked, rebuilt when corrupt, safe under two writers, optional."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gramarye import Vocabulary
from gramarye.runtime import vocabulary as vocabulary_module
from gramarye.runtime.table_cache import TableCache, default_cache_directory
from gramarye.runtime.vocabulary_tables import TABLE_FORMAT

TOKENS = [b"a", b'a"', b'": ', b"ab", b"a", "é".encode(), b"", b'"}']


def make(cache: TableCache | None) -> Vocabulary:
    return Vocabulary(TOKENS, eos_ids=[6], special_ids=[], cache=cache)


def assert_equal(left: Vocabulary, right: Vocabulary) -> None:
    assert left.fingerprint == right.fingerprint
    for name, array in left.tables.arrays().items():
        other = right.tables.arrays()[name]
        assert array.dtype == other.dtype, name
        assert array.shape == other.shape, name
        assert np.array_equal(array, other), name
        assert other.flags.c_contiguous, name
        assert not other.flags.writeable, name


@pytest.fixture(name="builds")
def _builds(monkeypatch):
    """Counts how often tables are built."""
    calls = []
    build = vocabulary_module.build_tables

    def counted(*arguments):
        calls.append(1)
        return build(*arguments)

    monkeypatch.setattr(vocabulary_module, "build_tables", counted)
    return calls


def test_second_time_is_mapped(tmp_path, builds):
    plain = make(None)
    first = make(TableCache(tmp_path))
    assert len(builds) == 2
    second = make(TableCache(tmp_path))
    assert len(builds) == 2
    assert_equal(plain, first)
    assert_equal(plain, second)
    assert second.encode("aba") == plain.encode("aba")
    assert [path.name for path in tmp_path.iterdir()] == [f"vocabulary-{plain.fingerprint}-{TABLE_FORMAT}.tables"]


def test_another_vocabulary_is_another_file(tmp_path):
    make(TableCache(tmp_path))
    other = Vocabulary(TOKENS, eos_ids=[], special_ids=[], cache=TableCache(tmp_path))
    assert other.tables.eos.tolist() == []
    assert len(list(tmp_path.iterdir())) == 2


def damaged(content: bytes) -> dict[str, bytes]:
    """Ways in which a file can be wrong."""
    middle = len(content) // 2
    return {
        "empty": b"",
        "shorter than its prefix": content[:10],
        "cut": content[:-1],
        "longer": content + b"\0",
        "zeros": bytes(len(content)),
        "not the magic": b"X" + content[1:],
        "checksum": content[:8] + bytes([content[8] ^ 1]) + content[9:],
        "header length": content[:12] + bytes([content[12] ^ 1]) + content[13:],
        "header": content[:20] + bytes([content[20] ^ 1]) + content[21:],
        "payload": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "text": b"not a table file",
    }


@pytest.mark.parametrize("kind", damaged(bytes(100)))
def test_a_corrupt_file_is_rebuilt(tmp_path, builds, kind):
    plain = make(TableCache(tmp_path))
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    path.write_bytes(damaged(good)[kind])
    assert TableCache(tmp_path).load(plain.fingerprint) is None
    assert_equal(plain, make(TableCache(tmp_path)))
    assert len(builds) == 2
    assert path.read_bytes() == good


def test_a_file_under_the_wrong_name_is_refused(tmp_path):
    plain = make(TableCache(tmp_path))
    (path,) = tmp_path.iterdir()
    other = "0" * 64
    path.rename(tmp_path / path.name.replace(plain.fingerprint, other))
    assert TableCache(tmp_path).load(other) is None


def test_a_mapped_vocabulary_survives_replacement_and_removal(tmp_path):
    make(TableCache(tmp_path))
    mapped = make(TableCache(tmp_path))
    assert TableCache(tmp_path).store(mapped.fingerprint, mapped.tables)
    for path in tmp_path.iterdir():
        path.unlink()
    assert_equal(make(None), mapped)


def test_no_place_to_write(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a directory")
    plain = make(None)
    assert_equal(plain, make(TableCache(occupied)))
    assert not TableCache(occupied / "below").store(plain.fingerprint, plain.tables)
    assert occupied.read_text() == "not a directory"


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    plain = make(None)
    assert not TableCache(tmp_path).store(plain.fingerprint, plain.tables)
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys
from gramarye import Vocabulary
from gramarye.runtime.table_cache import TableCache

cache = TableCache(sys.argv[1])
tokens = [b"%d" % token for token in range(3000)]
sys.stdin.readline()
for _ in range(30):
    vocabulary = Vocabulary(tokens, [0], [], cache=cache)
    if not cache.store(vocabulary.fingerprint, vocabulary.tables):
        sys.exit("not stored")
    if cache.load(vocabulary.fingerprint) is None:
        sys.exit("read a broken file")
print(vocabulary.fingerprint)
"""


def test_two_processes_write_at_once(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    outputs = [writer.communicate() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], outputs
    fingerprints = {output.strip() for output, _ in outputs}
    assert len(fingerprints) == 1
    assert TableCache(tmp_path).load(fingerprints.pop()) is not None
    assert len(list(tmp_path.iterdir())) == 1


def test_where_the_cache_is(monkeypatch):
    assert default_cache_directory({"GRAMARYE_CACHE": "/chosen"}) == Path("/chosen")
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_cache_directory({"XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/gramarye")
    assert default_cache_directory({}) == Path.home() / ".cache" / "gramarye"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_cache_directory({}) == Path.home() / "Library" / "Caches" / "gramarye"
    monkeypatch.setattr(sys, "platform", "win32")
    assert default_cache_directory({"LOCALAPPDATA": "/local"}) == Path("/local/gramarye/Cache")


def test_no_home_no_cache(monkeypatch):
    def homeless():
        raise RuntimeError("no home directory")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("GRAMARYE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    cache = TableCache()
    assert cache.directory is None
    assert cache.load("0" * 64) is None
    assert_equal(make(None), make(cache))


def test_from_tokenizer_uses_the_environment(tmp_path, monkeypatch):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"model": {"vocab": {"a": 0, "b": 1}}, "decoder": {"type": "Fuse"}}')
    monkeypatch.setenv("GRAMARYE_CACHE", str(tmp_path / "cache"))
    Vocabulary.from_tokenizer(path, eos_ids=1, cache=False)
    assert not (tmp_path / "cache").exists()
    Vocabulary.from_tokenizer(path, eos_ids=1)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    Vocabulary.from_tokenizer(path, eos_ids=1, cache=tmp_path / "other")
    assert len(list((tmp_path / "other").iterdir())) == 1
