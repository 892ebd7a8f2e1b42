"""Values that are kept as a folder of files beside their object, which lists them.

The files may be read in parts and long after, so their sizes are looked at and not each byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from io import BufferedIOBase
from shutil import copyfileobj
from typing import Any

from dagsterlite.errors import DagsterCorruptObjectError
from dagsterlite_fsspec.codecs import FolderCodec
from dagsterlite_fsspec.files import Files


def folder_of(address: str) -> str:
    """Return the folder of the object at ``address``; no name's own path is the same."""
    return f"{address}%parts"


def write_folder(files: Files, codec: FolderCodec, value: Any, address: str) -> bytes:
    """Write a value's files; return the object that lists them.

    Raises:
        DagsterStorageError: the file system refuses something; no file stays.
        Exception: what the codec raises; no file stays.
    """
    folder = folder_of(address)
    # The same attempt may have written it before.
    files.remove_folder(folder)
    try:
        codec.write_folder(value, folder, files.options)
        files.sync(folder)
        return json.dumps({"sizes": files.sizes(folder)}).encode()
    except BaseException:
        files.remove_folder(folder)
        raise


def read_folder(files: Files, codec: FolderCodec, listing: BufferedIOBase, address: str) -> Any:
    """Return the value whose files the object at ``address`` lists.

    Raises:
        DagsterCorruptObjectError: a file is missing, or of another size than was written.
        DagsterStorageError: the file system refuses something.
        Exception: what the codec raises.
    """
    folder = folder_of(address)
    _check(folder, json.load(listing)["sizes"], files.sizes(folder))
    return codec.read_folder(folder, files.options)


def copy_folder(files: Files, listing: BufferedIOBase, address: str, path: str) -> None:
    """Copy the files of a value that the object at ``address`` lists to a new folder.

    Raises:
        DagsterCorruptObjectError: a file is missing, or of another size than was written.
        DagsterStorageError: the file system refuses something.
        FileExistsError: the folder is there already.
        OSError: it cannot be written to.
    """
    folder = folder_of(address)
    written = json.load(listing)["sizes"]
    _check(folder, written, files.sizes(folder))
    os.makedirs(path)
    for name in written:
        target = os.path.join(path, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with closing(files.stream(f"{folder}/{name}")) as stored, open(target, "xb") as copy:
            copyfileobj(stored, copy)


def _check(folder: str, written: Mapping[str, int], found: Mapping[str, int]) -> None:
    for name, size in written.items():
        if name not in found:
            raise DagsterCorruptObjectError(f"{folder}/{name}", "it is missing")
        if found[name] != size:
            reason = f"it holds {found[name]} bytes, and {size} were written"
            raise DagsterCorruptObjectError(f"{folder}/{name}", reason)
