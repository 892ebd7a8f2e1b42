"""Files on any other file system that fsspec knows, by URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BufferedIOBase, BufferedReader, BytesIO
from itertools import chain
from tempfile import NamedTemporaryFile
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from dagsterlite.errors import CheckError, DagsterStorageError
from dagsterlite_fsspec.failures import elsewhere_error, is_without_bucket, storage_error
from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.options import has_password, redact, without_password
from dagsterlite_fsspec.paths import lies_in
from dagsterlite_fsspec.pieces import Pieces
from dagsterlite_fsspec.publish import publish_alone, publish_remote, takes_conditions

# They have no folders to make first (but would make a bucket), and take `use_listings_cache`.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
_OURS = (DagsterStorageError,)

_IN_MEMORY = 16 << 20
"""So many bytes of a stream are sent from memory, and no more."""

_PART = 8 << 20
_PARTS = 9_000
"""S3 takes 10,000 parts of a file."""

_BUFFER = 1 << 20
_BLOCK = 8 << 20
"""What is fetched at a time where a file is read in pieces; clients' own sizes are larger."""


class _NoObjectError(FileNotFoundError):
    """There is no object of that address, in a bucket that may well be there."""


class RemoteFiles(Files):
    """The files below one URL; see :class:`~dagsterlite_fsspec.files.Files`.

    Of single files, nothing here lists, looks whether one exists or asks for its size: file systems
    answer such questions from caches. No file system is kept either: fsspec keeps one for each
    process, and for each thread where it must, also after a fork.

    Raises:
        CheckError: the URL holds a password, or chains file systems.
        DagsterStorageError: no file system of that protocol is known, or its package is missing.
    """

    def __init__(self, base: str, options: Mapping[str, Any]) -> None:
        _check_base(base)
        self.base = base if base.endswith("://") else base.rstrip("/")
        self._protocol = _protocol(base)
        self._options = dict(options)
        if self._protocol in _OBJECT_STORES:
            self._options["use_listings_cache"] = False
        with self._translated("use", self.base):
            fsspec.get_filesystem_class(self._protocol)

    def write(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        # What their source raises is not the file system's.
        data = b"".join(parts)
        with self._translated("write", address):
            fs, path = self._locate_for_writing(address)
            fs.pipe_file(path, data)

    def write_stream(self, address: str, parts: Iterable[bytes]) -> None:
        rest = iter(parts)
        begin = _take(rest, _IN_MEMORY)
        after = next(rest, None)
        if after is None:
            self.write(address, begin)
            return
        # From a file of this machine, so that nothing is put there before all of it is known.
        with NamedTemporaryFile(prefix="dagsterlite-") as spool:
            spool.writelines(chain(begin, [after], rest))
            spool.flush()
            with self._translated("write", address):
                fs, path = self._locate_for_writing(address)
                fs.put_file(spool.name, path, **self._in_parts(spool.tell()))

    def _in_parts(self, size: int) -> dict[str, int]:
        """Return how a file of that size is sent; the client's own way holds half a gigabyte."""
        if self._protocol not in {"s3", "s3a"}:
            return {}
        return {"chunksize": max(_PART, size // _PARTS), "max_concurrency": 3}

    def replace(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        self.write(address, parts)

    def publish(self, address: str, data: bytes) -> bool:
        publish = publish_remote if self.has_one_winner else publish_alone
        with self._translated("write", address):
            fs, path = self._locate_for_writing(address)
            return publish(fs, path, data)

    @cached_property
    def has_one_winner(self) -> bool:
        # Other file systems look first and write then, in two steps.
        if self._protocol not in _OBJECT_STORES:
            return False
        probe = f"{self.base}/.dagsterlite-probe-{os.urandom(8).hex()}"
        with self._translated("write", probe):
            return takes_conditions(*self._locate(probe))

    def open(self, address: str) -> BufferedIOBase:
        return BytesIO(self._opened(address, lambda fs, path: fs.cat_file(path)))

    def stream(self, address: str) -> BufferedIOBase:
        file = self._opened(address, lambda fs, path: fs.open(path, "rb", _BLOCK))
        pieces = Pieces(file, lambda: self._translated("read", address))
        return BufferedReader(pieces, _BUFFER)

    def _opened(self, address: str, opened: Callable[[Any, str], Any]) -> Any:
        with self._translated("read", address, passing=(*_OURS, _NoObjectError)):
            fs, path = self._locate(address)
            try:
                return opened(fs, path)
            except FileNotFoundError as exc:
                if is_without_bucket(exc):
                    raise
                raise _NoObjectError(address) from None

    @property
    def options(self) -> Mapping[str, Any]:
        return self._options

    def remove(self, address: str) -> None:
        with self._translated("remove", address), suppress(FileNotFoundError):
            fs, path = self._locate(address)
            fs.rm_file(path)

    def clear(self, folder: str, needed: Collection[str]) -> None:
        top = f"{self.base}/{folder}"
        with self._translated("remove", top):
            fs, path = self._locate(top)
            kept = {self._locate(address)[1] for address in needed}
            for found in fs.find(path):
                if not lies_in(found, kept):
                    fs.rm_file(found)

    def sizes(self, folder: str) -> dict[str, int]:
        with self._translated("read", folder):
            fs, path = self._locate(folder)
            found = fs.find(path, detail=True)
            return {
                name.removeprefix(path).lstrip("/"): info["size"] for name, info in found.items()
            }

    def sync(self, folder: str) -> None:
        return

    def remove_folder(self, folder: str) -> None:
        with self._translated("remove", folder), suppress(FileNotFoundError):
            fs, path = self._locate(folder)
            fs.rm(path, recursive=True)

    def _locate_for_writing(self, address: str) -> tuple[Any, str]:
        fs, path = self._locate(address)
        if self._protocol not in _OBJECT_STORES:
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        return fs, path

    def _locate(self, address: str) -> tuple[Any, str]:
        if _protocol(address) != self._protocol:
            raise elsewhere_error(address, self.base)
        fs, path = url_to_fs(address, **self._options)
        return fs, path

    @contextmanager
    def _translated(
        self, doing: str, address: str, passing: tuple[type[Exception], ...] = _OURS
    ) -> Iterator[None]:
        try:
            yield
        except passing:
            raise
        except Exception as exc:  # noqa: BLE001 - each client has errors of its own
            # The cause is left out: its text, or that of its own causes, may hold a secret.
            raise storage_error(doing, address, exc, redact(str(exc), self._options)) from None


def _take(parts: Iterator[bytes], size: int) -> list[bytes]:
    """Return the first parts, of so many bytes together or somewhat more."""
    taken: list[bytes] = []
    while size > 0 and (part := next(parts, None)) is not None:
        taken.append(part)
        size -= len(part)
    return taken


def _check_base(base: str) -> None:
    shown = without_password(base)
    if has_password(base):
        raise CheckError(
            f"The base {shown} holds a password, which would be stored with each value. Give it in "
            "the storage options or in the environment."
        )
    if "::" in base:
        raise CheckError(
            f"The base {shown} chains file systems, and a cache among them could answer with what "
            "no longer stands. Give the URL of the last one."
        )


def _protocol(url: str) -> str:
    return url.partition("://")[0]
