"""A remote file as a stream that is read in pieces, and whose errors are ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import SEEK_SET, RawIOBase
from typing import Any


class Pieces(RawIOBase):
    """Reads an open file of fsspec's.

    Args:
        file: The file.
        translated: Makes the block within which what the file system raises becomes our error.
    """

    def __init__(self, file: Any, translated: Callable[[], AbstractContextManager[None]]) -> None:
        self._file = file
        self._translated = translated

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes there were.

        Raises:
            DagsterStorageError: the file system refuses it.
        """
        with self._translated():
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        found: int = self._file.seek(offset, whence)
        return found

    def tell(self) -> int:
        found: int = self._file.tell()
        return found

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
