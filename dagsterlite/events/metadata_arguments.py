"""Descriptions and metadata as users hand them over, in either form."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, SupportsFloat, SupportsIndex, get_args

from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadata, EventMetadataEntry, MetadataEntryData


def check_text(owner: str, argument: str, value: object) -> None:
    """Raise unless ``value`` is a text or None.

    Raises:
        ParameterCheckError: it is something else, which the event log could not keep.
    """
    if value is not None and not isinstance(value, str):
        raise ParameterCheckError(owner, argument, "a text", value)


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
    data = _data(value)
    if data is None:
        expected = (
            "a dict whose values are texts, numbers, JSON-able data, paths, asset keys or made by "
            f"EventMetadata; the one of '{label}' is"
        )
        raise ParameterCheckError(owner, "metadata", expected, value)
    return EventMetadataEntry(label, None, data)


def _data(value: Any) -> MetadataEntryData | None:
    """Return the metadata that a plain value means; None where it means none."""
    data: MetadataEntryData | None = None
    match value:
        case str():
            data = EventMetadata.text(value)
        case None | bool() | dict() | list() | tuple():
            data = EventMetadata.json(value)
        case os.PathLike():
            data = EventMetadata.path(value)
        case AssetKey():
            data = EventMetadata.asset(value)
        case _ if isinstance(value, get_args(MetadataEntryData)):
            data = value
        case SupportsIndex():
            data = EventMetadata.int(value.__index__())
        case SupportsFloat():
            data = EventMetadata.float(float(value))
    return data
