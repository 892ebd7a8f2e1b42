"""What is written to a terminal while a display stands there: by steps, libraries, subprocesses.

Written straight to the terminal it would tear the display, and be wiped out when that is drawn
again. So the process's own standard output and error lead to a file meanwhile, and what comes into
it is shown by the display. A file, not a pipe: native code that prints while no other Python thread
can run would wait for ever for somebody to empty the pipe.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import TextIO

from rich.ansi import AnsiDecoder
from rich.text import Text

_LOOK_EVERY_SECONDS = 0.05
_CHUNK = 1 << 16
_DESCRIPTORS = {1: "stdout", 2: "stderr"}


class ForeignOutput:
    """Leads standard output and error aside, as far as they are terminals, and hands them on.

    What a process that dies a hard death wrote last is lost.

    Args:
        show: Called with each line, colored as it was written.
    """

    def __init__(self, show: Callable[[Text], None]) -> None:
        self._show = show
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._decode_bytes = getincrementaldecoder("utf-8")("replace").decode
        self._decode_line = AnsiDecoder().decode_line
        self._partial = ""
        self._offset = 0
        self._saved = {number: os.dup(number) for number in _DESCRIPTORS if os.isatty(number)}
        encoding = sys.stdout.encoding
        #: Writes to the terminal itself.
        self.terminal: TextIO = os.fdopen(
            os.dup(1), "w", encoding=encoding, errors="backslashreplace"
        )
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by stop
        self._thread = threading.Thread(target=self._loop, name="foreign-output", daemon=True)

    def start(self) -> None:
        """Begin to lead output aside."""
        _flush()
        for number in self._saved:
            os.dup2(self._file.fileno(), number)
        self._thread.start()

    def drain(self) -> None:
        """Show what was written up to now; a line without its end waits for it."""
        _flush()
        self._read()

    def _read(self) -> None:
        with self._lock:
            while chunk := os.pread(self._file.fileno(), _CHUNK, self._offset):
                self._offset += len(chunk)
                *lines, self._partial = (self._partial + self._decode_bytes(chunk)).split("\n")
                for line in lines:
                    self._show(self._decode_line(line))

    def stop(self) -> None:
        """Show all that is left, and let output go to the terminal again."""
        self._stopping.set()
        self._thread.join()
        self.drain()
        for number, saved in self._saved.items():
            os.dup2(saved, number)
            os.close(saved)
        self._read()
        if self._partial:
            self._show(self._decode_line(self._partial))
        self._file.close()

    def _loop(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_SECONDS):
            self.drain()


def _flush() -> None:
    for name in _DESCRIPTORS.values():
        stream = getattr(sys, name)
        if not stream.closed:
            stream.flush()
