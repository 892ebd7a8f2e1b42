from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dagsterlite import (
    AssetKey,
    EventMetadataEntry,
    InputDefinition,
    OutputDefinition,
    check_dagster_type,
    dagster_type_loader,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterTypeCheckDidNotPass,
    DagsterTypeLoadingError,
)
from dagsterlite_pandas import (
    DataFrame,
    PandasColumn,
    RowCountConstraint,
    create_dagster_pandas_dataframe_type,
)

FLIGHTS = pd.DataFrame({"carrier": ["UA", "B6"], "delay": [2.5, -1.25]})


def values(entries: list[EventMetadataEntry]) -> dict[str, Any]:
    return {entry.label: next(iter(vars(entry.entry_data).values())) for entry in entries}


def test_a_frame_passes_with_its_size_and_columns():
    answer = check_dagster_type(DataFrame, FLIGHTS)

    assert answer.success
    facts = values(answer.metadata_entries)
    assert (facts["row_count"], facts["column_count"]) == (2, 2)
    assert facts["columns"]["delay"] == "float64"


@pytest.mark.parametrize("value", [None, 5, [FLIGHTS], FLIGHTS["delay"]])
def test_what_is_no_frame_does_not_pass(value):
    answer = check_dagster_type(DataFrame, value)

    assert not answer.success
    assert str(answer.description).startswith("Must be a pandas.DataFrame, not")


Flights = create_dagster_pandas_dataframe_type(
    "Flights",
    "Flights of one day.",
    columns=[
        PandasColumn.string_column("carrier", non_nullable=True),
        PandasColumn.float_column("delay", -60),
    ],
    metadata_fn=lambda frame: {"latest": frame["delay"].max()},
    dataframe_constraints=[RowCountConstraint(2)],
)


def test_a_type_of_your_own_checks_all_and_tells_what_it_is_to_tell():
    good = check_dagster_type(Flights, FLIGHTS)
    bad = check_dagster_type(Flights, pd.DataFrame({"carrier": [None], "delay": [-90.0]}))

    assert values(good.metadata_entries) == {"latest": 2.5}
    assert str(bad.description).startswith("3 constraint(s) violated: the frame must have 2 rows")
    assert values(bad.metadata_entries)["row_count"] == 1
    assert "latest" not in values(bad.metadata_entries)


def test_the_description_says_what_is_asked_for():
    assert str(Flights.description).splitlines() == [
        "Flights of one day.",
        "- The frame must have 2 rows.",
        "- `carrier`: must have a dtype of texts, must hold no missing values.",
        "- `delay`: must have a dtype of floating-point numbers, must hold values at least -60.",
    ]


@pytest.mark.parametrize("argument", ["metadata_fn", "event_metadata_fn"])
def test_metadata_may_be_a_list_of_entries(argument):
    entries = [EventMetadataEntry.text("a", "from")]
    arguments: dict[str, Any] = {argument: lambda _frame: entries}
    told = create_dagster_pandas_dataframe_type("Told", **arguments)

    assert check_dagster_type(told, FLIGHTS).metadata_entries == entries


@pytest.mark.parametrize("answer", [5, ["rows"], {"rows": object()}, {3: "rows"}])
def test_a_metadata_function_that_returns_something_else_is_told(answer):
    told = create_dagster_pandas_dataframe_type("Told", metadata_fn=lambda _frame: answer)

    with pytest.raises(DagsterInvariantViolationError, match="metadata function of type 'Told'"):
        check_dagster_type(told, FLIGHTS)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"columns": ["delay"]}, "'columns' must be a list of PandasColumn"),
        ({"columns": "delay"}, "'columns' must be a list of PandasColumn"),
        ({"dataframe_constraints": [PandasColumn.exists("a")]}, "'dataframe_constraints' must be"),
        ({"metadata_fn": {"rows": 3}}, "'metadata_fn' must be a function"),
        ({"loader": "csv"}, "'loader' must be"),
        ({"columns": [PandasColumn.exists("a")] * 2}, "column 'a' stands twice"),
        ({"metadata_fn": len, "event_metadata_fn": len}, "two names of one"),
    ],
)
def test_wrong_arguments_are_refused(arguments, problem):
    with pytest.raises(CheckError, match=f"'Bad'.*{problem}"):
        create_dagster_pandas_dataframe_type("Bad", **arguments)


