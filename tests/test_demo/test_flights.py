"""The demo's pipeline, on its sample of the real data."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from dagsterlite import (
    AssetKey,
    DagsterInstance,
    DagsterTypeCheckDidNotPass,
    MissingExtraError,
    ModeDefinition,
    ResourceDefinition,
    execute_pipeline,
    pipeline,
)
from dagsterlite.demo import solids, tables
from dagsterlite.demo.flights import flights_pipeline
from dagsterlite.events.fold import StepState, fold


@pytest.fixture
def instance(tmp_path):
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


def run_sample(instance, folder, **sections):
    preset = flights_pipeline.get_preset("local").with_additional_config(
        {"resources": {"results": {"base_dir": str(folder)}}, **sections}
    )
    return execute_pipeline(
        flights_pipeline, run_config=preset.run_config, mode="local", instance=instance
    )


def checks_of(result, solid):
    checks = result.result_for_solid(solid).expectation_results_during_compute
    return {check.label: check.success for check in checks}


def test_the_sample_runs_and_writes_what_it_tells_of(instance, tmp_path):
    result = run_sample(instance, tmp_path)

    assert result.success
    folder = tmp_path / result.run_id / "results"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary == result.output_for_solid("write_summary")
    assert summary["flights"] == len(pd.read_parquet(folder / "flights.parquet"))
    assert (folder / "delays.png").read_bytes().startswith(b"\x89PNG")
    written = {AssetKey(["flights", path.name]) for path in folder.iterdir()}
    assert written == set(instance.get_asset_keys())
    assert len(written) == 9


def test_the_published_flights_are_as_expected_but_for_some_destinations(instance, tmp_path):
    result = run_sample(instance, tmp_path)

    assert checks_of(result, "check_flights") == {
        "numbers are numbers": True,
        "month is 1 to 12": True,
        "delay is -2 to 24 hours": True,
        "carrier is known": True,
        "destination is known": False,
    }


def test_the_published_weather_has_a_storm_that_never_was(instance, tmp_path):
    result = run_sample(instance, tmp_path)

    assert checks_of(result, "check_weather") == {
        "numbers are numbers": True,
        "hour is once": True,
        "temperature is -20 to 110": True,
        "visibility is 0 to 10": True,
        "wind is below a great hurricane's": False,
    }
    assert result.output_for_solid("load_weather")["wind_speed"].max() > 1000
    assert result.output_for_solid("check_weather")["wind_speed"].max() < 120


def test_results_lie_in_the_run_s_folder_of_the_home_unless_told_otherwise(instance):
    result = execute_pipeline(flights_pipeline, preset="local", instance=instance)

    folder = Path(instance.storage_directory()) / result.run_id / "results"
    assert (folder / "summary.json").is_file()


def test_intermediates_can_be_kept_as_files(instance, tmp_path):
    result = run_sample(instance, tmp_path, intermediate_storage={"filesystem": {}})

    by_month = result.output_for_solid("delays_by_month")
    assert sorted(by_month["month"]) == list(range(1, 13))


def test_months_are_worked_on_side_by_side(instance, tmp_path):
    result = run_sample(instance, tmp_path)

    months = result.result_for_solid("split_by_month").output_values
    assert list(months) == list(solids.MONTHS)
    assert {frame["month"].nunique() for frame in months.values()} == {1}
    joined = result.output_for_solid("join_july")
    assert joined["month"].unique().tolist() == [7]
    assert len(joined) <= len(months["july"])


def test_all_flights_run_on_a_cluster_whose_workers_are_told(instance, tmp_path):
    sections = {
        "execution": flights_pipeline.get_preset("full").run_config["execution"],
        "intermediate_storage": {"filesystem": {}},
    }
    result = run_sample(instance, tmp_path, **sections)

    steps = fold(instance.all_logs(result.run_id)).steps.values()
    assert {step.state for step in steps} == {StepState.SUCCESS}
    assert 1 <= len({worker for step in steps for worker in step.workers}) <= 2
    assert result.output_for_solid("write_summary")["flights"] > 5000


def test_a_table_whose_numbers_are_text_is_told_of():
    found = solids._expect_numbers(pd.DataFrame({"a": [1], "b": ["x"]}), "a", "b")

    assert not found.success
    assert found.description == "No numbers: b."


class Flawed:
    def read(self, name):
        return pd.DataFrame({"carrier": ["AA"], "name": ["American"]})


def test_a_table_without_its_columns_fails_by_its_type():
    @pipeline(
        mode_defs=[
            ModeDefinition(
                resource_defs={"tables": ResourceDefinition.hardcoded_resource(Flawed())}
            )
        ]
    )
    def flawed():
        table = solids.load_table()
        solids.split_by_month(table)

    with pytest.raises(DagsterTypeCheckDidNotPass, match="lacks columns: arr_delay, dep_delay"):
        execute_pipeline(flawed, {"solids": {"load_table": {"config": {"table": "flights"}}}})


def test_without_the_data_the_mend_is_named(monkeypatch):
    monkeypatch.setattr(tables, "_PACKAGE", "no-such-package")

    with pytest.raises(MissingExtraError, match=r"dagsterlite\[demo\]"):
        tables.path_of("flights")
