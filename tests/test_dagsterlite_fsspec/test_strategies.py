from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    OutputDefinition,
    PythonObjectDagsterType,
    SerializationStrategy,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterStorageError,
    DagsterUnknownCodecError,
    DagsterUnpicklableOutputError,
)
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage


class Lines(SerializationStrategy):
    def __init__(self) -> None:
        super().__init__("lines", "w", "r")

    def serialize(self, value: Any, write_file_obj: Any) -> None:
        write_file_obj.write("\n".join(value))

    def deserialize(self, read_file_obj: Any) -> Any:
        return read_file_obj.read().split("\n")


class Packed(SerializationStrategy):
    def __init__(self) -> None:
        super().__init__("pickle")

    def serialize(self, value: Any, write_file_obj: Any) -> None:
        write_file_obj.write(bytes(value))

    def deserialize(self, read_file_obj: Any) -> Any:
        return list(read_file_obj.read())


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecIntermediateStorage:
    base = str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}"
    return FsspecIntermediateStorage(base, "run", strategies=[Lines(), Packed()])


def write(storage: FsspecIntermediateStorage, value: Any, codec: str | None = None) -> Any:
    return storage.write_output("s", "a", "result", value, codec)


def test_text_and_bytes_are_written_and_read_by_their_strategy(
    storage: FsspecIntermediateStorage,
) -> None:
    text = write(storage, ["ä", "b"], "strategy:lines")
    assert (text.codec, text.size) == ("strategy:lines", 4)
    assert storage.read_output("s", text) == ["ä", "b"]

    packed = write(storage, [1, 2], "strategy:pickle")
    assert (packed.codec, packed.size) == ("strategy:pickle", 2)
    assert storage.read_output("s", packed) == [1, 2]


def test_a_strategy_named_as_a_codec_does_not_meet_it(storage: FsspecIntermediateStorage) -> None:
    assert storage.read_output("s", write(storage, {"a": 1})) == {"a": 1}


def test_a_storage_travels_with_its_strategies(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run", strategies=[Lines()])
    text = write(storage, ["a", "b"], "strategy:lines")

    assert pickle.loads(pickle.dumps(storage)).read_output("s", text) == ["a", "b"]


def test_a_value_of_a_strategy_that_is_not_here_is_refused_with_the_mend(tmp_path: Path) -> None:
    with_it = FsspecIntermediateStorage(str(tmp_path), "run", strategies=[Lines()])
    without = FsspecIntermediateStorage(str(tmp_path), "run")
    text = write(with_it, ["a"], "strategy:lines")

    with pytest.raises(DagsterUnknownCodecError, match="give an output of the pipeline the type"):
        without.read_output("s", text)
    with pytest.raises(DagsterUnknownCodecError, match="'strategy:lines'"):
        write(without, ["a"], "strategy:lines")


def test_a_damaged_value_is_told_from_a_strategy_that_fails(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run", strategies=[Lines()])
    text = write(storage, ["a", "b"], "strategy:lines")
    Path(text.address).write_text("a\nc")
    with pytest.raises(DagsterCorruptObjectError, match="checksum"):
        storage.read_output("s", text)

    class Fails(Lines):
        def deserialize(self, read_file_obj: Any) -> Any:
            raise ValueError("no lines")

    text = write(storage, ["a", "b"], "strategy:lines")
    failing = FsspecIntermediateStorage(str(tmp_path), "run", strategies=[Fails()])
    with pytest.raises(DagsterStorageError, match=r"is whole, but codec 'strategy:l.*no lines"):
        failing.read_output("s", text)


def test_a_value_that_the_strategy_cannot_write_fails_its_step(
    storage: FsspecIntermediateStorage,
) -> None:
    with pytest.raises(DagsterUnpicklableOutputError, match="written by strategy:lines: TypeErr"):
        write(storage, [1, 2], "strategy:lines")


LinesType = PythonObjectDagsterType(list, name="LinesType", serialization_strategy=Lines())


@solid(output_defs=[OutputDefinition(LinesType)])
def lines(_context):
    return ["a", "b"]


@solid
def joined(_context, found):
    return "".join(found)


@pipeline
def reads_lines():
    joined(lines())


def test_a_run_writes_by_the_strategy_of_the_outputs_type(tmp_path: Path) -> None:
    storage = {"filesystem": {"config": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(reads_lines, {"intermediate_storage": storage})

    (path,) = tmp_path.rglob("lines.compute/*/result")
    assert path.read_text() == "a\nb"
    assert result.output_for_solid("lines") == ["a", "b"]
    assert result.output_for_solid("joined") == "ab"


def test_a_run_in_memory_needs_no_strategy() -> None:
    assert execute_pipeline(reads_lines).output_for_solid("joined") == "ab"
