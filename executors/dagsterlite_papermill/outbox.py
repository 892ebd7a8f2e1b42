"""What a notebook tells the step that runs it: a file that the one writes and the other follows.

Each message is a pickle behind its length, so that one that is not whole yet is not read.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cloudpickle

from dagsterlite.errors import DagsterInvariantViolationError, type_name

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Begun:
    """The kernel has opened the step."""

    pid: int


@dataclass(frozen=True)
class Told:
    """A cell yielded something: an output, a materialization, …."""

    event: Any


@dataclass(frozen=True)
class Logged:
    """A cell logged something."""

    level: int
    text: str


@dataclass(frozen=True)
class Raised:
    """A cell raised something."""

    headline: str
    traceback: str
    #: The exception itself where it tells the engine what to do; None for any other.
    exception: BaseException | None = None


Message = Begun | Told | Logged | Raised


class Outbox:
    """Where messages go; safe to use from several threads.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()

    def put(self, message: Message) -> None:
        """Send a message.

        Raises:
            DagsterInvariantViolationError: it holds what cannot be pickled.
        """
        try:
            data = cloudpickle.dumps(message)
        except Exception as exc:
            what = type_name(message.event) if isinstance(message, Told) else type_name(message)
            reason = f"{type(exc).__name__}: {exc}"
            raise DagsterInvariantViolationError(
                f"What the notebook yielded (an object of type {what}) cannot be pickled, so it "
                f"cannot leave the notebook's kernel: {reason}. Yield plain data instead."
            ) from exc
        with self._lock, open(self._path, "ab") as file:
            file.write(_LENGTH.pack(len(data)) + data)


class Inbox:
    """Reads what an outbox holds, each message once.

    Args:
        path: The file, which may not be there yet.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[Message]:
        """Yield the messages that came since this was last asked."""
        while (data := self._next()) is not None:
            yield cloudpickle.loads(data)

    def _next(self) -> bytes | None:
        if not os.path.exists(self._path):
            return None
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            head = file.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            data = file.read(length)
        if len(data) < length:
            return None
        self._offset += _LENGTH.size + length
        return data
