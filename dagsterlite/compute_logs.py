"""What steps print, kept by run, step and attempt, and readable while they run (seed 003)."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from dagsterlite.configurable import ConfigurableClass, WithoutConfig
from dagsterlite.errors import DagsterStorageError, ParameterCheckError
from dagsterlite.standard_streams import Capture, Sink, capturing

LogKey = Sequence[str]
"""Names what one capture keeps: ``[run id, step key, attempt id]`` for an attempt of a step."""

POLL_SECONDS: Final = 0.2
"""How often a subscription looks for more."""


class ComputeIOType(Enum):
    """One of the two streams that are kept."""

    #: What goes to standard output.
    STDOUT = "stdout"
    #: What goes to standard error.
    STDERR = "stderr"


class LogStream(Sink, Protocol):
    """Takes what is written to one stream of a capture; making it must be cheap."""

    def close(self) -> bool:
        """End the stream; return whether anything was written to it."""


@dataclass(frozen=True, kw_only=True)
class CapturedLogContext:
    """A capture that is under way."""

    log_key: LogKey


@dataclass(frozen=True, kw_only=True)
class CapturedLogData:
    """A piece of what was written; None of a stream that has nothing more."""

    log_key: LogKey
    stdout: bytes | None = None
    stderr: bytes | None = None
    #: What to go on after.
    cursor: str | None = None

    def __bool__(self) -> bool:
        return self.stdout is not None or self.stderr is not None


@dataclass(frozen=True, kw_only=True)
class CapturedLogMetadata:
    """Where a capture lies, for people; None where nothing is kept."""

    stdout_location: str | None = None
    stderr_location: str | None = None


class ComputeLogManager(ConfigurableClass):
    """Captures the unstructured logs (stdout/stderr) of the current process by a log key.

    An implementation says where streams are written and read. Each method raises
    :class:`~dagsterlite.errors.DagsterStorageError` for what its store refuses. It travels to the
    workers of a cluster: by its config where ``dagster.yaml`` names it, else pickled.
    """

    @property
    def keeps_anything(self) -> bool:
        """Whether steps are captured at all."""
        return True

    @abstractmethod
    def open_log_stream(self, log_key: LogKey, io_type: ComputeIOType) -> LogStream:
        """Open a stream that appends to what is kept; nothing is made before it is written to."""

    def dispose(self) -> None:
        """Let go of what this process has kept open for captures to come; by default nothing."""
        return

    @abstractmethod
    def finish_capture(self, log_key: LogKey) -> None:
        """Mark that a capture has ended; called once, where anything was written."""

    @abstractmethod
    def is_capture_complete(self, log_key: LogKey) -> bool:
        """Return whether something was captured by that key and nothing more will come.

        Of a step that has written nothing, nothing is kept: its end is in the event log.
        """

    @abstractmethod
    def get_log_data_for_type(
        self, log_key: LogKey, io_type: ComputeIOType, offset: int, max_bytes: int | None
    ) -> bytes:
        """Return what a stream holds from an offset on, up to now.

        Args:
            log_key: The capture.
            io_type: The stream.
            offset: How many bytes to pass over.
            max_bytes: How many bytes to return at most; None for all.
        """

    @abstractmethod
    def get_log_metadata(self, log_key: LogKey) -> CapturedLogMetadata:
        """Return where a capture lies."""

    @abstractmethod
    def get_log_keys_for_log_key_prefix(
        self, log_key_prefix: Sequence[str], io_type: ComputeIOType
    ) -> list[Sequence[str]]:
        """Return the keys that begin so and of which something is kept, sorted."""

    @abstractmethod
    def delete_logs(
        self, log_key: LogKey | None = None, prefix: Sequence[str] | None = None
    ) -> None:
        """Delete what is kept by one key, or by all keys that begin with a prefix.

        Raises:
            ParameterCheckError: neither is given, or both are.
        """

    @contextmanager
    def open_capture(self, log_key: LogKey, *, below_python: bool = False) -> Iterator[Capture]:
        """Open a capture for code that is to be captured piece by piece.

        Args:
            log_key: What to keep it by.
            below_python: Whether what C code and subprocesses write is captured as well; this
                process must do nothing else meanwhile.
        """
        stdout = self.open_log_stream(log_key, ComputeIOType.STDOUT)
        stderr = self.open_log_stream(log_key, ComputeIOType.STDERR)
        try:
            with capturing(stdout, stderr, below_python=below_python) as capture:
                yield capture
        finally:
            self.close_streams(log_key, stdout, stderr)

    def close_streams(self, log_key: LogKey, *streams: LogStream) -> None:
        """End the streams of a capture, each of them, and so the capture.

        Raises:
            DagsterStorageError: not all that was written is kept.
        """
        is_written = False
        errors: list[DagsterStorageError] = []
        for stream in streams:
            try:
                is_written |= stream.close()
            except DagsterStorageError as exc:
                is_written = True
                errors.append(exc)
        if is_written:
            self.finish_capture(log_key)
        if errors:
            raise errors[0]

    @contextmanager
    def capture_logs(self, log_key: LogKey) -> Iterator[CapturedLogContext]:
        """Capture what this thread writes in the block; it goes where it would go anyhow, too."""
        with self.open_capture(log_key) as capture, capture.routed():
            yield CapturedLogContext(log_key=log_key)

    def get_log_data(
        self, log_key: LogKey, cursor: str | None = None, max_bytes: int | None = None
    ) -> CapturedLogData:
        """Return what was written after a cursor, up to now.

        Args:
            log_key: The capture.
            cursor: The cursor of the data before; None from the beginning.
            max_bytes: How many bytes of each stream at most; None for all.

        Raises:
            ParameterCheckError: ``cursor`` is none of a :class:`CapturedLogData`.
        """
        offsets = _offsets(cursor)
        found = [
            self.get_log_data_for_type(log_key, io_type, offset, max_bytes)
            for io_type, offset in zip(ComputeIOType, offsets, strict=True)
        ]
        stdout, stderr = found
        after = [offset + len(data) for offset, data in zip(offsets, found, strict=True)]
        return CapturedLogData(
            log_key=log_key,
            stdout=stdout or None,
            stderr=stderr or None,
            cursor=":".join(map(str, after)),
        )

    def subscribe(self, log_key: LogKey, cursor: str | None = None) -> ComputeLogSubscription:
        """Return the data that comes after a cursor, piece by piece, until the capture is over."""
        return ComputeLogSubscription(self, log_key, cursor)


def _offsets(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    stdout, _, stderr = cursor.partition(":")
    if not (stdout.isdecimal() and stderr.isdecimal()):
        expected = "the cursor of a CapturedLogData"
        raise ParameterCheckError("ComputeLogManager.get_log_data", "cursor", expected, cursor)
    return int(stdout), int(stderr)


class ComputeLogSubscription(Iterator[CapturedLogData]):
    """Waits for what is captured by one key, and yields it as it comes.

    It ends when the capture is complete or the subscription is closed, and all was yielded.

    Args:
        manager: Keeps the capture.
        log_key: The capture.
        cursor: What to go on after; None for the beginning.
    """

    def __init__(
        self, manager: ComputeLogManager, log_key: LogKey, cursor: str | None = None
    ) -> None:
        self._manager = manager
        self._log_key = log_key
        self._closed = threading.Event()
        #: What was yielded last, as a cursor.
        self.cursor = cursor

    def __next__(self) -> CapturedLogData:
        while True:
            # Asked first: what is written between the two questions must not be missed.
            is_over = self._closed.is_set() or self._manager.is_capture_complete(self._log_key)
            data = self._manager.get_log_data(self._log_key, self.cursor)
            if data:
                self.cursor = data.cursor
                return data
            if is_over:
                raise StopIteration
            self._closed.wait(POLL_SECONDS)

    def close(self) -> None:
        """End the subscription, from whichever thread; what is there already is still yielded."""
        self._closed.set()


def check_one_given(log_key: LogKey | None, prefix: Sequence[str] | None) -> Sequence[str]:
    """Return the key or the prefix that logs are deleted by.

    Raises:
        ParameterCheckError: neither is given, or both are.
    """
    given = [one for one in (log_key, prefix) if one is not None]
    if len(given) != 1 or not given[0]:
        expected = "given where prefix is not, and the one given must not be empty"
        raise ParameterCheckError("ComputeLogManager.delete_logs", "log_key", expected, log_key)
    return given[0]


class _Nothing(LogStream):
    def write(self, data: bytes, /) -> None:
        return

    def fileno(self) -> int:
        raise OSError("nothing is kept")

    def close(self) -> bool:
        return False


class NoOpComputeLogManager(WithoutConfig, ComputeLogManager):
    """Keeps nothing: stdout and stderr go where they would go anyhow (seed 003).

    Args:
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    @property
    def keeps_anything(self) -> bool:
        return False

    def open_log_stream(self, log_key: LogKey, io_type: ComputeIOType) -> LogStream:
        return _Nothing()

    def finish_capture(self, log_key: LogKey) -> None:
        return

    def is_capture_complete(self, log_key: LogKey) -> bool:
        return True

    def get_log_data_for_type(
        self, log_key: LogKey, io_type: ComputeIOType, offset: int, max_bytes: int | None
    ) -> bytes:
        return b""

    def get_log_metadata(self, log_key: LogKey) -> CapturedLogMetadata:
        return CapturedLogMetadata()

    def get_log_keys_for_log_key_prefix(
        self, log_key_prefix: Sequence[str], io_type: ComputeIOType
    ) -> list[Sequence[str]]:
        return []

    def delete_logs(
        self, log_key: LogKey | None = None, prefix: Sequence[str] | None = None
    ) -> None:
        check_one_given(log_key, prefix)
