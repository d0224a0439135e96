r"""How kernels are compiled: once, on the first run, into a cache that outlives the process.

numba optimises and assembles every function with an explicit signature for itself, all that it calls included, so a
hundred small functions that call each other cost a hundred growing pieces of machine code (20 s of CPU). Here only the
functions that are called from outside are assembled, each once::

    Python ──────> @entry(signature) ───┐
                                        ├──> @inner(signature) ──> @inner ...    linked in, not assembled
    an address ──> @address(signature) ─┘

The cache is a folder of the user's (``NUMBA_CACHE_DIR``, ``GRAMARYE_CACHE``, or the platform's cache directory), named
by the content of all kernels: numba by itself looks only at the file of the function that is called, and takes an entry
whose callees have changed for fresh. Kernels of a subpackage have a folder inside, named by its content besides: they
may call those of this package, which call none of theirs. Files appear by renaming, so processes that start together do
not disturb each other. Where the folder cannot be written, every process compiles anew. Whoever makes a folder removes
those of other versions that nobody has used for long.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import cfunc, njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Flags, compile_internal
from numba.extending import intrinsic

from .folders import default_cache_directory

__all__ = ["CHECKED", "address", "entry", "inner", "kernel_folder", "prune"]

CHECKED = os.environ.get("GRAMARYE_BOUNDS", "") == "1"
"""Whether accesses to columns are checked against their capacity."""

_PREFIX = "kernels-"
_USED = ".used"
"""A file in a folder of kernels whose time of change is that of the last start of a process that uses it."""
_KEPT = 4
"""Folders of other versions that are kept however old they are."""
_IN_USE = 7 * 86_400.0
"""Seconds for which a folder counts as used by the process that started with it."""

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


@cache
def kernel_folder(subpackage: str = "") -> Path | None:
    """The folder of the compiled kernels; None where there is no place for one. It need not exist.

    Args:
        subpackage: the name of a folder of kernels beside this file; by default those of this package itself.
    """
    if subpackage:
        above = kernel_folder()
        folder = Path(__file__).parent / subpackage
        return above / f"{subpackage}-{_content(folder)}" if above is not None else None
    given = numba.config.CACHE_DIR
    parent = Path(given) if given else default_cache_directory()
    if parent is None:
        return None
    return parent / f"{_PREFIX}{_content(Path(__file__).parent)}"


def _content(folder: Path) -> str:
    """A name for the compiler's settings and the content of the Python files of a folder, subfolders left out."""
    digest = hashlib.sha256(f"{numba.__version__} {CHECKED}".encode())
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _caching(module: str) -> Iterator[bool]:
    """Let numba cache in :func:`kernel_folder` what is compiled of a module in the block; yields whether it can."""
    below = module.removeprefix(__package__).removeprefix(".").rpartition(".")[0]
    folder = kernel_folder(below.replace(".", os.sep))
    possible = folder is not None and _writable(folder)
    before = numba.config.CACHE_DIR
    if possible:
        numba.config.CACHE_DIR = str(folder)
    try:
        yield possible
    finally:
        numba.config.CACHE_DIR = before


@cache
def _writable(folder: Path) -> bool:
    """Whether kernels can be kept in a folder, which is made if need be and marked as used."""
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _USED).touch()
    except OSError:
        return False
    if fresh and folder.name.startswith(_PREFIX):
        prune(folder.parent)
    return os.access(folder, os.W_OK)


def prune(parent: Path, kept: int = _KEPT, in_use: float = _IN_USE) -> list[Path]:
    """Remove the folders of kernels in ``parent`` but for the last used ones.

    Args:
        parent: where the folders of all versions are.
        kept: folders that stay in any case, the most recently used ones.
        in_use: seconds since its last use for which a folder stays.

    Returns:
        The folders removed. A process that still used one of them would compile anew what it has not loaded yet.
    """
    used: list[tuple[float, Path]] = []
    for folder in parent.glob(f"{_PREFIX}*"):
        mark = folder / _USED
        try:
            used.append((max(mark.stat().st_mtime if mark.exists() else 0.0, folder.stat().st_mtime), folder))
        except OSError:  # another process removes it
            continue
    oldest = time.time() - in_use
    removed = [folder for last, folder in sorted(used, reverse=True)[kept:] if last < oldest]
    for folder in removed:
        shutil.rmtree(folder, ignore_errors=True)
    return removed


def entry(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a kernel that Python calls. It releases the interpreter lock."""

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        with _caching(function.__module__) as cached:
            kernel: Callable[..., Any] = njit(signature, cache=cached, **_OPTIONS)(function)
        return kernel

    return compiled


def address(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel that other kernels call through its attribute ``address`` (see ``memory.call_entry``)."""

    def compiled(function: Callable[..., Any]) -> Any:
        with _caching(function.__module__) as cached:
            return cfunc(signature, cache=cached, nopython=True, error_model="numpy")(function)

    return compiled


def _leave(library: Any, *_: Any) -> None:
    """Leave optimisation to the library that this one becomes part of."""


def _finish(library: Any) -> None:
    """Make no machine code."""
    vars(library)["_finalized"] = True


_Part: Any = type(
    "_Part",
    (JITCodeLibrary,),
    {"_optimize_functions": _leave, "_optimize_final_module": _leave, "_finalize_final_module": _finish},
)
"""A library of code that is optimised and assembled in the libraries that it is linked into, never by itself."""


def inner(signature: Any, *, inline: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a kernel that other kernels call. It is compiled when the first entry that calls it is.

    Args:
        signature: types of the result and the arguments; arguments of other types are converted.
        inline: False keeps it one function where it is called from many places.
    """

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        parts: list[tuple[Any, Any]] = []

        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            if not parts:
                parts.append(_compile_part(context, function, signature, inline))
            library, descriptor = parts[0]
            context.active_code_library.add_linking_library(library)
            return context.call_internal(builder, descriptor, signature, arguments)

        def define(typing_context: Any, *arguments: Any) -> Any:
            return signature, generate

        names = ["typing_context", *inspect.signature(function).parameters]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        define.__dict__["__signature__"] = inspect.Signature([inspect.Parameter(name, kind) for name in names])
        define.__name__ = function.__name__
        define.__doc__ = function.__doc__
        kernel: Callable[..., Any] = intrinsic(define)
        return kernel

    return make


def _compile_part(context: Any, function: Callable[..., Any], signature: Any, inline: bool) -> tuple[Any, Any]:
    """Library and descriptor of an inner kernel.

    Arrays that are passed in are kept alive by the caller, so references are only counted where one is returned.
    """
    flags = Flags()
    flags.error_model = "numpy"
    flags.nrt = isinstance(signature.return_type, types.Array)
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    context = context.subtarget(enable_nrt=flags.nrt)
    library = _Part(context.codegen(), function.__name__)
    compiled = compile_internal(
        context.typing_context, context, library, function, signature.args, signature.return_type, flags, {}
    )
    if not inline:
        library.get_function(compiled.fndesc.llvm_func_name).add_function_attribute("noinline")
    return library, compiled.fndesc
