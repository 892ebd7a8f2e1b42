"""Metadata as users hand them over, in either form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.events.metadata import PLAIN_VALUES, EventMetadataEntry, data_of


def metadata_entries_of(owner: str, entries: Any, metadata: Any = None) -> list[EventMetadataEntry]:
    """Return what a user gave as ``metadata_entries``, or as the dict ``metadata``.

    Raises:
        CheckError: both are given.
        ParameterCheckError: one is of the wrong form, or a value is of no kind of metadata.
    """
    if metadata is None:
        return _checked(owner, entries)
    if entries is not None:
        raise CheckError(f"{owner}: give metadata or metadata_entries, not both.")
    if not isinstance(metadata, Mapping):
        raise ParameterCheckError(owner, "metadata", "a dict from labels to values", metadata)
    return [_entry(owner, label, value) for label, value in metadata.items()]


def _checked(owner: str, entries: Any) -> list[EventMetadataEntry]:
    expected = "a list of EventMetadataEntry"
    if entries is None:
        return []
    if not isinstance(entries, Iterable):
        raise ParameterCheckError(owner, "metadata_entries", expected, entries)
    checked: list[EventMetadataEntry] = []
    for entry in entries:
        if not isinstance(entry, EventMetadataEntry):
            raise ParameterCheckError(owner, "metadata_entries", expected, entry)
        checked.append(entry)
    return checked


def _entry(owner: str, label: Any, value: Any) -> EventMetadataEntry:
    if not isinstance(label, str):
        raise ParameterCheckError(owner, "metadata", "a dict whose labels are texts", label)
    data = data_of(value)
    if data is None:
        raise ParameterCheckError(owner, f"metadata['{label}']", f"one of {PLAIN_VALUES}", value)
    return EventMetadataEntry(label, None, data)
