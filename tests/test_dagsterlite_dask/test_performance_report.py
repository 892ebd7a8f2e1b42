"""Dask's own report on a run: written where config says, and never a reason to fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, PipelineRunStatus, execute_pipeline, pipeline, solid
from dagsterlite.errors import DagsterClusterError
from dagsterlite_dask import report
from dagsterlite_dask.report import address_of_report
from tests.event_lists import kinds
from tests.test_dagsterlite_dask.cluster import Cluster


@solid
def one(_context):
    return 1


@solid
def fails(_context, number):
    raise ValueError(number)


@pipeline
def plain():
    one()


@pipeline
def failing():
    fails(one())


def told(result: Any) -> tuple[str, list[Any]]:
    """Return what the run told of its report, and the entries with it."""
    (event,) = [event for event in result.event_list if "Dask's report" in event.message]
    return event.message, event.event_specific_data.metadata_entries


def is_plugged_in(cluster: Cluster) -> bool:
    def look(dask_scheduler: Any) -> bool:
        return "task-stream" in dask_scheduler.plugins

    return bool(cluster.client.run_on_scheduler(look))


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("report.html", "/home/storage/r/report.html"),
        ("reports/of.html", "/home/storage/r/reports/of.html"),
        ("/tmp/report.html", "/tmp/report.html"),
        ("s3://bucket/report.html", "s3://bucket/report.html"),
    ],
)
def test_a_relative_path_is_one_in_the_run_s_folder(path: str, address: str) -> None:
    assert address_of_report(path, "/home/storage", "r") == address
    assert address_of_report("a.html", "s3://b/x/", "r") == "s3://b/x/r/a.html"


def test_a_report_is_written_into_the_run_s_folder_and_told_of(
    cluster: Cluster, tmp_path: Path
) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        config = cluster.config(performance_report="reports/dask.html")
        result = execute_pipeline(plain, config, instance=instance)
        path = Path(instance.storage_directory(), result.run_id, "reports/dask.html")

    page = path.read_text(encoding="utf-8")
    assert "Dask Performance Report" in page
    assert f"pipeline 'plain', run {result.run_id}" in page
    message, (entry,) = told(result)
    assert message == f"Dask's report on the run is written to {path}."
    assert (entry.label, entry.entry_data.path) == ("performance_report", str(path))
    assert kinds(result.event_list)[-1] == "PIPELINE_SUCCESS"
    assert not is_plugged_in(cluster)


def test_a_run_that_fails_is_reported_on_too(cluster: Cluster, tmp_path: Path) -> None:
    config = cluster.config(performance_report=f"{tmp_path}/report.html")
    result = execute_pipeline(failing, config, raise_on_error=False)

    assert result.status is PipelineRunStatus.FAILURE
    assert "Dask Performance Report" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not is_plugged_in(cluster)


def test_a_report_that_cannot_be_written_fails_no_run(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = cluster.config(performance_report=f"{tmp_path}/file/report.html")
    result = execute_pipeline(plain, config)

    assert result.success
    message, entries = told(result)
    assert "is not written to" in message
    assert entries == []


def test_a_scheduler_that_cannot_draw_it_is_told_before_the_start(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report, "_DRAWS", "no_such_package")
    config = cluster.config(performance_report=f"{tmp_path}/report.html")
    with pytest.raises(DagsterClusterError, match=r"'no_such_package'.*dagsterlite\[report\]"):
        execute_pipeline(plain, config)

    config = cluster.config(performance_report=f"{tmp_path}/report.html", preflight="warn")
    result = execute_pipeline(plain, config)
    assert result.success
    assert any("needs the package 'no_such_package'" in e.message for e in result.event_list)
