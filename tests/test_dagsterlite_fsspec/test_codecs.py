from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dagsterlite.errors import DagsterUnknownCodecError
from dagsterlite_fsspec import codecs
from dagsterlite_fsspec.codecs import Part, PickleCodec, find_codec, register_codec
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage

CODEC = PickleCodec()


def stored(value: Any) -> bytes:
    return b"".join(CODEC.encode(value))


def round_trip(value: Any) -> Any:
    return CODEC.decode(io.BytesIO(stored(value)))


def test_a_value_without_large_buffers_is_a_plain_pickle() -> None:
    value = {"rows": np.arange(10), "name": "flights"}
    assert len(CODEC.encode(value)) == 1
    assert pickle.loads(stored(value))["name"] == "flights"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(50_000.0),
        np.asfortranarray(np.arange(60_000).reshape(200, 300)),
        np.arange(120_000)[::2],
        np.array(["2013-01-01"] * 20_000, dtype="datetime64[ns]"),
        np.zeros((0, 7)),
        np.array([object(), None, "x"], dtype=object)[1:],
    ],
    ids=["long", "fortran", "strided", "dates", "empty", "objects"],
)
def test_an_array_reads_back_equal_and_writable(array: np.ndarray[Any, Any]) -> None:
    back = round_trip(array)
    assert np.array_equal(back, array)
    assert back.dtype == array.dtype
    assert back.flags.writeable


def test_the_buffers_are_the_values_own() -> None:
    array = np.zeros(100_000)
    parts = CODEC.encode(array)
    array[:] = 1
    assert CODEC.decode(io.BytesIO(b"".join(parts))).sum() == 100_000


def test_arrays_of_one_value_do_not_keep_each_other_alive() -> None:
    back = round_trip([np.zeros(50_000), np.ones(60_000)])
    sizes = [len(memoryview(array.base).cast("B")) for array in back]
    assert sizes == [400_000, 480_000]


def test_an_array_that_may_not_be_written_stays_so() -> None:
    array = np.arange(50_000.0)
    array.flags.writeable = False
    assert not round_trip(array).flags.writeable


def test_a_frame_reads_back_equal() -> None:
    frame = pd.DataFrame({"n": range(30_000), "x": 0.5, "s": ["a", "b", None] * 10_000})
    pd.testing.assert_frame_equal(round_trip(frame), frame)


def test_what_ends_like_our_tail_is_still_a_plain_pickle() -> None:
    assert round_trip(b"\x93DLB1") == b"\x93DLB1"
    assert round_trip("\x93DLB1") == "\x93DLB1"


def test_a_closure_and_a_class_made_in_a_function_read_back() -> None:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    offset = 3
    assert round_trip(lambda n: n + offset)(4) == 7
    assert round_trip(Point(5)).x == 5


def test_a_class_of_the_main_module_reads_back_elsewhere(tmp_path: Path) -> None:
    script = tmp_path / "write.py"
    script.write_text(
        f"""
import numpy
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage

class Point:
    x = 5
    rows = numpy.arange(20_000)

storage = FsspecIntermediateStorage({str(tmp_path)!r}, "run")
value = Point()
value.own = numpy.arange(20_000)
output = storage.write_output("s", "a", "result", value)
print(output.size, output.checksum, output.address)
"""
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    size, checksum, address = done.stdout.split()
    from dagsterlite.events.receipt import StoredOutput

    output = StoredOutput(
        output_name="result", address=address, codec="pickle", size=int(size), checksum=checksum
    )
    point = FsspecIntermediateStorage(str(tmp_path), "run").read_output("s", output)
    assert point.x == 5
    assert point.own.sum() == sum(range(20_000))


class TextCodec:
    """A third party's codec: several parts, one of them empty."""

    name = "acme.text"

    def encode(self, value: Any) -> Sequence[Part]:
        return [b"text:", b"", memoryview(value.encode())]

    def decode(self, stream: BufferedIOBase) -> Any:
        return stream.read().decode().removeprefix("text:")


@pytest.fixture
def _text_codec() -> Iterator[None]:
    register_codec(TextCodec())
    yield
    codecs._codecs.pop("acme.text")


@pytest.mark.usefixtures("_text_codec")
def test_a_third_partys_codec_writes_and_reads(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("s", "a", "result", "höhe", codec="acme.text")
    assert output.codec == "acme.text"
    assert Path(output.address).read_bytes() == "text:höhe".encode()
    assert output.size == len("text:höhe".encode())
    assert storage.read_output("s", output) == "höhe"


def test_a_codec_that_nobody_registered_is_not_found() -> None:
    with pytest.raises(DagsterUnknownCodecError, match=r"acme\.text.*/runs/x|/runs/x.*acme\.text"):
        find_codec("acme.text", "/runs/x")
