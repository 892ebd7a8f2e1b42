from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagsterlite import execute_pipeline, pipeline, plugins, solid
from dagsterlite.errors import DagsterCorruptObjectError, MissingExtraError
from dagsterlite_fsspec.codecs import DEFAULT_CODEC, codec_for, find_codec
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from dagsterlite_pandas.codecs import ARROW

WHEN = pd.to_datetime(["2020-01-01", "NaT", "2024-02-29"])

EXACT: dict[str, pd.DataFrame] = {
    "numbers": pd.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "b": [True, False]}),
    "narrow": pd.DataFrame({"a": np.array([1, 2], "int8"), "b": np.array([2**64 - 1, 0], "u8")}),
    "texts": pd.DataFrame({"s": pd.array(["ä", None], dtype="string")}),
    "times": pd.DataFrame({"t": WHEN, "d": WHEN - WHEN[0], "s": WHEN.astype("datetime64[s]")}),
    "zones": pd.DataFrame({"t": WHEN.tz_localize("Europe/Berlin"), "u": WHEN.tz_localize("UTC")}),
    "categories": pd.DataFrame({"c": pd.Categorical(["b", None], ["b", "a", "z"])}),
    "ordered": pd.DataFrame({"c": pd.Categorical([2, 1], [2, 1], ordered=True)}),
    "nullable": pd.DataFrame({"i": pd.array([1, None], dtype="Int64")}),
    "periods": pd.DataFrame({"p": pd.period_range("2020", periods=2, freq="M")}),
    "range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 9, 2)),
    "index": pd.DataFrame({"index": [1, 2]}, index=pd.Index(["x", "y"], name="k")),
    "time index": pd.DataFrame({"a": [1, 2, 3]}, index=WHEN),
}

INEXACT: dict[str, Any] = {
    "objects": pd.DataFrame({"o": pd.Series([1, "a", None], dtype=object)}),
    "no columns": pd.DataFrame(),
    "no rows": pd.DataFrame({"c": pd.Categorical([], ["a"])}),
    "frequency": pd.DataFrame({"a": [1, 2, 3]}, index=pd.date_range("2020", periods=3)),
    "levels": pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])),
    "column levels": pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([(1, 2)])),
    "numbered columns": pd.DataFrame([[1, 2]]),
    "columns of one name": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "complex": pd.DataFrame({"a": [1j]}),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
    "reserved name": pd.DataFrame({"a": [1]}, index=pd.Index([1], name="__index_level_0__")),
    "column as index": pd.DataFrame({"a": [1]}, index=pd.Index([7], name="a")),
}
INEXACT["attributes"] = EXACT["numbers"].copy()
INEXACT["attributes"].attrs["from"] = "flights"
INEXACT["flags"] = EXACT["numbers"].set_flags(allows_duplicate_labels=False)


class Frame(pd.DataFrame):
    """A class of its own, which Arrow would not keep."""


INEXACT["subclass"] = Frame({"a": [1]})


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert type(found) is type(expected)
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_categorical=True)
    assert found.index.identical(expected.index)
    assert found.columns.identical(expected.columns)
    assert [str(dtype) for dtype in found.dtypes] == [str(dtype) for dtype in expected.dtypes]
    assert found.attrs == expected.attrs
    assert found.flags == expected.flags


def round_trip(frame: pd.DataFrame, tmp_path: Path) -> tuple[str, pd.DataFrame]:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("s", "a", "result", frame)
    return output.codec, storage.read_output("s", output)


@pytest.mark.parametrize("name", EXACT)
def test_a_frame_that_arrow_keeps_is_written_as_arrow(name: str, tmp_path: Path) -> None:
    codec, back = round_trip(EXACT[name], tmp_path)

    assert codec == "dagsterlite_pandas.arrow"
    assert_same(back, EXACT[name])


@pytest.mark.parametrize("name", INEXACT)
def test_a_frame_that_arrow_would_change_is_pickled(name: str, tmp_path: Path) -> None:
    codec, back = round_trip(INEXACT[name], tmp_path)

    assert codec == "pickle"
    assert_same(back, INEXACT[name])


VALUES: list[st.SearchStrategy[Any]] = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.text(max_size=3),
    st.none() | st.text(max_size=3),
    st.none() | st.integers(0, 3),
    st.datetimes(),
    st.one_of(st.integers(0, 9), st.text(max_size=2)),
]


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
@given(data=st.data(), rows=st.integers(0, 4), names=st.lists(st.text(max_size=3), max_size=3))
def test_any_frame_reads_back_as_it_was(
    data: Any, rows: int, names: list[str], tmp_path: Path
) -> None:
    def column() -> list[Any]:
        kind = data.draw(st.sampled_from(VALUES))
        found: list[Any] = data.draw(st.lists(kind, min_size=rows, max_size=rows))
        return found

    frame = pd.DataFrame({name: column() for name in names}, index=pd.RangeIndex(rows))
    if names and data.draw(st.booleans()):
        frame = frame.set_index(names[0])

    _, back = round_trip(frame, tmp_path)

    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    assert back.index.identical(frame.index)


def test_other_programs_read_the_stored_frame(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("s", "a", "result", EXACT["numbers"])

    with open(output.address, "rb") as file:
        assert pa.ipc.open_stream(file).read_all().column_names == ["n", "x", "b"]


def test_a_frame_can_be_changed_after_it_was_read(tmp_path: Path) -> None:
    _, back = round_trip(EXACT["numbers"].copy(), tmp_path)
    back.loc[0, "n"] = 7
    back["x"] += 1

    assert back["n"].tolist() == [7, 2]


def test_a_damaged_frame_is_told(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("s", "a", "result", EXACT["numbers"])
    stored = Path(output.address)
    stored.write_bytes(stored.read_bytes()[:-9])

    with pytest.raises(DagsterCorruptObjectError, match="were written"):
        storage.read_output("s", output)


def test_the_codec_is_found_by_its_name_and_by_the_class() -> None:
    assert find_codec("dagsterlite_pandas.arrow", "/x") is ARROW
    assert codec_for(EXACT["numbers"]) is ARROW
    assert codec_for("text") is DEFAULT_CODEC


def test_without_the_extra_frames_are_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise MissingExtraError(name, "pyarrow", "pandas")

    monkeypatch.setattr(plugins, "load", missing)
    stream = io.BytesIO(b"".join(codec_for(EXACT["numbers"]).encode(EXACT["numbers"])))  # type: ignore[union-attr]

    assert codec_for(EXACT["numbers"]) is DEFAULT_CODEC
    assert_same(DEFAULT_CODEC.decode(stream), EXACT["numbers"])


@solid
def makes(_context):
    return EXACT["categories"]


@solid
def counts(_context, frame):
    return len(frame)


@pipeline
def framed():
    counts(makes())


def test_a_run_keeps_frames_as_arrow(tmp_path: Path) -> None:
    storage = {"filesystem": {"config": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(framed, {"intermediate_storage": storage})

    (stored,) = (
        event.message
        for event in result.event_list
        if "output result at" in event.message
        if "makes" in str(event.step_key)
    )
    assert stored.endswith("using dagsterlite_pandas.arrow.")
    assert_same(result.output_for_solid("makes"), EXACT["categories"])
