"""Storing outputs and committing steps beside the steps that come after them.

A value is taken as bytes while its step runs, since the steps that use it may change it. Then it is
written, and its step committed, in threads of the worker: as many bytes at once as there is room
for; a step that has more to hand on waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final

from distributed.threadpoolexecutor import ThreadPoolExecutor

from dagsterlite.events.receipt import StoredOutput
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.outputs import is_lazy
from dagsterlite.stores import IntermediateStorage, StepManifest

WRITERS: Final = 8
"""How many outputs and manifests a worker process writes at once."""

LONGEST_WAIT: Final = 0.5
"""How long a step that waits for room does not look whether its run is to stop."""


class Lane:
    """Does work in the order that it comes in, some of it at once, in threads of its own.

    Args:
        room: How many bytes the work may hold that is not done.
        interrupts: Tell whether the run is to stop: then nothing begins any more.
    """

    def __init__(self, room: int, interrupts: Interrupts) -> None:
        self._room = room
        self._interrupts = interrupts
        self._changed = threading.Condition()
        self._held = 0
        self._open = 0
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="dagsterlite-behind")

    def put(self, work: Callable[[], object], size: int = 0) -> Future[Any]:
        """Take work; wait first until there is room for it.

        Work that is larger than all room is taken alone.

        Args:
            work: The work.
            size: How many bytes it holds until it is done.

        Raises:
            DagsterExecutionInterruptedError: the run is to stop.
        """
        with self._changed:
            while size and self._held and self._held + size > self._room:
                self._interrupts.check()
                self._changed.wait(LONGEST_WAIT)
            self._held += size
            self._open += 1
        future: Future[Any] = self._pool.submit(work)
        future.add_done_callback(lambda _done: self._give_back(size))
        return future

    def _give_back(self, size: int) -> None:
        with self._changed:
            self._held -= size
            self._open -= 1
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait until all work is done, but not longer than some seconds."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._open and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)

    def close(self, seconds: float) -> None:
        """Take no more work, and wait until all is done, but not longer than some seconds."""
        self._pool.shutdown(timeout=seconds)


class WriteBehind(IntermediateStorage):
    """A worker's view of a storage: outputs are written later, and all of them before the commit.

    What the steps after it read from the storage, not from memory, is written at once.

    Args:
        storage: The storage.
        lane: Where the writing is done.
        interrupts: Tell whether the run is to stop.
    """

    def __init__(self, storage: IntermediateStorage, lane: Lane, interrupts: Interrupts) -> None:
        self._storage = storage
        self._lane = lane
        self._interrupts = interrupts
        #: What is not known to be written yet, by its address.
        self._writing: dict[str, Future[Any]] = {}

    @property
    def is_persistent(self) -> bool:
        return self._storage.is_persistent

    @property
    def address(self) -> str | None:
        return self._storage.address

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Take a value, to be written later; wait where too much is to be written already."""
        if codec is not None or is_lazy(value):
            return self._storage.write_output(step_key, attempt_id, output_name, value, codec)
        staged = self._storage.stage_output(step_key, attempt_id, output_name, value)
        if staged.write is not None:
            work = _Write(staged.write, self._interrupts)
            self._writing[staged.stored.address] = self._lane.put(work, staged.stored.size or 0)
        return staged.stored

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        future = self._writing.get(output.address)
        if future is not None:
            future.result()
        return self._storage.read_output(step_key, output)

    def commit(self, manifest: StepManifest) -> StepManifest:
        """Commit a step once all its outputs are written.

        Raises:
            DagsterStorageError: one cannot be written.
            DagsterExecutionInterruptedError: the run is to stop.
        """
        for output in manifest.receipt.outputs:
            future = self._writing.get(output.address)
            if future is not None:
                future.result()
                del self._writing[output.address]
        self._interrupts.check()
        return self._storage.commit(manifest)

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return self._storage.read_manifest(step_key)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        """Remove what an attempt wrote; what it has not begun to write is not written any more."""
        outputs = list(outputs)
        for output in outputs:
            future = self._writing.pop(output.address, None)
            if future is not None and not future.cancel():
                future.exception()
        self._storage.discard(step_key, outputs)

    def release(self, step_key: str, output_name: str) -> None:
        self._storage.release(step_key, output_name)


class _Write:
    """Writes an output, and lets go of its bytes then: whoever waits for it holds none."""

    def __init__(self, write: Callable[[], None], interrupts: Interrupts) -> None:
        self._write: Callable[[], None] | None = write
        self._interrupts = interrupts

    def __call__(self) -> None:
        write, self._write = self._write, None
        self._interrupts.check()
        assert write is not None
        write()
