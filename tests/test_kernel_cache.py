"""The cache of compiled kernels: read-only installs, starts at the same time, and what is removed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gramarye
from gramarye.kernels.compiling import prune

PACKAGE = Path(gramarye.__file__).parent
NEEDED = ("__init__.py", "errors.py", "kernels/__init__.py", "kernels/compiling.py", "kernels/folders.py")
TINY = """
from numba import types
from .compiling import entry


@entry(types.int64(types.int64))
def double(number):
    return 2 * number
"""
SCRIPT = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
while time.time() < float(sys.argv[2]):
    time.sleep(0.001)
from gramarye.kernels.tiny import double
print(json.dumps([double(21), sum(double.stats.cache_hits.values()), sum(double.stats.cache_misses.values())]))
"""


@pytest.fixture
def install(tmp_path: Path) -> Path:
    """A folder with a copy of the package that has one small kernel and cannot be written."""
    package = tmp_path / "site" / "gramarye"
    for name in NEEDED:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / name, package / name)
    (package / "kernels" / "tiny.py").write_text(TINY)
    for path in [*package.rglob("*"), package]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return package.parent


def start(install: Path, cache: Path, at: float = 0.0) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"GRAMARYE_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", SCRIPT, str(install), str(at)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results(process: subprocess.Popen[str]) -> list[int]:
    """What the kernel returned, and how often it was found in the cache and compiled."""
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    found: list[int] = json.loads(out)
    return found


def test_a_read_only_install_keeps_its_kernels_in_the_users_cache(install: Path, tmp_path: Path) -> None:
    before = sorted(install.rglob("*"))
    cache = tmp_path / "cache"
    assert results(start(install, cache)) == [42, 0, 1]
    assert results(start(install, cache)) == [42, 1, 0]
    assert sorted(install.rglob("*")) == before
    assert list(cache.glob("kernels-*/**/*.nbc"))


def test_a_cache_that_cannot_be_made_costs_a_compilation(install: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    assert results(start(install, occupied / "cache"))[0] == 42


def test_processes_that_start_at_once_do_not_disturb_each_other(install: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    begin = time.time() + 1.0
    processes = [start(install, cache, begin) for _ in range(3)]
    assert [results(process)[0] for process in processes] == [42, 42, 42]
    assert results(start(install, cache)) == [42, 1, 0]
    assert not list(cache.glob("**/*.tmp*"))


def test_folders_of_old_kernels_are_removed_but_for_a_few_and_those_in_use(tmp_path: Path) -> None:
    now = time.time()
    for days in range(10):
        folder = tmp_path / f"kernels-{days}"
        folder.mkdir()
        (folder / "code.nbc").write_text("")
        if days:
            (folder / ".used").touch()
            os.utime(folder / ".used", (now - 86_400 * days,) * 2)
        os.utime(folder, (now - 86_400 * days,) * 2)
    (tmp_path / "kernels-8" / ".used").touch()
    (tmp_path / "vocabulary-x.tables").write_text("")
    removed = prune(tmp_path, kept=3, in_use=86_400 * 4.5)
    assert sorted(folder.name for folder in removed) == ["kernels-5", "kernels-6", "kernels-7", "kernels-9"]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [*(f"kernels-{days}" for days in (0, 1, 2, 3, 4, 8)), "vocabulary-x.tables"]
    assert len(prune(tmp_path, kept=2, in_use=0.0)) == 4
    assert not prune(tmp_path / "nowhere")


@pytest.mark.slow
def test_two_first_starts_at_once_compile_all_kernels(tmp_path: Path) -> None:
    code = (
        "from gramarye import Vocabulary, engine\n"
        "vocabulary = Vocabulary.from_bytes([*(bytes([b]) for b in range(256)), b''], eos_ids=[256])\n"
        "print(engine.compile(schema=True, vocabulary=vocabulary).matcher().mask().tolist())"
    )
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"GRAMARYE_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate(timeout=600)[0] for process in both)
    third = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    assert first == second == third
    assert [process.returncode for process in both] == [0, 0]
