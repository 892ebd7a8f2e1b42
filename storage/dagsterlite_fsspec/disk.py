"""Files of this machine, written whole or not at all as far as the caller can see."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress


def write_file(path: str, parts: Iterable[bytes | memoryview], *, is_synced: bool) -> None:
    """Write ``parts`` one after the other into the file, making its folders where needed.

    Whatever interrupts the writing, no partial file stays, the death of the process excepted.
    ``is_synced``: return only when the bytes are on the disk itself.

    Raises:
        OSError: as the system says.
    """
    descriptor = open_for_writing(path)
    try:
        try:
            for part in parts:
                _write_all(descriptor, part)
            if is_synced:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(path)
        raise


def open_for_writing(path: str, how: int = os.O_TRUNC) -> int:
    """Return a descriptor of a file, made where it is missing, as its folders are.

    Args:
        path: Its absolute path.
        how: ``O_TRUNC`` for a file that begins anew, ``O_APPEND`` for one that goes on.
    """
    flags = os.O_WRONLY | os.O_CREAT | how
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        return os.open(path, flags, 0o666)


def _write_all(descriptor: int, part: bytes | memoryview) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(descriptor, view) :]


def make_folder(path: str) -> None:
    """Make the folder of that absolute path, and those above it; pass over what stands."""
    try:
        os.mkdir(path)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        make_folder(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def sync_folders(path: str, base: str) -> None:
    """Put what the folders from that of ``path`` up to ``base`` list on the disk itself."""
    folder = os.path.dirname(path)
    while len(folder) > len(base):
        sync_folder(folder)
        folder = os.path.dirname(folder)
    sync_folder(folder)


def sync_folder(path: str) -> None:
    """Put what a folder lists on the disk itself."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: str) -> None:
    """Put what a file holds on the disk itself."""
    _sync(path, os.O_RDONLY)


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
