"""Dask data frames as dagster types, and as Parquet files in intermediate storage.

What reads or writes a frame's files computes it by threads of its own process. A step's task may
run on a worker's only thread: were its partitions tasks of the cluster, they could wait for the
thread that waits for them; and a scheduler without the user's code could not take them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any, Final

import dask.dataframe as dd
from fsspec.core import url_to_fs

from dagsterlite.config import PLACE, Selector, arguments_of
from dagsterlite.errors import shown, type_name
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import AssetMaterialization, TypeCheck
from dagsterlite.types.dagster_type import DagsterType
from dagsterlite.types.loader import dagster_type_loader, dagster_type_materializer

_BY_THREADS: Final = {"scheduler": "threads"}

# --- in intermediate storage ---------------------------------------------------------------------


class ParquetCodec:
    """Keeps a frame as a folder of Parquet files, one a partition; it is read back lazily."""

    @property
    def name(self) -> str:
        """The stable name, by which a frame is read again."""
        return "dagsterlite_dask.parquet"

    def write_folder(self, value: Any, folder: str, storage_options: Mapping[str, Any]) -> None:
        """Compute the frame and write its partitions."""
        value.to_parquet(
            folder, storage_options=dict(storage_options) or None, compute_kwargs=_BY_THREADS
        )

    def read_folder(self, folder: str, storage_options: Mapping[str, Any]) -> Any:
        """Return a frame that reads the files when it is computed, with the same partitions."""
        return dd.read_parquet(
            folder,
            storage_options=dict(storage_options) or None,
            calculate_divisions=True,
            split_row_groups=False,
        )


PARQUET: Final = ParquetCodec()


def codec_for_frame(_value: Any) -> ParquetCodec:
    """Return the codec of Dask's frames, whatever they hold: a graph is not what a step yields."""
    return PARQUET


# --- in files of the user's ----------------------------------------------------------------------

_GIVEN: Final = frozenset(
    {"df", "urlpath", "url_path", "filename", "compute", "compute_kwargs", "scheduler"}
)


def _write_csv(frame: Any, path: str, **options: Any) -> None:
    _write_files(dd.to_csv, frame, path, {"index": False, **options}, "csv")


def _write_json(frame: Any, path: str, **options: Any) -> None:
    _write_files(dd.to_json, frame, path, options, "json")


def _write_files(
    write: Callable[..., Any], frame: Any, path: str, options: Mapping[str, Any], ending: str
) -> None:
    # Dask puts the number of the partition in place of the star.
    is_one_file = options.get("single_file", False) or "*" in path
    target = path if is_one_file else posixpath.join(path, f"*.{ending}")
    write(frame, target, compute_kwargs=_BY_THREADS, **options)


def _write_parquet(frame: Any, path: str, **options: Any) -> None:
    dd.to_parquet(frame, path, compute_kwargs=_BY_THREADS, **options)


_READERS: Final[Mapping[str, Callable[..., Any]]] = {
    "csv": dd.read_csv,
    "json": dd.read_json,
    "parquet": dd.read_parquet,
}

_WRITERS: Final[Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "csv": (_write_csv, dd.to_csv),
    "json": (_write_json, dd.to_json),
    "parquet": (_write_parquet, dd.to_parquet),
}
"""For each form what writes it, and the function of Dask whose options it takes."""


def _split(options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    rest = dict(options)
    return rest.pop("path"), rest


def _files_in(path: str, ending: str, storage_options: Mapping[str, Any] | None) -> str:
    """Return the pattern of a folder's files; what is no folder is left as it is."""
    fs, place = url_to_fs(path, **(storage_options or {}))
    return posixpath.join(path, f"*.{ending}") if fs.isdir(place) else path


def _load(_context: Any, config: Mapping[str, Any]) -> Any:
    """Return a frame that reads ``csv``, ``json`` or ``parquet`` files when it is computed.

    Each takes a ``path`` (a folder, a file, or several by ``*``), ``storage_options`` where it is
    a URL, and the options of Dask's function.
    """
    ((form, options),) = config.items()
    path, rest = _split(options)
    if form != "parquet":
        path = _files_in(path, form, rest.get("storage_options"))
    return _READERS[form](path, **rest)


def _materialize(_context: Any, config: Mapping[str, Any], value: Any) -> AssetMaterialization:
    """Compute a frame and write it as a folder of ``csv``, ``json`` or ``parquet`` files.

    Each takes a ``path``, ``storage_options`` where it is a URL, and the options of Dask's
    function. CSV leaves the index out unless ``index`` says otherwise.
    """
    ((form, options),) = config.items()
    path, rest = _split(options)
    write, _ = _WRITERS[form]
    write(value, path, **rest)
    partitions = EventMetadataEntry.int(value.npartitions, "partition_count")
    return AssetMaterialization(
        path, metadata_entries=[EventMetadataEntry.fspath(path), partitions]
    )


# Not as decorators: under names of their own the functions travel by name, without Dask's.
dataframe_loader: Final = dagster_type_loader(
    Selector({form: arguments_of(read, PLACE, _GIVEN) for form, read in _READERS.items()})
)(_load)

dataframe_materializer: Final = dagster_type_materializer(
    Selector({form: arguments_of(of, PLACE, _GIVEN) for form, (_, of) in _WRITERS.items()})
)(_materialize)


# --- the type ------------------------------------------------------------------------------------


def _check(_context: Any, value: Any) -> TypeCheck:
    if not isinstance(value, dd.DataFrame):
        found = (
            f"Must be a dask.dataframe.DataFrame, not {shown(value)} of type {type_name(value)}."
        )
        return TypeCheck(success=False, description=found)
    dtypes = {str(name): str(dtype) for name, dtype in value.dtypes.head(_COLUMNS_TOLD).items()}
    # The number of rows would have to be computed.
    facts = {
        "partition_count": value.npartitions,
        "column_count": len(value.columns),
        "columns": dtypes,
    }
    return TypeCheck(success=True, metadata=facts)


_COLUMNS_TOLD: Final = 100

DataFrame: Final = DagsterType(
    _check,
    name="DaskDataFrame",
    description="A Dask data frame of any columns.",
    loader=dataframe_loader,
    materializer=dataframe_materializer,
)
