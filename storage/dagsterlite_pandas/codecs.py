"""Frames in intermediate storage: as Arrow where that keeps them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from io import BufferedIOBase
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa


class ArrowCodec:
    """Keeps a frame as an Arrow stream, which other programs read too."""

    @property
    def name(self) -> str:
        """The stable name, by which a frame is read again."""
        return "dagsterlite_pandas.arrow"

    def encode(self, value: Any) -> Sequence[bytes | memoryview]:
        """Return the stream of a frame; :func:`is_exact` says whether it comes back as it is."""
        return [memoryview(_written(pa.Table.from_pandas(value)))]

    def decode(self, stream: BufferedIOBase) -> pd.DataFrame:
        """Return the frame out of a stream."""
        return _frame(pa.ipc.open_stream(stream).read_all())


ARROW: Final = ArrowCodec()


def codec_for_frame(value: Any) -> ArrowCodec | None:
    """Return Arrow's codec for a frame that it keeps exactly, else None: it is pickled."""
    return ARROW if is_exact(value) else None


def is_exact(value: Any) -> bool:
    """Return whether a frame comes back from Arrow with the same labels, dtypes and values.

    What holds Python objects, and what only pandas knows of (attributes, frequencies, hierarchies),
    does not; a stream without rows leaves categories out. The rest shows in the first row.
    """
    if type(value) is not pd.DataFrame or value.attrs or not len(value):
        return False
    if not value.flags.allows_duplicate_labels or not _are_plain_labels(value.columns):
        return False
    index = value.index
    if isinstance(index, pd.MultiIndex) or getattr(index, "freq", None) is not None:
        return False
    if not (index.name is None or isinstance(index.name, str)) or index.name in value.columns:
        return False
    if any(_holds_objects(dtype) for dtype in (index.dtype, *value.dtypes)):
        return False
    return _survives(value.head(1))


def _are_plain_labels(columns: pd.Index[Any]) -> bool:
    has_name = columns.name is None or isinstance(columns.name, str)
    is_flat = not isinstance(columns, pd.MultiIndex) and columns.is_unique
    return has_name and is_flat and all(isinstance(name, str) for name in columns)


def _holds_objects(dtype: Any) -> bool:
    if isinstance(dtype, pd.CategoricalDtype):
        return _holds_objects(dtype.categories.dtype)
    return isinstance(dtype, np.dtype) and dtype.kind == "O"


def _survives(row: pd.DataFrame) -> bool:
    try:
        again = _frame(pa.Table.from_pandas(row))
    except (pa.ArrowException, TypeError, ValueError):
        return False
    return (
        type(again.index) is type(row.index)
        and _are_same([again.index.dtype, *again.dtypes], [row.index.dtype, *row.dtypes])
        and again.columns.identical(row.columns)
        and again.columns.dtype == row.columns.dtype
        and again.index.name == row.index.name
    )


def _are_same(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    pairs = zip(found, expected, strict=True)
    return all(a == b and str(a) == str(b) and _order(a) == _order(b) for a, b in pairs)


def _order(dtype: Any) -> Any:
    # Categories without an order are equal in any; a frame's codes are not.
    return list(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else None


def _written(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
