"""Threads that help the caller with work that runs without the interpreter lock, kept from call to call.

::

    caller ──put──> inbox ──get──> helper: task()
      │ task()                       │
      └── goes on as soon as nothing is left to do, also where a helper has not woken up yet

A task is called by several threads at once and shares its work out itself; one that comes late finds nothing to do. So
short work is not held up by threads that take long to wake. Helpers are started when first needed and end when the
:class:`Workers` are closed or dropped, or with the process. A forked child starts helpers of its own.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

__all__ = ["Workers", "available_cores"]

Task = Callable[[], None]
_Inbox = SimpleQueue[Task | None]


def available_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Helpers. Safe to share between threads.

    Args:
        threads: threads that work at once, the caller's own counted; None: one a core.
    """

    __slots__ = ("__weakref__", "_helpers", "_inbox", "_lock", "_process", "_stop", "threads")

    def __init__(self, threads: int | None = None) -> None:
        self.threads = available_cores() if threads is None else threads
        self._lock = threading.Lock()
        self._renew()

    def _renew(self) -> None:
        """Begin without helpers."""
        self._process = os.getpid()
        self._inbox: _Inbox = SimpleQueue()
        self._helpers: list[threading.Thread] = []
        self._stop = weakref.finalize(self, _end, self._inbox, self._helpers)

    def invite(self, task: Task, threads: int) -> None:
        """Let helpers call ``task`` too, as soon as they wake, until ``threads`` work on it with the caller."""
        wanted = min(threads, self.threads) - 1
        if wanted <= 0:
            return
        with self._lock:
            if self._process != os.getpid() or not self._stop.alive:
                self._stop.detach()
                self._renew()
            while len(self._helpers) < wanted:
                helper = threading.Thread(target=_help, args=(self._inbox,), name="gramarye-helper", daemon=True)
                self._helpers.append(helper)
                helper.start()
        for _ in range(wanted):
            self._inbox.put(task)

    def close(self) -> None:
        """End the helpers and wait for them. The next :meth:`invite` starts others."""
        with self._lock:
            helpers = list(self._helpers)
            self._stop()
        for helper in helpers:
            helper.join()


def _help(inbox: _Inbox) -> None:
    """What a helper does. It knows the inbox only, so that it does not keep the workers alive."""
    while (task := inbox.get()) is not None:
        task()
        del task


def _end(inbox: _Inbox, helpers: list[threading.Thread]) -> None:
    for _ in helpers:
        inbox.put(None)
