"""Records read back from the text column that holds them."""

from __future__ import annotations

from typing import TypeVar

from dagsterlite.errors import DagsterCorruptObjectError, DagsterSerdesError
from dagsterlite.serdes import from_json

T = TypeVar("T")


def read_body(body: str, expected: type[T], address: str) -> T:
    """Return the record that a row's ``body`` holds.

    Raises:
        DagsterCorruptObjectError: it holds none; the message names ``address``.
    """
    try:
        record = from_json(body)
    except DagsterSerdesError as exc:
        raise DagsterCorruptObjectError(address, str(exc)) from exc
    if not isinstance(record, expected):
        reason = f"it holds a {type(record).__name__}, not a {expected.__name__}"
        raise DagsterCorruptObjectError(address, reason)
    return record
