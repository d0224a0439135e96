"""Double buffering, on streams that run their work late, in any order that their events allow.

``FakeCuda`` takes the place of torch in the module: what is enqueued runs when the scheduler, a random one, gets to it.
A copy that the events did not hold back in time would read or overwrite the wrong masks.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gramarye.runtime.device import copies
from gramarye.runtime.device.copies import MaskCopier


class FakeStream:
    def __init__(self, cuda):
        self.cuda, self.work = cuda, deque()
        cuda.streams.append(self)

    def wait_event(self, event):
        wanted = event.recorded
        self.work.append((lambda: event.done >= wanted, lambda: None))

    def run(self, action):
        self.work.append((lambda: True, action))

    def synchronize(self):
        while self.work:
            self.cuda.step()


class FakeEvent:
    def __init__(self, cuda):
        self.cuda, self.recorded, self.done = cuda, 0, 0

    def record(self, stream):
        self.recorded += 1
        number = self.recorded
        stream.run(lambda: setattr(self, "done", number))

    def synchronize(self):
        wanted = self.recorded
        while self.done < wanted:
            self.cuda.step()


class FakeTensor:
    def __init__(self, cuda, array):
        self.cuda, self.array = cuda, array

    def __getitem__(self, place):
        return FakeTensor(self.cuda, self.array[place])

    def numpy(self):
        return self.array

    def copy_(self, source, *, non_blocking):
        assert non_blocking
        self.cuda.current.run(lambda: np.copyto(self.array, source.array))


class FakeCuda:
    """Both ``torch`` and ``torch.cuda``."""

    int32, device, Tensor = torch.int32, torch.device, FakeTensor

    def __init__(self, seed):
        self.rng, self.streams = np.random.default_rng(seed), []
        self.compute = self.current = FakeStream(self)
        self.cuda = SimpleNamespace(
            Stream=lambda _: FakeStream(self),
            Event=lambda: FakeEvent(self),
            current_stream=lambda _: self.current,
            stream=self.entered,
        )

    @contextmanager
    def entered(self, stream):
        before, self.current = self.current, stream
        yield
        self.current = before

    def empty(self, shape, **_):
        return FakeTensor(self, np.full(shape, -7, np.int32))

    def step(self):
        """Run the next piece of work of some stream that may go on."""
        ready = [stream for stream in self.streams if stream.work and stream.work[0][0]()]
        assert ready, "deadlock"
        self.rng.choice(np.array(ready, object)).work.popleft()[1]()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_what_was_given(monkeypatch, seed):
    fake = FakeCuda(seed)
    monkeypatch.setattr(copies, "torch", fake)
    copier = MaskCopier(3, "cuda")
    seen, given = [], []
    for _ in range(25):
        masks = fake.rng.integers(0, 2**32, (int(fake.rng.integers(1, 9)), 3), dtype=np.uint32)
        sent = copier.copy(masks)
        given.append(masks.copy())
        masks[:] = 0  # the caller may write on at once
        fake.compute.run(lambda sent=sent: seen.append(sent.array.copy().view(np.uint32)))
        for _ in range(int(fake.rng.integers(0, 6))):
            if any(stream.work for stream in fake.streams):
                fake.step()
    fake.compute.synchronize()
    assert len(seen) == len(given)
    for ours, theirs in zip(seen, given, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_copies_elsewhere_are_plain():
    copier = MaskCopier(2, "cpu")
    masks = np.array([[1, 2**31]], np.uint32)
    sent = copier.copy(masks)
    masks[:] = 0
    assert sent.tolist() == [[1, -(2**31)]]