def test_a_type_may_have_a_loader_of_its_own():
    @dagster_type_loader(int)
    def rows(_context, count):
        return pd.DataFrame({"n": range(count)})

    counted = create_dagster_pandas_dataframe_type("Counted", loader=rows)

    assert counted.loader is rows
    assert counted.materializer is DataFrame.materializer


# --- from and to files ---


@solid(input_defs=[InputDefinition("frame", DataFrame)], output_defs=[OutputDefinition(DataFrame)])
def sorted_frame(_context, frame):
    return frame.sort_values("delay", ignore_index=True)


@pipeline
def sorting():
    sorted_frame()


def config(source: dict[str, Any], *targets: dict[str, Any]) -> dict[str, Any]:
    outputs = [{"result": target} for target in targets]
    return {"solids": {"sorted_frame": {"inputs": {"frame": source}, "outputs": outputs}}}


FORMS: dict[str, Any] = {
    "csv": lambda path: FLIGHTS.to_csv(path, index=False),
    "table": lambda path: FLIGHTS.to_csv(path, index=False, sep="\t"),
    "json": FLIGHTS.to_json,
    "parquet": FLIGHTS.to_parquet,
    "pickle": FLIGHTS.to_pickle,
}


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "local" else f"memory://frames/{tmp_path.name}"


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_is_read_from_and_written_to_a_file_of_each_form(form: str, folder: str) -> None:
    FORMS[form](f"{folder}/in")
    result = execute_pipeline(
        sorting, config({form: {"path": f"{folder}/in"}}, {form: {"path": f"{folder}/out"}})
    )
    again = execute_pipeline(sorting, config({form: {"path": f"{folder}/out"}}))

    expected = FLIGHTS.sort_values("delay", ignore_index=True)
    pd.testing.assert_frame_equal(result.output_for_solid("sorted_frame"), expected)
    pd.testing.assert_frame_equal(again.output_for_solid("sorted_frame"), expected)
    (written,) = (e for e in result.event_list if e.is_step_materialization)
    told = written.step_materialization_data.materialization
    assert told.asset_key == AssetKey(f"{folder}/out")
    assert values(told.metadata_entries) == {"path": f"{folder}/out", "row_count": 2}


def test_options_are_those_of_pandas(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("carrier;delay\nUA;2,5\n")
    source = {"csv": {"path": str(tmp_path / "in"), "sep": ";", "decimal": ","}}
    target = {"csv": {"path": str(tmp_path / "out"), "index": True, "columns": ["delay"]}}
    execute_pipeline(sorting, config(source, target))

    assert (tmp_path / "out").read_text() == ",delay\n0,2.5\n"


def test_storage_options_reach_the_file_system(tmp_path: Path) -> None:
    FLIGHTS.to_csv(tmp_path / "in", index=False)
    url = f"simplecache::file://{tmp_path}/in"
    cached = {"simplecache": {"cache_storage": str(tmp_path / "cache")}}
    execute_pipeline(sorting, config({"csv": {"path": url, "storage_options": cached}}))

    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"csv": {"path": "a", "seperator": ";"}}, "seperator"),
        ({"csv": {"sep": ";"}}, "path"),
        ({"csv": {"path": "a"}, "json": {"path": "a"}}, "csv"),
        ({"excel": {"path": "a"}}, "excel"),
        ({"csv": "a"}, "csv"),
    ],
)
def test_wrong_config_is_refused_before_the_run(source: dict[str, Any], problem: str) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=problem):
        execute_pipeline(sorting, config(source))


def test_a_file_that_is_not_there_fails_the_step_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DagsterTypeLoadingError, match="input 'frame'") as caught:
        execute_pipeline(sorting, config({"csv": {"path": str(tmp_path / "none")}}))

    assert str(tmp_path / "none") in str(caught.value.user_exception)


def test_a_step_fails_whose_frame_violates_its_type() -> None:
    @solid(output_defs=[OutputDefinition(Flights)])
    def early(_context):
        return pd.DataFrame({"carrier": ["UA"], "delay": [-90.0]})

    @pipeline
    def earlies():
        early()

    with pytest.raises(DagsterTypeCheckDidNotPass, match=r"2 constraint\(s\) violated") as caught:
        execute_pipeline(earlies)

    assert values(list(caught.value.metadata_entries))["row_count"] == 1
