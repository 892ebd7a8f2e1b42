"""What a storage asks of a file system, whichever it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from io import BufferedIOBase
from typing import Any, Protocol


class Files(Protocol):
    """Files by absolute address on one file system.

    Each method raises :class:`~dagsterlite.errors.DagsterStorageError` for what the file system
    refuses.
    """

    #: The address that all others here begin with: an absolute path, or a URL.
    base: str

    @property
    def options(self) -> Mapping[str, Any]:
        """What fsspec is to be given for the addresses here, secrets among it."""

    def write(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        """Write the parts one after the other; when that fails, no partial file stays."""

    def write_stream(self, address: str, parts: Iterable[bytes]) -> None:
        """Write parts that together may be larger than memory; otherwise as :meth:`write`."""

    def replace(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        """Write a file in the place of one that may stand: readers find either, as a whole."""

    def publish(self, address: str, data: bytes) -> bool:
        """Put a file where none stands; return whether it is this one that stands now."""

    @property
    def has_one_winner(self) -> bool:
        """Whether of several processes that publish a file at once only one is told that it did."""

    def open(self, address: str) -> BufferedIOBase:
        """Open a file for reading, whatever was cached of it; the stream can seek.

        Raises:
            FileNotFoundError: there is none.
        """

    def stream(self, address: str) -> BufferedIOBase:
        """Open a file that may be larger than memory, for reading in pieces; it can seek.

        Raises:
            FileNotFoundError: there is none.
        """

    def remove(self, address: str) -> None:
        """Remove a file; do nothing where there is none."""

    def clear(self, folder: str, needed: Collection[str]) -> None:
        """Remove all files below a folder, given relative to the base, but those in ``needed``.

        ``needed`` holds absolute addresses of files and folders.
        """

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the size of each file in a folder, by its path in there; the deeper ones too."""

    def sync(self, folder: str) -> None:
        """See to it that a folder is as safe against a power failure as what is written here."""

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; do nothing where there is none."""
