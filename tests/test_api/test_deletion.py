"""Deleting runs whose outputs other runs took over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    execute_pipeline,
    lambda_solid,
    pipeline,
    reexecute_pipeline,
)
from dagsterlite.errors import DagsterStorageError
from dagsterlite.execution.results import PipelineExecutionResult

FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}


@lambda_solid
def one() -> int:
    return 1


@lambda_solid
def two(x: int) -> int:
    return x + 1


@lambda_solid
def three(x: int) -> int:
    return x + 1


@pipeline
def chain():
    three(two(one()))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


def again(
    instance: DagsterInstance, parent: str, step: str, config: Any = FILES
) -> PipelineExecutionResult:
    return reexecute_pipeline(chain, parent, config, [step], instance=instance)


def files(folder: str) -> list[str]:
    """Return what lies in a folder: ``run/step/output`` for outputs, ``…/manifest.json``."""
    found = [path for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(
        "/".join([path.relative_to(folder).parts[0], path.relative_to(folder).parts[2], path.name])
        for path in found
    )


def test_a_run_goes_with_its_outputs(instance: DagsterInstance) -> None:
    kept = execute_pipeline(chain, FILES, instance=instance)
    gone = execute_pipeline(chain, FILES, instance=instance)
    instance.delete_run(gone.run_id)
    assert instance.get_run_by_id(gone.run_id) is None
    assert instance.all_logs(gone.run_id) == []
    assert {name.split("/")[0] for name in files(instance.storage_directory())} == {kept.run_id}
    assert [path.name for path in Path(instance.storage_directory()).iterdir()] == [kept.run_id]


def test_an_output_stays_until_the_last_run_that_refers_to_it_is_deleted(
    instance: DagsterInstance,
) -> None:
    first = execute_pipeline(chain, FILES, instance=instance)
    second = again(instance, first.run_id, "three")
    third = again(instance, second.run_id, "three")

    instance.delete_run(first.run_id)
    left = [name for name in files(instance.storage_directory()) if name.startswith(first.run_id)]
    assert left == [f"{first.run_id}/two.compute/result"]
    fourth = again(instance, third.run_id, "three")
    assert fourth.output_for_solid("three") == 3

    for run in (second, third):
        instance.delete_run(run.run_id)
    assert f"{first.run_id}/two.compute/result" in files(instance.storage_directory())
    instance.delete_run(fourth.run_id)
    assert files(instance.storage_directory()) == []


def test_what_a_deleted_run_took_over_stays_with_the_run_that_stored_it(
    instance: DagsterInstance,
) -> None:
    first = execute_pipeline(chain, FILES, instance=instance)
    before = files(instance.storage_directory())
    instance.delete_run(again(instance, first.run_id, "three").run_id)
    assert files(instance.storage_directory()) == before
    assert first.output_for_solid("three") == 3


def test_outputs_below_another_base_go_too(instance: DagsterInstance, tmp_path: Path) -> None:
    base = str(tmp_path / "base")
    config = {"intermediate_storage": {"filesystem": {"base_dir": base}}}
    run = execute_pipeline(chain, config, instance=instance)
    assert files(base)
    instance.delete_run(run.run_id)
    assert files(base) == []


def test_outputs_on_another_file_system_go_too(instance: DagsterInstance) -> None:
    config = {"intermediate_storage": {"filesystem": {"base_dir": "memory://deletion"}}}
    first = execute_pipeline(chain, config, instance=instance)
    second = again(instance, first.run_id, "three", config)
    instance.delete_run(first.run_id)
    assert again(instance, second.run_id, "three", config).output_for_solid("three") == 3
    with pytest.raises(DagsterStorageError):
        first.output_for_solid("one")


def test_a_run_that_stored_nothing_is_deleted() -> None:
    instance = DagsterInstance.ephemeral()
    run = execute_pipeline(chain, instance=instance)
    instance.delete_run(run.run_id)
    instance.delete_run("never was")
    assert instance.get_runs_count() == 0
