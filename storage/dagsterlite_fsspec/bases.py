"""The base below which a store keeps its files: a folder of this machine, or any fsspec URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.local import LocalFiles, is_local

Durability = Literal["none", "fsync"]


def open_files(base: str, options: Mapping[str, Any], durability: Durability = "none") -> Files:
    """Return the files below a base.

    Args:
        base: A folder, or a URL.
        options: The options of the file system.
        durability: ``fsync`` lets local files survive a power failure too.

    Raises:
        CheckError: the base holds a password, or chains file systems.
        DagsterStorageError: no file system of the base's protocol is known, or its package is
            missing.
    """
    if is_local(base):
        return LocalFiles(base, is_synced=durability == "fsync")
    # Local files are the usual case and need no fsspec, which takes its time to import.
    from dagsterlite_fsspec.remote import RemoteFiles

    return RemoteFiles(base, options)


def address_below(base: str, path: str) -> str:
    """Return the address of a path relative to a base."""
    return f"{base}{path}" if base.endswith("/") else f"{base}/{path}"
