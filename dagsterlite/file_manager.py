"""Files that steps hand to each other: kept by a manager, passed on as handles (seed 003)."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import IO, Any

from dagsterlite.errors import ParameterCheckError


class FileHandle(ABC):
    """A reference to a file as manipulated by a :class:`FileManager`.

    Subclasses may handle files of the local file system, of an object store, or of any place
    where a file can be stored. A handle is small and pickles: solids pass it on as a value, and
    the same code works on one machine and on a cluster.
    """

    @property
    @abstractmethod
    def path_desc(self) -> str:
        """A representation of the file path for display purposes only."""


@dataclass(frozen=True)
class LocalFileHandle(FileHandle):
    """A reference to a file on a local filesystem.

    Args:
        path: The file's path.

    Raises:
        ParameterCheckError: ``path`` is no path.
    """

    path: str

    def __post_init__(self) -> None:
        given: Any = self.path
        if not isinstance(given, (str, os.PathLike)) or not os.fspath(given):
            raise ParameterCheckError("LocalFileHandle", "path", "a path", given)
        object.__setattr__(self, "path", os.fspath(given))

    @property
    def path_desc(self) -> str:
        return self.path


class FileManager(ABC):
    """Abstract access to a file system such as local disk, S3, or other cloud storage.

    Implemented by resources. Each method raises
    :class:`~dagsterlite.errors.DagsterStorageError` for what the file system refuses, and
    :class:`~dagsterlite.errors.DagsterFileNotFoundError` for a handle whose file is not there.
    """

    @abstractmethod
    def copy_handle_to_local_temp(self, file_handle: FileHandle) -> str:
        """Copy the file of a handle to a temp file of this machine; return its path.

        Not guaranteed to be there for other solids: for that, use :meth:`read`,
        :meth:`read_data`, :meth:`write` and :meth:`write_data`.
        """

    @abstractmethod
    def delete_local_temp(self) -> None:
        """Delete all temp files that :meth:`copy_handle_to_local_temp` made.

        Should typically only be called by the framework.
        """

    @abstractmethod
    def read(self, file_handle: FileHandle, mode: str = "rb") -> IO[Any]:
        """Return a file-like stream of the file, which the caller closes.

        May incur an expensive network call where files lie in an object store.

        Args:
            file_handle: The file.
            mode: ``rb`` for bytes, ``r`` for text in UTF-8.
        """

    @abstractmethod
    def read_data(self, file_handle: FileHandle) -> bytes:
        """Return the bytes of the file; the same network call may be incurred."""

    @abstractmethod
    def write(self, file_obj: IO[Any], mode: str = "wb", ext: str | None = None) -> FileHandle:
        """Write what a file-like object holds, from where it stands, to a new file.

        Args:
            file_obj: A file-like object.
            mode: ``wb`` where it gives bytes, ``w`` where it gives text, kept in UTF-8.
            ext: The extension of the new file's name, with or without its dot.
        """

    @abstractmethod
    def write_data(self, data: bytes, ext: str | None = None) -> FileHandle:
        """Write raw bytes to a new file.

        Args:
            data: The bytes.
            ext: The extension of the new file's name, with or without its dot.
        """
