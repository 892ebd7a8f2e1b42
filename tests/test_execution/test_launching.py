"""Runs in processes of their own: launched, watched, stopped, and outliving their launcher."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    build_reconstructable_pipeline,
    load_run_result,
    reconstructable,
)
from dagsterlite.api import create_run_for_pipeline
from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData
from dagsterlite.errors import (
    DagsterHomeError,
    DagsterInvariantViolationError,
    DagsterLaunchFailedError,
    DagsterRunConflict,
    DagsterRunNotFoundError,
)
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution.launching import (
    DefaultRunCoordinator,
    DefaultRunLauncher,
    process_log_key,
)
from dagsterlite.run_launching import (
    LaunchRunContext,
    RunCoordinator,
    RunLauncher,
    SubmitRunContext,
)
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from tests.test_execution.launched import dying, failing, waiting


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as made:
        yield made
        for run in made.get_runs():
            made.run_launcher.terminate(run.run_id)
        assert made.run_launcher.join(60)


def recorded(instance: DagsterInstance, pipeline: Any, config: Any = None) -> str:
    target = reconstructable(pipeline)
    return create_run_for_pipeline(target, run_config=config, instance=instance).run_id


def config_of(folder: Path) -> dict[str, Any]:
    return {"solids": {"begin": {"config": {"folder": str(folder)}}}}


def wait_until(is_so: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    return instance.require_run(run_id).dagster_run.status


def failure(instance: DagsterInstance, run_id: str) -> str:
    (entry,) = instance.all_logs(run_id, DagsterEventType.PIPELINE_FAILURE)
    return entry.get_dagster_event().message or ""


def test_a_submitted_run_is_executed_by_a_process_of_its_own(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    config = {**config_of(tmp_path), "intermediate_storage": {"filesystem": {}}}
    run_id = recorded(instance, waiting, config)
    assert instance.submit_run(run_id).status is not DagsterRunStatus.NOT_STARTED
    wait_until((tmp_path / "begun").exists)
    assert instance.run_launcher.can_terminate(run_id)
    assert instance.run_coordinator.can_cancel_run(run_id)
    (tmp_path / "go").touch()
    assert instance.run_launcher.join(60)

    assert status(instance, run_id) is DagsterRunStatus.SUCCESS
    result = load_run_result(waiting, run_id, instance)
    assert result.output_for_solid("end") == int((tmp_path / "begun").read_text()) != os.getpid()
    kinds = [event.event_type for event in result.event_list if event.step_key is None]
    assert kinds[0] is DagsterEventType.PIPELINE_STARTING
    assert kinds[1] is DagsterEventType.PIPELINE_START
    assert not instance.run_launcher.can_terminate(run_id)
    assert not instance.run_launcher.terminate(run_id)


def test_a_run_fails_there_as_it_would_here(instance: DagsterInstance) -> None:
    run_id = recorded(instance, failing)
    instance.launch_run(run_id)
    assert instance.run_launcher.join(60)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE
    assert not load_run_result(failing, run_id, instance).success


@pytest.mark.parametrize("stop", ["launcher", "coordinator"])
def test_a_run_is_stopped_in_good_order(
    instance: DagsterInstance, tmp_path: Path, stop: str
) -> None:
    run_id = recorded(instance, waiting, config_of(tmp_path))
    instance.launch_run(run_id)
    wait_until((tmp_path / "begun").exists)
    if stop == "launcher":
        assert instance.run_launcher.terminate(run_id)
    else:
        assert instance.run_coordinator.cancel_run(run_id)
    assert instance.run_launcher.join(60)
    assert status(instance, run_id) is DagsterRunStatus.CANCELED


def test_a_run_whose_process_dies_has_failed_with_its_last_words(
    instance: DagsterInstance,
) -> None:
    run_id = recorded(instance, dying)
    instance.launch_run(run_id)
    assert instance.run_launcher.join(60)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE
    assert "was killed by signal 9" in failure(instance, run_id)
    assert "last words" in failure(instance, run_id)
    assert instance.compute_log_manager.is_capture_complete(process_log_key(run_id))


def test_a_run_whose_pipeline_cannot_be_made_there_has_failed(instance: DagsterInstance) -> None:
    run = instance.create_run(
        "gone",
        external_pipeline_origin=build_reconstructable_pipeline(
            "tests.test_execution.launched", "gone"
        ).origin,
    )
    instance.launch_run(run.run_id)
    assert instance.run_launcher.join(60)
    assert status(instance, run.run_id) is DagsterRunStatus.FAILURE
    assert "the table is gone" in failure(instance, run.run_id)


def test_a_run_that_says_not_how_its_pipeline_is_made_is_not_launched(
    instance: DagsterInstance,
) -> None:
    run_id = create_run_for_pipeline(failing, instance=instance).run_id
    with pytest.raises(DagsterLaunchFailedError, match="Record the run of reconstructable"):
        instance.launch_run(run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE
    assert "reconstructable" in failure(instance, run_id)


def test_an_instance_in_memory_launches_nothing() -> None:
    with DagsterInstance.ephemeral() as ephemeral:
        run_id = recorded(ephemeral, failing)
        with pytest.raises(
            DagsterLaunchFailedError, match="no other process can open it"
        ) as caught:
            ephemeral.submit_run(run_id)
        assert isinstance(caught.value.__cause__, DagsterHomeError)
        assert status(ephemeral, run_id) is DagsterRunStatus.FAILURE


def test_a_run_is_launched_once(instance: DagsterInstance, tmp_path: Path) -> None:
    run_id = recorded(instance, waiting, config_of(tmp_path))
    (tmp_path / "go").touch()
    instance.launch_run(run_id)
    for again in (instance.launch_run, instance.submit_run):
        with pytest.raises(DagsterRunConflict, match="submitted or begun before"):
            again(run_id)
        with pytest.raises(DagsterRunNotFoundError):
            again("nobody")


def test_a_run_that_was_canceled_before_its_process_came_does_not_begin(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = recorded(instance, waiting, config_of(tmp_path))
    launch = DefaultRunLauncher.launch_run

    def cancel_first(launcher: DefaultRunLauncher, context: LaunchRunContext) -> None:
        assert launcher.terminate(run_id)
        launch(launcher, context)

    monkeypatch.setattr(DefaultRunLauncher, "launch_run", cancel_first)
    instance.launch_run(run_id)
    assert instance.run_launcher.join(60)
    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    assert not (tmp_path / "begun").exists()


def test_sigterm_to_the_process_cancels_the_run(instance: DagsterInstance, tmp_path: Path) -> None:
    run_id = recorded(instance, waiting, config_of(tmp_path))
    instance.launch_run(run_id)
    wait_until((tmp_path / "begun").exists)
    os.kill(int((tmp_path / "begun").read_text()), signal.SIGTERM)
    assert instance.run_launcher.join(60)
    assert status(instance, run_id) is DagsterRunStatus.CANCELED


# --- launchers and coordinators of others -------------------------------------------------------


class Notes(ConfigurableClass):
    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self.noted: list[DagsterRun] = []

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Any:
        return cls(inst_data)


class Postponer(Notes, RunCoordinator):
    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        self.noted.append(context.dagster_run)
        return context.pipeline_run

    def cancel_run(self, run_id: str) -> bool:
        return False

    def can_cancel_run(self, run_id: str) -> bool:
        return False


class Noter(Notes, RunLauncher):
    def launch_run(self, context: LaunchRunContext) -> None:
        self.noted.append(context.dagster_run)
        if context.pipeline_run.pipeline_name == "failing":
            raise OSError("no machine is free")

    def terminate(self, run_id: str) -> bool:
        return False

    def can_terminate(self, run_id: str) -> bool:
        return False


def named(cls: type) -> dict[str, str]:
    return {"module": cls.__module__, "class": cls.__name__}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[DagsterInstance]:
    sections = {"run_launcher": named(Noter), "run_coordinator": named(Postponer)}
    with DagsterInstance.local_temp(str(tmp_path / "home"), sections) as made:
        yield made


def test_the_homes_own_coordinator_decides_when_and_its_launcher_how(
    other: DagsterInstance,
) -> None:
    launcher, coordinator = other.run_launcher, other.run_coordinator
    assert isinstance(launcher, Noter)
    assert isinstance(coordinator, Postponer)
    run_id = recorded(other, dying)
    assert other.submit_run(run_id).status is DagsterRunStatus.NOT_STARTED
    assert (len(coordinator.noted), len(launcher.noted)) == (1, 0)
    assert other.launch_run(run_id).status is DagsterRunStatus.STARTING
    (run,) = launcher.noted
    assert (run.run_id, run.status) == (run_id, DagsterRunStatus.STARTING)
    assert launcher.join()


def test_what_a_launcher_raises_is_the_runs_failure(other: DagsterInstance) -> None:
    run_id = recorded(other, failing)
    with pytest.raises(DagsterLaunchFailedError, match="no machine is free") as caught:
        other.launch_run(run_id)
    assert isinstance(caught.value.__cause__, OSError)
    assert status(other, run_id) is DagsterRunStatus.FAILURE
    assert "no machine is free" in failure(other, run_id)


def test_a_part_belongs_to_one_instance() -> None:
    part = DefaultRunCoordinator()
    with pytest.raises(DagsterInvariantViolationError, match="belongs to no instance"):
        part.can_cancel_run("run")
    with DagsterInstance.ephemeral() as first, DagsterInstance.ephemeral() as second:
        part.register_instance(first)
        part.register_instance(first)
        with pytest.raises(DagsterInvariantViolationError, match="has another already"):
            part.register_instance(second)
        assert not part.can_cancel_run("nobody")
