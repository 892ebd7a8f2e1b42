"""Put a file where none stands, as a whole, or learn that another was first.

One function a kind of store. Each returns whether this caller's file is the one that stands, and
leaves no moment in which a reader finds half of it, whenever a process dies.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import threading
import time
from contextlib import suppress
from typing import Any

from dagsterlite_fsspec.disk import sync_folder, write_file

# What file systems without hard links answer; EXDEV comes from layered ones.
_LINKS_REFUSED = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
)
_ANOTHER_STANDS = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})

# S3's answer while another conditional write of the same key is under way: it asks to try again.
_CONFLICT = "ConditionalRequestConflict"
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)

_turn = threading.Lock()


def publish_local(path: str, data: bytes, *, is_synced: bool) -> bool:
    """Put ``data`` at ``path`` on a file system of this machine.

    Where hard links are refused, a folder that holds the file takes its place (see
    :func:`published_inside`): no folder can be renamed over one that is not empty. A lock file
    would do for the living only; one left by a killed process looks like one of a slow process.

    Raises:
        OSError: as the system says.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    write_file(temporary, [data], is_synced=is_synced)
    try:
        return _link(temporary, path, is_synced=is_synced)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _link(temporary: str, path: str, *, is_synced: bool) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as exc:
        if exc.errno not in _LINKS_REFUSED:
            raise
        return _rename_as_folder(temporary, path, is_synced=is_synced)
    return True


def _rename_as_folder(temporary: str, path: str, *, is_synced: bool) -> bool:
    folder = f"{temporary}.folder"
    os.mkdir(folder)
    try:
        os.rename(temporary, os.path.join(folder, os.path.basename(path)))
        if is_synced:
            sync_folder(folder)
        os.rename(folder, path)
    except OSError as exc:
        shutil.rmtree(folder, ignore_errors=True)
        if exc.errno in _ANOTHER_STANDS:
            return False
        raise
    return True


def published_inside(path: str) -> str:
    """Return where the file lies that was published at ``path`` as a folder."""
    return os.path.join(path, os.path.basename(path))


def publish_alone(fs: Any, path: str, data: bytes) -> bool:
    """Put ``data`` at ``path`` of a store that takes no conditions: look, then write.

    Threads of this process take turns; no other process may publish the same.

    Raises:
        Exception: as the file system says.
    """
    with _turn:
        try:
            fs.cat_file(path)
        except FileNotFoundError:
            return publish_remote(fs, path, data)
        return False


def takes_conditions(fs: Any, path: str) -> bool:
    """Return whether a store refuses to put an object where one stands, if it is asked to.

    ``path`` names an object that nobody else uses; it is gone afterwards, where that is allowed.

    Raises:
        Exception: as the file system says: there may be no such bucket, or no right to write.
    """
    _create(fs, path, b"first")
    try:
        return not _create(fs, path, b"second")
    finally:
        # Who may write need not have the right to remove.
        with suppress(Exception):
            fs.rm_file(path)


def publish_remote(fs: Any, path: str, data: bytes) -> bool:
    """Put ``data`` at ``path`` of a file system whose store takes conditional writes.

    Raises:
        Exception: as the file system says; what stands then is open.
    """
    for pause in _PAUSES:
        try:
            return _create(fs, path, data)
        except OSError as exc:
            if not _is_conflict(exc):
                raise
        # Two that collided must not collide again.
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
    return _create(fs, path, data)


def _create(fs: Any, path: str, data: bytes) -> bool:
    try:
        fs.pipe_file(path, data, mode="create")
    except FileExistsError:
        return False
    return True


def _is_conflict(exc: BaseException) -> bool:
    response = getattr(exc.__cause__, "response", None) or {}
    return bool(response.get("Error", {}).get("Code") == _CONFLICT)
