"""Dask data frames: in files, in intermediate storage, and from step to step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import pytest

from dagsterlite import (
    AssetKey,
    EventMetadataEntry,
    InputDefinition,
    OutputDefinition,
    check_dagster_type,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterInvalidConfigError,
    DagsterUnpicklableOutputError,
)
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite_dask.frames import DataFrame
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from dagsterlite_pandas import PandasColumn, create_dagster_pandas_dataframe_type
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster

# Dask itself calls pandas in a way that pandas will give up.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
ROWS = pd.DataFrame(
    {"n": range(10), "s": list("abcdefghij")}, index=pd.Index(range(0, 20, 2), name="k")
)


def frame(partitions: int = 3) -> Any:
    return dd.from_pandas(ROWS, npartitions=partitions)


def computed(value: Any) -> pd.DataFrame:
    result: pd.DataFrame = value.compute(scheduler="synchronous")
    return result


# --- in intermediate storage ---


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecIntermediateStorage:
    base = str(tmp_path) if request.param == "local" else f"memory://dask/{tmp_path.name}"
    return FsspecIntermediateStorage(base, "run")


def test_a_frame_is_kept_as_parquet_and_read_back_lazily(
    storage: FsspecIntermediateStorage,
) -> None:
    output = storage.write_output("s", "a", "result", frame())
    back = storage.read_output("s", output)

    assert output.codec == "dagsterlite_dask.parquet"
    assert isinstance(back, dd.DataFrame)
    assert back.divisions == frame().divisions
    assert list(back.columns) == ["n", "s"]
    pd.testing.assert_frame_equal(computed(back), computed(frame()))


def test_a_frame_is_computed_once_not_by_each_that_reads_it(
    storage: FsspecIntermediateStorage,
) -> None:
    calls = []

    def counted(part: pd.DataFrame) -> pd.DataFrame:
        calls.append(len(part))
        return part

    output = storage.write_output("s", "a", "result", frame().map_partitions(counted, meta=ROWS))
    calls.clear()
    for _ in range(2):
        computed(storage.read_output("s", output))

    assert calls == []


def test_a_frame_of_empty_partitions_reads_back(storage: FsspecIntermediateStorage) -> None:
    value = frame()
    few = value[value["n"] > 8]
    back = storage.read_output("s", storage.write_output("s", "a", "result", few))

    assert computed(back)["n"].tolist() == [9]


def test_what_fails_while_a_frame_is_computed_fails_its_step(
    storage: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    def broken(_part: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("no rows")

    with pytest.raises(DagsterUnpicklableOutputError, match=r"dask\.parquet: ValueError: no rows"):
        storage.write_output("s", "a", "result", frame().map_partitions(broken, meta=ROWS))
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_partition_that_is_lost_is_told(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), "run")
    output = storage.write_output("s", "a", "result", frame())
    next(tmp_path.rglob("part.1.parquet")).unlink()

    with pytest.raises(DagsterCorruptObjectError, match=r"part\.1\.parquet.*it is missing"):
        storage.read_output("s", output)


# --- the type, from and to files ---


def test_a_frame_passes_without_being_computed() -> None:
    def unread(_part: pd.DataFrame) -> pd.DataFrame:
        raise AssertionError

    answer = check_dagster_type(DataFrame, frame().map_partitions(unread, meta=ROWS))
    facts = {e.label: next(iter(vars(e.entry_data).values())) for e in answer.metadata_entries}

    assert answer.success
    assert (facts["partition_count"], facts["column_count"]) == (3, 2)
    assert facts["columns"]["n"] == "int64"
    assert not check_dagster_type(DataFrame, ROWS).success


@solid(input_defs=[InputDefinition("rows", DataFrame)], output_defs=[OutputDefinition(DataFrame)])
def but_four(_context, rows):
    return rows[rows["n"] != 4]


@pipeline
def filtering():
    but_four()


def config(source: dict[str, Any], *targets: dict[str, Any]) -> dict[str, Any]:
    outputs = [{"result": target} for target in targets]
    return {
        **QUIET,
        "solids": {"but_four": {"inputs": {"rows": source}, "outputs": outputs}},
    }


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("where", ["local", "memory"])
def test_a_folder_of_each_form_is_written_and_read(form: str, where: str, tmp_path: Path) -> None:
    folder = str(tmp_path) if where == "local" else f"memory://daskfiles/{tmp_path.name}"
    frame().to_parquet(f"{folder}/in", compute_kwargs={"scheduler": "threads"})
    result = execute_pipeline(
        filtering, config({"parquet": {"path": f"{folder}/in"}}, {form: {"path": f"{folder}/out"}})
    )
    again = execute_pipeline(filtering, config({form: {"path": f"{folder}/out"}}))

    assert computed(again.output_for_solid("but_four"))["n"].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    (written,) = (e for e in result.event_list if e.is_step_materialization)
    told = written.step_materialization_data.materialization
    assert told.asset_key == AssetKey(f"{folder}/out")


def test_files_are_named_by_a_pattern_and_options_are_dasks(tmp_path: Path) -> None:
    (tmp_path / "a1.txt").write_text("n;s\n5;x\n")
    (tmp_path / "a2.txt").write_text("n;s\n6;y\n")
    source = {"csv": {"path": f"{tmp_path}/a*.txt", "sep": ";", "blocksize": None}}
    target = {"csv": {"path": f"{tmp_path}/one.csv", "single_file": True}}
    execute_pipeline(filtering, config(source, target))

    assert (tmp_path / "one.csv").read_text() == "n,s\n5,x\n6,y\n"


@pytest.mark.parametrize("source", [{"csv": {"sep": ";"}}, {"excel": {"path": "a"}}, {"csv": "a"}])
def test_wrong_config_is_refused_before_the_run(source: dict[str, Any]) -> None:
    with pytest.raises(DagsterInvalidConfigError):
        execute_pipeline(filtering, config(source))


# --- from step to step ---


@solid(output_defs=[OutputDefinition(DataFrame)])
def makes(_context):
    rows = pd.DataFrame({"n": range(10), "s": list("abcdefghij")})
    return dd.from_pandas(rows, npartitions=4)


@solid(input_defs=[InputDefinition("rows", DataFrame)], output_defs=[OutputDefinition(DataFrame)])
def doubles(_context, rows):
    def doubled(part):
        return part.assign(n=2 * part["n"])

    return rows.map_partitions(doubled)


@solid(input_defs=[InputDefinition("rows", DataFrame)], output_defs=[OutputDefinition(int)])
def adds_up(_context, rows):
    return int(rows["n"].sum().compute())


@pipeline
def summing():
    rows = doubles(makes())
    adds_up(rows)
    adds_up.alias("again")(rows)


@pytest.fixture(scope="module")
def one_thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("one"), 1, threads=1) as own:
        yield own


def assert_summed(result: PipelineExecutionResult) -> None:
    assert result.output_for_solid("adds_up") == result.output_for_solid("again") == 90
    assert computed(result.output_for_solid("doubles"))["n"].tolist() == list(range(0, 20, 2))


def files(folder: Path) -> dict[str, Any]:
    return {"intermediate_storage": {"filesystem": {"config": {"base_dir": str(folder)}}}}


def test_frames_pass_from_step_to_step_in_one_process(tmp_path: Path) -> None:
    assert_summed(execute_pipeline(summing, QUIET))
    result = execute_pipeline(summing, {**QUIET, **files(tmp_path)})

    assert_summed(result)
    read = [e.message for e in result.event_list if "Retrieved intermediate" in e.message]
    assert len(read) == 3
    assert all(message.endswith("using dagsterlite_dask.parquet.") for message in read)


@pytest.mark.parametrize("is_kept", [True, False])
def test_frames_pass_from_step_to_step_on_one_thread(
    is_kept: bool, one_thread: Cluster, tmp_path: Path
) -> None:
    kept = files(tmp_path) if is_kept else {"intermediate_storage": {"in_memory": {}}}
    assert_summed(execute_pipeline(summing, {**one_thread.config(), **kept}))


def test_a_worker_reads_and_writes_folders(one_thread: Cluster, tmp_path: Path) -> None:
    frame().to_parquet(f"{tmp_path}/in", compute_kwargs={"scheduler": "threads"})
    given = config({"parquet": {"path": f"{tmp_path}/in"}}, {"csv": {"path": f"{tmp_path}/out"}})
    result = execute_pipeline(filtering, {**given, **one_thread.config(), **files(tmp_path)})

    assert result.success
    rows = pd.concat(map(pd.read_csv, sorted((tmp_path / "out").iterdir())))
    assert rows["n"].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]


Numbered = create_dagster_pandas_dataframe_type(
    "Numbered",
    columns=[PandasColumn.integer_column("n", 0)],
    metadata_fn=lambda rows: {"greatest": int(rows["n"].max())},
)


@solid(input_defs=[InputDefinition("rows", Numbered)], output_defs=[OutputDefinition(Numbered)])
def raised(_context, rows):
    return rows.assign(n=rows["n"] + 1)


@pipeline
def raising():
    raised.alias("twice")(raised())


def test_pandas_frames_are_checked_and_kept_on_workers_as_here(
    one_thread: Cluster, tmp_path: Path
) -> None:
    ROWS.to_csv(tmp_path / "in.csv", index=False)
    source = {"csv": {"path": str(tmp_path / "in.csv")}}
    solids = {"solids": {"raised": {"inputs": {"rows": source}}}}
    here = execute_pipeline(raising, {**QUIET, **solids, **files(tmp_path)})
    there = execute_pipeline(raising, {**solids, **one_thread.config(), **files(tmp_path)})

    def checks(result: PipelineExecutionResult) -> list[Any]:
        outputs = [e for e in result.event_list if e.is_successful_output]
        return [e.step_output_data.type_check_data for e in outputs]

    assert checks(here) == checks(there)
    assert EventMetadataEntry.int(11, "greatest") in checks(there)[1].metadata_entries
    pd.testing.assert_frame_equal(
        there.output_for_solid("twice"), here.output_for_solid("twice"), check_exact=True
    )
