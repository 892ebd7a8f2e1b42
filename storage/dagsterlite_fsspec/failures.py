"""What a file system refuses, as one error that names the place and the mend."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from dagsterlite.errors import DagsterStorageError

_MENDS = {
    errno.ENOSPC: "Free space there, or choose another base_dir.",
    errno.EDQUOT: "Free space in the quota, or choose another base_dir.",
    errno.EFBIG: "Raise the limit on file sizes (`ulimit -f`), or choose another base_dir.",
    errno.EACCES: "Give this user the right to write there, or choose another base_dir.",
    errno.EPERM: "Give this user the right to write there, or choose another base_dir.",
    errno.EROFS: "It is mounted read-only: mount it for writing, or choose another base_dir.",
    errno.ENOTDIR: "A file stands where a folder is needed: move it, or choose another base_dir.",
    errno.EEXIST: "A file stands where a folder is needed: move it, or choose another base_dir.",
    errno.ENAMETOOLONG: "The path is too long for its file system: choose a shorter base_dir.",
}
_MENDS_BY_CLASS: Mapping[type[BaseException], str] = {
    FileNotFoundError: "There is no such bucket or container: create it, or correct its name.",
    PermissionError: "The credentials of this process are not right, or give no right to do that: "
    "correct them in its environment, or have the right given.",
}
_MEND = "Check that the place can be reached with the credentials of this process."


def storage_error(doing: str, address: str, exc: BaseException, text: str) -> DagsterStorageError:
    """Return the error for what ``exc`` kept from being done (``doing``: "write") at ``address``.

    ``text`` is the exception's own, without what must not be shown.
    """
    number = exc.errno if isinstance(exc, OSError) else None
    mend = _MENDS.get(number or 0) or _MENDS_BY_CLASS.get(type(exc), _MEND)
    what = f"{type(exc).__name__}: {text.rstrip('.')}"
    return DagsterStorageError(f"Could not {doing} {address}: {what}. {mend}")


def elsewhere_error(address: str, base: str) -> DagsterStorageError:
    """Return the error for an object that lies on another file system than ``base``."""
    return DagsterStorageError(
        f"{address} lies on another file system than {base}, the place of the storage that is to "
        "read it. Give the run the storage that wrote the object."
    )


def is_without_bucket(exc: FileNotFoundError) -> bool:
    """Return whether a store says that the whole bucket is missing, and not one object of it."""
    response = getattr(exc.__cause__, "response", None) or {}
    return bool(response.get("Error", {}).get("Code") == "NoSuchBucket")
