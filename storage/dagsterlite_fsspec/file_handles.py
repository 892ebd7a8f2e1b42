"""References to files of file managers, as each kind of store names its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

from dagsterlite.errors import ParameterCheckError
from dagsterlite.file_manager import FileHandle, LocalFileHandle
from dagsterlite_fsspec.options import without_password


@dataclass(frozen=True)
class FsspecFileHandle(FileHandle):
    """A reference to a file on a file system that fsspec knows.

    Args:
        url: The file's URL.
    """

    url: str

    @property
    def path_desc(self) -> str:
        return without_password(self.url)


@dataclass(frozen=True)
class S3FileHandle(FileHandle):
    """A reference to a file on S3.

    Args:
        s3_bucket: The bucket.
        s3_key: The file's key in it.

    Raises:
        ParameterCheckError: an argument is no text, or empty.
    """

    s3_bucket: str
    s3_key: str

    def __post_init__(self) -> None:
        _check_texts(self, "s3_bucket", "s3_key")

    @property
    def s3_path(self) -> str:
        """The file's S3 URL."""
        return f"s3://{self.s3_bucket}/{self.s3_key}"

    @property
    def path_desc(self) -> str:
        return self.s3_path


@dataclass(frozen=True)
class GCSFileHandle(FileHandle):
    """A reference to a file on Google's Cloud Storage.

    Args:
        gcs_bucket: The bucket.
        gcs_key: The file's key in it.

    Raises:
        ParameterCheckError: an argument is no text, or empty.
    """

    gcs_bucket: str
    gcs_key: str

    def __post_init__(self) -> None:
        _check_texts(self, "gcs_bucket", "gcs_key")

    @property
    def gcs_path(self) -> str:
        """The file's URL."""
        return f"gs://{self.gcs_bucket}/{self.gcs_key}"

    @property
    def path_desc(self) -> str:
        return self.gcs_path


def _check_texts(handle: FileHandle, *names: str) -> None:
    for name in names:
        value = getattr(handle, name)
        if not isinstance(value, str) or not value:
            owner = type(handle).__name__
            raise ParameterCheckError(owner, name, "a text that is not empty", value)


class HandleKind(NamedTuple):
    """How a manager makes handles of addresses, and finds the addresses of its handles."""

    handle_class: type[FileHandle]
    make: Callable[[str], FileHandle]
    address_of: Callable[[Any], str]


def _s3(address: str) -> FileHandle:
    return S3FileHandle(*_bucket_and_key(address))


def _gcs(address: str) -> FileHandle:
    return GCSFileHandle(*_bucket_and_key(address))


def _bucket_and_key(address: str) -> tuple[str, str]:
    bucket, _, key = address.partition("://")[2].partition("/")
    return bucket, key


LOCAL: Final = HandleKind(LocalFileHandle, LocalFileHandle, attrgetter("path"))
ANY: Final = HandleKind(FsspecFileHandle, FsspecFileHandle, attrgetter("url"))
S3: Final = HandleKind(S3FileHandle, _s3, attrgetter("s3_path"))
GCS: Final = HandleKind(GCSFileHandle, _gcs, attrgetter("gcs_path"))
