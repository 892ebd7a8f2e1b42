"""Compute logs as files: on this machine, or on any file system that fsspec knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from dagsterlite.compute_logs import (
    CapturedLogMetadata,
    ComputeIOType,
    ComputeLogManager,
    LogKey,
    LogStream,
    check_one_given,
)
from dagsterlite.config import STORAGE_OPTIONS, Bool, Field, Float, Noneable, StringSource
from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import ParameterCheckError
from dagsterlite_fsspec.bases import address_below, open_files
from dagsterlite_fsspec.copied_logs import Copying
from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.local import LocalFiles, is_local
from dagsterlite_fsspec.log_files import log_folder, log_key_of, log_path
from dagsterlite_fsspec.options import public_options
from dagsterlite_fsspec.spare_logs import (
    SparedLogFile,
    SpareLogs,
    log_key_of_spare,
    spare_folder,
    spare_path,
)

UPLOAD_SECONDS = 5.0
"""How often what a step has written so far is made readable from elsewhere."""


class FilesComputeLogManager(ComputeLogManager):
    """What managers share whose captures are files below one base.

    A stream lies at ``<base>/<run id>/compute_logs/<step key>/<attempt id>.out`` or ``.err``.
    """

    _files: Files

    @property
    def base(self) -> str:
        """The folder, as an absolute path or a URL."""
        return self._files.base

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base!r})"

    def _address(self, log_key: LogKey, kind: ComputeIOType | None) -> str:
        return address_below(self.base, log_path(log_key, kind))

    def is_capture_complete(self, log_key: LogKey) -> bool:
        return self._read(self._address(log_key, None), 0, 1) is not None

    def get_log_data_for_type(
        self, log_key: LogKey, io_type: ComputeIOType, offset: int, max_bytes: int | None
    ) -> bytes:
        return self._read(self._address(log_key, io_type), offset, max_bytes) or b""

    def _read(self, address: str, offset: int, max_bytes: int | None) -> bytes | None:
        try:
            stream = self._files.open(address)
        except FileNotFoundError:
            return None
        with closing(stream):
            stream.seek(offset)
            return stream.read(max_bytes)

    def get_log_metadata(self, log_key: LogKey) -> CapturedLogMetadata:
        return CapturedLogMetadata(
            stdout_location=self._address(log_key, ComputeIOType.STDOUT),
            stderr_location=self._address(log_key, ComputeIOType.STDERR),
        )

    def get_log_keys_for_log_key_prefix(
        self, log_key_prefix: Sequence[str], io_type: ComputeIOType
    ) -> list[Sequence[str]]:
        found = self._files.sizes(address_below(self.base, log_folder(log_key_prefix)))
        keys = (log_key_of(log_key_prefix, path, io_type) for path in found)
        return sorted((key for key in keys if key is not None), key=list)

    def delete_logs(
        self, log_key: LogKey | None = None, prefix: Sequence[str] | None = None
    ) -> None:
        given = check_one_given(log_key, prefix)
        if log_key is None:
            self._files.remove_folder(address_below(self.base, log_folder(given)))
            return
        for kind in (*ComputeIOType, None):
            self._files.remove(self._address(given, kind))


class LocalComputeLogManager(FilesComputeLogManager):
    """Stores copies of stdout and stderr of each step locally on disk (seed 003).

    Where a capture reaches below Python its files lie in a folder ``%,`` of the run until something
    is printed: most steps print nothing, and hand them on.

    Args:
        base_dir: The folder below which each run has its own; made when it is first needed. Workers
            on other machines must share it, or what they keep there stays there.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        ParameterCheckError: ``base_dir`` is a URL of another file system.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        if not is_local(base_dir):
            expected = "a folder of this machine (for others there is FsspecComputeLogManager)"
            raise ParameterCheckError("LocalComputeLogManager", "base_dir", expected, base_dir)
        self._files = LocalFiles(base_dir, is_synced=False)
        self._inst_data = inst_data
        self._spares = SpareLogs()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return LocalComputeLogManager, (self.base, self._inst_data)

    @classmethod
    def config_type(cls) -> Any:
        return {"base_dir": Field(StringSource, description="The folder; made when needed.")}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> LocalComputeLogManager:
        return cls(config_value["base_dir"], inst_data)

    def open_log_stream(self, log_key: LogKey, io_type: ComputeIOType) -> LogStream:
        return SparedLogFile(
            partial(self._address, log_key, io_type),
            self._spares,
            partial(self._spare_address, log_key, io_type),
            io_type,
        )

    def _spare_address(self, log_key: LogKey, io_type: ComputeIOType) -> str | None:
        path = spare_path(log_key, io_type)
        return None if path is None else address_below(self.base, path)

    def finish_capture(self, log_key: LogKey) -> None:
        self._files.write(self._address(log_key, None), [b"complete"])

    def dispose(self) -> None:
        self._spares.close()

    def get_log_data_for_type(
        self, log_key: LogKey, io_type: ComputeIOType, offset: int, max_bytes: int | None
    ) -> bytes:
        found = super().get_log_data_for_type(log_key, io_type, offset, max_bytes)
        address = None if found else self._spare_address(log_key, io_type)
        if address is None:
            return found
        found = self._read(address, offset, max_bytes) or b""
        # Handed on meanwhile, it may hold what another attempt writes.
        return found if os.path.exists(address) else b""

    def get_log_keys_for_log_key_prefix(
        self, log_key_prefix: Sequence[str], io_type: ComputeIOType
    ) -> list[Sequence[str]]:
        found = super().get_log_keys_for_log_key_prefix(log_key_prefix, io_type)
        spares = map(list, self._written_spares(log_key_prefix, io_type))
        return sorted([*found, *spares], key=list)

    def delete_logs(
        self, log_key: LogKey | None = None, prefix: Sequence[str] | None = None
    ) -> None:
        given = check_one_given(log_key, prefix)
        for kind in ComputeIOType:
            for address in self._written_spares(given, kind).values():
                self._files.remove(address)
        super().delete_logs(log_key, prefix)

    def _written_spares(
        self, prefix: Sequence[str], io_type: ComputeIOType
    ) -> dict[tuple[str, ...], str]:
        """Return the keys that begin so and the files of what died before it had a file's place."""
        folder = address_below(self.base, spare_folder(prefix[0]))
        return {
            key: address_below(folder, name)
            for name, size in self._files.sizes(folder).items()
            if size and (key := log_key_of_spare(prefix[0], name, io_type)) is not None
            if key[: len(prefix)] == tuple(prefix)
        }


