"""Frames in files: read and written as config says, by a path or an fsspec URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from dagsterlite.config import PLACE, Selector, arguments_of
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import AssetMaterialization
from dagsterlite.types.loader import dagster_type_loader, dagster_type_materializer

_TABLE: Final = {"sep": "\t"}


def _read_table(path: str, **options: Any) -> Any:
    return pd.read_csv(path, **{**_TABLE, **options})


def _write_csv(frame: pd.DataFrame, path: str, **options: Any) -> None:
    frame.to_csv(path, **{"index": False, **options})


def _write_table(frame: pd.DataFrame, path: str, **options: Any) -> None:
    _write_csv(frame, path, **{**_TABLE, **options})


_READERS: Final[Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "csv": (pd.read_csv, pd.read_csv),
    "parquet": (pd.read_parquet, pd.read_parquet),
    "json": (pd.read_json, pd.read_json),
    "table": (_read_table, pd.read_csv),
    "pickle": (pd.read_pickle, pd.read_pickle),
}
"""For each form what reads it, and the function of pandas whose options it takes."""

_WRITERS: Final[Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "csv": (_write_csv, pd.DataFrame.to_csv),
    "parquet": (pd.DataFrame.to_parquet, pd.DataFrame.to_parquet),
    "json": (pd.DataFrame.to_json, pd.DataFrame.to_json),
    "table": (_write_table, pd.DataFrame.to_csv),
    "pickle": (pd.DataFrame.to_pickle, pd.DataFrame.to_pickle),
}

_GIVEN: Final = frozenset({"self", "path_or_buf", "filepath_or_buffer"})


def _selector(
    forms: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]],
) -> Selector:
    return Selector(
        {form: arguments_of(documented, PLACE, _GIVEN) for form, (_, documented) in forms.items()}
    )


def _load(_context: Any, config: Mapping[str, Any]) -> Any:
    """Read a frame from one of ``csv``, ``parquet``, ``json``, ``table``, ``pickle``.

    Each takes a ``path``, ``storage_options`` where it is a URL, and the options of pandas'
    function: ``{"csv": {"path": "flights.csv", "sep": ";"}}``. A table is CSV with tabs.
    """
    ((form, options),) = config.items()
    read, _ = _READERS[form]
    path, rest = _split(options)
    return read(path, **rest)


def _materialize(
    _context: Any, config: Mapping[str, Any], value: pd.DataFrame
) -> AssetMaterialization:
    """Write a frame as ``csv``, ``parquet``, ``json``, ``table`` or ``pickle``.

    Each takes a ``path``, ``storage_options`` where it is a URL, and the options of pandas'
    method. CSV and tables leave the index out unless ``index`` says otherwise.
    """
    ((form, options),) = config.items()
    write, _ = _WRITERS[form]
    path, rest = _split(options)
    write(value, path, **rest)
    entries = [EventMetadataEntry.fspath(path), EventMetadataEntry.int(len(value), "row_count")]
    return AssetMaterialization(path, metadata_entries=entries)


def _split(options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    rest = dict(options)
    return rest.pop("path"), rest


# Not as decorators: under names of their own the functions travel by name.
dataframe_loader: Final = dagster_type_loader(_selector(_READERS))(_load)
dataframe_materializer: Final = dagster_type_materializer(_selector(_WRITERS))(_materialize)
