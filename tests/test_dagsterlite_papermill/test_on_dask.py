"""Notebooks as steps on workers that have neither the notebook nor any of the tests' code."""

from __future__ import annotations

from pathlib import Path

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    OutputDefinition,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite_papermill import define_notebook_solid
from tests.test_dagsterlite_dask.cluster import running_cluster
from tests.test_dagsterlite_papermill.notebooks_of import notebook


@solid
def numbers(_context) -> list[int]:
    return [1, 2, 3]


def test_a_notebook_runs_on_a_worker(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "context.log.info('adding %s', len(numbers))",
        "if bad: raise LookupError('no such number')",
        "dagsterlite_papermill.yield_result(sum(numbers))",
    )
    add = define_notebook_solid(
        "add",
        path,
        [InputDefinition("numbers", list[int])],
        [OutputDefinition(int)],
        {"bad": bool},
    )

    @pipeline
    def whole():
        add(numbers())

    folder = tmp_path / "cluster"
    folder.mkdir()
    home = tmp_path / "home"
    with running_cluster(folder, 1) as cluster, DagsterInstance.local_temp(str(home)) as instance:

        def run(*, bad: bool):
            config = {**cluster.config(), "solids": {"add": {"config": {"bad": bad}}}}
            return execute_pipeline(whole, config, instance=instance, raise_on_error=False)

        good, failed = run(bad=False), run(bad=True)

        assert good.output_for_solid("add") == 6
        assert [e.user_message for e in instance.all_logs(good.run_id) if not e.dagster_event] == [
            "adding 3"
        ]
        failure = failed.result_for_solid("add").failure_data
        assert "code cell 2 of" in failure.error.to_string()
        assert "LookupError: no such number" in failure.error.to_string()
        for result in (good, failed):
            (told,) = result.result_for_solid("add").materializations_during_compute
            (kept, _) = told.metadata_entries
            assert Path(kept.entry_data.path).is_file()
            assert str(home) in kept.entry_data.path


def test_and_in_processes_of_this_machine(tmp_path: Path) -> None:
    add = define_notebook_solid(
        "add",
        notebook(tmp_path, "dagsterlite_papermill.yield_result(sum(numbers))"),
        [InputDefinition("numbers", list[int])],
        [OutputDefinition(int)],
    )

    @pipeline
    def whole():
        add(numbers())

    result = execute_pipeline(
        whole, {"execution": {"multiprocess": {"config": {"max_concurrent": 1}}}}
    )
    assert result.output_for_solid("add") == 6
