"""A file manager on local files and on any file system that fsspec knows."""

from __future__ import annotations

import os
import tempfile
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BufferedIOBase, TextIOWrapper
from shutil import copyfileobj
from typing import IO, Any, BinaryIO, cast

from dagsterlite.errors import DagsterFileNotFoundError, ParameterCheckError, type_name
from dagsterlite.file_manager import FileHandle, FileManager
from dagsterlite_fsspec.bases import address_below, open_files
from dagsterlite_fsspec.file_handles import ANY, GCS, LOCAL, S3, HandleKind
from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.local import LocalFiles, is_local

_CHUNK = 1 << 20
_READ_MODES = ("rb", "r")
_WRITE_MODES = {"wb": bytes, "w": str}


class FsspecFileManager(FileManager):
    """Keeps each file under a name of its own in one folder.

    Threads may share it, and files written by one process are read by others that reach the
    folder.

    Args:
        base: The folder, as a path or an fsspec URL; made when it is first needed.
        storage_options: Those of the file system.
        handles: The kind of its handles (default: as the base is).

    Raises:
        CheckError: the URL holds a password, or chains file systems.
        DagsterStorageError: no file system of the URL's protocol is known, or its package is
            missing.
    """

    def __init__(
        self,
        base: str,
        storage_options: Mapping[str, Any] | None = None,
        handles: HandleKind | None = None,
    ) -> None:
        self._files: Files = open_files(base, storage_options or {})
        self._handles = handles or (LOCAL if isinstance(self._files, LocalFiles) else ANY)
        self._lock = threading.Lock()
        self._temps: list[str] = []
        # No one need enter a context to have the temporary copies go with the manager.
        weakref.finalize(self, _delete, self._temps)

    @property
    def base(self) -> str:
        """The folder, as an absolute path or a URL."""
        return self._files.base

    def copy_handle_to_local_temp(self, file_handle: FileHandle) -> str:
        suffix = os.path.splitext(self._address(file_handle))[1]
        with self._open(file_handle) as stored:
            descriptor, path = tempfile.mkstemp(suffix=suffix)
            with self._lock:
                self._temps.append(path)
            with open(descriptor, "wb") as temp:
                copyfileobj(stored, temp)
        return path

    def delete_local_temp(self) -> None:
        with self._lock:
            _delete(self._temps)

    def read(self, file_handle: FileHandle, mode: str = "rb") -> IO[Any]:
        """Return a stream of the file.

        Raises:
            ParameterCheckError: the mode is neither ``rb`` nor ``r``.
        """
        _check_mode("read", mode, _READ_MODES)
        stream = cast(BinaryIO, self._open(file_handle))
        return stream if mode == "rb" else TextIOWrapper(stream, encoding="utf-8")

    def read_data(self, file_handle: FileHandle) -> bytes:
        with self._open(file_handle) as stored:
            return stored.read()

    def write(self, file_obj: IO[Any], mode: str = "wb", ext: str | None = None) -> FileHandle:
        """Write what a file-like object holds to a new file.

        Raises:
            ParameterCheckError: the mode is neither ``wb`` nor ``w``, the object gives something
                else than the mode says, or ``ext`` is no extension.
        """
        _check_mode("write", mode, _WRITE_MODES)
        if not callable(getattr(file_obj, "read", None)):
            raise ParameterCheckError("FileManager.write", "file_obj", "a file object", file_obj)
        return self._write(_chunks(file_obj, mode), "FileManager.write", ext)

    def write_data(self, data: bytes, ext: str | None = None) -> FileHandle:
        """Write raw bytes to a new file.

        Raises:
            ParameterCheckError: ``data`` is not bytes, or ``ext`` is no extension.
        """
        given: Any = data
        if not isinstance(given, (bytes, bytearray, memoryview)):
            raise ParameterCheckError("FileManager.write_data", "data", "bytes", data)
        return self._write(iter([bytes(given)]), "FileManager.write_data", ext)

    def _write(self, parts: Iterator[bytes], owner: str, ext: str | None) -> FileHandle:
        name = f"{uuid.uuid4()}{_suffix(owner, ext)}"
        address = address_below(self.base, name)
        self._files.write_stream(address, parts)
        return self._handles.make(address)

    def _open(self, file_handle: FileHandle) -> BufferedIOBase:
        address = self._address(file_handle)
        try:
            return self._files.stream(address)
        except FileNotFoundError:
            raise DagsterFileNotFoundError(file_handle.path_desc) from None

    def _address(self, file_handle: FileHandle) -> str:
        if isinstance(file_handle, self._handles.handle_class):
            return self._handles.address_of(file_handle)
        kind = self._handles.handle_class.__name__
        expected = f"a {kind}, as a file manager of {self.base} makes them"
        raise ParameterCheckError("FileManager", "file_handle", expected, file_handle)


def make_local_file_manager(base_dir: str) -> FsspecFileManager:
    """Return a file manager of a folder of this machine.

    Raises:
        ParameterCheckError: ``base_dir`` is a URL of another file system.
    """
    if not is_local(base_dir):
        expected = "a folder of this machine (for others there is fsspec_file_manager)"
        raise ParameterCheckError("local_file_manager", "base_dir", expected, base_dir)
    return FsspecFileManager(base_dir)


def make_s3_file_manager(config: Mapping[str, Any]) -> FsspecFileManager:
    """Return a file manager of a bucket of S3, from the config of ``s3_file_manager``."""
    options = {
        "anon": config["use_unsigned_session"],
        "endpoint_url": config.get("endpoint_url"),
        "profile": config.get("profile_name"),
        "client_kwargs": _given({"region_name": config.get("region_name")}),
    }
    base = _in_bucket("s3", config["s3_bucket"], config["s3_prefix"])
    return FsspecFileManager(base, _given(options), S3)


def make_gcs_file_manager(config: Mapping[str, Any]) -> FsspecFileManager:
    """Return a file manager of a bucket of Google's, from the config of ``gcs_file_manager``."""
    base = _in_bucket("gs", config["gcs_bucket"], config["gcs_prefix"])
    return FsspecFileManager(base, _given({"project": config.get("project")}), GCS)


def _delete(temps: list[str]) -> None:
    while temps:
        with suppress(FileNotFoundError):
            os.unlink(temps.pop())


def _in_bucket(scheme: str, bucket: str, prefix: str) -> str:
    return f"{scheme}://{bucket}/{prefix.strip('/')}".rstrip("/")


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, {})}


def _check_mode(method: str, mode: str, known: Any) -> None:
    if mode not in known:
        raise ParameterCheckError(f"FileManager.{method}", "mode", " or ".join(known), mode)


def _chunks(file_obj: IO[Any], mode: str) -> Iterator[bytes]:
    while chunk := file_obj.read(_CHUNK):
        if not isinstance(chunk, _WRITE_MODES[mode]):
            expected = (
                f"a file object that gives {_WRITE_MODES[mode].__name__}, as mode '{mode}' says "
                f"(it gives {type_name(chunk)})"
            )
            raise ParameterCheckError("FileManager.write", "file_obj", expected, file_obj)
        yield chunk.encode() if isinstance(chunk, str) else chunk


def _suffix(owner: str, ext: Any) -> str:
    if ext is None or ext == "":
        return ""
    if not isinstance(ext, str) or not ext.strip(".") or set(ext) & set("/\\?*[]#%"):
        raise ParameterCheckError(owner, "ext", "an extension of a file's name, e.g. txt", ext)
    return ext if ext.startswith(".") else f".{ext}"
