"""From a base address to the files below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.local import LocalFiles, is_local


def open_files(base: str, options: Mapping[str, Any], *, is_synced: bool = False) -> Files:
    """Return the files below ``base``, a folder of this machine or any fsspec URL.

    Args:
        base: The folder or URL.
        options: Those of its file system.
        is_synced: Whether what is written to local files survives a power failure.

    Raises:
        CheckError: the URL holds a password, or chains file systems.
        DagsterStorageError: no file system of its protocol is known, or its package is missing.
    """
    if is_local(base):
        return LocalFiles(base, is_synced=is_synced)
    # Local files are the usual case and need no fsspec, which takes its time to import.
    from dagsterlite_fsspec.remote import RemoteFiles

    return RemoteFiles(base, options)
