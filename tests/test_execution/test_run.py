from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterLeaseLostError,
    DagsterRun,
    DagsterRunConflict,
    DagsterRunNotFoundError,
    InputDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    SolidDefinition,
    execute_pipeline,
    execute_pipeline_iterator,
    execute_run,
    executor,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.api import create_run_for_pipeline
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterRunCanceledError,
    DagsterStorageError,
)
from dagsterlite.execution import recorder as recorder_module
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, recorded, told

CANCELED = ["PIPELINE_CANCELING", "PIPELINE_CANCELED"]


@pytest.fixture(params=["memory", "sqlite"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DagsterInstance]:
    kept = request.param == "sqlite"
    with DagsterInstance.local_temp(str(tmp_path)) if kept else DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "CANCEL_POLL_SECONDS", 0.02)
    monkeypatch.setattr(recorder_module, "RENEW_SECONDS", 0.02)


class Endless:
    """A solid that runs until it is interrupted, and tells when it began and ended."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.cleaned_up = False

    def solid(self) -> SolidDefinition:
        @solid
        def endless(_context):
            try:
                self.began.set()
                while True:
                    time.sleep(0.001)
            finally:
                self.cleaned_up = True

        return endless


@lambda_solid
def quick():
    return 1


@lambda_solid(input_defs=[InputDefinition("after", Nothing)])
def never():
    raise NotImplementedError


def endless_graph() -> tuple[PipelineDefinition, Endless]:
    endless = Endless()
    node = endless.solid()

    @pipeline
    def graph():
        never(node())

    return graph, endless


def once(began: threading.Event, act: Callable[[], object]) -> threading.Thread:
    def work() -> None:
        assert began.wait(20)
        act()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


# --- cancel ---


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("raise_on_error", [True, False])
def test_a_cancel_from_another_thread_stops_the_step_and_ends_the_run(
    instance: DagsterInstance, raise_on_error: bool
) -> None:
    graph, endless = endless_graph()
    thread = once(endless.began, lambda: instance.request_cancel(instance.get_runs()[0].run_id))
    if raise_on_error:
        with pytest.raises(DagsterRunCanceledError):
            execute_pipeline(graph, instance=instance)
    else:
        result = execute_pipeline(graph, instance=instance, raise_on_error=False)
        assert result.status is DagsterRunStatus.CANCELED
        assert not result.success
        assert told(result.event_list)[-2:] == CANCELED
    thread.join()
    assert endless.cleaned_up
    assert recorded(instance) == [
        "PIPELINE_START",
        "STEP_START endless.compute",
        "STEP_FAILURE endless.compute",
        *CANCELED,
    ]
    assert_gap_free(logged(instance))
    assert instance.get_runs()[0].status is DagsterRunStatus.CANCELED


CANCEL = """
import sys
from dagsterlite import DagsterInstance
instance = DagsterInstance.local_temp(sys.argv[1])
assert instance.request_cancel(sys.argv[2])
"""


def test_a_cancel_from_another_process_stops_the_run(tmp_path: Path) -> None:
    graph, endless = endless_graph()
    with DagsterInstance.local_temp(str(tmp_path)) as instance:

        def ask() -> None:
            run_id = instance.get_runs()[0].run_id
            command = [sys.executable, "-c", CANCEL, str(tmp_path), run_id]
            subprocess.run(command, check=True)

        thread = once(endless.began, ask)
        result = execute_pipeline(graph, instance=instance, raise_on_error=False)
        thread.join()
        assert result.status is DagsterRunStatus.CANCELED
        assert endless.cleaned_up


@pytest.mark.usefixtures("_hurried")
def test_a_run_that_is_canceled_before_its_driver_begins_executes_nothing(
    instance: DagsterInstance,
) -> None:
    graph = PipelineDefinition([quick], name="p")
    run = create_run_for_pipeline(graph, instance=instance, status=DagsterRunStatus.STARTING)
    assert instance.request_cancel(run.run_id)
    result = execute_run(graph, run, instance)
    assert result.status is DagsterRunStatus.CANCELED
    assert told(result.event_list) == recorded(instance) == CANCELED


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cancel_at_any_moment_leaves_a_log_without_gaps(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "CANCEL_POLL_SECONDS", 0.002)

    @solid(output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def talks(context):
        yield Output(1, "a")
        while True:
            context.log.info("still here")
            yield AssetMaterialization("table")

    graph = PipelineDefinition([talks], name="p")
    quiet = {"loggers": {"console": {"log_level": "CRITICAL"}}}
    for number in range(25):
        run = create_run_for_pipeline(graph, run_config=quiet, instance=instance)

        def ask(run_id: str = run.run_id, seconds: float = number * 0.001) -> None:
            time.sleep(seconds)
            while not instance.request_cancel(run_id):
                time.sleep(0.001)

        thread = threading.Thread(target=ask)
        thread.start()
        result = execute_run(graph, run, instance)
        thread.join()
        assert result.status is DagsterRunStatus.CANCELED
        assert_gap_free(logged(instance, run.run_id))
        events = recorded(instance, run.run_id)
        assert events[-2:] == CANCELED
        started = "STEP_START talks.compute" in events
        assert ("STEP_FAILURE talks.compute" in events) is started


def test_a_cancel_that_comes_too_late_changes_nothing(instance: DagsterInstance) -> None:
    result = execute_pipeline(PipelineDefinition([quick], name="p"), instance=instance)
    assert not instance.request_cancel(result.run_id)
    assert instance.get_runs()[0].is_success


# --- who stops reading ---


def two_outputs() -> tuple[PipelineDefinition, list[str]]:
    diary: list[str] = []

    @solid(output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def yields(_context):
        try:
            yield Output(1, "a")
            yield Output(2, "b")
        finally:
            diary.append("closed")

    @pipeline
    def graph():
        a, _ = yields()
        never(a)

    return graph, diary


def test_a_run_whose_events_are_no_longer_read_is_canceled_with_nothing_left_open(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    graph, diary = two_outputs()
    values = tmp_path / "values"
    storage = {"intermediate_storage": {"filesystem": {"base_dir": str(values)}}}
    events = execute_pipeline_iterator(graph, storage, instance=instance)
    for event in events:
        if event.event_type_value == "OBJECT_STORE_OPERATION":
            break
    events.close()
    assert diary == ["closed"]
    assert recorded(instance) == [
        "PIPELINE_START",
        "STEP_START yields.compute",
        "STEP_OUTPUT yields.compute",
        "OBJECT_STORE_OPERATION yields.compute",
        "STEP_FAILURE yields.compute",
        *CANCELED,
    ]
    assert_gap_free(logged(instance))
    assert instance.get_runs()[0].status is DagsterRunStatus.CANCELED
    assert [p for p in values.rglob("*") if p.is_file()] == []
    assert not [t for t in threading.enumerate() if t.name.startswith("recorder-")]


@pytest.mark.parametrize("count", range(1, 6))
def test_a_run_may_be_left_at_any_event(instance: DagsterInstance, count: int) -> None:
    graph, _ = two_outputs()
    events = execute_pipeline_iterator(graph, instance=instance)
    for _ in range(count):
        next(events)
    del events
    gc.collect()
    assert recorded(instance)[-2:] == CANCELED
    assert_gap_free(logged(instance))


def test_a_run_that_is_left_at_its_last_event_has_ended_as_it_did(
    instance: DagsterInstance,
) -> None:
    events = execute_pipeline_iterator(PipelineDefinition([quick], name="p"), instance=instance)
    for event in events:
        if event.is_pipeline_success:
            break
    events.close()
    assert instance.get_runs()[0].is_success


@pytest.mark.usefixtures("_hurried")
def test_a_reader_that_takes_its_time_disturbs_nothing(instance: DagsterInstance) -> None:
    events = execute_pipeline_iterator(PipelineDefinition([quick], name="p"), instance=instance)
    for event in events:
        if event.is_pipeline_success:
            time.sleep(0.2)  # the driver looks at its lease several times meanwhile
    assert instance.get_runs()[0].is_success


def test_an_iterator_whose_first_event_is_never_asked_for_leaves_the_run_as_it_was(
    instance: DagsterInstance,
) -> None:
    events = execute_pipeline_iterator(PipelineDefinition([quick], name="p"), instance=instance)
    del events
    assert instance.get_runs()[0].status is DagsterRunStatus.NOT_STARTED


# --- conflicts ---


def test_a_run_is_driven_once(instance: DagsterInstance) -> None:
    graph = PipelineDefinition([quick], name="p")
    run = create_run_for_pipeline(graph, instance=instance)
    assert execute_run(graph, run, instance).success
    with pytest.raises(DagsterRunConflict, match="has been started already: it is SUCCESS"):
        execute_run(graph, run, instance)
    assert recorded(instance).count("PIPELINE_START") == 1


def test_a_run_that_another_driver_owns_is_refused(instance: DagsterInstance) -> None:
    graph = PipelineDefinition([quick], name="p")
    run = create_run_for_pipeline(graph, instance=instance)
    instance.run_storage.acquire_lease(run.run_id, "other", seconds=60, now=time.time())
    with pytest.raises(DagsterRunConflict, match="another driver owns it"):
        execute_run(graph, run, instance)
    assert recorded(instance) == []


def test_a_lost_run_is_not_begun_again_and_stays_as_it_was(instance: DagsterInstance) -> None:
    graph = PipelineDefinition([quick], name="p")
    run = create_run_for_pipeline(graph, instance=instance, status=DagsterRunStatus.STARTED)
    with pytest.raises(DagsterRunConflict, match="it is STARTED"):
        execute_run(graph, run, instance)
    assert instance.get_runs()[0].status is DagsterRunStatus.STARTED
    assert recorded(instance) == []


def test_a_run_that_is_not_recorded_is_told(instance: DagsterInstance) -> None:
    with pytest.raises(DagsterRunNotFoundError, match="no run 'gone'"):
        execute_run(
            PipelineDefinition([quick], name="p"),
            DagsterRun(pipeline_name="p", run_id="gone"),
            instance,
        )


def ended_by_somebody(status: DagsterRunStatus) -> SolidDefinition:
    @solid
    def ends_its_run(context):
        storage = context.instance.run_storage
        storage.change_status(
            context.run_id, status, expected=set(DagsterRunStatus), timestamp=time.time()
        )

    return ends_its_run


@pytest.mark.parametrize("raise_on_error", [True, False])
def test_a_run_that_somebody_else_ended_is_told_and_stays_so(
    instance: DagsterInstance, raise_on_error: bool
) -> None:
    graph = PipelineDefinition([ended_by_somebody(DagsterRunStatus.FAILURE)], name="p")
    with pytest.raises((DagsterRunConflict, DagsterLeaseLostError)):
        execute_pipeline(graph, instance=instance, raise_on_error=raise_on_error)
    assert instance.get_runs()[0].status is DagsterRunStatus.FAILURE
    assert "PIPELINE_SUCCESS" not in recorded(instance)


@pytest.mark.usefixtures("_hurried")
def test_a_driver_that_loses_its_run_stops_and_writes_nothing_more(
    instance: DagsterInstance,
) -> None:
    graph, endless = endless_graph()

    def take_over() -> None:
        run_id = instance.get_runs()[0].run_id
        instance.run_storage.acquire_lease(run_id, "other", seconds=60, now=time.time() + 3600)

    thread = once(endless.began, take_over)
    with pytest.raises(DagsterLeaseLostError):
        execute_pipeline(graph, instance=instance, raise_on_error=False)
    thread.join()
    assert endless.cleaned_up
    assert instance.get_runs()[0].status is DagsterRunStatus.STARTED
    assert "STEP_FAILURE endless.compute" not in recorded(instance)
    assert_gap_free(logged(instance))


# --- a store that fails ---


class FailingAfter(DagsterInstance):
    """An instance whose event log takes some batches and then no more."""

    left: int

    def record_entries(self, entries: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise DagsterStorageError("the disk is full")
        super().record_entries(entries)


@pytest.mark.parametrize("left", [0, 1, 2, 5])
def test_a_run_that_cannot_be_recorded_fails_and_its_log_has_no_gap(
    tmp_path: Path, left: int
) -> None:
    @lambda_solid(input_defs=[InputDefinition("x", default_value=0)])
    def slow(x):
        end = time.monotonic() + 0.12
        while time.monotonic() < end:
            pass
        return x

    @pipeline
    def graph():
        value = slow()
        for _ in range(20):
            value = slow(value)

    with DagsterInstance.local_temp(str(tmp_path)) as made:
        made.__class__ = FailingAfter
        assert isinstance(made, FailingAfter)
        made.left = left
        with pytest.raises(DagsterStorageError, match="the disk is full"):
            execute_pipeline(graph, instance=made, raise_on_error=False)
        assert made.get_runs()[0].status is DagsterRunStatus.FAILURE
        assert_gap_free(logged(made))


def test_a_terminal_event_that_cannot_be_recorded_fails_the_run(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        made.__class__ = FailingAfter
        assert isinstance(made, FailingAfter)

        @solid
        def fills_the_disk(_context):
            made.left = 0

        made.left = 99
        with pytest.raises(DagsterStorageError, match="the disk is full"):
            execute_pipeline(PipelineDefinition([fills_the_disk], name="p"), instance=made)
        assert made.get_runs()[0].status is DagsterRunStatus.FAILURE


# --- executors of others ---


def with_executor(made: Any) -> PipelineDefinition:
    @executor(name="own")
    def own(_init_context):
        if isinstance(made, BaseException):
            raise made
        return made

    return PipelineDefinition([quick], name="p", mode_defs=[ModeDefinition(executor_defs=[own])])


@pytest.mark.parametrize(
    ("made", "error"),
    [(3, DagsterInvariantViolationError), (ZeroDivisionError("no"), ZeroDivisionError)],
)
def test_an_executor_that_cannot_be_made_fails_the_run_before_its_start(
    instance: DagsterInstance, made: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        execute_pipeline(with_executor(made), instance=instance)
    assert recorded(instance) == ["PIPELINE_INIT_FAILURE"]