class FsspecComputeLogManager(FilesComputeLogManager):
    """Stores stdout and stderr of each step on any file system that fsspec knows.

    While a step runs its streams lie on its machine; what is there is copied every few seconds.

    Args:
        base_url: The folder below which each run has its own: a path, or s3://…, gs://…, …
        storage_options: Those of the file system. Secrets among them stay in this process; others
            find them in their environment.
        local_dir: The folder of the streams of steps that run (default: the system's for temporary
            files).
        upload_interval: Seconds between two copies (default: 5); None for one copy, at the end.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        CheckError: the URL holds a password, or chains file systems.
        DagsterStorageError: no file system of the URL's protocol is known, or its package is
            missing.
        ParameterCheckError: the interval is not above zero.
    """

    def __init__(
        self,
        base_url: str,
        storage_options: Mapping[str, Any] | None = None,
        local_dir: str | None = None,
        upload_interval: float | None = UPLOAD_SECONDS,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        if upload_interval is not None and upload_interval <= 0:
            expected = "above zero, in seconds"
            raise ParameterCheckError(
                type(self).__name__, "upload_interval", expected, upload_interval
            )
        self._files = open_files(base_url, storage_options or {})
        self._public_options = public_options(storage_options or {})
        self._local_dir = local_dir
        self._upload_interval = upload_interval
        self._inst_data = inst_data
        self._copying = Copying(self._copy, upload_interval)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        arguments = (self.base, self._public_options, self._local_dir, self._upload_interval)
        return FsspecComputeLogManager, arguments

    @classmethod
    def config_type(cls) -> Any:
        return {
            "base_url": Field(
                StringSource, description="The folder of the logs: a path, or s3://…, gs://…, …"
            ),
            "storage_options": STORAGE_OPTIONS,
            **_COPYING_CONFIG,
        }

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> FsspecComputeLogManager:
        return cls(**config_value, inst_data=inst_data)

    def open_log_stream(self, log_key: LogKey, io_type: ComputeIOType) -> LogStream:
        return self._copying.stream(log_key, io_type, self._local_dir)

    def finish_capture(self, log_key: LogKey) -> None:
        self._copying.finish(log_key)
        self._write(self._address(log_key, None), b"complete")

    def _copy(self, log_key: LogKey, io_type: ComputeIOType, path: str) -> None:
        with open(path, "rb") as stream:
            self._write(self._address(log_key, io_type), stream.read())

    def _write(self, address: str, data: bytes) -> None:
        self._files.replace(address, [data])


_COPYING_CONFIG = {
    "local_dir": Field(
        StringSource,
        is_required=False,
        description="The folder of the streams of steps that run; by default one for temporary "
        "files.",
    ),
    "upload_interval": Field(
        Noneable(Float),
        default_value=UPLOAD_SECONDS,
        description="Seconds between two copies of what a step has written so far; null for one "
        "copy, at its end.",
    ),
}


class S3ComputeLogManager(FsspecComputeLogManager):
    """Stores stdout and stderr of each step in a bucket of S3 (seed 003).

    The credentials are those of the environment of each process.

    Args:
        bucket: The bucket.
        prefix: The folder of the bucket below which each run has its own.
        local_dir: The folder of the streams of steps that run (default: the system's for temporary
            files).
        upload_interval: Seconds between two copies of what a step has written so far (default: 5);
            None for one copy, at its end.
        endpoint_url: The address of another store that speaks S3.
        region: The bucket's region.
        use_ssl: Whether the connection is encrypted.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        CheckError: the address holds a password.
        ParameterCheckError: the interval is not above zero.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "dagster",
        local_dir: str | None = None,
        upload_interval: float | None = UPLOAD_SECONDS,
        endpoint_url: str | None = None,
        region: str | None = None,
        use_ssl: bool = True,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        options: dict[str, Any] = {"use_ssl": use_ssl}
        if endpoint_url is not None:
            options["endpoint_url"] = endpoint_url
        if region is not None:
            options["client_kwargs"] = {"region_name": region}
        base = f"s3://{bucket}/{prefix.strip('/')}"
        super().__init__(base, options, local_dir, upload_interval, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        return {
            "bucket": Field(StringSource, description="The bucket."),
            "prefix": Field(
                StringSource,
                default_value="dagster",
                description="The folder of the bucket below which each run has its own.",
            ),
            "endpoint_url": Field(
                StringSource,
                is_required=False,
                description="The address of another store that speaks S3.",
            ),
            "region": Field(StringSource, is_required=False, description="The bucket's region."),
            "use_ssl": Field(
                Bool, default_value=True, description="Whether the connection is encrypted."
            ),
            **_COPYING_CONFIG,
        }
