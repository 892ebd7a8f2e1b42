from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dagsterlite_fsspec.arrays import ARRAY, codec_for_array
from dagsterlite_fsspec.codecs import DEFAULT_CODEC, codec_for
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage

Array = np.ndarray[Any, Any]


def encoded(array: Array) -> bytes:
    return b"".join(ARRAY.encode(array))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(50_000.0),
        np.asfortranarray(np.arange(600).reshape(20, 30)),
        np.arange(120)[::2],
        np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
        np.array(["2013-01-01", "NaT"], dtype="datetime64[ns]"),
        np.array(["", "größer"]),
        np.array([b"a", b"bc"]),
        np.zeros((0, 7), dtype="int16"),
        np.array(5),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.arange(3, dtype=">i4"),
    ],
    ids=str,
)
def test_an_array_comes_back_as_it_was_and_any_program_reads_it(array: Array) -> None:
    assert codec_for_array(array) is ARRAY
    back = ARRAY.decode(io.BytesIO(encoded(array)))
    plain = np.load(io.BytesIO(encoded(array)))
    for found in (back, plain):
        assert np.array_equal(found, array, equal_nan=array.dtype.kind in "Mfc")
        assert found.dtype == array.dtype
        assert found.shape == array.shape
    assert back.flags.writeable
    assert back.flags.f_contiguous == (array.flags.f_contiguous or array.ndim == 1)


def _frozen() -> Array:
    array = np.zeros(3)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()]),
        np.zeros(2, dtype=[("a", "i4")]),
        np.zeros(2, dtype=np.dtype("i4", metadata={"unit": "m"})),
        np.ma.array([1, 2], mask=[True, False]),
        _frozen(),
    ],
    ids=["objects", "fields", "notes", "masked", "frozen"],
)
def test_what_would_not_come_back_is_pickled(array: Array) -> None:
    assert codec_for_array(array) is None
    assert codec_for(array) is DEFAULT_CODEC


def test_the_data_is_not_copied_to_be_written() -> None:
    array = np.zeros(1000)
    _, data = ARRAY.encode(array)
    array[:] = 1
    assert bytes(data) == array.tobytes()


def test_arrays_are_stored_so(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("load.compute", "attempt1", "result", np.arange(5))
    assert output.codec == "npy"
    assert np.load(output.address).tolist() == storage.read_output("load.compute", output).tolist()
