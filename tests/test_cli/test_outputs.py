"""``dagsterlite run outputs``: what a run has stored, listed, shown and copied."""

from __future__ import annotations

import pickle
from pathlib import Path

import dask.dataframe
import pandas as pd
import pyarrow.ipc
import pytest

from dagsterlite import (
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    JsonSerializationStrategy,
    OutputDefinition,
    PythonObjectDagsterType,
    RetryRequested,
    SerializationStrategy,
    execute_pipeline,
    pipeline,
    solid,
    usable_as_dagster_type,
)
from tests.test_cli.command import invoke

# Dask's writing of frames still says what pandas is about to give up.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

KEPT = {
    "intermediate_storage": {"filesystem": {}},
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
}


class Lines(SerializationStrategy):
    def __init__(self):
        super().__init__("lines", "w", "r")

    def serialize(self, value, write_file_obj):
        write_file_obj.write("\n".join(value))

    def deserialize(self, read_file_obj):
        return Poem(read_file_obj.read().split("\n"))


@usable_as_dagster_type(serialization_strategy=Lines())
class Poem(list[str]):
    pass


@solid
def number(context):
    if context.retry_number == 0:
        raise RetryRequested(max_retries=1)
    return {"rows": 3}


@solid
def table(_context, _number):
    return pd.DataFrame({"a": [1, 2]})


@solid
def lazy(_context, frame):
    return dask.dataframe.from_pandas(frame, npartitions=2)


@solid
def poem(_context) -> Poem:
    return Poem(["roses", "violets"])


@solid(output_defs=[DynamicOutputDefinition()])
def parts(_context):
    yield DynamicOutput("first", "x")
    yield DynamicOutput("second", "y")


@solid(
    output_defs=[
        OutputDefinition(
            dagster_type=PythonObjectDagsterType(
                dict, serialization_strategy=JsonSerializationStrategy()
            )
        )
    ]
)
def facts(_context):
    return {"years": 3}


@pipeline
def outputs():
    lazy(table(number()))
    poem()
    facts()
    parts()


@pytest.fixture
def run_id(home: Path) -> str:
    with DagsterInstance.local_temp(str(home)) as instance:
        return execute_pipeline(outputs, KEPT, instance=instance).run_id


def test_each_is_listed_with_how_it_is_written_and_where(home: Path, run_id: str) -> None:
    result = invoke("run", "outputs", run_id[:8], home=home)

    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert sorted((row[0], row[1], row[2]) for row in rows) == [
        ("facts.compute", "result", "strategy:json"),
        ("lazy.compute", "result", "dagsterlite_dask.parquet"),
        ("number.compute", "result", "pickle"),
        ("parts.compute", "result[x]", "pickle"),
        ("parts.compute", "result[y]", "pickle"),
        ("poem.compute", "result", "strategy:lines"),
        ("table.compute", "result", "dagsterlite_pandas.arrow"),
    ]
    assert all(row[-1].startswith(str(home / "storage" / run_id)) for row in rows)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--step", "number"], "{'rows': 3}\n"),
        (["--step", "facts"], "{'years': 3}\n"),
        (["--step", "parts.compute", "--output", "result[y]"], "'second'\n"),
        (["--step", "table"], "   a\n0  1\n1  2\n"),
    ],
)
def test_one_is_shown(home: Path, run_id: str, options: list[str], shown: str) -> None:
    assert invoke("run", "outputs", run_id, *options, "--show", home=home).stdout == shown


def test_one_is_copied_as_it_is_stored(home: Path, run_id: str, tmp_path: Path) -> None:
    def copy(step: str) -> Path:
        target = tmp_path / step
        result = invoke("run", "outputs", run_id, "--step", step, "--to", target, home=home)
        assert result.exit_code == 0, result.stderr
        return target

    assert pickle.loads(copy("number").read_bytes()) == {"rows": 3}
    assert copy("poem").read_text() == "roses\nviolets"
    assert copy("facts").read_text() == '{"years": 3}'
    with pyarrow.ipc.open_stream(copy("table").read_bytes()) as frames:
        assert frames.read_pandas().to_dict("list") == {"a": [1, 2]}
    assert dask.dataframe.read_parquet(copy("lazy")).compute()["a"].tolist() == [1, 2]


def test_what_cannot_be_read_without_its_pipeline_is_told(home: Path, run_id: str) -> None:
    result = invoke("run", "outputs", run_id, "--step", "poem", "--show", home=home)

    assert result.exit_code == 1
    assert "SerializationStrategy" in result.stderr


def test_a_damaged_one_is_told_and_not_copied(home: Path, run_id: str, tmp_path: Path) -> None:
    (path,) = (home / "storage" / run_id / "intermediates" / "number.compute").glob("*/result")
    path.write_bytes(b"")
    for option in (["--show"], ["--to", tmp_path / "copy"]):
        result = invoke("run", "outputs", run_id, "--step", "number", *option, home=home)
        assert result.exit_code == 1
        assert "is damaged" in result.stderr
    assert not (tmp_path / "copy").exists()


def test_one_must_be_named(home: Path, run_id: str) -> None:
    several = invoke("run", "outputs", run_id, "--step", "parts", "--show", home=home)
    assert several.exit_code == 2
    assert "That names 2 outputs" in several.stderr
    none = invoke("run", "outputs", run_id, "--step", "nobody", "--show", home=home)
    assert none.exit_code == 2
    listed = invoke("run", "outputs", run_id, "--step", "nobody", home=home)
    assert listed.exit_code == 2
    assert "There are: 'facts.compute result'" in listed.stderr


def test_nothing_is_overwritten(home: Path, run_id: str, tmp_path: Path) -> None:
    for step in ("number", "lazy"):
        result = invoke("run", "outputs", run_id, "--step", step, "--to", tmp_path, home=home)
        assert result.exit_code == 2
        assert "is there already" in result.stderr
    absent = tmp_path / "no" / "folder"
    result = invoke("run", "outputs", run_id, "--step", "number", "--to", absent, home=home)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_run_that_kept_values_in_memory_has_none(home: Path) -> None:
    quiet = {"loggers": KEPT["loggers"]}
    with DagsterInstance.local_temp(str(home)) as instance:
        run_id = execute_pipeline(outputs, quiet, instance=instance).run_id
    assert "No such output" in invoke("run", "outputs", run_id, home=home).stderr
