"""Files on this machine, straight through the system: no other layer, no cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from typing import Any

from dagsterlite_fsspec.disk import sync_file, sync_folder, sync_folders, write_file
from dagsterlite_fsspec.failures import elsewhere_error, storage_error
from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.paths import lies_in
from dagsterlite_fsspec.publish import publish_local, published_inside

_SCHEMES = ("file://", "local://")


def is_local(base: str) -> bool:
    """Return whether a base address names a folder of this machine."""
    return base.startswith(("/", *_SCHEMES)) or ("://" not in base and "::" not in base)


def local_path(address: str) -> str:
    """Return the absolute path that an address of this machine stands for."""
    for scheme in _SCHEMES:
        address = address.removeprefix(scheme)
    return os.path.abspath(os.path.expanduser(address))


class LocalFiles(Files):
    """The files below one folder; see :class:`~dagsterlite_fsspec.files.Files`.

    ``is_synced``: what is written survives a power failure, not only the death of the process.
    """

    def __init__(self, base: str, *, is_synced: bool) -> None:
        self.base = local_path(base)
        self._is_synced = is_synced

    def write(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        with _translated("write", address):
            write_file(address, parts, is_synced=self._is_synced)
            if self._is_synced:
                sync_folders(address, self.base)

    def write_stream(self, address: str, parts: Iterable[bytes]) -> None:
        self.write(address, parts)

    def replace(self, address: str, parts: Iterable[bytes | memoryview]) -> None:
        folder, name = os.path.split(address)
        temporary = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
        with _translated("write", address):
            write_file(temporary, parts, is_synced=self._is_synced)
            try:
                os.replace(temporary, address)
            except OSError:
                os.unlink(temporary)
                raise
            if self._is_synced:
                sync_folders(address, self.base)

    def publish(self, address: str, data: bytes) -> bool:
        with _translated("write", address):
            is_ours = publish_local(address, data, is_synced=self._is_synced)
            if self._is_synced:
                sync_folders(address, self.base)
            return is_ours

    @property
    def has_one_winner(self) -> bool:
        return True

    def open(self, address: str) -> BufferedIOBase:
        if not is_local(address):
            raise elsewhere_error(address, self.base)
        path = local_path(address)
        with _translated("read", address, passing=(FileNotFoundError,)):
            try:
                return open(path, "rb")
            except IsADirectoryError:
                return open(published_inside(path), "rb")

    def stream(self, address: str) -> BufferedIOBase:
        return self.open(address)

    @property
    def options(self) -> Mapping[str, Any]:
        return {}

    def remove(self, address: str) -> None:
        path = local_path(address)
        with _translated("remove", address), suppress(FileNotFoundError):
            os.unlink(path)
        _remove_if_empty(os.path.dirname(path))

    def clear(self, folder: str, needed: Collection[str]) -> None:
        top = os.path.join(self.base, folder)
        with _translated("remove", top):
            for place, _, names in os.walk(top, topdown=False):
                for name in names:
                    path = os.path.join(place, name)
                    if not lies_in(path, needed):
                        os.unlink(path)
                _remove_if_empty(place)
            _remove_if_empty(os.path.dirname(top))

    def sizes(self, folder: str) -> dict[str, int]:
        root = local_path(folder)
        with _translated("read", folder):
            return {
                os.path.relpath(os.path.join(inside, name), root): os.path.getsize(
                    os.path.join(inside, name)
                )
                for inside, _, names in os.walk(root)
                for name in names
            }

    def sync(self, folder: str) -> None:
        if not self._is_synced:
            return
        root = local_path(folder)
        with _translated("write", folder):
            for inside, _, names in os.walk(root):
                for name in names:
                    sync_file(os.path.join(inside, name))
                sync_folder(inside)

    def remove_folder(self, folder: str) -> None:
        path = local_path(folder)
        with _translated("remove", folder), suppress(FileNotFoundError):
            shutil.rmtree(path)
        _remove_if_empty(os.path.dirname(path))


def _remove_if_empty(folder: str) -> None:
    with suppress(OSError):
        os.rmdir(folder)


@contextmanager
def _translated(
    doing: str, address: str, passing: tuple[type[OSError], ...] = ()
) -> Iterator[None]:
    try:
        yield
    except passing:
        raise
    except OSError as exc:
        raise storage_error(doing, address, exc, str(exc)) from exc
